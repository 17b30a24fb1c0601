/** Types that each case makes for itself: an enum, a composite type of it, arrays, and domains. */
import type { Context } from './expressions.ts';
import { want } from './expressions.ts';
import { expression, type Node } from './node.ts';
import type { Random } from './random.ts';
import type { Schema, Type } from './schema.ts';

export const OWN_TYPES = ['mood', 'duo', 'int4[]', 'text[]', 'mood[]'] as const;
export type OwnType = (typeof OWN_TYPES)[number];

interface Domain {
  readonly name: string;
  readonly base: Type;
  /** What stands behind `AS` and the base type. */
  readonly definition: string;
  /** Takes no NULL. */
  readonly notNull?: boolean;
  /** A value that a condition refuses. */
  readonly wrong?: string;
}

const DOMAINS: readonly Domain[] = [
  { name: 'small', base: 'int4', definition: 'int4 CHECK (VALUE BETWEEN -99 AND 999)', wrong: '1000' },
  { name: 'smaller', base: 'int4', definition: 'small CHECK (VALUE <> 77)', wrong: '77' },
  { name: 'sure', base: 'int4', definition: 'int4 NOT NULL', notNull: true },
  { name: 'word', base: 'text', definition: 'text CHECK (length(VALUE) < 9)', wrong: `'too long a word'` },
  { name: 'amount', base: 'numeric', definition: 'numeric(10,2) CHECK (VALUE > -1000)', wrong: '-1000' },
  { name: 'whole', base: 'duo', definition: 'duo CHECK ((VALUE).n IS DISTINCT FROM 77)', wrong: `'(77,,)'` },
  { name: 'few', base: 'int4[]', definition: 'int4[] CHECK (cardinality(VALUE) < 9)' },
];

/** The labels do not sort as they were added. */
export const CREATE_OWN_TYPES: readonly string[] = [
  `CREATE TYPE mood AS ENUM ('low', 'high', 'last')`,
  `ALTER TYPE mood ADD VALUE 'even' BEFORE 'high'`,
  `ALTER TYPE mood ADD VALUE 'Odd one' AFTER 'low'`,
  'CREATE TYPE duo AS (n int4, t text, m mood)',
  ...DOMAINS.map(({ name, definition }) => `CREATE DOMAIN ${name} AS ${definition}`),
];

export function domainOver(declared: string): Domain | undefined {
  return DOMAINS.find(({ name }) => name === declared);
}

/** A domain for a column of the type, or null for the type itself. */
export function randomDomain(random: Random, type: Type, nullable: boolean): string | null {
  const domains = DOMAINS.filter(({ base, notNull }) => base === type && !(notNull && nullable));
  return domains.length > 0 && random.chance(0.2) ? random.pick(domains).name : null;
}

/**
 * How an array of such values is written where it meets another: PostgreSQL compares no array of a domain with one of the type
 * beneath.
 */
export function arrayCast(schema: Schema, type: Type): string {
  const hasDomain = schema.tables.some(({ columns }) =>
    columns.some((column) => column.type === type && domainOver(column.declared) !== undefined),
  );
  return hasDomain ? `::${type}[]` : '';
}

export function isArray(type: string): boolean {
  return type.endsWith('[]');
}

type Production = readonly [number, () => Node];

/** Expressions of the type that have to do with types of one's own; nothing of them can raise an error but the casts to domains. */
export function ownTypeForms(context: Context, type: Type, depth: number): Production[] {
  const { random, features } = context;
  const value = (of: Type): Node => want(context, of, Math.max(0, depth));
  const form = (tag: string, ...parts: (string | Node)[]): Node => {
    features.add(tag);
    return expression(type, parts);
  };
  const at = (): string => `[${random.between(0, 2)}]`;
  const domains = context.safe ? [] : DOMAINS.filter(({ base, notNull }) => base === type && !notNull);
  const forms: Production[] = [
    [
      domains.length > 0 ? 0.2 : 0,
      () => form('domain cast', '(', value(type), `)::${random.pick(domains).name}`),
    ],
  ];
  const array = `${type}[]` as Type;
  if ((OWN_TYPES as readonly string[]).includes(array)) {
    forms.push([0.3, () => form('array value', '(', value(array), `)${at()}`)]);
  }
  switch (type) {
    case 'mood':
      forms.push(
        [2, () => form('enum function', random.pick(['enum_first(', 'enum_last(']), value('mood'), ')')],
        [1, () => form('enum function', '(enum_range(', value('mood'), ', ', value('mood'), `))${at()}`)],
        [1, () => form('enum cast', '((', value('mood'), ')::text)::mood')],
        [2, () => form('composite field', '(', value('duo'), ').m')],
      );
      break;
    case 'duo':
      forms.push(
        [
          3,
          () =>
            form(
              'composite value',
              'ROW(',
              value('int4'),
              ', ',
              value('text'),
              ', ',
              value('mood'),
              ')::duo',
            ),
        ],
        [1, () => form('composite value', '((', value('duo'), ')::text)::duo')],
      );
      break;
    case 'int4[]':
    case 'text[]':
    case 'mood[]':
      forms.push(...arrayForms(type, value, (...parts) => form('array value', ...parts)));
      break;
    case 'int4':
      forms.push(
        [0.5, () => form('composite field', '(', value('duo'), ').n')],
        [
          0.3,
          () => form('enum function', 'cardinality(enum_range(', value('mood'), ', ', value('mood'), '))'),
        ],
        [
          0.2,
          () => form('array value', 'cardinality(', value(random.pick(['int4[]', 'text[]', 'mood[]'])), ')'),
        ],
      );
      break;
    case 'text':
      forms.push(
        [0.4, () => form('composite field', '(', value('duo'), ').t')],
        [0.5, () => form('cast of own type', '(', value(random.pick(OWN_TYPES)), ')::text')],
        [0.3, () => form('collate', '(', value('text'), ' COLLATE "C")')],
      );
      break;
    case 'jsonb':
      forms.push([2, () => form('json of own type', 'to_jsonb(', value(random.pick(OWN_TYPES)), ')')]);
      break;
    default:
  }
  return forms;
}

type Form = (...parts: (string | Node)[]) => Node;

/** Of arrays that have one dimension, or none. */
function arrayForms(
  type: 'int4[]' | 'text[]' | 'mood[]',
  value: (of: Type) => Node,
  form: Form,
): Production[] {
  const element = type.slice(0, -2) as Type;
  const forms: Production[] = [
    [2, () => form('ARRAY[', value(element), ', ', value(element), ']')],
    [1, () => form('array_remove(', value(type), ', ', value(element), ')')],
    [1, () => form('array_replace(', value(type), ', ', value(element), ', ', value(element), ')')],
    [1, () => form('(', value(type), ')[:2]')],
  ];
  if (type === 'mood[]') {
    forms.push(
      [2, () => form('enum_range(', value('mood'), ', ', value('mood'), ')')],
      [1, () => form('enum_range(', value('mood'), ')')],
    );
  }
  return forms;
}

/** Conditions on values of one's own types. */
export function ownTypeConditions(context: Context): Production[] {
  const { random, features } = context;
  const bool = (tag: string, ...parts: (string | Node)[]): Node => {
    features.add(tag);
    return expression('bool', ['(', ...parts, ')']);
  };
  const value = (of: Type): Node => want(context, of, 0);
  const has = (...types: readonly Type[]): boolean =>
    context.columns.some(({ type }) => types.includes(type as Type));
  return [
    [
      has('mood') ? 1 : 0,
      () =>
        bool('enum function', value('mood'), ' = ANY (enum_range(', value('mood'), ', ', value('mood'), '))'),
    ],
    [
      has('int4[]', 'text[]', 'mood[]') ? 1 : 0,
      () => {
        const type = random.pick(['int4[]', 'text[]', 'mood[]'] as const);
        const element = type.slice(0, -2) as Type;
        return random.chance(0.5)
          ? bool('array value', value(type), random.pick([' @> ', ' <@ ', ' && ']), value(type))
          : bool(
              'array value',
              value(element),
              random.pick([' = ANY (', ' <> ALL (', ' < ANY (']),
              value(type),
              ')',
            );
      },
    ],
    [
      has('duo') ? 1 : 0,
      () => bool('composite value', value('duo'), random.pick([' IS NULL', ' IS NOT NULL'])),
    ],
  ];
}
