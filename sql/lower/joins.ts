/**
 * Joins. Outer joins become bag algebra:
 *
 *     L left join R on c   =   (L ⋈ R)  +  NULLs(L anti R)
 *     L full join R on c   =   (L ⋈ R)  +  NULLs(L anti R)  +  NULLs(R anti L)
 *
 * where anti is by the keys of c when c is equalities only. Otherwise the rows with a partner are read off the inner
 * join itself: L anti distinct(left part of the inner join), by identity of a key, or of the columns that c reads: these decide
 * whether a row has a partner, and what nobody reads of a row is not computed for it.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { isVolatileThroughout } from '../hir/volatile.ts';
import type { MirKeyPair, MirRelation, MirScalar, MirType } from '../mir.ts';
import { identityKeys, keyPair } from '../mir/equality.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import type { OuterColumn } from '../hir/traverse.ts';
import { distinct, filter, join, map, mapOnly, project, semiJoin, union } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { appendRow, apply, joinApplied } from './apply.ts';
import type { Applied } from './apply.ts';
import { relationCanRaise } from './can-raise.ts';
import { applyConjuncts } from './conjuncts.ts';
import type { LoweringContext } from './context.ts';
import { isLinear } from './linear.ts';
import { domainFor, filterOver, hirConjuncts, lowerRelation } from './relation.ts';
import { placeIn, prefixOf, range } from './row.ts';
import type { Domain, Place, Prefix } from './row.ts';
import { lowerPlainScalar, ScalarScope } from './scalar.ts';

type HirJoin = Extract<HirRelation, { kind: 'join' }>;

/** A side of a join: `width` columns that belong to its prefix or keys, then its own. */
interface Side {
  readonly relation: MirRelation;
  readonly width: number;
  /** Its rows are kept as they are, and found by all their columns. */
  readonly isStored: boolean;
}

export function lowerJoin(context: LoweringContext, hir: HirJoin, domain: Domain): MirRelation {
  const prefix = prefixOf(domain);
  if (hir.type === 'right' || hir.type === 'full') return keptRight(context, hir, domain);
  const swaps =
    hir.type === 'inner' &&
    hir.lateral !== true &&
    domainFor(context, hir.left, domain) === null &&
    context.isCorrelated(hir.right);
  if (domain !== null && swaps) {
    const left = lowerRelation(context, hir.left, null);
    const right = lowerRelation(context, hir.right, domain);
    const { width } = prefix;
    const own = right.columns.length - width;
    const swapped = project(join([right, left]), [
      ...range(width),
      ...range(left.columns.length, right.columns.length),
      ...range(own, width),
    ]);
    return filterOver(context, swapped, hir.on === null ? [] : hirConjuncts(hir.on), prefix);
  }
  return joinOver(context, hir, lowerRelation(context, hir.left, domain), prefix, domain);
}

/** An inner or left join whose left side is lowered. */
export function joinOver(
  context: LoweringContext,
  hir: HirJoin,
  left: MirRelation,
  prefix: Prefix,
  domain: Domain = null,
): MirRelation {
  const conjuncts = hir.on === null ? [] : hirConjuncts(hir.on);
  // What raises for each row raises for none.
  const isPerRow =
    hir.type === 'inner' &&
    hir.lateral === true &&
    hir.right.kind === 'tableFunction' &&
    relationCanRaise(hir.right);
  if (!isPerRow && !context.isCorrelated(hir.right)) {
    const right = lowerRelation(context, hir.right, domainFor(context, hir.right, domain));
    if (hir.type === 'inner') return innerJoin(context, left, right, conjuncts, prefix);
    return context.share(left, (l) =>
      context.share(right, (r) =>
        outerJoin(context, {
          left: { relation: l, width: prefix.width, isStored: left.kind === 'get' },
          right: { relation: r, width: 0, isStored: right.kind === 'get' },
          outer: prefix.outer,
          keys: [],
          conjuncts,
          keepsLeft: true,
          keepsRight: false,
        }),
      ),
    );
  }
  const levels = hir.lateral === true ? 1 : 0;
  const scope = new ScalarScope(context, left, placeIn(prefix));
  const rows = scope.shared();
  if (hir.type === 'inner' && isLinear(context, hir.right)) {
    // The left side is the domain.
    const own = range(rows.columns.length - prefix.width);
    const columns = [
      ...range(prefix.width).map((at) => {
        const column = prefix.outer[at];
        return column === undefined ? NOWHERE : { ...column, level: column.level + levels };
      }),
      ...own.map((index) => (levels === 1 ? { level: 1, index } : NOWHERE)),
    ];
    const joined = context.within(levels, () =>
      lowerRelation(context, hir.right, { relation: rows, columns }),
    );
    return scope.finish(filterOver(context, joined, conjuncts, prefix));
  }
  const applied = apply(scope, hir.right, { levels });
  if (applied.defaults !== null && (hir.type === 'inner' || conjuncts.length === 0)) {
    appendRow(scope, applied, applied.defaults);
    return scope.finish(filterOver(context, scope.relation, conjuncts, prefix));
  }
  if (hir.type === 'inner') {
    return scope.finish(filterOver(context, joinApplied(scope, applied), conjuncts, prefix));
  }
  const whole = applied.defaults === null ? applied : withDefaults(scope, applied);
  const right = scope.bind(whole.relation);
  return scope.finish(
    outerJoin(context, {
      left: { relation: scope.relation, width: prefix.width, isStored: false },
      right: { relation: right, width: whole.width, isStored: false },
      outer: prefix.outer,
      keys: whole.keys,
      conjuncts,
      keepsLeft: true,
      keepsRight: false,
    }),
  );
}

/** A column that nothing can refer to. */
const NOWHERE = { level: -1, index: -1 };

/** The relation with its default rows, by identity of the keys of the rows that it is applied to. */
function withDefaults(scope: ScalarScope, applied: Applied): Applied {
  const rows = scope.shared();
  const keys = scope.bind(
    distinct(
      mapOnly(
        rows,
        applied.keys.map((key) => key.left),
      ),
    ),
  );
  const helper = new ScalarScope(scope.context, keys, () => -1);
  const pairs = applied.keys.map((key, at) => ({ ...key, left: build.column(at, keys.columns[at]!) }));
  appendRow(helper, { ...applied, keys: pairs }, applied.defaults!);
  const relation = scope.bind(helper.finish());
  const width = applied.keys.length;
  const identity = applied.keys.map((key, at) => ({
    left: key.left,
    right: build.column(at, relation.columns[at]!),
    nullSafe: true,
  }));
  return { relation, keys: identity, width, defaults: null };
}

/** RIGHT and FULL joins: the kept right side is under the domain too. */
function keptRight(context: LoweringContext, hir: HirJoin, domain: Domain): MirRelation {
  const prefix = prefixOf(domain);
  const keepsLeft = hir.type === 'full';
  const leftDomain = keepsLeft ? domain : domainFor(context, hir.left, domain);
  const left = lowerRelation(context, hir.left, leftDomain);
  const right = lowerRelation(context, hir.right, domain);
  return context.share(left, (l) =>
    context.share(right, (r) => {
      const { width } = prefix;
      const inLeft = prefixOf(leftDomain).width;
      return outerJoin(context, {
        left: { relation: l, width: inLeft, isStored: left.kind === 'get' },
        right: { relation: r, width, isStored: right.kind === 'get' },
        outer: prefix.outer,
        keys: inLeft === 0 ? [] : identityKeys(prefix.outer.map((_, at) => l.columns[at]!)),
        conjuncts: hir.on === null ? [] : hirConjuncts(hir.on),
        keepsLeft,
        keepsRight: true,
      });
    }),
  );
}

function innerJoin(
  context: LoweringContext,
  left: MirRelation,
  right: MirRelation,
  conjuncts: readonly HirScalar[],
  prefix: Prefix,
): MirRelation {
  if (conjuncts.some(hasSubquery)) return filterOver(context, join([left, right]), conjuncts, prefix);
  const row = { columns: [...left.columns, ...right.columns], place: placeIn(prefix) };
  return joinOn(
    left,
    right,
    conjuncts.map((conjunct) => lowerPlainScalar(context, row, conjunct)),
  );
}

/** The inner join: equalities between the sides become keys. */
export function joinOn(
  left: MirRelation,
  right: MirRelation,
  conditions: readonly MirScalar[],
  keys: readonly MirKeyPair[] = [],
): MirRelation {
  const arity = left.columns.length;
  const residual: MirScalar[] = [];
  const given = keys.map((key) => ({
    scalars: [key.left, build.shiftColumns(key.right, arity)],
    nullSafe: key.nullSafe,
  }));
  const equivalences = conditions.flatMap((condition) => {
    const pair = keyPair(condition, arity);
    if (pair === null) {
      residual.push(condition);
      return [];
    }
    return [{ scalars: [pair.left, build.shiftColumns(pair.right, arity)], nullSafe: pair.nullSafe }];
  });
  return join([left, right], [...given, ...equivalences], residual);
}

interface OuterJoin {
  readonly left: Side;
  readonly right: Side;
  /** What the prefix's columns are. They stand before the left side; for a kept right side, before the right. */
  readonly outer: readonly OuterColumn[];
  /** Beside what the conditions say. */
  readonly keys: readonly MirKeyPair[];
  readonly conjuncts: readonly HirScalar[];
  readonly keepsLeft: boolean;
  readonly keepsRight: boolean;
}

/** Where the columns of the result come from. */
interface Shape {
  readonly sources: readonly { readonly left: number | null; readonly right: number | null }[];
}

/** The prefix, the left side's own columns, the right side's own. */
function shapeOf(parts: OuterJoin): Shape {
  const { left, right } = parts;
  const prefixed = parts.keepsRight ? right.width : left.width;
  const prefix = range(prefixed).map((at) => ({
    left: at < left.width ? at : null,
    right: parts.keepsRight && at < right.width ? at : null,
  }));
  const ownLeft = range(left.relation.columns.length - left.width, left.width);
  const ownRight = range(right.relation.columns.length - right.width, right.width);
  return {
    sources: [
      ...prefix,
      ...ownLeft.map((at) => ({ left: at, right: null })),
      ...ownRight.map((at) => ({ left: null, right: at })),
    ],
  };
}

function outerJoin(context: LoweringContext, parts: OuterJoin): MirRelation {
  const left = parts.left.relation;
  const right = parts.right.relation;
  const { conjuncts, keepsLeft, keepsRight } = parts;
  const keeps = { keepsLeft, keepsRight };
  const arity = left.columns.length;
  const ownLeft = arity - parts.left.width;
  const columns = [...left.columns, ...right.columns];
  const place: Place = (level, index) => {
    if (level > 0) {
      const at = placeIn({ width: 0, outer: parts.outer })(level, index);
      return keepsRight && parts.left.width === 0 ? arity + at : at;
    }
    return index < ownLeft ? parts.left.width + index : arity + parts.right.width + (index - ownLeft);
  };
  const shape = shapeOf(parts);
  let inner: MirRelation;
  if (conjuncts.some(hasSubquery)) {
    const scope = new ScalarScope(context, joinOn(left, right, [], parts.keys), place);
    applyConjuncts(scope, conjuncts);
    inner = scope.finish(project(scope.relation, range(columns.length)));
  } else {
    const conditions = conjuncts.map((conjunct) => lowerPlainScalar(context, { columns, place }, conjunct));
    const pairs = conditions.map((condition) => keyPair(condition, arity));
    const sided = sideConditions(conditions, pairs, arity, keeps);
    if (sided !== null) {
      const keys = [...parts.keys, ...pairs.filter((pair) => pair !== null)];
      return keyedOuterJoin(context, left, right, keys, sided, keeps, shape);
    }
    inner = joinOn(left, right, conditions, parts.keys);
  }
  const read = columnsOfConditions(parts, place);
  return context.share(inner, (shared) => {
    const withoutPartner = ({ relation: side, isStored }: Side, offset: number): MirRelation => {
      const own = range(side.columns.length);
      const decisive = read === null || isStored ? own : own.filter((at) => read.has(offset + at));
      // A unique key tells rows apart, too.
      const key = context.keysOf(side)[0] ?? decisive;
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
    const results = [shapeInner(shared, shape, arity)];
    if (keepsLeft) results.push(shapeAlone(withoutPartner(parts.left, 0), 'left', shape, columns, arity));
    if (keepsRight)
      results.push(shapeAlone(withoutPartner(parts.right, arity), 'right', shape, columns, arity));
    return union(results, shapeKeys(outerKeys(context, left, right, shared, keeps), shape, arity));
  });
}

/** The columns of the inner join that its conditions read; null where they are volatile, and decide for each row anew. */
function columnsOfConditions({ left, keys, conjuncts }: OuterJoin, place: Place): Set<number> | null {
  if (conjuncts.some(isVolatileThroughout)) return null;
  const arity = left.relation.columns.length;
  const read = new Set<number>();
  for (const key of keys) {
    build.columnsRead(key.left, read);
    for (const index of build.columnsRead(key.right)) read.add(arity + index);
  }
  for (const conjunct of conjuncts) {
    for (const { level, index } of freeOfScalar(conjunct).columns) read.add(place(level, index));
  }
  return read;
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
  shape: Shape,
): MirRelation {
  const arity = left.columns.length;
  const columns = [...left.columns, ...right.columns];
  const partnersLeft = filter(left, conditions.left);
  const partnersRight = filter(right, conditions.right);
  const inner = join(
    [partnersLeft, partnersRight],
    keys.map((key) => ({
      scalars: [key.left, build.shiftColumns(key.right, arity)],
      nullSafe: key.nullSafe,
    })),
  );
  const parts = [shapeInner(inner, shape, arity)];
  if (keeps.keepsLeft) {
    const alone = semiJoin(left, partnersRight, keys, { anti: true });
    parts.push(shapeAlone(alone, 'left', shape, columns, arity));
  }
  if (keeps.keepsRight) {
    const swapped = keys.map((key) => ({ left: key.right, right: key.left, nullSafe: key.nullSafe }));
    const alone = semiJoin(right, partnersLeft, swapped, { anti: true });
    parts.push(shapeAlone(alone, 'right', shape, columns, arity));
  }
  return union(parts, shapeKeys(outerKeys(context, left, right, inner, keeps), shape, arity));
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

/** Rows with a partner. */
function shapeInner(inner: MirRelation, shape: Shape, arity: number): MirRelation {
  return project(
    inner,
    shape.sources.map(({ left, right }) => left ?? arity + right!),
  );
}

/** Rows of one side, NULLs for the other. */
function shapeAlone(
  rows: MirRelation,
  side: 'left' | 'right',
  shape: Shape,
  columns: readonly MirType[],
  arity: number,
): MirRelation {
  const nulls: MirScalar[] = [];
  const indexes = shape.sources.map((source) => {
    const own = source[side];
    if (own !== null) return own;
    const type = columns[source.left ?? arity + source.right!]!;
    return rows.columns.length + nulls.push(build.literal(type, null)) - 1;
  });
  return project(map(rows, nulls), indexes);
}

/** Keys over left and right columns as keys over the result's. */
function shapeKeys(keys: Keys, shape: Shape, arity: number): Keys {
  return keys.flatMap((key) => {
    const places = key.map((index) =>
      shape.sources.findIndex(({ left, right }) =>
        index < arity ? left === index : right === index - arity,
      ),
    );
    return places.includes(-1) ? [] : [places];
  });
}
