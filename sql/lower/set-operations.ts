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
import type { MirRelation } from '../mir.ts';
import { equalityKey, needsCanonical } from '../mir/equality.ts';
import { join, mapOnly, negate, project, reduce, semiJoin, threshold, union } from '../mir/relation.ts';
import { column, columnsOfRow, shiftColumns } from '../mir/scalar.ts';
import { relationCanRaise } from './can-raise.ts';
import type { Domain, LoweringContext } from './context.ts';
import { distinctBySqlEquality } from './distinct.ts';
import { lowerRelation } from './relation.ts';

export function lowerSetOperation(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'setOperation' }>,
  domain: Domain,
): MirRelation {
  const left = lowerRelation(context, hir.left, domain);
  const rightDomain = hir.operation === 'union' || relationCanRaise(hir.right) ? domain : null;
  const right = lowerRelation(context, hir.right, rightDomain);
  if (hir.operation === 'union') {
    const both = union([left, right]);
    return hir.all ? both : distinctBySqlEquality(both);
  }
  if (!hir.all) {
    const keys = left.columns.map((type, index) => ({
      left: equalityKey(column(index, type)),
      right: equalityKey(column(index, right.columns[index]!)),
      nullSafe: true,
    }));
    return semiJoin(distinctBySqlEquality(left), right, keys, { anti: hir.operation === 'except' });
  }
  const wide = [...left.columns, ...right.columns].some(needsCanonical) || typmodsDiffer(left, right);
  return wide
    ? allByCanonicalRows(context, hir.operation, left, right)
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
): MirRelation {
  const canonicalRows = (input: MirRelation): MirRelation =>
    mapOnly(input, columnsOfRow(input.columns).map(equalityKey));
  return context.share(left, (shared) => {
    const rows = allByRows(context, operation, canonicalRows(shared), canonicalRows(right));
    const keys = columnsOfRow(shared.columns);
    const representations = reduce(
      shared,
      keys.map(equalityKey),
      keys.map((key) => ({
        function: 'leastRepresentation' as const,
        argument: key,
        distinct: false,
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
