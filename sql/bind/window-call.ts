/** Calls with OVER: window functions, and aggregates over frames. */
import type { FuncCall } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { ObjectId } from '../catalog.ts';
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
import { checkWithinGroup, resolveAggregate } from './aggregate-call.ts';
import { coerce, coerceToBoolean } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { asDomain } from './domain.ts';
import { bindExpression, leftmost } from './expression.ts';
import { isHypotheticalSet } from './hypothetical-set.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound, Statement } from './statement.ts';
import { windowsOf } from './window.ts';
import type { WindowCall } from './window.ts';

/** What a call means without its filter. */
interface Meaning extends Pick<WindowCall, 'function' | 'arguments' | 'type'> {
  /** That its result is of, which is a value that it was given. */
  readonly domain: ObjectId | undefined;
}

/** Binds a call that has OVER. */
export function bindWindowCall(node: FuncCall, name: string, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const { collector, definition: window } = windowsOf(node, context);
  const inside: ExpressionContext = { ...context, windows: 'calls', sets: 'window function calls' };
  const args = argumentsOf(node, inside);
  const own = windowFunctionNamed(name);
  if (own === undefined && !functionsNamed(name).some((entry) => entry.kind === 'aggregate')) {
    if (functionsNamed(name).length === 0 && !isSetReturning(name)) throw notFound(node, args, context);
    const message = `OVER specified, but ${name} is not a window function nor an aggregate function`;
    throw statement.error('42809', message, at);
  }
  // What the arguments mean comes first, as in PostgreSQL, then what a call with OVER cannot have.
  const called =
    own === undefined ? ofAggregate(node, name, args, inside) : ofWindowFunction(own, node, args, context);
  if (node.agg_distinct === true) {
    throw statement.error('0A000', 'DISTINCT is not implemented for window functions', at);
  }
  if (node.agg_order !== undefined) {
    throw statement.error('0A000', 'aggregate ORDER BY is not implemented for window functions', at);
  }
  let filter: HirScalar | null = null;
  if (node.agg_filter !== undefined) {
    if (own !== undefined) {
      const message = 'FILTER is not implemented for non-aggregate window functions';
      throw statement.error('0A000', message, at);
    }
    const bound = bindExpression(node.agg_filter, {
      ...inside,
      clause: 'FILTER',
      collector: null,
      windows: null,
    });
    filter = coerceToBoolean(statement, bound, 'FILTER');
  }
  const operands = called.arguments.map((argument) => guarded(argument, filter));
  const { domain, ...meaning } = called;
  const placed = collector.register({ ...meaning, name, arguments: operands, filter }, window, context);
  const scalar = domain === undefined ? placed : statement.ofDomain(placed, domain);
  return { scalar, at: leftmost(at, ...args.map((bound) => bound.at)) };
}

/** The arguments by which a call is looked up: WITHIN GROUP's are among them. */
export function argumentsOf(
  { args, agg_within_group: within, agg_order: order }: FuncCall,
  context: ExpressionContext,
): Bound[] {
  const sorted = within === true ? (order ?? []).map((item) => nodeAs(item, 'SortBy')!.node!) : [];
  return [...(args ?? []), ...sorted].map((argument) => bindExpression(argument, context));
}

function ofWindowFunction(
  own: WindowFunctionEntry,
  node: FuncCall,
  args: readonly Bound[],
  context: ExpressionContext,
): Meaning {
  const { operands, type, domain } = resolveOwn(own, args, node, context);
  if (node.agg_within_group === true) {
    const message = `window function ${own.name} cannot have WITHIN GROUP`;
    throw context.statement.error('42809', message, locationOf(node));
  }
  return { function: own.function, arguments: operands, type: { ...type, nullable: own.nullable }, domain };
}

function ofAggregate(
  node: FuncCall,
  name: string,
  args: readonly Bound[],
  context: ExpressionContext,
): Meaning {
  const { statement } = context;
  const at = locationOf(node);
  const resolved = resolveAggregate(node, name, args, context);
  checkWithinGroup(name, node.agg_within_group === true, resolved.definition, statement, at);
  if (resolved.definition.withinGroup === true) throw overOrderedSet(name, statement, at);
  if (resolved.definition.noWindow !== undefined) {
    throw statement.unsupported(`${name} as a window function`, at);
  }
  return {
    function: { kind: 'aggregate', function: resolved.function },
    arguments: resolved.arguments,
    type: { ...resolved.result, nullable: !isCount(resolved) },
    domain: resolved.domain,
  };
}

function overOrderedSet(name: string, statement: Statement, at: number | undefined): Error {
  return statement.error('0A000', `OVER is not supported for ordered-set aggregate ${name}`, at);
}

/** Refuses a window function that is called without OVER. */
export function refuseWithoutOver(
  entry: WindowFunctionEntry,
  node: FuncCall,
  context: ExpressionContext,
): never {
  resolveOwn(entry, argumentsOf(node, context), node, context);
  const message = `window function ${entry.name} requires an OVER clause`;
  const isFirst = entry.name === 'first_value' || entry.name === 'last_value';
  const hint = isFirst && node.agg_order !== undefined ? FIRST_OF_GROUP : undefined;
  throw context.statement.error('42809', message, locationOf(node), { hint });
}

/** In other databases first_value and last_value are aggregates too. */
const FIRST_OF_GROUP = 'As an aggregate write (array_agg(x ORDER BY y))[1], with DESC for the last one.';

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
): { readonly operands: HirScalar[]; readonly type: SqlType; readonly domain: ObjectId | undefined } {
  const { statement } = context;
  // The hypothetical-set aggregates of these names take any arguments.
  if (isHypotheticalSet(entry.name) && args.length > 0) {
    const at = locationOf(node);
    if (node.agg_within_group === true) throw overOrderedSet(entry.name, statement, at);
    const message = `WITHIN GROUP is required for ordered-set aggregate ${entry.name}`;
    throw statement.error('42809', message, at);
  }
  const signature = entry.signatures.find((types) => types.length === args.length);
  if (signature === undefined) throw notFound(node, args, context);
  const values = args.filter((_, i) => signature[i] === 'value').map((bound) => typeOf(bound.scalar));
  const common = values.length === 0 ? null : commonType(values.map((type) => type.name));
  if (common !== null && 'conflict' in common) throw notFound(node, args, context);
  const wanted = signature.map((type) => (type === 'value' ? common!.type : type));
  for (const [i, bound] of args.entries()) {
    const given = typeOf(bound.scalar).name;
    if (given !== wanted[i] && given !== 'unknown' && !canCoerce(given, wanted[i] as string)) {
      throw notFound(node, args, context);
    }
  }
  // A value alone is anyelement, which has to be known; several are anycompatible, which are text where none is.
  if (values.length === 1 && values[0]!.name === 'unknown') {
    const message = 'could not determine polymorphic type because input has type unknown';
    throw statement.error('42804', message);
  }
  const isLiteral = ({ scalar }: Bound): boolean => typeOf(scalar).name === 'unknown';
  const domains = args
    .filter((bound, i) => signature[i] === 'value' && !isLiteral(bound))
    .map(({ scalar }) => statement.domainOf(scalar));
  const domain = domains.every((other) => other === domains[0]) ? domains[0] : undefined;
  const operands = args.map((bound, i) => {
    const value = coerce(statement, bound, wanted[i] as never, 'implicit') ?? literal('text', null);
    // A literal becomes one of the domain that the others are of.
    return domain !== undefined && signature[i] === 'value' && isLiteral(bound)
      ? asDomain(statement.environment.catalog.domain(domain), value, context.query)
      : value;
  });
  // PostgreSQL knows no modifier of what a window function gives, also not of a value that it takes from a row.
  return {
    operands,
    type: plain(entry.result === 'value' ? common!.type : entry.result),
    domain: entry.result === 'value' ? domain : undefined,
  };
}

function notFound(node: FuncCall, args: readonly Bound[], context: ExpressionContext): Error {
  const types = args.map(({ scalar }) => context.statement.shownType(scalar));
  const signature = `${nameParts(node.funcname).join('.')}(${types.join(', ')})`;
  return context.statement.error('42883', `function ${signature} does not exist`, locationOf(node), {
    hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
  });
}
