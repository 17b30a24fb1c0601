/**
 * What is volatile is computed as often as PostgreSQL does: once where an expression reads a value several times, and for
 * each call where calls are equal.
 */
import type { HirScalar } from '../hir.ts';
import { isVolatileThroughout } from '../hir/volatile.ts';
import type { Clause } from './context.ts';
import { columnType, typeOf } from './scalar.ts';
import type { Bound, Statement } from './statement.ts';

/** What is made of a value that is computed once, where that can be seen. */
export function computedOnce(
  statement: Statement,
  value: Bound,
  made: (value: Bound) => HirScalar,
): HirScalar {
  const { scalar, at } = value;
  if (!isVolatileThroughout(scalar)) return made(value);
  const binding = statement.newBinding();
  const local: HirScalar = { kind: 'local', binding, type: columnType(scalar) };
  const domain = statement.domainOf(scalar);
  const body = made({ scalar: domain === undefined ? local : statement.ofDomain(local, domain), at });
  const { name, typmod } = typeOf(body);
  const once: HirScalar = { kind: 'once', binding, value: scalar, body, type: { name, typmod } };
  const resulting = statement.domainOf(body);
  return resulting === undefined ? once : statement.ofDomain(once, resulting);
}

/** The same of several values, which are computed in their order. */
export function allComputedOnce(
  statement: Statement,
  values: readonly Bound[],
  made: (values: readonly Bound[]) => HirScalar,
): HirScalar {
  const from = (index: number, before: readonly Bound[]): HirScalar =>
    index === values.length
      ? made(before)
      : computedOnce(statement, values[index]!, (value) => from(index + 1, [...before, value]));
  return from(0, []);
}

/** An item of these is the same as an equal one of the SELECT list. */
const LISTS: ReadonlySet<Clause> = new Set(['GROUP BY', 'ORDER BY', 'DISTINCT ON']);

/** Whether an aggregate or window function that reads these may be one with an equal call. */
export function mayBeShared(clause: Clause, read: readonly (HirScalar | null)[]): boolean {
  return LISTS.has(clause) || !read.some((scalar) => scalar !== null && isVolatileThroughout(scalar));
}
