/** Calls with OVER: window functions, and aggregates over frames. */
import type { FuncCall } from '@pgsql/types';
import { locationOf, nameParts } from '../ast/accessors.ts';
import { aggregateNamed } from '../functions/aggregates.ts';
import { functionsNamed } from '../functions/table.ts';
import { windowFunctionNamed } from '../functions/window-functions.ts';
import type { WindowFunctionEntry } from '../functions/window-functions.ts';
import { isSetReturning } from '../functions/table-functions.ts';
import type { HirScalar } from '../hir.ts';
import { isCount } from '../hir/aggregate.ts';
import { canCoerce } from '../types/casts.ts';
import { commonType } from '../types/common.ts';
import { plain } from '../types/table.ts';
import type { SqlType } from '../types/type.ts';
import { resolveAggregate } from './aggregate-call.ts';
import { coerce, coerceToBoolean } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';
import { windowsOf } from './window.ts';

/** Binds a call that has OVER. */
export function bindWindowCall(node: FuncCall, name: string, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const { collector, definition: window } = windowsOf(node, context);
  const inside: ExpressionContext = { ...context, windows: 'calls', sets: 'window function calls' };
  const args = (node.args ?? []).map((argument) => bindExpression(argument, inside));
  const own = windowFunctionNamed(name);
  const isAggregate = functionsNamed(name).some((entry) => entry.kind === 'aggregate');
  if (own === undefined && !isAggregate) {
    if (functionsNamed(name).length === 0 && !isSetReturning(name)) throw notFound(node, args, context);
    const message = `OVER specified, but ${name} is not a window function nor an aggregate function`;
    throw statement.error('42809', message, at);
  }
  const definition = isAggregate ? aggregateNamed(name) : undefined;
  if (definition?.withinGroup !== undefined) {
    const message = `OVER is not supported for ordered-set aggregate ${name}`;
    throw statement.error('0A000', message, at);
  }
  if (definition?.noWindow !== undefined) throw statement.unsupported(`${name} as a window function`, at);
  if (node.agg_distinct === true) {
    throw statement.error('0A000', 'DISTINCT is not implemented for window functions', at);
  }
  if (node.agg_order !== undefined) {
    throw statement.error('0A000', 'aggregate ORDER BY is not implemented for window functions', at);
  }
  if (own !== undefined) {
    if (node.agg_star === true) {
      throw statement.error('42809', `${name}(*) specified, but ${name} is not an aggregate function`, at);
    }
    if (node.agg_filter !== undefined) {
      const message = 'FILTER is not implemented for non-aggregate window functions';
      throw statement.error('0A000', message, at);
    }
    const { operands, type } = resolveOwn(own, args, node, context);
    const call = { function: own.function, name, arguments: operands, filter: null };
    const scalar = collector.register(
      { ...call, type: { ...type, nullable: own.nullable } },
      window,
      context,
    );
    return { scalar, at: leftmost(at, ...args.map((bound) => bound.at)) };
  }
  const resolved = resolveAggregate(node, name, args, inside);
  let filter: HirScalar | null = null;
  if (node.agg_filter !== undefined) {
    const bound = bindExpression(node.agg_filter, { ...inside, clause: 'FILTER', collector: null });
    filter = coerceToBoolean(statement, bound, 'FILTER');
  }
  const scalar = collector.register(
    {
      function: { kind: 'aggregate', function: resolved.function },
      name,
      arguments: resolved.arguments.map((argument) => guarded(argument, filter)),
      filter,
      type: { ...resolved.result, nullable: !isCount(resolved) },
    },
    window,
    context,
  );
  return { scalar, at: leftmost(at, ...args.map((bound) => bound.at)) };
}

/** An argument is computed only for rows that FILTER lets through. */
function guarded(argument: HirScalar, filter: HirScalar | null): HirScalar {
  if (filter === null || argument.kind === 'column' || argument.kind === 'literal') return argument;
  const type = typeOf(argument);
  return {
    kind: 'case',
    branches: [{ condition: filter, result: argument }],
    otherwise: { kind: 'literal', type, text: null },
    type,
  };
}

/** The arguments of a window function as it wants them, and its result's type. */
function resolveOwn(
  entry: WindowFunctionEntry,
  args: readonly Bound[],
  node: FuncCall,
  context: ExpressionContext,
): { readonly operands: HirScalar[]; readonly type: SqlType } {
  const { statement } = context;
  const signature = entry.signatures.find((types) => types.length === args.length);
  if (signature === undefined) throw notFound(node, args, context);
  const values = args.filter((_, i) => signature[i] === 'value').map((bound) => typeOf(bound.scalar));
  const common = values.length === 0 ? null : commonType(values.map((type) => type.name));
  if (common !== null && 'conflict' in common) throw notFound(node, args, context);
  const operands = args.map((bound, i) => {
    const wanted = signature[i] === 'value' ? common!.type : signature[i]!;
    const given = typeOf(bound.scalar).name;
    if (given !== wanted && given !== 'unknown' && !canCoerce(given, wanted as string)) {
      throw notFound(node, args, context);
    }
    return coerce(statement, bound, wanted as never, 'implicit') ?? literal('text', null);
  });
  // PostgreSQL knows no modifier of what a window function gives, also not of a value that it takes from a row.
  return { operands, type: plain(entry.result === 'value' ? common!.type : entry.result) };
}

function notFound(node: FuncCall, args: readonly Bound[], context: ExpressionContext): Error {
  const types = args.map(({ scalar }) => context.statement.shownType(scalar));
  const signature = `${nameParts(node.funcname).join('.')}(${types.join(', ')})`;
  return context.statement.error('42883', `function ${signature} does not exist`, locationOf(node), {
    hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
  });
}
