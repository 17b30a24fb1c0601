/**
 * Joins. Outer joins become bag algebra:
 *
 *     L left join R on c   =   (L ⋈ R)  +  NULLs(L anti R)
 *     L full join R on c   =   (L ⋈ R)  +  NULLs(L anti R)  +  NULLs(R anti L)
 *
 * where anti is by the keys of c when c is equalities only. Otherwise the rows with a partner are read off the inner
 * join itself: L anti distinct(left part of the inner join), by identity of the whole row, which keeps multiplicities.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import type { MirKeyPair, MirRelation, MirScalar, MirType } from '../mir.ts';
import { identityKeys, keyPair } from '../mir/equality.ts';
import { distinct, filter, join, map, project, semiJoin, union } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { hasSubquery, relationCanRaise } from './can-raise.ts';
import type { Domain, LoweringContext } from './context.ts';
import { hirConjuncts, lowerRelation } from './relation.ts';
import { lowerPlainScalar, ScalarScope } from './scalar.ts';
import { applyConjuncts } from './subqueries.ts';
import type { Keys } from '../optimize/analysis/keys.ts';

type HirJoin = Extract<HirRelation, { kind: 'join' }>;

export function lowerJoin(context: LoweringContext, hir: HirJoin, domain: Domain): MirRelation {
  const keepsLeft = hir.type === 'left' || hir.type === 'full';
  const keepsRight = hir.type === 'right' || hir.type === 'full';
  const leftDomain = !keepsRight || keepsLeft || relationCanRaise(hir.left) ? domain : null;
  const rightDomain = keepsRight || relationCanRaise(hir.right) ? domain : null;
  const left = lowerRelation(context, hir.left, leftDomain);
  const right = lowerRelation(context, hir.right, rightDomain);
  if (hir.type === 'inner') return innerJoin(context, left, right, hir.on);
  return context.share(left, (l) =>
    context.share(right, (r) => outerJoin(context, l, r, hir.on, { keepsLeft, keepsRight })),
  );
}

function innerJoin(
  context: LoweringContext,
  left: MirRelation,
  right: MirRelation,
  on: HirScalar | null,
): MirRelation {
  const conjuncts = on === null ? [] : hirConjuncts(on);
  if (conjuncts.some(hasSubquery)) {
    const scope = new ScalarScope(context, join([left, right]));
    const arity = scope.relation.columns.length;
    applyConjuncts(scope, conjuncts);
    return scope.finish(project(scope.relation, range(arity)));
  }
  const columns = [...left.columns, ...right.columns];
  return joinOn(
    left,
    right,
    conjuncts.map((conjunct) => lowerPlainScalar(context, columns, conjunct)),
  );
}

/** The inner join: equalities between the sides become keys. */
export function joinOn(left: MirRelation, right: MirRelation, conditions: readonly MirScalar[]): MirRelation {
  const arity = left.columns.length;
  const residual: MirScalar[] = [];
  const equivalences = conditions.flatMap((condition) => {
    const pair = keyPair(condition, arity);
    if (pair === null) {
      residual.push(condition);
      return [];
    }
    return [{ scalars: [pair.left, build.shiftColumns(pair.right, arity)], nullSafe: pair.nullSafe }];
  });
  return join([left, right], equivalences, residual);
}

function outerJoin(
  context: LoweringContext,
  left: MirRelation,
  right: MirRelation,
  on: HirScalar | null,
  keeps: { readonly keepsLeft: boolean; readonly keepsRight: boolean },
): MirRelation {
  const conjuncts = on === null ? [] : hirConjuncts(on);
  const arity = left.columns.length;
  if (!conjuncts.some(hasSubquery)) {
    const columns = [...left.columns, ...right.columns];
    const conditions = conjuncts.map((conjunct) => lowerPlainScalar(context, columns, conjunct));
    const pairs = conditions.map((condition) => keyPair(condition, arity));
    const sided = sideConditions(conditions, pairs, arity, keeps);
    if (sided !== null) {
      const keys = pairs.filter((pair) => pair !== null);
      return keyedOuterJoin(context, left, right, keys, sided, keeps);
    }
  }
  const inner = innerJoin(context, left, right, on);
  return context.share(inner, (shared) => {
    const parts = [shared];
    const withoutPartner = (side: MirRelation, offset: number): MirRelation => {
      // A unique key tells rows apart as well as the whole row does.
      const key = context.keysOf(side)[0] ?? range(side.columns.length);
      const matched = distinct(
        project(
          shared,
          key.map((index) => offset + index),
        ),
      );
      const pairs = identityKeys(key.map((index) => side.columns[index]!));
      const keys = pairs.map((pair, at) => ({
        ...pair,
        left: build.column(key[at]!, side.columns[key[at]!]!),
      }));
      return semiJoin(side, matched, keys, { anti: true });
    };
    if (keeps.keepsLeft) parts.push(nullsRight(withoutPartner(left, 0), right.columns));
    if (keeps.keepsRight) parts.push(nullsLeft(withoutPartner(right, arity), left.columns));
    return union(parts, outerKeys(context, left, right, shared, keeps));
  });
}

interface SideConditions {
  readonly left: readonly MirScalar[];
  readonly right: readonly MirScalar[];
}

/**
 * Conditions beyond the keys, if each reads the side without NULL rows… of a left or right join only and cannot fail:
 * they filter that side before the join. Null if something else remains.
 */
function sideConditions(
  conditions: readonly MirScalar[],
  pairs: readonly (MirKeyPair | null)[],
  arity: number,
  keeps: { readonly keepsLeft: boolean; readonly keepsRight: boolean },
): SideConditions | null {
  const left: MirScalar[] = [];
  const right: MirScalar[] = [];
  for (const [index, condition] of conditions.entries()) {
    if (pairs[index] !== null) continue;
    if (build.canFail(condition)) return null;
    const read = [...build.columnsRead(condition)];
    if (!keeps.keepsLeft && read.length > 0 && read.every((column) => column < arity)) left.push(condition);
    else if (!keeps.keepsRight && read.length > 0 && read.every((column) => column >= arity)) {
      right.push(build.shiftColumns(condition, -arity));
    } else return null;
  }
  return { left, right };
}

function keyedOuterJoin(
  context: LoweringContext,
  left: MirRelation,
  right: MirRelation,
  keys: readonly MirKeyPair[],
  conditions: SideConditions,
  keeps: { readonly keepsLeft: boolean; readonly keepsRight: boolean },
): MirRelation {
  const arity = left.columns.length;
  const partnersLeft = filter(left, conditions.left);
  const partnersRight = filter(right, conditions.right);
  const inner = join(
    [partnersLeft, partnersRight],
    keys.map((key) => ({
      scalars: [key.left, build.shiftColumns(key.right, arity)],
      nullSafe: key.nullSafe,
    })),
  );
  const parts = [inner];
  if (keeps.keepsLeft) {
    parts.push(nullsRight(semiJoin(left, partnersRight, keys, { anti: true }), right.columns));
  }
  if (keeps.keepsRight) {
    const swapped = keys.map((key) => ({ left: key.right, right: key.left, nullSafe: key.nullSafe }));
    parts.push(nullsLeft(semiJoin(right, partnersLeft, swapped, { anti: true }), left.columns));
  }
  return union(parts, outerKeys(context, left, right, inner, keeps));
}

/**
 * Keys of an outer join: those of the inner join that hold a key of each kept side. A kept row without partner occurs
 * only once under its own key, since a row with partner has another.
 */
function outerKeys(
  context: LoweringContext,
  left: MirRelation,
  right: MirRelation,
  inner: MirRelation,
  keeps: { readonly keepsLeft: boolean; readonly keepsRight: boolean },
): Keys {
  const arity = left.columns.length;
  const leftKeys = context.keysOf(left);
  const rightKeys = context.keysOf(right).map((key) => key.map((column) => column + arity));
  const holds = (key: readonly number[], side: Keys): boolean =>
    side.some((own) => own.every((column) => key.includes(column)));
  const both = leftKeys.flatMap((first) => rightKeys.map((second) => [...first, ...second]));
  // With both sides kept, a NULL row of either side could meet another's NULL key: only non-empty keys tell them apart.
  const apart = both.filter(
    (key) => key.some((column) => column < arity) && key.some((column) => column >= arity),
  );
  if (keeps.keepsLeft && keeps.keepsRight) return apart;
  const kept = keeps.keepsLeft ? leftKeys : rightKeys;
  return [...context.keysOf(inner).filter((key) => holds(key, kept)), ...both];
}

function nullsOf(columns: readonly MirType[]): MirScalar[] {
  return columns.map((type) => build.literal(type, null));
}

function nullsRight(input: MirRelation, columns: readonly MirType[]): MirRelation {
  return map(input, nullsOf(columns));
}

function nullsLeft(input: MirRelation, columns: readonly MirType[]): MirRelation {
  const arity = input.columns.length;
  return project(map(input, nullsOf(columns)), [...range(columns.length, arity), ...range(arity)]);
}

function range(length: number, from = 0): number[] {
  return Array.from({ length }, (_, index) => from + index);
}
