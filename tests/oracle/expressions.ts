/** Typed expressions: want(type, scope) gives an expression that PostgreSQL accepts, by construction. */
import { expression, node, sql, type Node } from './node.ts';
import type { Random } from './random.ts';
import { registeredByResult, type Registered } from './registered.ts';
import { ownTypeConditions, ownTypeForms } from './own-type-expressions.ts';
import { arrayCast, isArray } from './own-types.ts';
import { literal, randomType, type Schema, type SqlFunction, type Type } from './schema.ts';

export interface ScopeColumn {
  readonly sql: string;
  /**
   * `shown`: a value that is not a function of the data (which of several equal ones stands for a group, a float sum):
   * compared as PostgreSQL's equality has it, never computed with.
   */
  readonly type: Type | 'shown';
  /** A float whose sums are exact: a column of a table. */
  readonly dyadic?: boolean;
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
  /** Nothing that can raise an error. */
  readonly safe: boolean;
  /** Makes a subquery of one column; null where there may be none. */
  readonly subquery: ((type: Type, single: boolean) => Node) | null;
}

type Production = readonly [number, () => Node];

/** Types between which PostgreSQL finds a common one: each can stand where a later one is asked for. */
export const FAMILIES: readonly (readonly Type[])[] = [
  ['int2', 'int4', 'int8', 'numeric', 'float8'],
  ['bpchar', 'varchar', 'text'],
  ['date', 'timestamp', 'timestamptz'],
  ['float4', 'float8'],
];

/** A type that is converted to this one where both meet, or the type itself. */
export function narrower(random: Random, type: Type): Type {
  const family = random.pick(FAMILIES.filter((types) => types.includes(type)).concat([[type]]));
  return family[random.below(family.indexOf(type) + 1)]!;
}

export function want(context: Context, type: Type, depth: number): Node {
  const { random } = context;
  const columns = context.columns.filter((column) => column.type === type);
  if (depth <= 0 || random.chance(0.25)) {
    if (columns.length > 0 && random.chance(0.88)) return expression(type, [random.pick(columns).sql]);
    if (random.chance(0.06)) return expression(type, [`NULL::${type}`]);
    if (random.chance(0.3)) return expression(type, [literal(random, type)]);
    return fromAnyColumn(context, type) ?? expression(type, [literal(random, type)]);
  }
  const shared: Production[] = [
    [2, () => caseOf(context, type, depth - 1)],
    [1.5, () => call(context, type, 'coalesce', mixed(context, type, depth - 1))],
    [0.7, () => call(context, type, 'nullif', [want(context, type, depth - 1), want(context, type, 0)])],
    [columns.length > 0 ? 3 : 0, () => expression(type, [random.pick(columns).sql])],
    [registeredByResult.has(type) ? 4 : 0, () => registered(context, type, depth - 1)],
    [isArray(type) ? 0 : 0.4, () => element(context, type, depth - 1)],
    ...ownTypeForms(context, type, depth - 1),
  ];
  const own = context.schema.functions.filter(({ kind, results }) => kind === 'value' && results[0] === type);
  if (own.length > 0) shared.push([3, () => ownCall(context, random.pick(own), depth - 1)]);
  if (context.schema.composite?.includes(type)) shared.push([2, () => field(context, type, depth - 1)]);
  if (type !== 'bool') {
    const name = random.pick(['greatest', 'least']);
    shared.push([0.7, () => call(context, type, name, mixed(context, type, depth - 1))]);
  }
  if (context.subquery && random.chance(0.15)) {
    const { subquery } = context;
    shared.push([
      4,
      () => {
        context.features.add('scalar subquery');
        return expression(type, ['(', subquery(type, true), ')']);
      },
    ]);
  }
  return random.weighted([...productions(context, type, depth - 1), ...shared])();
}

/** The call of a function in SQL. */
function ownCall(context: Context, { name, parameters, results }: SqlFunction, depth: number): Node {
  context.features.add('sql function');
  const args = parameters.map((type) => want(context, type, Math.max(0, depth)));
  return expression(results[0]!, [
    `${name}(`,
    ...args.flatMap((arg, index) => (index === 0 ? [arg] : [', ', arg])),
    ')',
  ]);
}

/** A field of a value of the composite type. */
function field(context: Context, type: Type, depth: number): Node {
  context.features.add('composite type');
  const [x, y] = context.schema.composite!;
  const value = (of: Type): Node => want(context, of, Math.max(0, depth));
  const name = x === type ? 'x' : 'y';
  return expression(type, ['(ROW(', value(x), ', ', value(y), `)::pair).${name}`]);
}

/** Two rows of two or three values, compared. */
function rows(context: Context): Node {
  const { random, features } = context;
  features.add('row comparison');
  const types = Array.from({ length: random.between(2, 3) }, () => anyType(context)).filter(
    // A row is compared as a whole, and jsonb's order is another matter.
    (type) => type !== 'jsonb',
  );
  if (types.length < 2) types.push('int4', 'text');
  const row = (): Node[] => {
    const values = types.map((type) => want(context, type, 0));
    return ['(', ...values.flatMap((value, index) => (index === 0 ? [value] : [', ', value])), ')'].map(
      (part) => (typeof part === 'string' ? sql`${part}` : part),
    );
  };
  const operator = random.pick(['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM']);
  return random.weighted([
    [6, () => expression('bool', ['(', ...row(), ` ${operator} `, ...row(), ')'])],
    [
      2,
      () =>
        expression('bool', [
          '(',
          ...row(),
          random.pick([' IN (', ' NOT IN (']),
          ...row(),
          ', ',
          ...row(),
          '))',
        ]),
    ],
    [1, () => expression('bool', ['(ROW', ...row(), random.pick([' IS NULL)', ' IS NOT NULL)'])])],
  ])();
}

/** An element of an array of such values. */
function element(context: Context, type: Type, depth: number): Node {
  const { random, features } = context;
  features.add('array');
  const [first, second] = [want(context, type, depth), want(context, type, 0)];
  const array = random.pick<(string | Node)[]>([
    ['(ARRAY[', first, ', ', second, '])'],
    ['(ARRAY[', first, '] || ', second, ')'],
    ['(array_remove(ARRAY[', first, ', ', second, '], ', second, '))'],
  ]);
  return expression(type, ['(', ...array, `[${random.between(0, 2)}])`]);
}

/** A call that makes a value of this type out of some column: there is none of the type itself. */
function fromAnyColumn(context: Context, type: Type): Node | null {
  const { random } = context;
  const types = new Set(context.columns.map((column) => column.type));
  const calls = callsOf(context, type).filter(
    (call) =>
      !call.fallible &&
      call.arguments.some((argument, i) => call.literals[i] === null && types.has(argument)),
  );
  if (calls.length === 0 || type === 'bool') return null;
  return render(context, random.pick(calls), 0);
}

function callsOf(context: Context, type: Type): readonly Registered[] {
  const calls = registeredByResult.get(type) ?? [];
  return context.safe ? calls.filter((call) => !call.fallible) : calls;
}

/** A call of a registered function or operator. */
export function registered(context: Context, type: Type, depth: number): Node {
  const calls = callsOf(context, type);
  if (calls.length === 0) return expression(type, [literal(context.random, type)]);
  return render(context, context.random.pick(calls), depth);
}

/** The call of one registered function or operator. */
export function render(context: Context, call: Registered, depth: number): Node {
  const { random, features } = context;
  features.add(`fn ${call.signature}`);
  if (call.fallible) features.add('fallible');
  const args = call.arguments.map((type, index) => {
    const literals = call.literals[index] ?? null;
    return literals === null ? want(context, type, depth) : expression(type, [random.pick(literals)]);
  });
  const parts = args.flatMap((arg, index) => [call.texts[index]!, arg]);
  return expression(call.result, [...parts, call.texts.at(-1)!]);
}

function call(context: Context, type: Type, name: string, args: readonly Node[]): Node {
  context.features.add(name);
  return expression(type, [`${name}(`, ...args.flatMap((arg, i) => (i === 0 ? [arg] : [', ', arg])), ')']);
}

/** Two values whose common type is this one, in either order. */
function mixed(context: Context, type: Type, depth: number): Node[] {
  const { random } = context;
  const narrow = random.chance(0.25) ? narrower(random, type) : type;
  if (narrow !== type) context.features.add('common type');
  const both = [want(context, narrow, depth), want(context, type, 0)];
  return random.chance(0.5) ? both : both.reverse();
}

function caseOf(context: Context, type: Type, depth: number): Node {
  context.features.add('case');
  const [value, other] = mixed(context, type, depth);
  const otherwise = context.random.chance(0.7) || value!.type !== type ? sql` ELSE ${other!}` : sql``;
  return expression(type, [
    ...['(CASE WHEN ', predicate(context, depth), ' THEN ', value!],
    ...[value!.type === type ? node('optional', otherwise) : otherwise, ' END)'],
  ]);
}

/** What the grammar has beyond calls, and what deserves to come more often. */
function productions(context: Context, type: Type, depth: number): Production[] {
  const { random } = context;
  const any = (of: Type, d = depth): Node => want(context, of, Math.max(0, d));
  const operator = (left: Type, op: string, right: Type): Node =>
    expression(type, ['(', any(left), ` ${op} `, any(right, depth - 1), ')']);
  const form = (...parts: (string | Node)[]): Node => expression(type, parts);
  if (context.safe) return type === 'bool' ? [[6, () => predicate(context, depth)]] : [];
  switch (type) {
    case 'int4':
      return [
        [2, () => operator('int4', random.pick(['+', '-']), 'int4')],
        [1, () => form('(', any('int4'), ' % 3)')],
        [0.5, () => form('(', any('int4'), ' / nullif(', any('int4', 0), ', 0))')],
        [0.5, () => form('extract(month from ', any('date'), ')::int4')],
        [0.3, () => form('position(', any('text', 0), ' in ', any('text'), ')')],
      ];
    case 'int8':
      return [
        [1, () => operator('int8', random.pick(['+', '-']), 'int4')],
        [0.5, () => operator('int8', '*', 'int8')],
      ];
    case 'numeric':
      return [
        [2, () => operator('numeric', random.pick(['+', '-', '*']), 'numeric')],
        [0.5, () => form('(', any('numeric'), random.pick([')::numeric(12,1)', ')::numeric(14,4)']))],
        [0.5, () => form('extract(', random.pick(['epoch', 'second']), ' from ', any('timestamp'), ')')],
      ];
    case 'text':
      return [
        [1, () => operator('text', '||', 'text')],
        [
          0.5,
          () => form('(', any('text'), ' || ', any(random.pick(['int4', 'date', 'bool', 'numeric']), 0), ')'),
        ],
        [
          0.3,
          () =>
            form(
              random.pick(['trim(both ', 'trim(leading ', 'trim(trailing ']),
              `'a' from `,
              any('text'),
              ')',
            ),
        ],
        [0.3, () => form('overlay(', any('text'), ` placing 'z' from 1 for ${random.below(3)})`)],
        [0.3, () => form('substring(', any('text'), ` from ${random.between(0, 2)} for ${random.below(3)})`)],
      ];
    case 'varchar':
      return [[2, () => form('(', any('text'), `)::varchar(${random.between(1, 4)})`)]];
    case 'bpchar':
      return [[2, () => form('(', any('text'), `)::char(${random.between(1, 4)})`)]];
    case 'bool':
      return [[6, () => predicate(context, depth)]];
    case 'float8':
      return [[1, () => operator('float8', random.pick(['+', '-']), 'float8')]];
    case 'date':
      return [[1, () => form('(', any('date'), ` + ${random.between(0, 31)})`)]];
    case 'time':
      return [[0.5, () => form('(', any('time'), ')::time(1)')]];
    case 'timestamp':
      return [
        [
          1,
          () => form('(', any('timestamp'), ` + interval '${random.pick(['1 day', '1 hour', '1 month'])}')`),
        ],
        [
          0.5,
          () => form('(', any('timestamptz'), ` AT TIME ZONE '${random.pick(['UTC', 'Europe/Berlin'])}')`),
        ],
        [0.3, () => form('(', any('timestamp'), ')::timestamp(0)')],
      ];
    case 'timestamptz':
      return [
        [0.5, () => form('(', any('timestamp'), ` AT TIME ZONE '${random.pick(['UTC', 'Asia/Kolkata'])}')`)],
      ];
    case 'interval':
      return [
        [1, () => operator('timestamp', '-', 'timestamp')],
        [
          0.3,
          () =>
            form('(', any('interval'), random.pick([')::interval(0)', ')::interval day', ')::interval(2)'])),
        ],
      ];
    default:
      return [];
  }
}

export function anyType(context: Context): Type {
  const columns = context.columns.flatMap((column) => (column.type === 'shown' ? [] : [column.type]));
  return columns.length > 0 && context.random.chance(0.88)
    ? context.random.pick(columns)
    : randomType(context.random);
}

/** A type whose values can be compared with those of this one. */
function comparable(random: Random, type: Type): Type {
  const family = FAMILIES.find((types) => types.includes(type));
  return family && random.chance(0.2) ? random.pick(family) : type;
}

export function predicate(context: Context, depth: number): Node {
  const { random } = context;
  const type = anyType(context);
  const columns = context.columns.filter((column) => column.type === type);
  const value = (d: number, of: Type = type): Node =>
    // A column on one side mostly: of constants nothing depends on the data.
    of === type && d > 0 && columns.length > 0 && random.chance(0.5)
      ? expression(type, [random.pick(columns).sql])
      : want(context, of, Math.max(0, d));
  const bool = (...parts: (string | Node)[]): Node => expression('bool', ['(', ...parts, ')']);
  const items: Production[] = [
    [1, () => rows(context)],
    [
      5,
      () => {
        const op = random.pick(['=', '<>', '<', '<=', '>', '>=', '<>', '>=', '<=']);
        return bool(value(depth - 1), ` ${op} `, value(0, comparable(random, type)));
      },
    ],
    [
      2,
      () => bool(value(depth - 1), random.pick([' IS NULL', ' IS NOT NULL', ' IS NOT NULL', ' IS NOT NULL'])),
    ],
    [1, () => bool(value(0), random.pick([' IS DISTINCT FROM ', ' IS NOT DISTINCT FROM ']), value(0))],
    [
      1,
      () => bool(value(0), random.pick([' IN (', ' NOT IN (', ' NOT IN (']), value(0), ', ', value(0), ')'),
    ],
    [
      1,
      () => {
        const [low, high] = [value(0), value(0)];
        return bool(
          value(0),
          random.pick([' BETWEEN ', ' NOT BETWEEN ', ' NOT BETWEEN ', ' BETWEEN SYMMETRIC ']),
          low,
          ' AND ',
          high,
        );
      },
    ],
    [
      isArray(type) ? 0 : 0.5,
      () => {
        context.features.add('any of array');
        const op = random.pick(['=', '<>', '<', '>=']);
        return bool(
          value(0),
          ` ${op} ${random.pick(['ANY', 'ALL'])} (ARRAY[`,
          value(0),
          ', ',
          value(0),
          '])',
        );
      },
    ],
    [
      isArray(type) ? 0 : 0.5,
      () => {
        context.features.add('array comparison');
        const op = random.pick(['=', '<', '>=', '@>', '&&']);
        const cast = arrayCast(context.schema, type);
        return bool('ARRAY[', value(0), ', ', value(0), `]${cast} ${op} ARRAY[`, value(0), `]${cast}`);
      },
    ],
    [
      0.5,
      () => {
        context.features.add('row comparison');
        const op = random.pick(['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM']);
        return bool(
          '(',
          value(0),
          ', ',
          value(0, 'int4'),
          `) ${op} (`,
          value(0),
          ', ',
          value(0, 'int4'),
          ')',
        );
      },
    ],
    [0.7, () => bool(value(0, 'text'), random.pick([' LIKE ', ' ILIKE ', ' NOT LIKE ']), pattern(random))],
    ...ownTypeConditions(context),
    [0.3, () => bool(value(0, 'text'), random.pick([` SIMILAR TO '(a|b)%'`, ` LIKE 'a!%' ESCAPE '!'`]))],
  ];
  if (depth > 0) {
    const inner = (): Node => predicate(context, depth - 1);
    items.push(
      [3, () => bool(inner(), random.pick([' AND ', ' OR ', ' OR ']), inner())],
      [1.5, () => bool('NOT ', inner())],
      [
        1,
        () =>
          bool(
            inner(),
            random.pick([
              ' IS TRUE',
              ' IS NOT TRUE',
              ' IS NOT FALSE',
              ' IS FALSE',
              ' IS NOT UNKNOWN',
              ' IS UNKNOWN',
            ]),
          ),
      ],
      [1, () => registered(context, 'bool', depth - 1)],
    );
  }
  const { subquery } = context;
  if (subquery) {
    const tagged = (tag: string, make: () => Node): Production => [
      1,
      () => {
        context.features.add(tag);
        return make();
      },
    ];
    items.push(
      tagged('in subquery', () => bool(value(0), ' IN (', subquery(comparable(random, type), false), ')')),
      tagged('not in subquery', () => bool(value(0), ' NOT IN (', subquery(type, false), ')')),
      tagged('exists', () => bool(random.pick(['EXISTS (', 'NOT EXISTS (']), subquery(type, false), ')')),
      tagged('quantified', () => {
        const op = random.pick(['=', '<>', '<', '>=']);
        return bool(value(0), ` ${op} ${random.pick(['ANY', 'ALL'])} (`, subquery(type, false), ')');
      }),
    );
  }
  return random.weighted(items)();
}

/**
 * Whether a column's value is among those of a subquery, with NULLs on both sides and nothing on the right more often than
 * elsewhere: where IN and NOT IN are neither true nor false. Null where there is no such column.
 */
export function membership({ random, features, columns, subquery }: Context): Node | null {
  const usable = columns.filter(({ type }) => type !== 'shown' && type !== 'jsonb');
  if (subquery === null || usable.length === 0) return null;
  const { sql: column, type } = random.pick(usable) as { readonly sql: string; readonly type: Type };
  const other = random.pick(usable.filter((candidate) => candidate.type === type)).sql;
  const left = random.chance(0.2) ? `nullif(${column}, ${other})` : column;
  const operator = random.weighted([
    [6, 'NOT IN'],
    [2, 'IN'],
    [1, '<> ALL'],
  ]);
  features.add(operator === 'IN' ? 'in subquery' : 'not in subquery');
  const more = random.weighted([
    [5, ''],
    [1, ' UNION ALL SELECT NULL'],
  ]);
  const values = subquery(type, false);
  const some = random.chance(0.25)
    ? expression('bool', ['SELECT * FROM (', values, `) AS few WHERE ${other} IS NULL`])
    : expression('bool', ['(', values, `)${more}`]);
  return expression('bool', [`(${left} ${operator} (`, some, '))']);
}

function pattern(random: Random): string {
  return random.pick([`'a%'`, `'%b'`, `'_'`, `'%'`, `'%A%'`, `'_b'`]);
}
