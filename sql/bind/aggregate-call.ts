/** Calls of aggregates: where they may stand, and what they ask of the Aggregate node. */
import type { FuncCall } from '@pgsql/types';
import type { AggregateFunction } from '../../engine/plan.generated.ts';
import { locationOf, nameParts } from '../ast/accessors.ts';
import { resolveFunction } from '../functions/resolve.ts';
import type { HirAggregate, HirScalar } from '../hir.ts';
import { freeOfScalar, liftScalar } from '../hir/traverse.ts';
import { displayType } from '../types/format.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { coerceToBoolean } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { operand } from './operator.ts';
import { nodeAs } from '../ast/accessors.ts';
import { isNullable, scalarKey, typeOf } from './scalar.ts';
import type { AggregateSite, Scope } from './scope.ts';
import type { Bound } from './statement.ts';

const functions: Record<string, AggregateFunction> = {
  count: 'count',
  sum: 'sum',
  avg: 'avg',
  min: 'min',
  max: 'max',
  bool_and: 'boolAnd',
  every: 'boolAnd',
  bool_or: 'boolOr',
};

/** The engine's aggregate of this name. */
export function aggregateFunctionNamed(name: string): AggregateFunction {
  return functions[name]!;
}

/** The overload that a call of an aggregate means: its argument (null for count(*)) and the result's type. */
export function resolveAggregate(
  node: FuncCall,
  name: string,
  args: readonly Bound[],
  context: ExpressionContext,
): { readonly argument: HirScalar | null; readonly result: TypeName } {
  const { statement } = context;
  const at = locationOf(node);
  const types = args.map((argument) => typeOf(argument.scalar).name);
  if (node.agg_star !== true && args.length === 0) {
    throw statement.error('42809', `${name}(*) must be used to call a parameterless aggregate function`, at);
  }
  const entry = resolveFunction(name, types);
  if (typeof entry === 'string' || (node.agg_star === true && name !== 'count')) {
    const written = nameParts(node.funcname).join('.');
    const signature = `${written}(${types.map(displayType).join(', ')})`;
    if (entry === 'ambiguous') {
      throw statement.error('42725', `function ${signature} is not unique`, at, {
        hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
      });
    }
    throw statement.error('42883', `function ${signature} does not exist`, at, {
      hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    });
  }
  const argument = args.length === 0 ? null : operand(context, args[0]!, entry.arguments[0]!);
  return { argument, result: entry.result as TypeName };
}

/** Binds the call of an aggregate: the column that the Aggregate node will give it. */
export function bindAggregate(node: FuncCall, name: string, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const inside: ExpressionContext = { ...context, insideAggregate: true };
  const args = (node.args ?? []).map((argument) => bindExpression(argument, inside));
  const { argument, result } = resolveAggregate(node, name, args, inside);
  for (const order of node.agg_order ?? []) {
    // None of these aggregates depends on the order of its input: the keys need only be valid.
    bindExpression(nodeAs(order, 'SortBy')!.node!, inside);
  }
  let filter: HirScalar | null = null;
  if (node.agg_filter !== undefined) {
    const bound = bindExpression(node.agg_filter, { ...context, clause: 'FILTER', collector: null });
    filter = coerceToBoolean(statement, bound, 'FILTER');
  }
  const level = levelOf([argument, filter]);
  const site = siteAt(context, level);
  if (site !== 'FROM' && site.insideAggregate)
    throw statement.error('42803', 'aggregate function calls cannot be nested', at);
  if (site === 'FROM') {
    const message = 'aggregate functions are not allowed in FROM clause of their own query level';
    throw statement.error('42803', message, at);
  }
  if (site.collector === null) {
    throw statement.error('42803', `aggregate functions are not allowed in ${site.clause}`, at);
  }
  const isCount = name === 'count';
  const aggregate: HirAggregate = {
    function: argument === null ? 'countAll' : functions[name]!,
    argument: argument === null ? null : liftScalar(argument, -level),
    // min, max and the boolean ones are the same with and without DISTINCT.
    distinct: node.agg_distinct === true && (isCount || name === 'sum' || name === 'avg'),
    filter: filter === null ? null : liftScalar(filter, -level),
    type: { ...plain(result), nullable: !isCount },
  };
  const index = site.collector.width + register(site.collector.aggregates, aggregate);
  const scalar: HirScalar = liftScalar({ kind: 'column', index, type: aggregate.type }, level);
  return { scalar, at: leftmost(at, ...args.map((bound) => bound.at)) };
}

/** The query that an aggregate belongs to: the innermost one that its arguments read, its own if they read none. */
function levelOf(scalars: readonly (HirScalar | null)[]): number {
  const levels = scalars.flatMap((scalar) =>
    scalar === null ? [] : freeOfScalar(scalar).columns.map((column) => column.level),
  );
  return levels.length === 0 ? 0 : Math.min(...levels);
}

/** Where the aggregates of a query around this one are collected; the left side of a lateral join has none. */
function siteAt(context: ExpressionContext, level: number): AggregateSite | 'FROM' {
  if (level === 0) return context;
  let scope: Scope | null = context.scope;
  for (let steps = level; steps > 0; steps -= 1) scope = scope?.outer ?? null;
  return scope?.site ?? 'FROM';
}

/** Equal aggregates are computed once. */
function register(aggregates: HirAggregate[], aggregate: HirAggregate): number {
  const key = aggregateKey(aggregate);
  const known = aggregates.findIndex((other) => aggregateKey(other) === key);
  return known >= 0 ? known : aggregates.push(aggregate) - 1;
}

function aggregateKey({ function: name, argument, distinct, filter }: HirAggregate): string {
  return [
    name,
    distinct,
    argument === null ? '' : scalarKey(argument),
    filter === null ? '' : scalarKey(filter),
  ].join('\n');
}

/** Whether an aggregate's result can be NULL: count never, others over no rows. */
export function aggregateNullable(aggregate: HirAggregate, global: boolean): boolean {
  if (aggregate.function === 'count' || aggregate.function === 'countAll') return false;
  return (
    global || aggregate.filter !== null || (aggregate.argument !== null && isNullable(aggregate.argument))
  );
}
