/** SELECT with GROUP BY or a global aggregate, FILTER, DISTINCT inside aggregates and HAVING. */
import { orderedAggregates } from './ordered-aggregates.ts';
import { anyType, predicate, want, type Context, type Features, type ScopeColumn } from './expressions.ts';
import type { From } from './from.ts';
import { groupingSets } from './lateral.ts';
import { expression, list, node, sql, type Node } from './node.ts';
import { context, representatives, type Relation, type State } from './queries.ts';
import type { Random } from './random.ts';
import { randomType, type Type } from './schema.ts';

export function aggregate(state: State, types: readonly Type[] | null, from: From, filter: Node): Relation {
  const { random, features } = state;
  const scope = context(state, from.scope, false);
  const keys: { tree: Node; type: Type }[] = [];
  for (let k = random.pick([0, 1, 1, 1, 2, 2]); k > 0; k--) {
    const type = anyType(scope);
    const plain = scope.columns.filter((column) => column.type === type);
    // Plain columns mostly, whose groups have several rows.
    if (plain.length > 0 && random.chance(0.6)) {
      keys.push({ tree: expression(type, [random.pick(plain).sql]), type });
      continue;
    }
    // Never a bare constant, which would be a position.
    const tree = want(scope, type, random.chance(0.6) ? 0 : 2);
    keys.push({ tree: expression(type, ['coalesce(', tree, ', ', tree, ')']), type });
  }
  features.add(keys.length === 0 ? 'global aggregate' : 'group by');
  const columns: { name: string; type: ScopeColumn['type'] }[] = [];
  const items: Node[] = [];
  const add = (tree: Node, type: ScopeColumn['type']): void => {
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
    for (let a = random.between(keys.length > 0 ? 0 : 2, 3); a > 0; a--) {
      if (random.chance(0.15)) {
        const type = random.pick(['int2', 'int4', 'int8', 'float8', 'numeric', 'interval'] as const);
        features.add('avg');
        features.add('ambiguous');
        add(node('plain', 'avg(', type === 'float8' ? dyadic(scope) : want(scope, type, 1), ')'), 'shown');
      } else {
        const type = random.chance(0.5) ? 'int8' : randomType(random);
        add(aggregateOf(state, scope, type), type);
      }
    }
  }
  const own = random.fork();
  if (!types && own.chance(0.12)) {
    for (const tree of distinctOfSeveral(own, features, scope)) add(tree, 'int8');
  }
  const plain = node(
    'plain',
    ' GROUP BY ',
    list(
      ', ',
      keys.map((key) => node('item', key.tree)),
    ),
  );
  const group = groupingSets(
    state,
    keys.map((key) => key.tree),
    plain,
  );
  let having: Node = node('optional');
  if (random.chance(0.15)) {
    features.add('having');
    const test = random.pick(['>= 0', '>= 1', '> 1', '<= 3', '<> 2', '<> 1', '< 5']);
    having = node('optional', ' HAVING ', aggregateOf(state, scope, 'int8'), ` ${test}`);
  }
  const end = keys.length === 0 ? [having] : [group, having];
  return {
    tree: node('query', 'SELECT ', list(', ', items), ' FROM ', from.tree, filter, ...end),
    columns: representatives(state, columns, items),
  };
}

/** DISTINCT aggregates of one column, each over other rows. */
function distinctOfSeveral(random: Random, features: Features, scope: Context): Node[] {
  const plain = scope.columns.filter(({ type }) => type !== 'shown');
  if (plain.length === 0) return [];
  features.add('distinct aggregates with filters');
  const { sql: column, type } = random.pick(plain);
  const count = random.between(2, 3);
  return Array.from({ length: count }, (_, index) => {
    const name = (type === 'int4' || type === 'int2') && random.chance(0.5) ? 'sum' : 'count';
    const condition = predicate({ ...scope, random, safe: true }, 1);
    const filter = index > 0 || random.chance(0.5) ? [' FILTER (WHERE ', condition, ')'] : [];
    return expression('int8', [`${name}(DISTINCT ${column})`, node('optional', ...filter)]);
  });
}

/** A float whose sums are exact, so that they do not depend on the order. */
function dyadic(scope: Context): Node {
  const { random } = scope;
  const columns = scope.columns.filter((column) => column.dyadic);
  if (columns.length === 0) return expression('float8', ['(', want(scope, 'int2', 0), ')::float8']);
  const column = `${random.pick(columns).sql}::float8`;
  return expression('float8', [random.pick([column, column, `(${column} + 0.25)`, `(- ${column})`])]);
}

function aggregateOf(state: State, scope: Context, type: Type): Node {
  const { random, features } = state;
  const others = orderedAggregates(state, scope, type);
  if (others.length > 0 && random.chance(0.35)) return random.weighted(others)();
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
  const count = (): Node => wrap('count', value(anyType(scope)), 'int8');
  const extreme = (): Node => wrap(random.pick(['min', 'max']), value(type), type);
  switch (type) {
    case 'int8':
      return random.weighted<() => Node>([
        [3, count],
        [2, () => wrap('count', sql`*`, 'int8', false)],
        [3, () => wrap('sum', value(random.pick(['int4', 'int4', 'int2'])), 'int8')],
        [1, extreme],
      ])();
    case 'numeric':
      return random.chance(0.6) ? wrap('sum', value(random.pick(['numeric', 'int8'])), 'numeric') : extreme();
    case 'interval':
      return random.chance(0.5) ? wrap('sum', value('interval'), 'interval') : extreme();
    case 'float8':
      return random.chance(0.5) ? wrap('sum', dyadic(scope), 'float8') : extreme();
    case 'bool':
      return wrap(random.pick(['bool_and', 'bool_or', 'every']), value('bool'), 'bool');
    // Without an order of their own, or with another type's.
    case 'varchar':
      return expression(type, ['(', wrap(random.pick(['min', 'max']), value(type), 'text'), ')::varchar']);
    // Without min and max, and in one length alone.
    case 'varbit':
      return expression(type, ['(', count(), ')::int4::bit(8)::varbit']);
    case 'cidr':
      return expression(type, ['network(', wrap(random.pick(['min', 'max']), value('inet'), 'inet'), ')']);
    case 'macaddr':
    case 'macaddr8':
      return expression(type, ['lpad((', count(), `)::text, ${type === 'macaddr' ? 12 : 16}, '0')::${type}`]);
    case 'jsonb':
      return expression(type, ['(', count(), ')::text::jsonb']);
    case 'uuid':
      return expression(type, ['md5((', count(), ')::text)::uuid']);
    // They have an order, but no least and no greatest.
    case 'int4range':
    case 'numrange':
    case 'daterange':
      return wrap('range_intersect_agg', value(type), type);
    case 'int4multirange':
      return wrap('range_agg', value(random.pick(['int4range', 'int4multirange'])), type);
    // Its least value is a record.
    case 'duo': {
      const argument = value('duo');
      features.add('aggregate of composites');
      return expression(type, ['(array_agg(', argument, ' ORDER BY ', argument, '))[1]']);
    }
    case 'int4[]':
    case 'text[]':
    case 'mood[]': {
      if (random.chance(0.5)) return extreme();
      const argument = value(type.slice(0, -2) as Type);
      features.add('array_agg');
      return expression(type, ['array_agg(', argument, ' ORDER BY ', argument, ')']);
    }
    default:
      return extreme();
  }
}
