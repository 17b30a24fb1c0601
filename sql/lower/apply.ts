/**
 * Applying a relation to the rows around it. The outcome is a relation without correlation and the keys that join it to
 * those rows:
 *
 *     reads nothing of them                       no keys
 *     reads them in equalities only (`keyed.ts`)  the equalities' own sides: … where u.a = t.b   →   keys t.b = u.a
 *     anything else                               computed under the domain of their distinct values, joined by those
 */
import type { HirRelation } from '../hir.ts';
import { relationCanRaise } from './can-raise.ts';
import type { MirKeyPair, MirRelation, MirScalar } from '../mir.ts';
import { distinct, filter, join, map, project, semiJoin, union } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { nonEmpty } from './context.ts';
import { keyPairs, lowerKeyed } from './keyed.ts';
import { lowerRelation } from './relation.ts';
import { range } from './row.ts';
import type { Domain } from './row.ts';
import type { ScalarScope } from './scalar.ts';

export interface Applied {
  readonly relation: MirRelation;
  /** Left over the rows around, right over `relation`. */
  readonly keys: readonly MirKeyPair[];
  /** `relation`'s columns before its own. */
  readonly width: number;
  /** The one row of those for which `relation` has none. */
  readonly defaults: readonly MirScalar[] | null;
}

interface Options {
  /** What is true of the rows that evaluate the relation. */
  readonly reach?: readonly MirScalar[];
  /** Something in its use can raise an error beside what can in itself. */
  readonly raises?: boolean;
  /** 0: the relation's levels are those of the scope (a side of a join); 1: the scope is its level 1. */
  readonly levels?: 0 | 1;
  /** false: a default row is among the relation's rows. */
  readonly defaults?: boolean;
}

export function apply(scope: ScalarScope, hir: HirRelation, options: Options = {}): Applied {
  const { context } = scope;
  const { levels = 1, reach = [] } = options;
  return context.within(levels, () => {
    const raises = options.raises === true || relationCanRaise(hir);
    const free = context.freeColumns(hir);
    if (free.length === 0) {
      const domain: Domain = raises
        ? { relation: scope.bind(nonEmpty(filter(scope.shared(), reach))), columns: [] }
        : null;
      return { relation: lowerRelation(context, hir, domain), keys: [], width: 0, defaults: null };
    }
    const place = (level: number, index: number): number => scope.place(level - levels, index);
    if (!raises) {
      const keyed = lowerKeyed(context, hir, free);
      if (keyed !== null && (keyed.defaults === null || options.defaults !== false)) {
        const keys = keyPairs(keyed, free, { columns: scope.relation.columns, place });
        return { relation: keyed.relation, keys, width: keys.length, defaults: keyed.defaults };
      }
    }
    const places = free.map(({ level, index }) => place(level, index));
    const rows = filter(scope.shared(), raises ? reach : []);
    const domain = scope.bind(distinct(project(rows, places)));
    const relation = lowerRelation(context, hir, { relation: domain, columns: free });
    const keys = places.map((at, index) => ({
      left: build.column(at, scope.relation.columns[at]!),
      right: build.column(index, relation.columns[index]!),
      nullSafe: true,
    }));
    return { relation, keys, width: keys.length, defaults: null };
  });
}

/** The rows with those that are applied to them; `relation`'s own columns stand behind the scope's. */
export function joinApplied(scope: ScalarScope, applied: Applied): MirRelation {
  const arity = scope.relation.columns.length;
  const own = range(applied.relation.columns.length - applied.width, arity + applied.width);
  const joined = join(
    [scope.relation, applied.relation],
    applied.keys.map((key) => ({
      scalars: [key.left, build.shiftColumns(key.right, arity)],
      nullSafe: key.nullSafe,
    })),
  );
  return project(joined, [...range(arity), ...own]);
}

/**
 * Appends the columns of the one row that is applied to each of the scope's rows; `missing` where there is none. Gives
 * the place of the first.
 */
export function appendRow(scope: ScalarScope, applied: Applied, missing: readonly MirScalar[]): number {
  const { context } = scope;
  const outer = scope.shared();
  const row = { ...applied, relation: scope.bind(applied.relation) };
  const keys = context.keysOf(outer);
  const matched = joinApplied(scope, row);
  const unmatched = semiJoin(outer, row.relation, applied.keys, { anti: true });
  scope.relation = union([matched, map(unmatched, missing)], keys);
  return outer.columns.length;
}

/** Appends whether anything is applied to the row. */
export function appendExistence(scope: ScalarScope, applied: Applied): MirScalar {
  const outer = scope.shared();
  const rows = scope.bind(applied.relation);
  const keys = scope.context.keysOf(outer);
  scope.relation = union(
    [
      map(semiJoin(outer, rows, applied.keys, { anti: false }), [build.TRUE]),
      map(semiJoin(outer, rows, applied.keys, { anti: true }), [build.FALSE]),
    ],
    keys,
  );
  return build.column(outer.columns.length, build.BOOL);
}
