/**
 * UNION, INTERSECT, EXCEPT by SQL equality, NULLs equal.
 *
 *     A UNION B          distinct(A + B)
 *     A EXCEPT B         distinct(A) anti B            A INTERSECT B      distinct(A) semi B
 *     A EXCEPT ALL B     threshold(A - B)              A INTERSECT ALL B  A - threshold(A - B)
 *
 * For the ALL forms over types whose equality is wider than identity the algebra runs on canonical rows, and each is
 * shown as its least representation in A.
 */
import type { HirRelation } from '../hir.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { equalityKey, needsCanonical } from '../mir/equality.ts';
import { join, mapOnly, negate, project, reduce, semiJoin, threshold, union } from '../mir/relation.ts';
import { column, columnsOfRow, shiftColumns } from '../mir/scalar.ts';
import type { LoweringContext } from './context.ts';
import { distinctBySqlEquality } from './distinct.ts';
import { domainFor, lowerRelation } from './relation.ts';
import { prefixOf } from './row.ts';
import type { Domain } from './row.ts';

export function lowerSetOperation(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'setOperation' }>,
  domain: Domain,
): MirRelation {
  const { width } = prefixOf(domain);
  const left = lowerRelation(context, hir.left, domain);
  if (hir.operation === 'union') {
    const both = union([left, lowerRelation(context, hir.right, domain)]);
    return hir.all ? both : distinctBySqlEquality(both, width);
  }
  if (!hir.all) {
    const rightDomain = domainFor(context, hir.right, domain);
    const right = lowerRelation(context, hir.right, rightDomain);
    // A right side that does not depend on the domain is the same for all of it.
    const shared = width - prefixOf(rightDomain).width;
    const keys = left.columns.slice(shared).map((type, index) => {
      const own = column(shared + index, type);
      const other = column(index, right.columns[index]!);
      const isPrefix = shared + index < width;
      return {
        left: isPrefix ? own : equalityKey(own),
        right: isPrefix ? other : equalityKey(other),
        nullSafe: true,
      };
    });
    return semiJoin(distinctBySqlEquality(left, width), right, keys, { anti: hir.operation === 'except' });
  }
  const right = lowerRelation(context, hir.right, domain);
  const wide =
    [...left.columns.slice(width), ...right.columns.slice(width)].some(needsCanonical) ||
    typmodsDiffer(left, right);
  return wide
    ? allByCanonicalRows(context, hir.operation, left, right, width)
    : allByRows(context, hir.operation, left, right);
}

/** numeric(5,2) and numeric(5,1) are each of one scale, together they are not. */
function typmodsDiffer(left: MirRelation, right: MirRelation): boolean {
  return left.columns.some((type, index) => type.typmod !== right.columns[index]!.typmod);
}

function allByRows(
  context: LoweringContext,
  operation: 'intersect' | 'except',
  left: MirRelation,
  right: MirRelation,
): MirRelation {
  if (operation === 'except') return threshold(union([left, negate(right)]));
  return context.share(left, (shared) => union([shared, negate(threshold(union([shared, negate(right)])))]));
}

function allByCanonicalRows(
  context: LoweringContext,
  operation: 'intersect' | 'except',
  left: MirRelation,
  right: MirRelation,
  width: number,
): MirRelation {
  const toKey = (own: MirScalar, index: number): MirScalar => (index < width ? own : equalityKey(own));
  const canonicalRows = (input: MirRelation): MirRelation =>
    mapOnly(input, columnsOfRow(input.columns).map(toKey));
  return context.share(left, (shared) => {
    const rows = allByRows(context, operation, canonicalRows(shared), canonicalRows(right));
    const keys = columnsOfRow(shared.columns);
    const representations = reduce(
      shared,
      keys.map(toKey),
      keys.map((key) => ({
        function: 'leastRepresentation' as const,
        arguments: [key],
        distinct: false,
        order: [],
        filter: null,
        type: key.type,
      })),
    );
    const arity = keys.length;
    const joined = join(
      [rows, representations],
      columnsOfRow(rows.columns).map((key) => ({ scalars: [key, shiftColumns(key, arity)], nullSafe: true })),
    );
    return project(
      joined,
      keys.map((_, index) => 2 * arity + index),
    );
  });
}
