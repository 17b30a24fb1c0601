/** Queries by level: 1 expressions, 2 joins, 3 aggregates, 4 subqueries, 5 set operations, CTE, top-k. */
import { anyType, Features, predicate, want, type Context, type ScopeColumn } from './expressions.ts';
import { expression, list, node, sql, type Node } from './node.ts';
import type { Random } from './random.ts';
import { literal, TYPES, type Schema, type Type } from './schema.ts';

export interface Query {
  readonly tree: Node;
  readonly level: number;
  readonly features: ReadonlySet<string>;
}

interface Relation {
  readonly tree: Node;
  readonly columns: readonly { readonly name: string; readonly type: Type | 'inexact' }[];
}

interface State {
  readonly random: Random;
  readonly schema: Schema;
  readonly features: Features;
  readonly level: number;
  /** Names that FROM can use besides the tables. */
  readonly ctes: readonly Relation[];
  readonly names: { next: number };
}

export function randomQuery(random: Random, schema: Schema): Query {
  const level = random.weighted([
    [1, 1],
    [2, 2],
    [3, 3],
    [3, 4],
    [4, 5],
  ]);
  const features = new Features();
  features.add(`level ${level}`);
  const state: State = { random, schema, features, level, ctes: [], names: { next: 1 } };
  return { tree: topLevel(state), level, features: features.tags };
}

function topLevel(state: State): Node {
  const { random, features } = state;
  if (state.level < 5) return select(state, null, 2).tree;
  return random.weighted<() => Node>([
    [4, () => setOperation(state, null, 2).tree],
    [
      2,
      () => {
        features.add('cte');
        const body = select(state, null, 1);
        const cte: Relation = { ...body, tree: sql`w` };
        return node(
          'plain',
          sql`WITH w AS (`,
          body.tree,
          sql`) `,
          select({ ...state, ctes: [cte, cte, cte] }, null, 1).tree,
        );
      },
    ],
    [
      4,
      () => {
        features.add('top-k');
        const body = random.chance(0.8) ? select(state, null, 2) : setOperation(state, null, 1);
        const keys = body.columns.map(
          (_, index) => `${index + 1}${random.pick(['', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`,
        );
        const offset = node('optional', random.chance(0.3) ? ` OFFSET ${random.between(1, 3)}` : '');
        return node('plain', body.tree, ` ORDER BY ${keys.join(', ')} LIMIT ${random.between(1, 6)}`, offset);
      },
    ],
  ])();
}

function setOperation(state: State, types: readonly Type[] | null, depth: number): Relation {
  const { random, features } = state;
  const wanted = types ?? Array.from({ length: random.between(1, 3) }, () => random.pick(TYPES));
  const operator = random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'INTERSECT ALL', 'EXCEPT', 'EXCEPT ALL']);
  features.add(operator.toLowerCase());
  if (operator !== 'UNION ALL') features.add('grouping');
  const left =
    depth > 1 && random.chance(0.25) ? setOperation(state, wanted, depth - 1) : select(state, wanted, 1);
  const right = select(state, wanted, 1);
  return { tree: node('query', '(', left.tree, `) ${operator} (`, right.tree, ')'), columns: left.columns };
}

function context(state: State, columns: readonly ScopeColumn[], subqueries = true): Context {
  const { random, schema, features } = state;
  const allowed = subqueries && state.level >= 4;
  return {
    random,
    schema,
    features,
    columns,
    subquery: allowed ? (type, single) => subquery(state, type, single) : null,
  };
}

/** Uncorrelated: its scope has its own columns only. */
function subquery(outer: State, type: Type, single: boolean): Node {
  const state: State = { ...outer, level: Math.min(outer.level, 2) };
  const { random, features } = state;
  if (!single) return select(state, [type], 0).tree;
  const from = relation(state, 0);
  const inner = context(state, from.scope, false);
  features.add('grouping');
  if (type === 'bool') return node('query', 'SELECT bool_or(', want(inner, 'bool', 1), ') FROM ', from.tree);
  return node(
    'query',
    `SELECT ${random.pick(['min', 'max'])}(`,
    want(inner, type, 1),
    ') FROM ',
    from.tree,
    where(inner, 0.5),
  );
}

function where(inner: Context, probability: number): Node {
  if (!inner.random.chance(probability)) return node('optional');
  inner.features.add('where');
  return node('optional', ' WHERE ', predicate(inner, 2));
}

/** A SELECT of columns of these types, or of any. */
function select(state: State, types: readonly Type[] | null, depth: number): Relation {
  const { random, features } = state;
  const from = relation(state, depth);
  const scope = context(state, from.scope);
  const filter = where(scope, 0.55);
  if (state.level >= 3 && random.chance(state.level === 3 ? 0.85 : 0.35)) {
    return aggregate(state, types, from, filter);
  }
  const distinct = state.level >= 3 && random.chance(0.2);
  if (distinct) {
    features.add('distinct');
    features.add('grouping');
  }
  const wanted = types ?? Array.from({ length: random.between(1, 4) }, () => anyType(scope));
  const items = wanted.map((type, index) =>
    node('item', want(scope, type, random.between(0, 3)), ` AS c${index + 1}`),
  );
  return {
    tree: node(
      'query',
      'SELECT ',
      node('optional', distinct ? 'DISTINCT ' : ''),
      list(', ', items),
      ' FROM ',
      from.tree,
      filter,
    ),
    columns: wanted.map((type, index) => ({ name: `c${index + 1}`, type })),
  };
}

interface From {
  readonly tree: Node;
  readonly scope: readonly ScopeColumn[];
}

function aggregate(state: State, types: readonly Type[] | null, from: From, filter: Node): Relation {
  const { random, features } = state;
  const scope = context(state, from.scope, false);
  const keys: { tree: Node; type: Type }[] = [];
  for (let k = random.below(3); k > 0; k--) {
    const type = anyType(scope);
    const tree = want(scope, type, random.chance(0.7) ? 0 : 2);
    // A constant is no grouping expression (PostgreSQL takes an integer for a position).
    keys.push({
      tree: expression(type, ['(', tree, ')', type === 'int4' ? ' + 0' : type === 'text' ? ` || ''` : '']),
      type,
    });
  }
  features.add(keys.length === 0 ? 'global aggregate' : 'group by');
  if (keys.length > 0) features.add('grouping');
  const columns: { name: string; type: Type | 'inexact' }[] = [];
  const items: Node[] = [];
  const add = (tree: Node, type: Type | 'inexact'): void => {
    columns.push({ name: `c${columns.length + 1}`, type });
    items.push(node('item', tree, ` AS c${columns.length}`));
  };
  if (types) {
    for (const type of types) {
      const key = keys.find((candidate) => candidate.type === type && random.chance(0.6));
      add(key ? key.tree : aggregateOf(state, scope, type), type);
    }
  } else {
    for (const key of keys) add(key.tree, key.type);
    for (let a = random.between(keys.length > 0 ? 0 : 1, 3); a > 0; a--) {
      if (random.chance(0.15)) {
        features.add('avg');
        const type = random.pick(['int4', 'int8', 'float8', 'numeric'] as const);
        features.add('numeric scale');
        add(node('plain', 'avg(', want(scope, type, 1), ')'), type === 'float8' ? 'inexact' : 'numeric');
      } else {
        const type = random.pick(TYPES);
        add(aggregateOf(state, scope, type), type);
      }
    }
  }
  const group =
    keys.length === 0
      ? ''
      : node(
          'plain',
          ' GROUP BY ',
          list(
            ', ',
            keys.map((key) => node('item', key.tree)),
          ),
        );
  let having: Node = node('optional');
  if (random.chance(0.25)) {
    features.add('having');
    const op = random.pick(['>', '<=', '=', '<>']);
    having = node(
      'optional',
      ' HAVING ',
      aggregateOf(state, scope, 'int8'),
      ` ${op} ${random.between(0, 4)}`,
    );
  }
  return {
    tree: node('query', 'SELECT ', list(', ', items), ' FROM ', from.tree, filter, group, having),
    columns,
  };
}

function aggregateOf(state: State, scope: Context, type: Type): Node {
  const { random, features } = state;
  const wrap = (name: string, argument: Node, result: Type, mayBeDistinct = true): Node => {
    features.add(name);
    const distinct = mayBeDistinct && random.chance(0.25);
    if (distinct) features.add('distinct aggregate');
    const filtered = random.chance(0.25);
    if (filtered) features.add('filter');
    return expression(result, [
      ...[`${name}(`, node('optional', distinct ? 'DISTINCT ' : ''), argument, ')'],
      node('optional', ...(filtered ? [' FILTER (WHERE ', predicate(scope, 1), ')'] : [])),
    ]);
  };
  const value = (of: Type): Node => want(scope, of, random.between(0, 2));
  const extreme = (): Node => wrap(random.pick(['min', 'max']), value(type), type);
  if (type === 'numeric' || type === 'float8') features.add('grouping');
  switch (type) {
    case 'int8':
      return random.weighted<() => Node>([
        [3, () => wrap('count', value(anyType(scope)), 'int8')],
        [2, () => wrap('count', sql`*`, 'int8', false)],
        [3, () => wrap('sum', value('int4'), 'int8')],
        [1, extreme],
      ])();
    case 'numeric':
      return random.chance(0.6) ? wrap('sum', value(random.pick(['numeric', 'int8'])), 'numeric') : extreme();
    case 'float8':
      return random.chance(0.5) ? wrap('sum', value('float8'), 'float8') : extreme();
    case 'bool':
      return wrap(random.pick(['bool_and', 'bool_or']), value('bool'), 'bool');
    default:
      return extreme();
  }
}

/** FROM: tables, derived tables, VALUES and joins of them. */
function relation(state: State, depth: number): From {
  const { random, features } = state;
  const joins = state.level === 1 ? 0 : state.level === 2 ? random.between(1, 2) : random.below(3);
  let left = primary(state, depth);
  for (let j = 0; j < Math.min(joins, depth > 0 ? 2 : 1); j++) {
    const right = primary(state, depth);
    const kind = random.weighted([
      [4, 'JOIN'],
      [4, 'LEFT JOIN'],
      [2, 'RIGHT JOIN'],
      [2, 'FULL JOIN'],
      [1, 'CROSS JOIN'],
    ]);
    features.add(kind.toLowerCase());
    if (kind === 'CROSS JOIN') {
      left = {
        tree: node('plain', left.tree, ' CROSS JOIN ', right.tree),
        scope: [...left.scope, ...right.scope],
      };
      continue;
    }
    left = {
      tree: node('plain', left.tree, ` ${kind} `, right.tree, condition(state, kind, left, right)),
      scope: [...left.scope, ...right.scope],
    };
  }
  return left;
}

function condition(state: State, kind: string, left: From, right: From): Node {
  const { random, features } = state;
  const pairs = left.scope.flatMap((a) =>
    right.scope.filter((b) => a.type === b.type && a.type !== 'inexact').map((b) => [a, b] as const),
  );
  // USING where the same name of the same type stands once on each side.
  const name = (column: ScopeColumn): string => column.sql.split('.')[1] ?? '';
  const shared = pairs.filter(
    ([a, b]) => name(a) === name(b) && left.scope.filter((other) => name(other) === name(a)).length === 1,
  );
  if (shared.length > 0 && random.chance(0.3)) {
    features.add('using');
    return node('plain', ` USING (${name(random.pick(shared)[0])})`);
  }
  if (pairs.length > 0 && (kind === 'FULL JOIN' || random.chance(0.85))) {
    const [a, b] = random.pick(pairs);
    const equality = `${a.sql} = ${b.sql}`;
    if (kind === 'FULL JOIN' || random.chance(0.6)) return node('plain', ` ON ${equality}`);
    features.add('join residual');
    const both = context(state, [...left.scope, ...right.scope], false);
    return node('plain', ` ON ${equality}`, node('optional', ' AND ', predicate(both, 1)));
  }
  if (kind === 'FULL JOIN') return node('plain', ' ON true');
  features.add('join without equality');
  return node('plain', ' ON ', predicate(context(state, [...left.scope, ...right.scope], false), 1));
}

function primary(state: State, depth: number): From {
  const { random, features, schema } = state;
  const alias = `r${state.names.next++}`;
  const scopeOf = (columns: Relation['columns']): ScopeColumn[] =>
    columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type }));
  const derived = depth > 0 && state.level > 1 && random.chance(0.2);
  if (derived) {
    features.add('derived table');
    const inner: State = { ...state, level: Math.min(state.level, 4) };
    const body = random.chance(0.8) ? select(inner, null, 0) : setOperation(inner, null, 1);
    return { tree: node('plain', '(', body.tree, `) AS ${alias}`), scope: scopeOf(body.columns) };
  }
  if (state.level > 1 && random.chance(0.05)) {
    features.add('values');
    const types = [random.pick(TYPES), 'int4'] as const;
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
  if (state.ctes.length > 0 && random.chance(0.7)) {
    return { tree: node('plain', `w AS ${alias}`), scope: scopeOf(state.ctes[0]!.columns) };
  }
  const table = random.pick(schema.tables);
  return { tree: node('plain', `${table.name} AS ${alias}`), scope: scopeOf(table.columns) };
}
