/**
 * GROUP BY and aggregates. A global aggregate keeps its one row over empty input: the default row enters where the
 * reduction has none.
 */
import type { AggregateFunction } from '../../engine/plan.generated.ts';
import type { HirAggregate, HirRelation, HirScalar } from '../hir.ts';
import { isCount } from '../hir/aggregate.ts';
import type { MirAggregate, MirRelation, MirScalar } from '../mir.ts';
import { map, negate, project, union, UNIT } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { LoweringContext } from './context.ts';
import { reduceBySqlEquality } from './distinct.ts';
import { keysInSets, SET, withEmptySets, withSets } from './grouping-sets.ts';
import { lowerRelation } from './relation.ts';
import { placeIn, prefixOf, range } from './row.ts';
import type { Domain, Prefix } from './row.ts';
import { ScalarScope } from './scalar.ts';
import { lowerScalar } from './subqueries.ts';

/** Aggregates that are the same of a bag and of its set. */
const ignoresDuplicates: ReadonlySet<AggregateFunction> = new Set([
  'min',
  'max',
  'boolAnd',
  'boolOr',
  'bitAnd',
  'bitOr',
  'leastRepresentation',
]);

/** The value of an aggregate over no rows. */
function defaultValue(aggregate: HirAggregate): MirScalar {
  return build.literal(aggregate.type, isCount(aggregate) ? '0' : null);
}

/** What the aggregates of a global Aggregate are where there is no row; null if it has keys. */
export function aggregateDefaults(
  hir: Extract<HirRelation, { kind: 'aggregate' }>,
): readonly MirScalar[] | null {
  if (!hir.global || hir.keys.length > 0 || hir.groupingSets !== null) return null;
  return hir.aggregates.map((aggregate) => defaultValue(aggregate));
}

/** The Aggregate over `input`, within each value of the prefix; without the default rows of a global one. */
export function aggregateOver(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'aggregate' }>,
  input: MirRelation,
  prefix: Prefix,
): MirRelation {
  const sets = hir.groupingSets;
  const rows = sets === null ? input : withSets(input, sets.length);
  const scope = new ScalarScope(context, rows, placeIn(prefix));
  const lower = (scalar: HirScalar, reach: readonly MirScalar[] = []): MirScalar =>
    lowerScalar(scope, scalar, reach);
  const keys = hir.keys.map((key) => lower(key));
  const aggregates = hir.aggregates.map((aggregate): MirAggregate => {
    const filter = aggregate.filter === null ? null : lower(aggregate.filter);
    const reach = filter === null ? [] : [filter];
    return {
      function: aggregate.function,
      arguments: aggregate.arguments.map((argument) => lower(argument, reach)),
      distinct: aggregate.distinct && !ignoresDuplicates.has(aggregate.function),
      order: aggregate.order.map((key) => ({ ...key, scalar: lower(key.scalar, reach) })),
      filter,
      type: build.withNullable(aggregate.type, !isCount(aggregate)),
    };
  });
  const outer = build.columnsOfRow(scope.relation.columns.slice(0, prefix.width));
  if (sets === null) {
    return scope.finish(reduceBySqlEquality(scope.relation, [...outer, ...keys], aggregates, prefix.width));
  }
  const set = build.column(input.columns.length, SET);
  const grouped = [...outer, ...keysInSets(keys, sets, set), set];
  const reduced = reduceBySqlEquality(scope.relation, grouped, aggregates, prefix.width);
  const arity = grouped.length - 1;
  return scope.finish(project(reduced, [...range(arity), ...range(aggregates.length, arity + 1), arity]));
}

export function lowerAggregate(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'aggregate' }>,
  domain: Domain,
): MirRelation {
  const prefix = prefixOf(domain);
  const reduced = aggregateOver(context, hir, lowerRelation(context, hir.input, domain), prefix);
  if (hir.groupingSets !== null) {
    return withEmptySets(context, hir, reduced, domain, hir.aggregates.map(defaultValue));
  }
  const defaults = aggregateDefaults(hir);
  if (defaults === null) return reduced;
  return context.share(reduced, (shared) => {
    const rest = union(
      [domain?.relation ?? UNIT, negate(project(shared, range(prefix.width)))],
      [range(prefix.width)],
    );
    return union([shared, map(rest, defaults)], [range(prefix.width)]);
  });
}
