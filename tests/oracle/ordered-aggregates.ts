/**
 * Aggregates of a whole group in an order, statistics and bits. What is ordered is of types whose equality is identity, so
 * that rows that tie are the same and the result is a function of the data.
 */
import { predicate, want, type Context } from './expressions.ts';
import { expression, node, type Node } from './node.ts';
import type { State } from './queries.ts';
import { literal, type Type } from './schema.ts';

const EXACT: readonly Type[] = ['int2', 'int4', 'int8', 'text', 'bool', 'date', 'uuid', 'timestamp', 'bytea'];

/** Types of the values of a row that is not there, and of those that it is put among. */
const HYPOTHETICAL = ['int4', 'text', 'date', 'numeric', 'mood', 'bool'] as const;

type Production = readonly [weight: number, make: () => Node];

/** Productions for a result of this type. */
export function orderedAggregates(state: State, scope: Context, type: Type): Production[] {
  const { random, features } = state;
  const value = (of: Type): Node => want(scope, of, random.between(0, 1));
  const exact = (): Node => value(random.pick(EXACT));
  const direction = (): string => random.pick(['', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST']);
  const made = (name: string, result: Type, ...parts: (string | Node)[]): Node => {
    features.add(name);
    const filtered = random.chance(0.2);
    if (filtered) features.add('filter');
    const filter = filtered ? [' FILTER (WHERE ', predicate(scope, 0), ')'] : [];
    return expression(result, [...parts, node('optional', ...filter)]);
  };
  /** `name(argument … ORDER BY argument)`, of distinct values sometimes. */
  const ordered = (name: string, argument: Node, rest = ''): (string | Node)[] => {
    const distinct = random.chance(0.25);
    if (distinct) features.add('distinct aggregate');
    return [
      `${name}(${distinct ? 'DISTINCT ' : ''}`,
      argument,
      `${rest} ORDER BY `,
      argument,
      `${direction()})`,
    ];
  };
  const within = (name: string, of: Type): (string | Node)[] => [
    `${name} WITHIN GROUP (ORDER BY `,
    value(of),
    `${direction()})`,
  ];
  const cast = (inner: Node, result: Type): Node => expression(result, ['(', inner, `)::${result}`]);
  const isHypothetical = (of: string): boolean => HYPOTHETICAL.some((other) => other === of);
  const hypothetical = (name: string, result: Type, weight = 1): Production => [
    weight,
    () => {
      // Columns mostly: the row that is not there equals rows that are.
      const known = scope.columns.filter((column) => isHypothetical(column.type));
      const column = known.length > 0 && random.chance(0.7) ? random.pick(known) : null;
      const first = column === null ? random.pick(HYPOTHETICAL) : (column.type as Type);
      const types = [first, ...(random.chance(0.33) ? [random.pick(HYPOTHETICAL)] : [])];
      features.add('hypothetical row');
      const row = types.map((of) => (random.chance(0.1) ? `NULL::${of}` : literal(random, of)));
      const keys = types.flatMap((of, index) => [
        index === 0 ? '' : ', ',
        index === 0 && column !== null ? expression(of, [column.sql]) : value(of),
        random.pick([direction(), ...(of === 'text' ? [' COLLATE "C" DESC'] : [])]),
      ]);
      return made(name, result, `${name}(${row.join(', ')}) WITHIN GROUP (ORDER BY `, ...keys, ')');
    },
  ];
  /** In thousandths, where numbers are wanted. */
  const hypotheticalShare = (result: 'int4' | 'int8'): Production => {
    const [weight, share] = hypothetical(random.pick(['percent_rank', 'cume_dist', 'cume_dist']), 'float8');
    return [weight, () => expression(result, ['(1000 * ', share(), `)::${result}`])];
  };
  switch (type) {
    case 'text':
      return [
        [
          2,
          () =>
            made(
              'string_agg',
              'text',
              ...ordered('string_agg', value('text'), random.chance(0.9) ? `, ','` : ', NULL'),
            ),
        ],
        [2, () => cast(made('array_agg', 'text', ...ordered('array_agg', exact())), 'text')],
        [1, () => made('mode', 'text', ...within('mode()', 'text'))],
        [
          1,
          () =>
            cast(
              made('least composite', 'duo', `${random.pick(['min', 'max'])}(`, value('duo'), ')'),
              'text',
            ),
        ],
        [
          1,
          () =>
            cast(
              made('percentiles', 'text', ...within(`percentile_disc('{0.1,0.9}'::float8[])`, 'int4')),
              'text',
            ),
        ],
      ];
    case 'jsonb':
      return [[1, () => made('jsonb_agg', 'jsonb', ...ordered('jsonb_agg', exact()))]];
    case 'numeric': {
      const name = random.pick(['var_pop', 'var_samp', 'variance', 'stddev', 'stddev_pop', 'stddev_samp']);
      const argument = value(random.pick(['int2', 'int4', 'numeric']));
      return [[1.5, () => made(name, 'numeric', `${name}(`, argument, ')')]];
    }
    case 'float8':
      return [
        hypothetical(random.pick(['percent_rank', 'cume_dist', 'cume_dist']), 'float8', 1.5),
        [1, () => made('percentile_cont', 'float8', ...within('percentile_cont(0.5)', 'int4'))],
      ];
    case 'mood':
    case 'int4[]':
      return [[1, () => made('percentile_disc', type, ...within('percentile_disc(0.5)', type))]];
    case 'int8':
      return [
        hypothetical(random.pick(['rank', 'dense_rank']), 'int8'),
        hypotheticalShare(type),
        [
          0.7,
          () =>
            made(
              'bit aggregate',
              'int8',
              `${random.pick(['bit_and', 'bit_or', 'bit_xor'])}(`,
              value('int8'),
              ')',
            ),
        ],
        [0.5, () => made('regr_count', 'int8', 'regr_count(', value('int4'), ', ', value('int2'), ')')],
        [
          0.7,
          () =>
            made(
              'percentile_disc',
              'int8',
              ...within(`percentile_disc(${random.pick(['0', '0.4', '1'])})`, 'int8'),
            ),
        ],
      ];
    case 'date':
    case 'timestamp':
    case 'uuid':
      return [[1, () => made('percentile_disc', type, ...within('percentile_disc(0.5)', type))]];
    case 'int4':
      return [
        [1, () => made('percentile_disc', type, ...within('percentile_disc(0.5)', type))],
        hypotheticalShare(type),
      ];
    default:
      return [];
  }
}
