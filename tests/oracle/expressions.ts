/** Typed expressions: want(type, scope) gives an expression that PostgreSQL accepts, by construction. */
import { expression, node, sql, type Node } from './node.ts';
import type { Random } from './random.ts';
import { literal, TYPES, type Schema, type Type } from './schema.ts';

export interface ScopeColumn {
  readonly sql: string;
  /** `inexact`: a float that is no dyadic number, or an average of them; only shown, never computed with. */
  readonly type: Type | 'inexact';
}

/** What one query is made of, for coverage and for how results are compared. */
export class Features {
  readonly tags = new Set<string>();
  add(tag: string): void {
    this.tags.add(tag);
  }
}

export interface Context {
  readonly random: Random;
  readonly schema: Schema;
  readonly features: Features;
  readonly columns: readonly ScopeColumn[];
  /** Makes a subquery of one column; null where there may be none. */
  readonly subquery: ((type: Type, single: boolean) => Node) | null;
}

export function want(context: Context, type: Type, depth: number): Node {
  const { random } = context;
  const columns = context.columns.filter((column) => column.type === type);
  if (depth <= 0 || random.chance(0.3)) {
    if (columns.length > 0 && random.chance(0.85)) return expression(type, [random.pick(columns).sql]);
    return random.chance(0.08)
      ? expression(type, [`NULL::${type}`])
      : expression(type, [literal(random, type)]);
  }
  const own = productions(context, type, depth - 1);
  const shared: (readonly [number, () => Node])[] = [
    [2, () => caseOf(context, type, depth - 1)],
    [2, () => call(context, type, 'coalesce', [want(context, type, depth - 1), want(context, type, 0)])],
    [1, () => call(context, type, 'nullif', [want(context, type, depth - 1), want(context, type, 0)])],
    [columns.length > 0 ? 3 : 0, () => expression(type, [random.pick(columns).sql])],
  ];
  if (type !== 'bool') {
    const name = random.pick(['greatest', 'least']);
    shared.push([
      1,
      () => call(context, type, name, [want(context, type, depth - 1), want(context, type, 0)]),
    ]);
  }
  if (context.subquery && random.chance(0.15)) {
    const { subquery } = context;
    shared.push([
      4,
      () => expression(type, [tag(context, 'scalar subquery'), '(', subquery(type, true), ')']),
    ]);
  }
  return random.weighted([...own, ...shared])();
}

function tag(context: Context, name: string): string {
  context.features.add(name);
  return '';
}

function call(context: Context, type: Type, name: string, args: readonly Node[]): Node {
  context.features.add(name);
  return expression(type, [`${name}(`, ...args.flatMap((arg, i) => (i === 0 ? [arg] : [', ', arg])), ')']);
}

function caseOf(context: Context, type: Type, depth: number): Node {
  context.features.add('case');
  const otherwise = context.random.chance(0.7) ? sql` ELSE ${want(context, type, depth)}` : sql``;
  return expression(type, [
    ...['(CASE WHEN ', predicate(context, depth), ' THEN ', want(context, type, depth)],
    ...[node('optional', otherwise), ' END)'],
  ]);
}

function cast(context: Context, from: Type, to: Type, depth: number): Node {
  context.features.add('cast');
  return expression(to, ['(', want(context, from, depth), `)::${to}`]);
}

type Production = readonly [number, () => Node];

function productions(context: Context, type: Type, depth: number): Production[] {
  const { random } = context;
  const operator = (left: Type, op: string, right: Type): Node =>
    expression(type, ['(', want(context, left, depth), ` ${op} `, want(context, right, depth - 1), ')']);
  const of = (name: string, ...types: Type[]): Node =>
    call(
      context,
      type,
      name,
      types.map((t) => want(context, t, depth)),
    );
  switch (type) {
    case 'int4':
      return [
        [3, () => operator('int4', random.pick(['+', '-']), 'int4')],
        [1, () => expression(type, ['(', want(context, 'int4', depth), ' % 3)'])],
        [1, () => of('length', 'text')],
        [1, () => cast(context, 'bool', 'int4', depth)],
        [
          0.5,
          () =>
            expression(type, [
              '(',
              want(context, 'int4', depth),
              ' / nullif(',
              want(context, 'int4', 0),
              ', 0))',
            ]),
        ],
        [0.5, () => expression(type, ['extract(month from ', want(context, 'date', depth), ')::int4'])],
      ];
    case 'int8':
      return [
        [2, () => operator('int8', random.pick(['+', '-']), 'int4')],
        [2, () => cast(context, 'int4', 'int8', depth)],
        [1, () => operator('int8', '*', 'int8')],
      ];
    case 'numeric':
      return [
        [2, () => operator('numeric', random.pick(['+', '-']), 'numeric')],
        [1, () => (context.features.add('numeric scale'), operator('numeric', '*', 'numeric'))],
        [
          1,
          () => (
            context.features.add('numeric scale'),
            cast(context, random.pick(['int4', 'int8']), 'numeric', depth)
          ),
        ],
        [0.5, () => expression(type, ['round(', want(context, 'numeric', depth), ', 2)'])],
      ];
    case 'text':
      return [
        [2, () => operator('text', '||', 'text')],
        [1, () => of(random.pick(['upper', 'lower']), 'text')],
        [
          1,
          () => expression(type, ['substr(', want(context, 'text', depth), `, ${random.between(1, 2)}, 1)`]),
        ],
        [
          2,
          () =>
            cast(context, random.pick(['int4', 'int8', 'bool', 'date', 'timestamp'] as const), 'text', depth),
        ],
      ];
    case 'bool':
      return [[6, () => predicate(context, depth)]];
    case 'float8':
      return [
        [2, () => operator('float8', random.pick(['+', '-']), 'float8')],
        [1, () => cast(context, 'int4', 'float8', depth)],
        [0.5, () => expression(type, ['abs(', want(context, 'float8', depth), ')'])],
      ];
    case 'date':
      return [
        [1, () => cast(context, 'timestamp', 'date', depth)],
        [1, () => expression(type, ['(', want(context, 'date', depth), ` + ${random.between(0, 31)})`])],
      ];
    case 'timestamp':
      return [
        [1, () => cast(context, 'date', 'timestamp', depth)],
        [
          1,
          () =>
            expression(type, [
              '(',
              want(context, 'timestamp', depth),
              ` + interval '${random.pick(['1 day', '1 hour', '1 month'])}')`,
            ]),
        ],
        [
          1,
          () =>
            expression(type, [
              `date_trunc('${random.pick(['month', 'day', 'hour'])}', `,
              want(context, 'timestamp', depth),
              ')',
            ]),
        ],
      ];
  }
}

export function anyType(context: Context): Type {
  const known = context.columns.flatMap((column) => (column.type === 'inexact' ? [] : [column.type]));
  return known.length > 0 && context.random.chance(0.85)
    ? context.random.pick(known)
    : context.random.pick(TYPES);
}

export function predicate(context: Context, depth: number): Node {
  const { random } = context;
  const type = anyType(context);
  const value = (d: number): Node => want(context, type, Math.max(0, d));
  const comparison = (): Node => {
    const op = random.pick(['=', '<>', '<', '<=', '>', '>=', '=', '=']);
    return expression('bool', ['(', value(depth - 1), ` ${op} `, value(0), ')']);
  };
  const items: Production[] = [
    [6, comparison],
    [2, () => expression('bool', ['(', value(depth - 1), random.pick([' IS NULL', ' IS NOT NULL']), ')'])],
    [
      1,
      () =>
        expression('bool', [
          '(',
          value(0),
          random.pick([' IS DISTINCT FROM ', ' IS NOT DISTINCT FROM ']),
          value(0),
          ')',
        ]),
    ],
    [
      1,
      () =>
        expression('bool', [
          '(',
          value(0),
          random.pick([' IN (', ' NOT IN (']),
          value(0),
          ', ',
          value(0),
          '))',
        ]),
    ],
    [1, () => expression('bool', ['(', value(0), ' BETWEEN ', value(0), ' AND ', value(0), ')'])],
    [
      1,
      () =>
        expression('bool', [
          '(',
          want(context, 'text', 0),
          ` LIKE '${random.pick(['a%', '%b', '_', '%'])}')`,
        ]),
    ],
  ];
  if (depth > 0) {
    const inner = (): Node => predicate(context, depth - 1);
    items.push(
      [3, () => expression('bool', ['(', inner(), random.pick([' AND ', ' OR ']), inner(), ')'])],
      [2, () => expression('bool', ['(NOT ', inner(), ')'])],
      [
        1,
        () =>
          expression('bool', [
            '(',
            inner(),
            random.pick([' IS TRUE', ' IS NOT TRUE', ' IS FALSE', ' IS UNKNOWN']),
            ')',
          ]),
      ],
    );
  }
  const { subquery } = context;
  if (subquery) {
    items.push(
      [
        1,
        () => (
          context.features.add('in subquery'),
          expression('bool', ['(', value(0), ' IN (', subquery(type, false), '))'])
        ),
      ],
      [
        1,
        () => (
          context.features.add('not in subquery'),
          expression('bool', ['(', value(0), ' NOT IN (', subquery(type, false), '))'])
        ),
      ],
      [
        1,
        () => (
          context.features.add('exists'),
          expression('bool', [random.pick(['(EXISTS (', '(NOT EXISTS (']), subquery(type, false), '))'])
        ),
      ],
      [
        1,
        () => {
          context.features.add('quantified');
          const op = random.pick(['=', '<>', '<', '>=']);
          return expression('bool', [
            '(',
            value(0),
            ` ${op} ${random.pick(['ANY', 'ALL'])} (`,
            subquery(type, false),
            '))',
          ]);
        },
      ],
    );
  }
  return random.weighted(items)();
}
