/**
 * Every registered call over all values of its arguments' domains: first over all combinations in one statement, as a
 * one-shot query; where some combination is an error, one by one as constants, whose SQLSTATE is compared too.
 */
import type pg from 'pg';
import { bag, difference, same } from './bag.ts';
import { arrayDomainTables, arraysOf, type ArrayDomain } from './array-calls.ts';
import { ask, failed } from './client.ts';
import { Random } from './random.ts';
import { registeredByResult, type Registered } from './registered.ts';
import { TYPES, valuesOf, type Type } from './schema.ts';

/** Of the combinations that are tried one by one. */
const MOST = 40;

export function allCalls(): Registered[] {
  const calls = [...registeredByResult.values()].flat();
  return [...new Map(calls.map((call) => [call.signature, call])).values()];
}

/** The tables that the calls read: one for each type. */
export function domainTables(): string[] {
  const single = TYPES.flatMap((type) => [
    `CREATE TABLE d_${type} (v ${type})`,
    `INSERT INTO d_${type} VALUES (NULL), ${valuesOf(type)
      .map((value) => `(${value})`)
      .join(', ')}`,
  ]);
  return [...single, ...arrayDomainTables()];
}

/** A registered call, over arrays or without. */
export type AnyCall = Pick<Registered, 'signature' | 'texts' | 'literals'> & {
  readonly arguments: readonly ArrayDomain[];
};

function domainOf(type: ArrayDomain): string[] {
  return type.startsWith('_') ? arraysOf(type.slice(1) as Type) : valuesOf(type as Type);
}

/** What differs, or null. */
export async function compareCall(
  systems: { readonly postgres: pg.Client; readonly tidewire: pg.Client },
  call: AnyCall,
): Promise<string | null> {
  const { postgres, tidewire } = systems;
  const parts = call.arguments.map((type, i) => {
    const literals = call.literals[i];
    if (!literals) return { value: `x${i}.v`, from: [`d_${type} AS x${i}`] };
    const rows = literals.map((text) => `((${text})::${type})`).join(', ');
    return { value: `x${i}.v`, from: [`(VALUES ${rows}) AS x${i} (v)`] };
  });
  const values = parts.map(({ value }) => value);
  const from = parts.flatMap((part) => part.from);
  const text = `SELECT ${[...values, `${write(call, values)} AS result`].join(', ')} FROM ${from.join(' CROSS JOIN ')}`;
  const [theirs, ours] = await Promise.all([ask(postgres, text), ask(tidewire, text)]);
  if (!failed(theirs)) {
    if (failed(ours)) return `${text}\n${ours.error} ${ours.message}`;
    const expected = bag(theirs.rows, theirs.types, false);
    const found = bag(ours.rows, ours.types, false);
    return same(expected, found) ? null : `${text}\n${difference(expected, found)}`;
  }
  if (!failed(ours)) return `${text}\nPostgreSQL: ${theirs.error} ${theirs.message}, Tidewire: no error`;
  for (const combination of combinations(call)) {
    const one = `SELECT ${write(call, combination)} AS result`;
    const [wanted, given] = await Promise.all([ask(postgres, one), ask(tidewire, one)]);
    const expected = failed(wanted) ? wanted.error : JSON.stringify(wanted.rows[0]);
    const found = failed(given) ? given.error : JSON.stringify(given.rows[0]);
    if (expected !== found) {
      const message = failed(given) ? given.message : failed(wanted) ? wanted.message : '';
      return `${one}\nPostgreSQL: ${expected}, Tidewire: ${found} ${message}`;
    }
  }
  return null;
}

function write(call: AnyCall, values: readonly string[]): string {
  return values.map((value, i) => call.texts[i]! + value).join('') + call.texts.at(-1)!;
}

/** All of them if they are few, else a sample that is the same each time. */
function combinations(call: AnyCall): string[][] {
  const random = new Random(call.signature.length);
  const typed = (type: ArrayDomain, value: string): string => `(${value})::${type}`;
  const domains = call.arguments.map(
    (type, i) => call.literals[i] ?? domainOf(type).map((value) => typed(type, value)),
  );
  const all = domains.reduce((count, domain) => count * domain.length, 1);
  if (all > MOST) return Array.from({ length: MOST }, () => domains.map((domain) => random.pick(domain)));
  return domains.reduce<string[][]>(
    (rows, domain) => rows.flatMap((row) => domain.map((value) => [...row, value])),
    [[]],
  );
}
