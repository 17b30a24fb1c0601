/**
 * A Reduce split by the class of its aggregates (rule 16): accumulators, order statistics, and for each DISTINCT
 * argument a reduction to distinct (group, value) pairs that is then accumulated. Every part has every group once, so
 * the parts are joined on the whole group key, NULLs equal.
 *
 * A DISTINCT aggregate with FILTER reads NULL where the filter is not true: NULLs never take part, and the group stays. Those
 * of one argument with several filters (rule 17) share the pairs, each of which counts the rows that pass a filter:
 *
 *     count(distinct x), count(distinct x) filter (where p)  of rows by g
 *         →   count(x), count(x) filter (where n > 0)  of (count(*) filter (where p) as n of rows by g, x)  by g
 *
 * Where rows only come (`monotonic`), a minimum is an accumulator too: the least so far.
 */
import type { Aggregate, ReduceClass } from '../../engine/plan.generated.ts';
import type { MirAggregate, MirRelation, MirScalar, MirType } from '../mir.ts';
import { equalityKey, needsCanonical } from '../mir/equality.ts';
import * as scalars from '../mir/scalar.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { toColumnType } from '../types/column-type.ts';
import { toExpr, toKeyExpr } from './expr.ts';
import { joinFlows } from './join.ts';
import { layoutByColumns } from './layout.ts';
import { planExtremeRows } from './sorted-scan.ts';

type ReduceClassName = 'distinct' | 'accumulable' | 'hierarchical' | 'basic';

function classOf(aggregate: MirAggregate, monotonic: boolean): Exclude<ReduceClassName, 'distinct'> {
  switch (aggregate.function) {
    case 'min':
    case 'max':
    case 'leastRepresentation':
      return monotonic ? 'accumulable' : 'hierarchical';
    case 'stringAgg':
    case 'arrayAgg':
    case 'jsonAgg':
    case 'jsonAggStrict':
    case 'jsonObjectAgg':
    case 'jsonObjectAggStrict':
    case 'jsonObjectAggUnique':
    case 'jsonObjectAggUniqueStrict':
    case 'jsonbAgg':
    case 'jsonbAggStrict':
    case 'jsonbObjectAgg':
    case 'jsonbObjectAggStrict':
    case 'jsonbObjectAggUnique':
    case 'jsonbObjectAggUniqueStrict':
    case 'rangeAgg':
    case 'rangeIntersectAgg':
    case 'first':
    case 'percentileCont':
    case 'percentileDisc':
    case 'mode':
      return 'basic';
    default:
      return 'accumulable';
  }
}

/** The input with keys and arguments over its node's columns, where no step but a projection stands between. */
function base(builder: PlanBuilder, flow: Flow): { node: number; over: (scalar: MirScalar) => MirScalar } {
  if (flow.steps.isProjection) {
    return { node: flow.node, over: (scalar) => flow.steps.inline(scalar, Infinity)! };
  }
  return { node: builder.materialize(flow), over: (scalar) => scalar };
}

function toAggregate(aggregate: MirAggregate, over: (scalar: MirScalar) => MirScalar): Aggregate {
  const { filter } = aggregate;
  return {
    function: aggregate.function,
    arguments: aggregate.arguments.map((argument) => toKeyExpr(over(argument))),
    filter: filter === null ? null : toExpr(over(filter)),
    result: toColumnType(aggregate.type),
  };
}

/** One Reduce node: keys, then aggregates of one class. */
function reduceNode(
  builder: PlanBuilder,
  input: Flow,
  keys: readonly MirScalar[],
  aggregates: readonly MirAggregate[],
  monotonic: boolean,
): Flow {
  const { node, over } = base(builder, input);
  const columns: MirType[] = [
    ...keys.map((key) => key.type),
    ...aggregates.map((aggregate) => aggregate.type),
  ];
  const [first] = aggregates;
  const className = first === undefined ? 'distinct' : classOf(first, monotonic);
  const types = columns.map(toColumnType);
  // The keys are what the arrangement holds unchanged: they were made canonical on the way in.
  const layout = {
    ...layoutByColumns(types, null),
    key: keys.map((_, index) => ({ expr: { kind: 'column' as const, index }, column: types[index]! })),
    value: aggregates.map((_, index) => keys.length + index),
    restore: columns.map((_, index) =>
      index < keys.length
        ? { in: 'key' as const, index }
        : { in: 'value' as const, index: index - keys.length },
    ),
  };
  const converted = aggregates.map((aggregate) => toAggregate(aggregate, over));
  const reduced = builder.add(className === 'distinct' ? 'distinct' : `reduce (${className})`, columns, {
    kind: 'reduce',
    input: node,
    key: keys.map((key) => toKeyExpr(over(key))),
    class: toClass(className, aggregates, converted, over, monotonic),
    layout,
  });
  return builder.flow(reduced);
}

function toClass(
  className: ReduceClassName,
  members: readonly MirAggregate[],
  aggregates: Aggregate[],
  over: (scalar: MirScalar) => MirScalar,
  monotonic: boolean,
): ReduceClass {
  if (className === 'distinct') return { class: 'distinct' };
  if (className === 'hierarchical') return { class: className, aggregates };
  if (className === 'accumulable') {
    const extremes = monotonic && members.some((member) => classOf(member, false) === 'hierarchical');
    return { class: className, aggregates, ...(extremes ? { monotonic: true } : {}) };
  }
  const { order, distinct } = members[0]!;
  return {
    class: 'basic',
    aggregates,
    order: order.map(({ scalar, descending, nullsFirst }) => ({
      key: toKeyExpr(over(scalar)),
      descending,
      nullsFirst,
    })),
    distinct,
  };
}

/** Each row of the keys once. */
export function planDistinct(builder: PlanBuilder, input: Flow, keys: readonly MirScalar[]): Flow {
  return reduceNode(builder, input, keys, [], false);
}

/** The distinct (group, values) of DISTINCT arguments, and the aggregates over them. */
function distinctPart(
  builder: PlanBuilder,
  input: Flow,
  keys: readonly MirScalar[],
  aggregates: readonly MirAggregate[],
  monotonic: boolean,
): Flow {
  const args = aggregates[0]!.arguments;
  const filters = distinctFilters(aggregates);
  // A value that passes no filter counts for nothing; NULL stands for it, so that the group stays.
  const any = filters.includes(null) ? null : scalars.or(filters.flatMap((filter) => filter ?? []));
  const values = args.map((argument) =>
    any === null
      ? argument
      : scalars.caseOf(
          [{ condition: any, result: argument }],
          scalars.literal(argument.type, null),
          argument.type,
        ),
  );
  const groupColumns = keys.map((key, index) => scalars.column(index, key.type));
  // Equal values that differ (1.0, 1.00) count once; the sum shows the least representation.
  const wide = values.filter((value) => needsCanonical(value.type));
  const pairKeys = [...keys, ...values.map((value) => (wide.includes(value) ? equalityKey(value) : value))];
  const least = wide.map((value): MirAggregate => ({
    function: 'leastRepresentation',
    arguments: [value],
    distinct: false,
    order: [],
    filter: null,
    type: scalars.withNullable(value.type, true),
  }));
  const counted = filters.length > 1 ? filters.filter((filter) => filter !== null) : [];
  const counts = counted.map((filter): MirAggregate => ({
    function: 'countAll',
    arguments: [],
    distinct: false,
    order: [],
    filter,
    type: COUNT,
  }));
  const pairs = reduceNode(builder, input, pairKeys, [...least, ...counts], monotonic);
  const shown = values.map((value, index) => {
    const at = wide.indexOf(value);
    return at < 0
      ? scalars.column(keys.length + index, value.type)
      : scalars.column(pairKeys.length + at, least[at]!.type);
  });
  const passed = (filter: MirScalar | null): MirScalar | null => {
    const at = filter === null ? -1 : counted.findIndex((other) => scalars.sameScalar(other, filter));
    if (at < 0) return null;
    const count = scalars.column(pairKeys.length + least.length + at, COUNT);
    const total = { strict: true, canError: false };
    return scalars.call('int8gt', '>', [count, scalars.literal(COUNT, '0')], scalars.BOOL, total);
  };
  const over = aggregates.map((aggregate) => ({
    ...aggregate,
    arguments: shown,
    filter: passed(aggregate.filter),
    distinct: false,
  }));
  // What is shown of a pair may change.
  return reduceNode(builder, pairs, groupColumns, over, monotonic && least.length + counts.length === 0);
}

const COUNT: MirType = { name: 'int8', typmod: -1, nullable: false };

/** The different filters of aggregates. */
function distinctFilters(aggregates: readonly MirAggregate[]): (MirScalar | null)[] {
  const filters = new Map(
    aggregates.map(({ filter }) => [filter === null ? '' : scalars.scalarKey(filter), filter]),
  );
  return [...filters.values()];
}

function compareKeys(left: MirScalar, right: MirScalar): number {
  if (left.kind === 'column' && right.kind === 'column') return left.index - right.index;
  const [first, second] = [scalars.scalarKey(left), scalars.scalarKey(right)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Whether its distinct arguments are made by a reduction of their own. */
function isDistinctPart(aggregate: MirAggregate): boolean {
  return aggregate.distinct && classOf(aggregate, false) !== 'basic';
}

/** Aggregates with the same key are computed by one node. */
function groupKey(aggregate: MirAggregate, monotonic: boolean): string {
  const filter = aggregate.filter === null ? '' : scalars.scalarKey(aggregate.filter);
  const className = classOf(aggregate, monotonic);
  if (className === 'basic') {
    // One order of the rows; rows that FILTER leaves out have none.
    const order = aggregate.order.map(
      (key) => `${scalars.scalarKey(key.scalar)} ${key.descending} ${key.nullsFirst}`,
    );
    return `basic ${aggregate.distinct} ${order.join(', ')} ${filter}`;
  }
  if (!isDistinctPart(aggregate)) return className;
  // Which representation of equal values is shown depends on which rows take part.
  const separate = aggregate.arguments.some((argument) => needsCanonical(argument.type)) ? filter : '';
  return `distinct ${aggregate.arguments.map(scalars.scalarKey).join(', ')} ${separate}`;
}

/** Some of the aggregates, by their numbers, and the reduction that computes them. */
interface Part {
  readonly indexes: readonly number[];
  readonly flow: Flow;
}

/** A reduction for each class of aggregates. */
function partsByClass(
  builder: PlanBuilder,
  input: Flow,
  keys: readonly MirScalar[],
  aggregates: readonly MirAggregate[],
  monotonic: boolean,
): Part[] {
  const groups = new Map<string, number[]>();
  for (const [index, aggregate] of aggregates.entries()) {
    const key = groupKey(aggregate, monotonic);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()].map((indexes) => {
    const members = indexes.map((index) => aggregates[index]!);
    const flow = isDistinctPart(members[0]!)
      ? distinctPart(builder, input, keys, members, monotonic)
      : reduceNode(builder, input, keys, members, monotonic);
    return { indexes, flow };
  });
}

/** Minima and maxima of rows that are read in their orders; null if others are asked for, which all rows must be read for. */
function extremeParts(builder: PlanBuilder, input: Flow, aggregates: readonly MirAggregate[]): Part[] | null {
  const isExtreme = ({ function: name, filter }: MirAggregate): boolean =>
    (name === 'min' || name === 'max') && filter === null;
  if (!aggregates.every(isExtreme)) return null;
  const extremes = aggregates.map(({ function: name, arguments: args }) => ({
    scalar: args[0]!,
    greatest: name === 'max',
  }));
  const flows = planExtremeRows(builder, input, extremes);
  return (
    flows?.map((rows, index) => {
      const value = { ...aggregates[index]!, arguments: [scalars.column(0, rows.columns[0]!)] };
      return { indexes: [index], flow: reduceNode(builder, rows, [], [value], false) };
    }) ?? null
  );
}

/** Renders a Reduce. `monotonic`: rows of the input only come. */
export function planReduce(
  builder: PlanBuilder,
  relation: Extract<MirRelation, { kind: 'reduce' }>,
  input: Flow,
  monotonic: boolean,
): Flow {
  const { aggregates } = relation;
  // Keys in one order whatever the query's: groupings by the same keys are then one node.
  const keyOrder = relation.keys
    .map((_, index) => index)
    .toSorted((a, b) => compareKeys(relation.keys[a]!, relation.keys[b]!) || a - b);
  const keys = keyOrder.map((index) => relation.keys[index]!);
  const keyIndexes = relation.keys.map((_, index) => keyOrder.indexOf(index));
  if (aggregates.length === 0) {
    const groups = planDistinct(builder, input, keys);
    return { ...groups, steps: groups.steps.project(keyIndexes), columns: relation.columns };
  }
  const parts =
    (keys.length === 0 ? extremeParts(builder, input, aggregates) : null) ??
    partsByClass(builder, input, keys, aggregates, monotonic);
  let joined = parts[0]!.flow;
  const order = [...parts[0]!.indexes];
  for (const part of parts.slice(1)) {
    const arity = joined.columns.length;
    const pairs = keys.map((key, index) => ({
      left: scalars.column(index, key.type),
      right: scalars.column(index, key.type),
      nullSafe: true,
    }));
    const kept = [
      ...Array.from({ length: arity }, (_, index) => index),
      ...part.indexes.map((_, index) => arity + keys.length + index),
    ];
    const types = [...joined.columns, ...part.flow.columns];
    joined = joinFlows(
      builder,
      joined,
      part.flow,
      pairs,
      (steps) => steps.project(kept),
      kept.map((index) => types[index]!),
    );
    order.push(...part.indexes);
  }
  const projection = [...keyIndexes, ...aggregates.map((_, index) => keys.length + order.indexOf(index))];
  return { node: joined.node, steps: joined.steps.project(projection), columns: relation.columns };
}
