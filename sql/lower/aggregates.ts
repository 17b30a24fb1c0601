/**
 * GROUP BY and aggregates. A global aggregate keeps its one row over empty input: the default row enters where the
 * reduction has none.
 */
import type { AggregateFunction } from '../../engine/plan.generated.ts';
import type { HirAggregate, HirRelation, HirScalar } from '../hir.ts';
import { directArguments, isCount } from '../hir/aggregate.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import type { MirAggregate, MirRelation, MirScalar } from '../mir.ts';
import { map, negate, project, union, UNIT } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { LoweringContext } from './context.ts';
import { reduceBySqlEquality } from './distinct.ts';
import { keysInSets, SET, withEmptySets, withSets } from './grouping-sets.ts';
import { lowerRelation } from './relation.ts';
import { NO_ROW, placeIn, prefixOf, range } from './row.ts';
import type { Domain, Prefix } from './row.ts';
import { lowerPlainScalar, ScalarScope } from './scalar.ts';
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

/** The value of an aggregate over no rows: an error, where a percentile's fraction is none. */
function defaultValue(context: LoweringContext, aggregate: HirAggregate): MirScalar {
  const none = build.literal(aggregate.type, isCount(aggregate) ? '0' : null);
  const [fraction] = aggregate.arguments.slice(0, directArguments(aggregate));
  const checked = fraction === undefined ? null : checkedFraction(context, fraction);
  return checked === null
    ? none
    : build.caseOf([{ condition: build.isNull(checked), result: none }], none, none.type);
}

/**
 * A percentile's fraction, or an error; null where it needs no check. PostgreSQL looks at none of several where there are no rows; one
 * that the rows around decide on is not looked at here.
 */
function checkedFraction(context: LoweringContext, fraction: HirScalar): MirScalar | null {
  if (hasSubquery(fraction) || freeOfScalar(fraction).columns.length > 0) return null;
  const lowered = lowerPlainScalar(context, NO_ROW, fraction);
  if (lowered.type.name !== 'float8') return null;
  const text = lowered.kind === 'literal' ? lowered.text : undefined;
  if (text === null || (text !== undefined && Number(text) >= 0 && Number(text) <= 1)) return null;
  const options = { strict: true, canError: true };
  return build.call('percentile_fraction', 'percentile_fraction', [lowered], lowered.type, options);
}

/** What the aggregates of a global Aggregate are where there is no row; null if it has keys. */
export function aggregateDefaults(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'aggregate' }>,
): readonly MirScalar[] | null {
  if (!hir.global || hir.keys.length > 0 || hir.groupingSets !== null) return null;
  return hir.aggregates.map((aggregate) => defaultValue(context, aggregate));
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
    const defaults = hir.aggregates.map((aggregate) => defaultValue(context, aggregate));
    return withEmptySets(context, hir, reduced, domain, defaults);
  }
  const defaults = aggregateDefaults(context, hir);
  if (defaults === null) return reduced;
  return context.share(reduced, (shared) => {
    const rest = union(
      [domain?.relation ?? UNIT, negate(project(shared, range(prefix.width)))],
      [range(prefix.width)],
    );
    return union([shared, map(rest, defaults)], [range(prefix.width)]);
  });
}
