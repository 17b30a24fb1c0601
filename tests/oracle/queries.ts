/** Queries by level: 1 expressions, 2 joins, 3 aggregates, 4 subqueries, 5 set operations, CTE, top-k, 6 window functions. */
import { aggregate } from './aggregates.ts';
import {
  anyType,
  Features,
  membership,
  narrower,
  predicate,
  registered,
  want,
  type Context,
  type ScopeColumn,
} from './expressions.ts';
import { fromClause } from './from.ts';
import { expression, list, node, render, sql, type Node } from './node.ts';
import type { Random } from './random.ts';
import { literal, randomType, TYPES, WITHOUT_EXTREMES, type Schema, type Type } from './schema.ts';
import { windows } from './windows.ts';

export interface Query {
  readonly tree: Node;
  readonly columns: Relation['columns'];
  readonly level: number;
  readonly features: ReadonlySet<string>;
}

export interface Relation {
  readonly tree: Node;
  readonly columns: readonly { readonly name: string; readonly type: ScopeColumn['type'] }[];
}

/** A relation of an earlier view, by its name. */
export interface Base extends Relation {
  readonly name: string;
}

export interface State {
  readonly random: Random;
  readonly schema: Schema;
  readonly features: Features;
  readonly level: number;
  /** Nothing that can raise an error. */
  readonly safe: boolean;
  /** Names that FROM can use besides the tables: CTEs and views. */
  readonly named: readonly Relation[];
  readonly names: { next: number };
}

/** Types some of whose equal values have several texts: which one stands for a group is nobody's promise. */
export const AMBIGUOUS: ReadonlySet<string> = new Set([
  'numeric',
  'interval',
  'jsonb',
  'float4',
  'float8',
  'bpchar',
  'numrange',
]);

/** Levels, and how often their queries are made. */
const LEVELS: readonly (readonly [number, number])[] = [
  [2.5, 1],
  [2.5, 2],
  [3, 3],
  [3, 4],
  [4, 5],
  [2.5, 6],
];
export const HIGHEST_LEVEL = LEVELS.length;

/** `only`: a query of this level. */
export function randomQuery(
  random: Random,
  schema: Schema,
  views: readonly Base[],
  only: number | null = null,
): Query {
  const level = only ?? random.weighted(LEVELS);
  const features = new Features();
  features.add(`level ${level}`);
  const named = views.map(({ name, columns }) => ({ tree: sql`${name}`, columns }));
  const state: State = { random, schema, features, level, safe: false, named, names: { next: 1 } };
  const { tree, columns } = topLevel(state);
  return { tree, columns, level, features: features.tags };
}

/** A query for a view that others are made on: it never raises an error, and its columns can all be computed with. */
export function randomBase(
  random: Random,
  schema: Schema,
  views: readonly Base[],
  name: string,
): Base & Query {
  const features = new Features();
  const level = random.pick([1, 2, 2, 3]);
  const named = views.map((view) => ({ tree: sql`${view.name}`, columns: view.columns }));
  const state: State = { random, schema, features, level, safe: true, named, names: { next: 1 } };
  return { ...select(state, null, 1), name, level, features: features.tags };
}

function topLevel(state: State): Relation {
  const { random, features } = state;
  if (state.level === 1 && random.chance(0.65)) return calls(state);
  if (state.level === 6) {
    const from = fromClause({ ...state, level: random.pick([1, 1, 2]) }, 1);
    return windows(state, from, where(context(state, from.scope, false), 0.3));
  }
  if (state.level < 5) return select(state, null, 2, [], state.level === 4);
  return random.weighted<() => Relation>([
    [4, () => setOperation(state, null, 2)],
    [
      2,
      () => {
        features.add('cte');
        const body = select(state, null, 1);
        const cte: Relation = { ...body, tree: sql`w` };
        const main = select({ ...state, named: [cte, cte, cte] }, null, 1);
        const materialized = random.pick(['', '', ' MATERIALIZED', ' NOT MATERIALIZED']);
        return { ...main, tree: node('plain', `WITH w AS${materialized} (`, body.tree, `) `, main.tree) };
      },
    ],
    [
      4,
      () => {
        features.add('top-k');
        const own = random.fork();
        const body = random.chance(0.7) ? select(state, null, 2) : setOperation(state, null, 1);
        if (own.chance(0.25)) return withTies(own, body);
        // By all columns: the order is total.
        const keys = body.columns.map(
          (_, index) => `${index + 1}${random.pick(['', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`,
        );
        const offset = node('optional', random.chance(0.3) ? ` OFFSET ${random.between(1, 2)}` : '');
        const limit = ` ORDER BY ${keys.join(', ')} LIMIT ${random.between(1, 6)}`;
        // Which of the rows that are equal but look different come in is open.
        if (body.columns.some(({ type }) => type === 'shown' || AMBIGUOUS.has(type)))
          features.add('ambiguous');
        return { ...body, tree: node('plain', body.tree, limit, offset) };
      },
    ],
  ])();
}

/** The first rows by some of the columns, with all that tie at their end. */
function withTies(random: Random, body: Relation): Relation {
  const keys = body.columns
    .map((_, index) => `${index + 1}${random.pick(['', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`)
    .slice(0, random.between(1, 2));
  const limit = ` ORDER BY ${keys.join(', ')} FETCH FIRST ${random.between(1, 4)} ROWS WITH TIES`;
  return { ...body, tree: node('plain', body.tree, limit) };
}

/** Calls of registered functions over one table, not nested. */
function calls(state: State): Relation {
  const { random, features } = state;
  features.add('calls');
  const from = fromClause(state, 0);
  const scope = context(state, from.scope);
  const types = Array.from({ length: random.between(3, 6) }, () => random.pick(TYPES));
  const items = types.map((type, index) => node('item', registered(scope, type, 0), ` AS c${index + 1}`));
  return { tree: node('query', 'SELECT ', list(', ', items), ' FROM ', from.tree), columns: named(types) };
}

function named(types: readonly ScopeColumn['type'][]): Relation['columns'] {
  return types.map((type, index) => ({ name: `c${index + 1}`, type }));
}

/** The columns of a relation whose rows stand for groups; some of them cannot be computed with any more. */
export function representatives(
  state: State,
  columns: Relation['columns'],
  items: readonly Node[],
): Relation['columns'] {
  return columns.map((column, index) => {
    if (!AMBIGUOUS.has(column.type)) return column;
    const item = items[index];
    const plain = item !== undefined && /^r\d+\.[a-e]( |$)/.test(render(item));
    if (plain && !state.schema.mixedScale && column.type !== 'bpchar') return column;
    state.features.add('ambiguous');
    return { ...column, type: 'shown' };
  });
}

export function setOperation(state: State, types: readonly Type[] | null, depth: number): Relation {
  const { random, features } = state;
  // Types of columns mostly, so that both sides have rows in common.
  const columnType = (): Type => random.pick(random.pick(state.schema.tables).columns).type;
  const wanted =
    types ??
    Array.from(
      {
        length: random.weighted([
          [3, 1],
          [2, 2],
          [1, 3],
        ]),
      },
      () => (random.chance(0.8) ? columnType() : randomType(random)),
    );
  const operator = random.pick([
    'UNION',
    'UNION ALL',
    'INTERSECT',
    'INTERSECT ALL',
    'EXCEPT',
    'EXCEPT ALL',
    'UNION',
  ]);
  features.add(operator.toLowerCase());
  // One side may have types that are converted to those of the other.
  const sides = [wanted, wanted.map((type) => (random.chance(0.2) ? narrower(random, type) : type))];
  const [first, second] = random.chance(0.5) ? sides : sides.reverse();
  const left =
    depth > 1 && random.chance(0.25) ? setOperation(state, wanted, depth - 1) : select(state, first!, 1);
  const right = select(state, depth > 1 ? second! : wanted, 1);
  const columns = named(wanted);
  return {
    tree: node('query', '(', left.tree, `) ${operator} (`, right.tree, ')'),
    columns: operator === 'UNION ALL' ? columns : representatives(state, columns, []),
  };
}

export function context(state: State, columns: readonly ScopeColumn[], subqueries = true): Context {
  const { random, schema, features, safe } = state;
  const allowed = subqueries && state.level >= 4;
  return {
    random,
    schema,
    features,
    columns,
    safe,
    subquery: allowed ? (type, single) => subquery(state, columns, type, single) : null,
  };
}

/** Of which min and max have another type. */
const OTHER_EXTREMES: ReadonlySet<Type> = new Set(['varchar', 'cidr']);

/** Half of them read columns of the query around them, in WHERE and in what they select but never in an aggregate. */
function subquery(around: State, columns: readonly ScopeColumn[], type: Type, single: boolean): Node {
  const { random, features } = around;
  // A subquery may have subqueries again, which see the columns of both.
  const state: State = { ...around, level: random.chance(0.15) ? around.level : 2 };
  const outer = random.chance(0.5) ? columns.filter((column) => column.type !== 'shown') : [];
  if (outer.length > 0) features.add('correlated');
  if (!single) return select({ ...state, level: Math.min(state.level, 4) }, [type], 0, outer).tree;
  const from = fromClause({ ...state, level: 2 }, 0);
  const inner = context({ ...state, level: 2 }, from.scope, false);
  const both = context(state, [...from.scope, ...outer], state.level >= 4);
  const filter = where(both, outer.length > 0 ? 0.9 : 0.5);
  if (type === 'bool') {
    return node('query', 'SELECT bool_or(', want(inner, 'bool', 1), ') FROM ', from.tree, filter);
  }
  // A value that may stand for others would be computed with: only its order matters, or there is none.
  if (WITHOUT_EXTREMES.has(type) || OTHER_EXTREMES.has(type) || AMBIGUOUS.has(type)) {
    const value = node('query', 'SELECT ', want(inner, type, 1), ' AS c FROM ', from.tree, filter);
    return node('query', value, ` ORDER BY 1 LIMIT 1`);
  }
  const name = random.pick(['min', 'max']);
  return node('query', `SELECT ${name}(`, want(inner, type, 1), ') FROM ', from.tree, filter);
}

export function where(inner: Context, probability: number): Node {
  const own = inner.random.fork();
  if (!inner.random.chance(probability)) return node('optional');
  inner.features.add('where');
  const plain = inner.columns.filter(({ type }) => type !== 'shown');
  if (plain.length > 0 && own.chance(0.15)) return node('optional', ' WHERE ', ofOneColumn(own, plain));
  const partner = inner.subquery !== null && own.chance(0.15) ? partnerOf(own, inner) : null;
  if (partner !== null) return node('optional', ' WHERE ', partner);
  return node('optional', ' WHERE ', predicate(inner, 2));
}

/** Conditions of one column that rules put together: values that it may have, and what says that it is not NULL. */
function ofOneColumn(random: Random, columns: readonly ScopeColumn[]): Node {
  const { sql, type } = random.pick(columns);
  const value = (): string => literal(random, type as Type);
  const another = random.pick(columns).sql;
  const text = random.pick([
    () => `${sql} = ${value()} OR ${sql} = ${value()}`,
    () => `${sql} IN (${value()}, ${value()}) OR ${sql} = ${value()} OR ${another} IS NULL`,
    () => `${sql} IS NOT NULL AND num_nulls(${sql}, ${another}) < 2`,
    () => `num_nulls(${sql}, ${another}) >= 1`,
  ]);
  return expression('bool', [`(${text()})`]);
}

/** Whether a table has a row with a column's value, also where that may be NULL because an outer join found nothing. */
function partnerOf(random: Random, { schema, columns, features }: Context): Node | null {
  const pairs = schema.tables.flatMap((table) =>
    table.columns.flatMap((other) =>
      columns.filter(({ type }) => type === other.type).map((column) => ({ table, other, column })),
    ),
  );
  if (pairs.length === 0) return null;
  const { table, other, column } = random.pick(pairs);
  const not = random.chance(0.7) ? 'NOT ' : '';
  features.add(`${not.toLowerCase()}exists by an equality`);
  const rows = `SELECT FROM ${table.name} AS partner WHERE partner.${other.name} = ${column.sql}`;
  return expression('bool', [`(${not}EXISTS (${rows}))`]);
}

/**
 * A SELECT of columns of these types, or of any; `outer`: columns of the query around it; `member`: perhaps with a column
 * behind them that says whether a value is among others.
 */
export function select(
  state: State,
  types: readonly Type[] | null,
  depth: number,
  outer: readonly ScopeColumn[] = [],
  member = false,
): Relation {
  const { random, features } = state;
  const from = fromClause(state, depth);
  const scope = context(state, [...from.scope, ...outer]);
  const filter = where(scope, outer.length > 0 ? 0.8 : state.safe ? 0.12 : 0.25);
  if (state.level >= 3 && random.chance(state.level === 3 ? 0.85 : 0.35)) {
    return aggregate(state, types, from, filter);
  }
  const distinct = state.level >= 3 && random.chance(0.2);
  if (distinct) features.add('distinct');
  const wanted = types ?? Array.from({ length: random.between(1, 4) }, () => anyType(scope));
  const items = wanted.map((type, index) =>
    node('item', want(scope, type, types ? random.below(2) : random.between(0, 3)), ` AS c${index + 1}`),
  );
  // As a column, it shows what it is where it is unknown. PostgreSQL looks no further than the first match, errors or not.
  const own = random.fork();
  const among =
    member && own.chance(0.7) ? membership(context({ ...state, random: own, safe: true }, from.scope)) : null;
  if (among !== null) items.push(node('item', among, ` AS c${items.length + 1}`));
  const columns: Relation['columns'] = named(among === null ? wanted : [...wanted, 'bool']);
  const keyword = distinct ? 'SELECT DISTINCT ' : 'SELECT ';
  return {
    tree: node('query', keyword, list(', ', items), ' FROM ', from.tree, filter),
    columns: distinct ? representatives(state, columns, items) : columns,
  };
}
