/** Types that each case makes for itself: an enum, a composite type of it, arrays, and domains. */
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

export const OWN_DOMAINS: readonly Domain[] = [
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
  ...OWN_DOMAINS.map(({ name, definition }) => `CREATE DOMAIN ${name} AS ${definition}`),
];

export function domainOver(declared: string): Domain | undefined {
  return OWN_DOMAINS.find(({ name }) => name === declared);
}

/** A domain for a column of the type, or null for the type itself. */
export function randomDomain(random: Random, type: Type, nullable: boolean): string | null {
  const domains = OWN_DOMAINS.filter(({ base, notNull }) => base === type && !(notNull && nullable));
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
