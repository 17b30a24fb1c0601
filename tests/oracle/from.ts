/** FROM: tables, views, derived tables, VALUES and joins of them. */
import { FAMILIES, predicate, type ScopeColumn } from './expressions.ts';
import { lateralJoin } from './lateral.ts';
import { node, type Node } from './node.ts';
import { tableFunction } from './table-functions.ts';
import { timeWindow } from './time-windows.ts';
import type { Random } from './random.ts';
import { AMBIGUOUS, context, select, setOperation, type Relation, type State } from './queries.ts';
import { literal, randomType, WITHOUT_EXTREMES, type Column } from './schema.ts';

export interface From {
  readonly tree: Node;
  readonly scope: readonly ScopeColumn[];
}

export function fromClause(state: State, depth: number): From {
  const { random, features } = state;
  const joins = state.level === 1 ? 0 : state.level === 2 ? random.between(1, 2) : random.below(3);
  const own = random.fork();
  if (own.chance(0.08)) {
    // Alone, where every row of them is seen.
    const windowed = timeWindow(state, own, `r${state.names.next++}`, true);
    if (windowed !== null) return windowed;
  }
  let left = primary(state, depth);
  for (let j = 0; j < Math.min(joins, depth > 0 ? 2 : 1); j++) {
    const lateral = lateralJoin(state, left);
    if (lateral !== null) {
      left = lateral;
      continue;
    }
    const right = primary(state, depth);
    // What views are made on stays small: equalities only.
    const kind = random.weighted([
      [4, 'JOIN'],
      [4, 'LEFT JOIN'],
      [2, 'RIGHT JOIN'],
      [2, 'FULL JOIN'],
      [state.safe ? 0 : 1, 'CROSS JOIN'],
    ]);
    features.add(kind.toLowerCase());
    const scope = [...left.scope, ...right.scope];
    if (kind === 'CROSS JOIN') {
      left = { tree: node('plain', left.tree, ' CROSS JOIN ', right.tree), scope };
      continue;
    }
    const on = condition(state, kind, left, right);
    const tree = on
      ? node('plain', left.tree, ` ${kind} `, right.tree, on.tree)
      : node('plain', left.tree, ` NATURAL ${kind} `, right.tree);
    left = { tree, scope: [...scope, ...(on?.merged ?? [])] };
  }
  return left;
}

/** ON or USING, with the columns that it merges. */
interface Condition {
  readonly tree: Node;
  readonly merged?: readonly ScopeColumn[];
}

/** Null for NATURAL. */
function condition(state: State, kind: string, left: From, right: From): Condition | null {
  const { random, features } = state;
  const on = (...parts: (string | Node)[]): Condition => ({ tree: node('plain', ...parts) });
  const own = random.fork();
  const numbers = right.scope.filter(({ type }) => type === 'int4');
  const shown = left.scope.filter(({ type }) => type !== 'shown');
  if (kind !== 'FULL JOIN' && !state.safe && numbers.length > 0 && shown.length > 0 && own.chance(0.06)) {
    features.add('join by what NULL has a value of');
    return on(` ON num_nulls(${own.pick(shown).sql}) = ${own.pick(numbers).sql}`);
  }
  const pairs = left.scope.flatMap((a) =>
    right.scope.filter((b) => a.type === b.type && a.type !== 'shown').map((b) => [a, b] as const),
  );
  // USING where the same name of types that have a common one stands once on each side.
  const name = (column: ScopeColumn): string => column.sql.split('.')[1] ?? '';
  const once = (side: From, column: ScopeColumn): boolean =>
    side.scope.filter((other) => name(other) === name(column)).length === 1;
  const shared = left.scope.flatMap((a) =>
    right.scope
      .filter((b) => name(a) === name(b) && once(left, a) && once(right, b))
      .map((b) => [a, b] as const),
  );
  const common = ([a, b]: readonly [ScopeColumn, ScopeColumn]): boolean =>
    (a.type === b.type && a.type !== 'shown') ||
    FAMILIES.some((types) => types.includes(a.type as never) && types.includes(b.type as never));
  const usable = shared.filter(common);
  const names = new Set([...left.scope, ...right.scope].map(name));
  const isClear = [...names].every((n) => left.scope.filter((c) => name(c) === n).length <= 1);
  if (usable.length > 0 && usable.length === shared.length && isClear && random.chance(0.15)) {
    features.add('natural');
    return null;
  }
  if (usable.length > 0 && random.chance(0.3)) {
    features.add('using');
    const columns = [name(random.pick(usable)[0])];
    if (random.chance(0.3)) columns.push(...usable.map(([a]) => name(a)).filter((n) => n !== columns[0]));
    const names = [...new Set(columns)];
    const alias = own.chance(0.6) ? `r${state.names.next++}` : null;
    const merged = names.flatMap((merging): ScopeColumn[] => {
      const [one, other] = usable.find(([a]) => name(a) === merging) ?? [];
      return alias !== null && one !== undefined && one.type === other!.type
        ? [{ sql: `${alias}.${merging}`, type: one.type }]
        : [];
    });
    return {
      tree: node('plain', ` USING (${names.join(', ')})${alias === null ? '' : ` AS ${alias}`}`),
      merged,
    };
  }
  const crossed = left.scope.flatMap((a) =>
    right.scope.filter((b) => a.type !== b.type && common([a, b])).map((b) => [a, b] as const),
  );
  if (crossed.length > 0 && kind !== 'FULL JOIN' && random.chance(0.12)) {
    features.add('join of two types');
    const [a, b] = random.pick(crossed);
    return on(` ON ${a.sql} = ${b.sql}`);
  }
  if (pairs.length > 0 && (kind === 'FULL JOIN' || state.safe || random.chance(0.88))) {
    // Columns of tables mostly: computed ones seldom meet.
    const same = pairs.filter(([x, y]) => name(x) === name(y));
    const [a, b] = random.pick(same.length > 0 && random.chance(0.5) ? same : pairs);
    const equality = `${a.sql} = ${b.sql}`;
    if (kind === 'FULL JOIN' || random.chance(0.7)) return on(` ON ${equality}`);
    features.add('join residual');
    const both = context(state, [...left.scope, ...right.scope], false);
    return on(` ON ${equality}`, node('optional', ' AND ', predicate(both, 1)));
  }
  if (kind === 'FULL JOIN') return on(' ON true');
  features.add('join without equality');
  if (pairs.length > 0 && random.chance(0.5)) {
    const [a, b] = random.pick(pairs);
    return on(` ON ${a.sql} ${random.pick(['<', '>=', '<>', 'IS NOT DISTINCT FROM'])} ${b.sql}`);
  }
  return on(' ON ', predicate(context(state, [...left.scope, ...right.scope], false), 1));
}

/** Some columns of a table, each row of them once; what is read of them may be fewer. */
function distinctRows({ schema, features }: State, random: Random, alias: string): From {
  const { name, columns } = random.pick(schema.tables);
  // Which of equal values is shown is left open.
  const plain = columns.filter(({ type }) => !AMBIGUOUS.has(type));
  if (plain.length === 0)
    return { tree: node('plain', `${name} AS ${alias}`), scope: scopeOfTable(columns, alias) };
  features.add('distinct rows');
  const some = plain.filter(() => random.chance(0.7));
  const shown = some.length > 0 ? some : plain;
  const names = shown.map((column) => column.name).join(', ');
  return {
    tree: node('plain', `(SELECT DISTINCT ${names} FROM ${name}) AS ${alias}`),
    scope: scopeOfTable(shown, alias),
  };
}

/** The rows of a table that have a maximum or minimum, of all or of their group: in the ways in which that is asked for. */
function extremeRows({ schema, features }: State, random: Random, alias: string): From {
  const { name, columns } = random.pick(schema.tables);
  const scope = scopeOfTable(columns, alias);
  const ordered = columns.filter(({ type }) => !WITHOUT_EXTREMES.has(type));
  if (ordered.length === 0) return { tree: node('plain', `${name} AS ${alias}`), scope };
  features.add('rows of extremes');
  const extreme = random.pick(ordered).name;
  const keys = columns
    .filter((column) => column.name !== extreme && random.chance(0.4))
    .map((key) => key.name);
  const most = `${random.pick(['min', 'max'])}(${extreme})`;
  const only = random.chance(0.25) ? ` WHERE ${random.pick(columns).name} IS NOT NULL` : '';
  const rest = random.chance(0.25) ? `s.${random.pick(columns).name} IS NOT NULL` : 'true';
  const grouping = (shown: string): string => {
    const by = keys.length > 0 ? ` GROUP BY ${keys.join(', ')}` : random.pick(['', ' GROUP BY ()']);
    return `SELECT ${[...keys, `${most}${shown}`].join(', ')} FROM ${name}${only}${by}`;
  };
  const isSame = random.chance(0.1) ? 'IS NOT DISTINCT FROM' : '=';
  const on = [...keys, 'most'].map((key) => `s.${key === 'most' ? extreme : key} ${isSame} m.${key}`);
  const from = only === '' ? name : `(SELECT * FROM ${name}${only})`;
  const source = random.chance(0.5) ? from : name;
  const query = random.weighted([
    [
      2,
      `SELECT s.* FROM ${source} AS s JOIN (${grouping(' AS most')}) AS m ON ${on.join(' AND ')} WHERE ${rest}`,
    ],
    [
      1,
      `SELECT s.* FROM ${source} AS s WHERE (${[...keys, extreme].map((key) => `s.${key}`).join(', ')}) IN (${grouping('')}) AND ${rest}`,
    ],
    [
      1,
      `SELECT s.* FROM ${source} AS s WHERE ${rest} AND s.${extreme} = (SELECT ${most} FROM ${from} AS o WHERE ${
        keys.length > 0 ? keys.map((key) => `o.${key} = s.${key}`).join(' AND ') : 'true'
      })`.replace(`${most} FROM`, `${most.replace('(', '(o.')} FROM`),
    ],
  ]);
  return { tree: node('plain', `(${query}) AS ${alias}`), scope };
}

/** The rows of a table that have a partner which is greater, less or another, or have none: in the ways in which that is asked for. */
function rowsByPartner({ schema, features }: State, random: Random, alias: string): From {
  const { name, columns } = random.pick(schema.tables);
  const partner = random.chance(0.6)
    ? schema.tables.find((table) => table.name === name)!
    : random.pick(schema.tables);
  const whole = { tree: node('plain', `${name} AS ${alias}`), scope: scopeOfTable(columns, alias) };
  const pairs = columns.flatMap((own) =>
    partner.columns.filter((other) => other.type === own.type).map((other) => ({ own, other })),
  );
  const ordered = pairs.filter(({ own: { type } }) => !WITHOUT_EXTREMES.has(type));
  if (ordered.length === 0) return whole;
  features.add('rows by a partner');
  const { own, other } = random.pick(ordered);
  const compared = (pair: (typeof pairs)[number], operator: string): string =>
    random.chance(0.5)
      ? `o.${pair.other.name} ${operator} s.${pair.own.name}`
      : `s.${pair.own.name} ${operator} o.${pair.other.name}`;
  const keys = pairs.filter((pair) => pair.other !== other && random.chance(0.3)).slice(0, 2);
  const equal = random.chance(0.1) ? 'IS NOT DISTINCT FROM' : '=';
  const on = [
    ...keys.map((key) => `o.${key.other.name} ${equal} s.${key.own.name}`),
    compared({ own, other }, random.pick(['<', '<=', '>', '>=', '<>'])),
    ...(random.chance(0.25) ? [`o.${random.pick(partner.columns).name} IS NOT NULL`] : []),
    ...(random.chance(0.2) ? [compared(random.pick(ordered), random.pick(['<', '>', '<>']))] : []),
    ...(random.chance(0.1) ? [`s.${random.pick(columns).name} IS NOT NULL`] : []),
  ].join(' AND ');
  const plain = columns.filter(({ type }) => !AMBIGUOUS.has(type));
  const shown = plain.filter(() => random.chance(0.6)).map((column) => `s.${column.name}`);
  if (shown.length > 0 && random.chance(0.2)) {
    const query = `SELECT DISTINCT ${shown.join(', ')} FROM ${name} AS s JOIN ${partner.name} AS o ON ${on}`;
    return {
      tree: node('plain', `(${query}) AS ${alias}`),
      scope: scopeOfTable(
        plain.filter((column) => shown.includes(`s.${column.name}`)),
        alias,
      ),
    };
  }
  const query = random.weighted([
    [
      2,
      `SELECT s.* FROM ${name} AS s WHERE ${random.pick(['', 'NOT '])}EXISTS (SELECT 1 FROM ${partner.name} AS o WHERE ${on})`,
    ],
    [
      1,
      `SELECT s.* FROM ${name} AS s LEFT JOIN ${partner.name} AS o ON ${on} WHERE o.${random.pick(partner.columns).name} IS NULL`,
    ],
  ]);
  return { tree: node('plain', `(${query}) AS ${alias}`), scope: whole.scope };
}

/** Two tables with all rows of both, and what USING makes of the columns that they share, which the left one may lack. */
function mergedColumns({ schema, features }: State, random: Random, alias: string): From | null {
  const [left, right] = [random.pick(schema.tables), random.pick(schema.tables)];
  const shared = left.columns.filter(({ name, type }) =>
    right.columns.some((other) => other.name === name && other.type === type),
  );
  const using = shared.filter(({ name }) => name === 'a' || random.chance(0.25));
  if (using.length === 0) return null;
  features.add('merged columns of a full join');
  const rest = [left, right].flatMap(({ columns }, side) =>
    columns
      .filter((column) => random.chance(0.5) && !using.includes(column))
      .map((column) => ({ column, sql: `${side === 0 ? 'l' : 'r'}.${column.name}` })),
  );
  const shown = [...using.map((column) => ({ column, sql: column.name })), ...rest.slice(0, 3)];
  const columns = shown.map(({ column: { type, declared } }, index): Column => ({
    ...{ name: 'abcdefgh'[index]!, type, declared, nullable: true },
  }));
  const items = shown.map(({ sql }, index) => `${sql} AS ${columns[index]!.name}`);
  const on = `USING (${using.map(({ name }) => name).join(', ')})`;
  const query = `SELECT ${items.join(', ')} FROM ${left.name} AS l FULL JOIN ${right.name} AS r ${on}`;
  return { tree: node('plain', `(${query}) AS ${alias}`), scope: scopeOfTable(columns, alias) };
}

export function scopeOfTable(columns: readonly Column[], alias: string): ScopeColumn[] {
  return columns.map(({ name, type }) => ({
    sql: `${alias}.${name}`,
    type,
    dyadic: type === 'float8' || type === 'float4',
  }));
}

function primary(state: State, depth: number): From {
  const { random, features, schema } = state;
  const alias = `r${state.names.next++}`;
  const scopeOf = (columns: Relation['columns']): ScopeColumn[] =>
    columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type }));
  if (depth > 0 && state.level > 1 && random.chance(0.12)) {
    features.add('derived table');
    const inner: State = { ...state, level: Math.min(state.level, 4) };
    const body = random.chance(0.8) || state.safe ? select(inner, null, 0) : setOperation(inner, null, 1);
    return { tree: node('plain', '(', body.tree, `) AS ${alias}`), scope: scopeOf(body.columns) };
  }
  const own = random.fork();
  if (state.level > 2 && own.chance(0.06)) return distinctRows(state, own, alias);
  if (state.level > 1 && own.chance(0.06)) return extremeRows(state, own, alias);
  if (state.level > 1 && own.chance(0.06)) return rowsByPartner(state, own, alias);
  if (state.level > 1 && own.chance(0.02)) {
    const merged = mergedColumns(state, own, alias);
    if (merged !== null) return merged;
  }
  if (state.level > 1 && own.chance(0.025)) return tableFunction({ ...state, random: own }, alias, []);
  if (state.level > 1 && random.chance(0.03)) {
    features.add('values');
    const types = [randomType(random), 'int4'] as const;
    const rows = Array.from(
      { length: random.between(1, 3) },
      () => `(${types.map((type) => literal(random, type)).join(', ')})`,
    );
    const columns = [
      { name: 'a', type: types[0] },
      { name: 'b', type: types[1] },
    ];
    return { tree: node('plain', `(VALUES ${rows.join(', ')}) AS ${alias} (a, b)`), scope: scopeOf(columns) };
  }
  if (state.named.length > 0 && random.chance(0.3)) {
    features.add('named relation');
    const { tree, columns } = random.pick(state.named);
    return { tree: node('plain', tree, ` AS ${alias}`), scope: scopeOf(columns) };
  }
  const ofRows = schema.functions.filter(({ kind }) => kind === 'rows');
  if (ofRows.length > 0 && random.chance(0.15)) {
    features.add('sql function in from');
    const { name, results } = random.pick(ofRows);
    const columns = results.map((type, index) => ({ name: index === 0 ? 'x' : 'y', type }));
    return { tree: node('plain', `${name}(${random.between(-1, 3)}) AS ${alias}`), scope: scopeOf(columns) };
  }
  const windowed = random.chance(0.12) ? timeWindow(state, random, alias) : null;
  if (windowed !== null) return windowed;
  const table = random.pick(schema.tables);
  for (const { type } of table.columns) features.add(`type ${type}`);
  return { tree: node('plain', `${table.name} AS ${alias}`), scope: scopeOfTable(table.columns, alias) };
}
