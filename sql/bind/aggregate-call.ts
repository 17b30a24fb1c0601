/** Calls of aggregates: where they may stand, and what they ask of the Aggregate node. */
import type { FuncCall } from '@pgsql/types';
import type { AggregateFunction } from '../../engine/plan.generated.ts';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { ObjectId } from '../catalog.ts';
import { aggregateNamed } from '../functions/aggregates.ts';
import type { AggregateDefinition } from '../functions/aggregates.ts';
import { functionsNamed } from '../functions/table.ts';
import { resolveFunction } from '../functions/resolve.ts';
import type { HirAggregate, HirAggregateOrder, HirScalar } from '../hir.ts';
import { aggregateScalars, directArguments, isCount } from '../hir/aggregate.ts';
import { freeOfScalar, liftScalar } from '../hir/traverse.ts';
import { recordFields } from '../types/record.ts';
import { elementType, plain } from '../types/table.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import { requireEquality, requireOrder } from './comparable.ts';
import { coerceToBoolean, unknownToText } from './coerce.ts';
import { siteAt } from './aggregate-site.ts';
import { noMatchHint } from './call-arguments.ts';
import type { AggregateCollector, ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { operand } from './operator.ts';
import { isGrouping } from './grouping-sets.ts';
import { sortDirection } from './order.ts';
import { mayBeShared } from './once.ts';
import { and, call, isNullable, scalarKey, truth, typeOf } from './scalar.ts';
import { toJson } from './json.ts';
import type { Bound, Statement } from './statement.ts';

/** An aggregate that was found for its arguments. */
export interface ResolvedAggregate {
  readonly definition: AggregateDefinition;
  readonly function: AggregateFunction;
  /** As the engine takes them. */
  readonly arguments: readonly HirScalar[];
  /** As they were written, of the types that the aggregate takes. */
  readonly written: readonly HirScalar[];
  readonly result: SqlType;
  /** That its result is of. */
  readonly domain: ObjectId | undefined;
}

/** The overload that a call of an aggregate means, with its arguments as it takes them. */
export function resolveAggregate(
  node: FuncCall,
  name: string,
  args: readonly Bound[],
  context: ExpressionContext,
): ResolvedAggregate {
  const { statement } = context;
  const at = locationOf(node);
  const types = args.map((argument) => typeOf(argument.scalar).name);
  if (node.agg_star !== true && args.length === 0 && name === 'count') {
    const message = `${nameParts(node.funcname).join('.')}(*) must be used to call a parameterless aggregate function`;
    throw statement.error('42809', message, at);
  }
  const entry = resolveFunction(name, types);
  if (typeof entry === 'string' || (node.agg_star === true && name !== 'count')) {
    const written = nameParts(node.funcname).join('.');
    const signature = `${written}(${args.map(({ scalar }) => statement.shownType(scalar)).join(', ')})`;
    if (entry === 'ambiguous') {
      throw statement.error('42725', `function ${signature} is not unique`, at, {
        hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
      });
    }
    throw statement.error('42883', `function ${signature} does not exist`, at, {
      hint: noMatchHint(node),
    });
  }
  const definition = aggregateNamed(name);
  const written = args.map((argument, i) => operand(context, argument, entry.arguments[i]!));
  const taken = written.map((argument, i) => converted(argument, definition.convert?.[i] ?? null));
  const source = definition.gives === undefined ? undefined : args[definition.gives];
  const given = source && typeOf(source.scalar).name === entry.result ? source : undefined;
  if (definition.lines === true) taken.push(truth(isStructured(typeOf(written[0]!).name)));
  return {
    definition,
    function: args.length === 0 ? 'countAll' : definition.function,
    arguments: taken,
    written,
    result: plain(entry.result),
    domain: given === undefined ? undefined : statement.domainOf(given.scalar),
  };
}

function isStructured(type: TypeName): boolean {
  return recordFields(type) !== null || elementType(type) !== null;
}

function converted(argument: HirScalar, to: 'json' | 'jsonb' | 'text' | null): HirScalar {
  const { name } = typeOf(argument);
  if (to === null || name === to) return argument;
  if (to === 'text') {
    // A key as JSON has it: true, a time in ISO 8601.
    if (name !== 'bool' && name !== 'timestamp' && name !== 'timestamptz') {
      return { kind: 'output', argument, type: plain('text') };
    }
    const path: HirScalar = { kind: 'array', elements: [], nested: false, type: plain('_text') };
    const [asText] = functionsNamed('jsonb_extract_path_text');
    return call(asText!, [toJson(argument, 'jsonb'), path]);
  }
  return toJson(argument, to);
}

/** Binds the call of an aggregate: the column that the Aggregate node will give it. */
export function bindAggregate(node: FuncCall, name: string, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const inside: ExpressionContext = { ...context, insideAggregate: true };
  const sorts = (node.agg_order ?? []).map((order) => nodeAs(order, 'SortBy')!);
  const sorted = sorts.map((sort) => bindExpression(sort.node!, inside));
  const definition = aggregateNamed(name);
  const within = node.agg_within_group === true;
  const direct = (node.args ?? []).map((argument) => bindExpression(argument, inside));
  const args = within ? [...direct, ...sorted] : direct;
  const resolved = resolveAggregate(node, name, args, inside);
  checkWithinGroup(nameParts(node.funcname).join('.'), within, definition, statement, at);
  let filter: HirScalar | null = null;
  if (node.agg_filter !== undefined) {
    const bound = bindExpression(node.agg_filter, {
      ...context,
      clause: 'FILTER',
      collector: null,
      windows: null,
    });
    filter = coerceToBoolean(statement, bound, 'FILTER');
  }
  const directions = sorts.map((sort) => sortDirection(statement, sort));
  for (const bound of sorted) requireOrder(statement, typeOf(bound.scalar).name, bound.at);
  const distinct = node.agg_distinct === true || definition.alwaysDistinct === true;
  const written = within
    ? [resolved.arguments.at(-1)!]
    : sorted.map((bound) => {
        const argument = asArgument(bound, direct, resolved);
        if (argument !== undefined || !distinct) return argument ?? unknownToText(statement, bound);
        // One that only its conversion makes an argument is none in PostgreSQL.
        const message = 'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list';
        throw statement.error('42P10', message, bound.at);
      });
  const order = written.map((scalar, i): HirAggregateOrder => ({ scalar, ...directions[i]! }));
  if (distinct) for (const bound of args) requireEquality(statement, typeOf(bound.scalar).name, bound.at);
  const called = completed(
    { function: resolved.function, arguments: resolved.arguments, distinct, order, filter },
    resolved,
  );
  const type = { ...resolved.result, nullable: !isCount(resolved) };
  // Without an order of its own it goes by that of the rows, as in PostgreSQL.
  const follows = definition.ordered === true && definition.extreme === undefined && !distinct;
  const placed = placeAggregate(context, { ...called, type }, at, follows && order.length === 0);
  const scalar = resolved.domain === undefined ? placed : statement.ofDomain(placed, resolved.domain);
  return { scalar, at: leftmost(at, ...args.map((bound) => bound.at)) };
}

/** Of an ORDER BY expression that is an argument: that argument as the aggregate takes it, converted without a word. */
function asArgument(
  sorted: Bound,
  args: readonly Bound[],
  { written }: ResolvedAggregate,
): HirScalar | undefined {
  const key = scalarKey(sorted.scalar);
  return written[args.findIndex((argument) => scalarKey(argument.scalar) === key)];
}

/**
 * The column that the Aggregate node of the query that a call belongs to will give it: of the innermost query that its
 * arguments read, its own if they read none.
 */
export function placeAggregate(
  context: ExpressionContext,
  called: HirAggregate,
  at: number | undefined,
  followsRows = false,
): HirScalar {
  const { statement } = context;
  const direct = directArguments(called);
  const aggregated = { ...called, arguments: called.arguments.slice(direct) };
  const read = aggregateScalars(aggregated).flatMap((scalar) => freeOfScalar(scalar).columns);
  const level = read.length === 0 ? 0 : Math.min(...read.map((column) => column.level));
  for (const scalar of called.arguments.slice(0, direct)) {
    if (!freeOfScalar(scalar).columns.some((column) => column.level < level)) continue;
    const message = 'outer-level aggregate cannot contain a lower-level variable in its direct arguments';
    throw statement.error('42803', message, statement.origins.get(scalar)?.at ?? at);
  }
  const site = siteAt(context, level);
  if (site === 'FROM') {
    const message = 'aggregate functions are not allowed in FROM clause of their own query level';
    throw statement.error('42803', message, at);
  }
  const nested = 'aggregate function calls cannot be nested';
  if (site.insideAggregate) throw statement.error('42803', nested, at);
  const inner = read.find(
    ({ level: own, index }) => own === level && (isAggregate(index, site.collector) || isGrouping(index)),
  );
  if (inner !== undefined) {
    const { places, width } = site.collector!;
    throw statement.error('42803', nested, isGrouping(inner.index) ? at : places[inner.index - width]);
  }
  if (site.collector === null) {
    throw statement.error('42803', `aggregate functions are not allowed in ${site.clause}`, at);
  }
  const lifted = (scalar: HirScalar): HirScalar => liftScalar(scalar, -level);
  const aggregate: HirAggregate = {
    ...called,
    arguments: called.arguments.map(lifted),
    order: followsRows
      ? (site.collector.order ?? [])
      : called.order.map((key) => ({ ...key, scalar: lifted(key.scalar) })),
    filter: called.filter === null ? null : lifted(called.filter),
  };
  const number = register(
    site.collector.aggregates,
    aggregate,
    mayBeShared(site.clause, scalarsOf(aggregate)),
  );
  site.collector.places[number] = at;
  const index = site.collector.width + number;
  return liftScalar({ kind: 'column', index, type: aggregate.type }, level);
}

/** WITHIN GROUP stands where the function wants it, and nowhere else. */
export function checkWithinGroup(
  name: string,
  within: boolean,
  definition: AggregateDefinition,
  statement: Pick<Statement, 'error'>,
  at: number | undefined,
): void {
  if (within === (definition.withinGroup === true)) return;
  const message = within
    ? `${name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`
    : `WITHIN GROUP is required for ordered-set aggregate ${name}`;
  throw statement.error('42809', message, at);
}

type Called = Omit<HirAggregate, 'type'>;

/** The call with the order that the engine needs, and none that it does not. */
function completed(called: Called, resolved: ResolvedAggregate): Called {
  const { definition, written } = resolved;
  if (definition.withinGroup) return called;
  if (called.distinct) {
    // Rows that tie in the order are the same: the order is by all arguments, and by nothing else.
    const keys = new Set(called.order.map((key) => scalarKey(key.scalar)));
    if (!definition.ordered) return { ...called, order: [] };
    const rest = written.filter((argument) => !keys.has(scalarKey(argument)));
    const ascending = rest.map((scalar) => ({ scalar, descending: false, nullsFirst: false }));
    return { ...called, order: [...called.order, ...ascending] };
  }
  if (definition.extreme !== undefined) {
    const [value, by] = called.arguments as [HirScalar, HirScalar];
    const present: HirScalar = { kind: 'not', operand: { kind: 'isNull', operand: by } };
    return {
      ...called,
      arguments: [value],
      order: [{ scalar: by, descending: definition.extreme === 'greatest', nullsFirst: false }],
      filter: called.filter === null ? present : and([called.filter, present]),
    };
  }
  return definition.ordered ? called : { ...called, order: [] };
}

/** Whether a column of this number stands for an aggregate of the query. */
function isAggregate(index: number, collector: AggregateCollector | null): boolean {
  if (collector === null) return false;
  const { width, aggregates } = collector;
  return index >= width && index < width + aggregates.length;
}

function scalarsOf({ arguments: args, order, filter }: HirAggregate): HirScalar[] {
  return [...args, ...order.map((key) => key.scalar), ...(filter === null ? [] : [filter])];
}

/** Equal aggregates are computed once, where they may be. */
function register(aggregates: HirAggregate[], aggregate: HirAggregate, shared: boolean): number {
  if (!shared) return aggregates.push(aggregate) - 1;
  const key = aggregateKey(aggregate);
  const known = aggregates.findIndex((other) => aggregateKey(other) === key);
  return known >= 0 ? known : aggregates.push(aggregate) - 1;
}

function aggregateKey({ function: name, arguments: args, distinct, order, filter }: HirAggregate): string {
  return [
    name,
    distinct,
    ...args.map(scalarKey),
    'order',
    ...order.map((key) => `${scalarKey(key.scalar)} ${key.descending} ${key.nullsFirst}`),
    'filter',
    filter === null ? '' : scalarKey(filter),
  ].join('\n');
}

/** Functions that are NULL only over no rows if their arguments are not NULL. */
const neverNull: ReadonlySet<AggregateFunction> = new Set([
  ...([
    'sum',
    'avg',
    'min',
    'max',
    'boolAnd',
    'boolOr',
    'leastRepresentation',
    'varPop',
    'stddevPop',
  ] as const),
  ...(['covarPop', 'regrAvgx', 'regrAvgy', 'regrSxx', 'regrSxy', 'regrSyy', 'bitAnd', 'bitOr'] as const),
  ...([
    'bitXor',
    'stringAgg',
    'arrayAgg',
    'jsonAgg',
    'jsonObjectAgg',
    'jsonbAgg',
    'jsonbObjectAgg',
    'rangeAgg',
    'rangeIntersectAgg',
    'percentileCont',
    'percentileDisc',
    'mode',
  ] as const),
]);

/** Whether an aggregate's result can be NULL: count never, others over no rows. */
export function aggregateNullable(aggregate: HirAggregate, global: boolean): boolean {
  if (isCount(aggregate)) return false;
  if (!neverNull.has(aggregate.function)) return true;
  return global || aggregate.filter !== null || aggregate.arguments.some(isNullable);
}
