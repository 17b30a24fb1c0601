/**
 * SELECT with window functions. What depends on the order of equal rows (row_number, neighbours, values, ROWS frames) is
 * ordered by all columns; ranks and aggregates over peers may be ordered by any.
 */
import { anyType, predicate, want, type Context, type ScopeColumn } from './expressions.ts';
import type { From } from './from.ts';
import { list, node, render, sql, type Node } from './node.ts';
import { AMBIGUOUS, context, type Relation, type State } from './queries.ts';
import type { Random } from './random.ts';
import { randomType, type Type } from './schema.ts';

interface Call {
  readonly tree: Node;
  readonly type: ScopeColumn['type'];
}

export function windows(state: State, from: From, filter: Node): Relation {
  const { random, features } = state;
  const own = random.fork();
  if (own.chance(0.12)) return inOrder(state, own);
  features.add('window');
  const scope = context(state, from.scope, false);
  // Which of several values is seen must not decide whether there is an error.
  const safe: Context = { ...scope, safe: true };
  const total = from.scope.every((column) => column.type !== 'shown');
  if (from.scope.some((column) => AMBIGUOUS.has(column.type))) features.add('ambiguous');
  const ranks = total && random.chance(0.35);
  // Two calls that tell the copies of a row apart may pair them in any way, and a filter may take any of the copies.
  const calls = Array.from({ length: random.between(1, 3) }, (_, index) =>
    total && !ranks && index === 0 && random.chance(0.8)
      ? ordered(state, safe, from)
      : unordered(state, safe),
  );
  const plain = Array.from({ length: random.between(1, 2) }, (): Call => {
    const type = anyType(scope);
    return { tree: want(scope, type, 0), type };
  });
  const all = [...plain, ...calls];
  const items = all.map(({ tree }, index) => node('item', tree, ` AS c${index + 1}`));
  const columns = all.map(({ type }, index) => ({
    name: `c${index + 1}`,
    type: type !== 'shown' && AMBIGUOUS.has(type) ? ('shown' as const) : type,
  }));
  const body = node('query', 'SELECT ', list(', ', items), ' FROM ', from.tree, filter);
  if (!ranks) return { tree: body, columns };
  features.add('rank filter');
  const rank = random.pick(['row_number', 'rank', 'dense_rank', 'dense_rank']);
  // Rows that tie have the same rank, though their values may look different.
  const tied = own.chance(0.3) ? 'numeric' : anyType(safe);
  const ties = rank !== 'row_number' && own.chance(0.6);
  const order = ties
    ? node('plain', 'ORDER BY ', want(safe, tied, own.below(2)), own.pick(DIRECTIONS))
    : totalOrder(state, from);
  const over = node('plain', 'OVER (', partition(state, safe), ' ', order, ')');
  const ranked = node(
    'query',
    'SELECT ',
    list(', ', [...items, node('item', `${rank}() `, over, ' AS n')]),
    ' FROM ',
    from.tree,
    filter,
  );
  const test = random.pick(['n <= 1', 'n <= 2', 'n < 3', 'n = 1', 'n = 2', 'n = 2', '3 >= n']);
  const shown = columns.map(({ name }) => name).join(', ');
  return {
    tree: node('query', `SELECT ${shown} FROM (`, ranked, `) AS ranked WHERE ${test}`),
    columns,
  };
}

/** Windows over a subquery that has an order, which tells all rows apart: they go by it where they have none of their own. */
function inOrder(state: State, random: Random): Relation {
  const { features } = state;
  const { name, columns } = random.pick(state.schema.tables);
  features.add('window over ordered rows');
  // Rows that are equal and look different may come in any order.
  if (columns.some(({ type }) => AMBIGUOUS.has(type))) features.add('ambiguous');
  const first = random.below(columns.length);
  const order = [...columns.slice(first), ...columns.slice(0, first)].map(
    (column) => `${column.name}${random.pick(DIRECTIONS)}`,
  );
  const plain = columns.filter(({ type }) => !AMBIGUOUS.has(type));
  const value = random.pick(plain.length > 0 ? plain : columns);
  // What PostgreSQL must sort anew need not keep the order.
  const over = random.pick(['', '', `ORDER BY ${order[0]!}`]);
  const calls = random.pick([
    { text: 'row_number()', type: 'int8' as const },
    { text: `lag(${value.name})`, type: value.type },
    { text: `lead(${value.name}, 2)`, type: value.type },
    { text: 'ntile(3)', type: 'int4' as const },
  ]);
  const rows = `(SELECT * FROM ${name} ORDER BY ${order.join(', ')}) AS ordered`;
  const items = [...columns.map((column) => column.name), `${calls.text} OVER (${over})`];
  const shown = [...columns, { type: calls.type }].map(({ type }, index) => ({
    name: `c${index + 1}`,
    type: AMBIGUOUS.has(type) ? ('shown' as const) : type,
  }));
  const list = items.map((item, index) => `${item} AS c${index + 1}`).join(', ');
  return { tree: node('query', `SELECT ${list} FROM ${rows}`), columns: shown };
}

function partition(state: State, scope: Context): Node {
  const { random } = state;
  if (random.chance(0.3)) return node('optional');
  const keys = Array.from({ length: random.between(1, 2) }, () =>
    node('item', want(scope, anyType(scope), random.below(2))),
  );
  return node('plain', 'PARTITION BY ', list(', ', keys));
}

const DIRECTIONS = ['', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'];

function totalOrder(state: State, from: From): Node {
  const { random } = state;
  if (from.scope.length === 0) return node('optional');
  const first = random.below(from.scope.length);
  const keys = [...from.scope.slice(first), ...from.scope.slice(0, first)].map((column) =>
    node('plain', `${column.sql}${random.pick(DIRECTIONS)}`),
  );
  return node('plain', 'ORDER BY ', list(', ', keys));
}

const STARTS = ['UNBOUNDED PRECEDING', '2 PRECEDING', '1 PRECEDING', 'CURRENT ROW', '1 FOLLOWING'];
const ENDS = ['1 PRECEDING', 'CURRENT ROW', '1 FOLLOWING', '2 FOLLOWING', 'UNBOUNDED FOLLOWING'];

function frame(state: State, mode: string): Node {
  const { random } = state;
  const start = random.below(STARTS.length);
  // A frame may be empty, but not by its words.
  const least = start === 3 ? 1 : start === 4 ? 2 : 0;
  const end = random.between(least, ENDS.length - 1);
  const exclusion = random.pick(['', '', '', ' EXCLUDE CURRENT ROW', ' EXCLUDE GROUP', ' EXCLUDE TIES']);
  if (exclusion !== '') state.features.add('exclude');
  state.features.add(`${mode.toLowerCase()} frame`);
  return node('optional', ` ${mode} BETWEEN ${STARTS[start]} AND ${ENDS[end]}${exclusion}`);
}

/** A call that sees the order of rows. */
function ordered(state: State, scope: Context, from: From): Call {
  const { random, features } = state;
  const frames = random.chance(0.6)
    ? frame(state, random.pick(['ROWS', 'ROWS', 'GROUPS']))
    : node('optional');
  const order = totalOrder(state, from);
  const over = (end: Node): Node => node('plain', ' OVER (', partition(state, scope), ' ', order, end, ')');
  const name = random.pick([
    ...['row_number', 'ntile', 'lag', 'lead', 'first_value', 'last_value', 'nth_value', 'aggregate'],
  ]);
  features.add(name);
  const type = randomType(random);
  const value = (): Node => want(scope, type, random.below(2));
  switch (name) {
    case 'row_number':
      return { tree: node('plain', 'row_number()', over(node('optional'))), type: 'int8' };
    case 'ntile':
      return {
        tree: node('plain', `ntile(${random.between(1, 4)})`, over(node('optional'))),
        type: 'int4',
      };
    case 'lag':
    case 'lead': {
      const rest = random.pick(['', ', 1', ', 2', ', 0', ', NULL']);
      return { tree: node('plain', `${name}(`, value(), `${rest})`, over(node('optional'))), type };
    }
    case 'last_value': {
      // Where the frame ends among the row's peers, PostgreSQL finds no last row before them: it gives NULL, though its
      // count(*) over the same frame is not 0.
      const end = render(frames).endsWith('EXCLUDE TIES') ? node('optional') : frames;
      return { tree: node('plain', 'last_value(', value(), ')', over(end)), type };
    }
    case 'first_value':
      return { tree: node('plain', 'first_value(', value(), ')', over(frames)), type };
    case 'nth_value':
      return { tree: node('plain', 'nth_value(', value(), `, ${random.between(1, 3)})`, over(frames)), type };
    default:
      return aggregateOver(state, scope, over(frames));
  }
}

/** A call that does not tell equal rows apart. */
function unordered(state: State, scope: Context): Call {
  const { random, features } = state;
  const numbers = scope.columns.filter(({ type }) => type === 'int4' || type === 'int2' || type === 'int8');
  const direction = random.pick(DIRECTIONS);
  if (numbers.length > 0 && random.chance(0.35)) {
    const order = node('plain', `ORDER BY ${random.pick(numbers).sql}${direction}`);
    const end = frame(state, 'RANGE');
    return aggregateOver(
      state,
      scope,
      node('plain', ' OVER (', partition(state, scope), ' ', order, end, ')'),
    );
  }
  const times = scope.columns.filter(({ type }) =>
    ['date', 'timestamp', 'timestamptz', 'time'].includes(type),
  );
  if (!state.schema.extremes && times.length > 0 && random.chance(0.35)) {
    features.add('range frame of times');
    const { sql: time, type } = random.pick(times);
    const bound = (): string =>
      `INTERVAL '${random.pick(type === 'time' ? ['6 hours', '1 second'] : ['1 day', '1 mon', '30 days', '0'])}'`;
    const bounds = random.pick([
      `BETWEEN ${bound()} PRECEDING AND CURRENT ROW`,
      `BETWEEN ${bound()} PRECEDING AND ${bound()} FOLLOWING`,
      `BETWEEN CURRENT ROW AND ${bound()} FOLLOWING`,
      `${bound()} PRECEDING`,
    ]);
    const exclusion = random.pick(['', '', ' EXCLUDE CURRENT ROW', ' EXCLUDE GROUP']);
    const order = node('plain', `ORDER BY ${time}${direction}`);
    const end = node('optional', ` RANGE ${bounds}${exclusion}`);
    return aggregateOver(
      state,
      scope,
      node('plain', ' OVER (', partition(state, scope), ' ', order, end, ')'),
    );
  }
  const order = node('plain', 'ORDER BY ', want(scope, anyType(scope), random.below(2)), direction);
  const end = random.chance(0.4) ? frame(state, 'GROUPS') : node('optional');
  if (random.chance(0.5)) {
    return aggregateOver(
      state,
      scope,
      node('plain', ' OVER (', partition(state, scope), ' ', order, end, ')'),
    );
  }
  const name = random.pick(['rank', 'dense_rank', 'percent_rank', 'cume_dist']);
  features.add(name);
  return {
    tree: node('plain', `${name}() OVER (`, partition(state, scope), ' ', order, ')'),
    type: name === 'rank' || name === 'dense_rank' ? 'int8' : 'float8',
  };
}

function aggregateOver(state: State, scope: Context, over: Node): Call {
  const { random, features } = state;
  const filtered = random.chance(0.25);
  if (filtered) features.add('filter');
  const condition = (): Node =>
    node('optional', ...(filtered ? [' FILTER (WHERE ', predicate(scope, 1), ')'] : []));
  const made = (tree: Node, type: Type): Call => ({ tree: node('plain', tree, condition(), over), type });
  return random.weighted<() => Call>([
    [2, () => made(node('plain', 'count(', sql`*`, ')'), 'int8')],
    [2, () => made(node('plain', 'count(', want(scope, anyType(scope), 1), ')'), 'int8')],
    [3, () => made(node('plain', 'sum(', want(scope, random.pick(['int2', 'int4']), 1), ')'), 'int8')],
    [1, () => made(node('plain', 'sum(', want(scope, 'numeric', 0), ')'), 'numeric')],
    [1, () => made(node('plain', 'bool_or(', want(scope, 'bool', 1), ')'), 'bool')],
    [
      3,
      () => {
        const type = random.pick(['int2', 'int4', 'int8', 'text', 'date', 'timestamp'] as const);
        return made(node('plain', `${random.pick(['min', 'max'])}(`, want(scope, type, 1), ')'), type);
      },
    ],
  ])();
}
