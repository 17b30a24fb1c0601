/** Where aggregates and GROUPING() of the queries around an expression belong. */
import type { ExpressionContext } from './context.ts';
import type { AggregateSite, Scope } from './scope.ts';

/** Where the aggregates of a query around this one are collected; the left side of a lateral join has none. */
export function siteAt(context: ExpressionContext, level: number): AggregateSite | 'FROM' {
  if (level === 0) return context;
  let scope: Scope | null = context.scope;
  for (let steps = level; steps > 0; steps -= 1) scope = scope?.outer ?? null;
  return scope?.site ?? 'FROM';
}
