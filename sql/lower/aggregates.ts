/**
 * GROUP BY and aggregates. A global aggregate keeps its one row over empty input: the default row enters where the
 * reduction has none.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import type { MirAggregate, MirRelation, MirScalar } from '../mir.ts';
import { mapOnly, negate, project, union, UNIT } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { Domain, LoweringContext } from './context.ts';
import { reduceBySqlEquality } from './distinct.ts';
import { lowerRelation } from './relation.ts';
import { ScalarScope } from './scalar.ts';
import { lowerScalar } from './subqueries.ts';

/** The value of an aggregate over no rows. */
function defaultValue(aggregate: MirAggregate): MirScalar {
  const counts = aggregate.function === 'count' || aggregate.function === 'countAll';
  return build.literal(aggregate.type, counts ? '0' : null);
}

export function lowerAggregate(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'aggregate' }>,
  domain: Domain,
): MirRelation {
  const scope = new ScalarScope(context, lowerRelation(context, hir.input, domain));
  const lower = (scalar: HirScalar, reach: readonly MirScalar[] = []): MirScalar =>
    lowerScalar(scope, scalar, reach);
  const keys = hir.keys.map((key) => lower(key));
  const aggregates = hir.aggregates.map((aggregate): MirAggregate => {
    const filter = aggregate.filter === null ? null : lower(aggregate.filter);
    const argument =
      aggregate.argument === null ? null : lower(aggregate.argument, filter === null ? [] : [filter]);
    const counts = aggregate.function === 'count' || aggregate.function === 'countAll';
    return {
      function: aggregate.function,
      argument,
      // The extremes and the boolean folds of a set are those of the bag.
      distinct: aggregate.distinct && ['count', 'sum', 'avg'].includes(aggregate.function),
      filter,
      type: build.withNullable(aggregate.type, !counts),
    };
  });
  const reduced = scope.finish(reduceBySqlEquality(scope.relation, keys, aggregates));
  if (!hir.global || keys.length > 0) return reduced;
  return context.share(reduced, (shared) =>
    union(
      [
        shared,
        mapOnly(union([domain ?? UNIT, negate(project(shared, []))], [[]]), aggregates.map(defaultValue)),
      ],
      [[]],
    ),
  );
}
