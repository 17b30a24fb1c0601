/** Table functions: their rows for each row around them, without state. */
import type { HirRelation } from '../hir.ts';
import type { MirRelation } from '../mir.ts';
import { flatMap, project, UNIT } from '../mir/relation.ts';
import type { LoweringContext } from './context.ts';
import { placeIn, prefixOf, range } from './row.ts';
import type { Domain } from './row.ts';
import { ScalarScope } from './scalar.ts';
import { lowerScalar } from './subqueries.ts';

export function lowerTableFunction(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'tableFunction' }>,
  domain: Domain,
): MirRelation {
  const rows = domain?.relation ?? UNIT;
  const arity = rows.columns.length;
  const scope = new ScalarScope(context, rows, placeIn(prefixOf(domain)));
  const calls = hir.calls.map((call) => ({
    function: call.function,
    arguments: call.arguments.map((argument) => lowerScalar(scope, argument, [])),
  }));
  const width = scope.relation.columns.length;
  const appended = hir.columns.map((column) => column.type);
  const mapped = flatMap(scope.relation, calls, hir.ordinality, appended);
  return scope.finish(project(mapped, [...range(arity), ...range(appended.length, width)]));
}
