/** Functions declared VARIADIC "any": of any number of values of any types, or of an array of them (`VARIADIC array`). */
import type { FuncCall } from '@pgsql/types';
import { resolveFunction } from '../functions/resolve.ts';
import { variadicFunctions } from '../functions/table.ts';
import type { FunctionEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { elementType, plain } from '../types/table.ts';
import { coerce, coerceToSpecific, unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { withObjects } from './json.ts';
import { makeOperator } from './operator.ts';
import { call, literal, typeOf } from './scalar.ts';
import type { Bound, Statement } from './statement.ts';

/** Arguments that each takes at least; those before "any" are text. */
const LEAST: Readonly<Record<string, number>> = {
  concat: 1,
  concat_ws: 2,
  format: 1,
  num_nulls: 1,
  num_nonnulls: 1,
  json_build_array: 0,
  json_build_object: 0,
  jsonb_build_array: 0,
  jsonb_build_object: 0,
};

/** Whether a name is such a function's. */
export function isVariadicAny(name: string): boolean {
  return Object.hasOwn(LEAST, name);
}

/** Binds a call of one; null: it takes no such arguments. */
export function bindVariadicAny(
  node: FuncCall,
  name: string,
  context: ExpressionContext,
  at: number | undefined,
): Bound | null {
  const { statement } = context;
  const args = (node.args ?? []).map((argument) => bindExpression(argument, context));
  if (args.length < LEAST[name]!) return null;
  const spreads = node.func_variadic === true;
  if (spreads) {
    const last = args[args.length - 1];
    if (last === undefined || elementType(typeOf(last.scalar).name) === null) {
      throw statement.error('42804', 'VARIADIC argument must be an array', last?.at ?? at);
    }
  }
  if (name === 'concat' || name === 'concat_ws') {
    const [separator, rest] =
      name === 'concat' ? [null, args] : [coerceToSpecific(statement, args[0]!, 'text', name), args.slice(1)];
    if (spreads && rest.length !== 1) return null;
    const scalar = spreads
      ? joinedElements(statement, rest[0]!, separator)
      : separator === null
        ? concatenate(rest, statement)
        : concatenateWithSeparator(separator, rest, context, at);
    return { scalar, at };
  }
  const { each, spread, before } = variadicFunctions[name]!;
  if (spreads && args.length !== before + 1) return null;
  const first = args.slice(0, before).map((argument) => coerce(statement, argument, 'text', 'implicit'));
  if (first.some((argument) => argument === null)) return null;
  const rest = args.slice(before).map((argument) => valueOf(name, argument, spreads, statement));
  return { scalar: call(spreads ? spread : each, [...(first as HirScalar[]), ...rest], name), at };
}

function valueOf(name: string, argument: Bound, isArray: boolean, statement: Statement): HirScalar {
  if (name === 'format' && !isArray) return outputText(argument, statement);
  const scalar = unknownToText(statement, argument);
  if (name.startsWith('json_')) return withObjects(scalar, 'json');
  return name.startsWith('jsonb_') ? withObjects(scalar, 'jsonb') : scalar;
}

/** A value in its output form. */
function outputText(argument: Bound, statement: Statement): HirScalar {
  const scalar = unknownToText(statement, argument);
  const { name } = typeOf(scalar);
  if (name === 'text' || name === 'varchar' || name === 'name') {
    return coerce(statement, { scalar, at: argument.at }, 'text', 'implicit')!;
  }
  return { kind: 'output', argument: scalar, type: plain('text') };
}

const orEmpty = (text: HirScalar): HirScalar => ({
  kind: 'coalesce',
  operands: [text, literal('text', '')],
  type: plain('text'),
});

const entry = (name: string, ...types: Parameters<typeof resolveFunction>[1]): FunctionEntry =>
  resolveFunction(name, types) as FunctionEntry;

function join(texts: readonly HirScalar[]): HirScalar {
  const textcat = entry('textcat', 'text', 'text');
  return texts.reduce((left, right) => call(textcat, [left, right], '||'));
}

/** concat(a, b…): NULLs are passed over. */
function concatenate(args: readonly Bound[], statement: Statement): HirScalar {
  return join(args.map((argument) => orEmpty(outputText(argument, statement))));
}

/** concat_ws(separator, a, b…): each value that is there behind a separator, and the first separator cut off. */
function concatenateWithSeparator(
  separator: HirScalar,
  rest: readonly Bound[],
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  const { statement } = context;
  const all = join(rest.map((argument) => orEmpty(join([separator, outputText(argument, statement)]))));
  const bound = (scalar: HirScalar): Bound => ({ scalar, at });
  const length = call(entry('length', 'text'), [separator]);
  const start = makeOperator(context, '+', bound(length), bound(literal('int4', '1')), at);
  return call(entry('substr', 'text', 'int4'), [all, start]);
}

/** concat(VARIADIC array), concat_ws(separator, VARIADIC array). */
function joinedElements(statement: Statement, array: Bound, separator: HirScalar | null): HirScalar {
  const scalar = unknownToText(statement, array);
  const toText = entry('array_to_string', typeOf(scalar).name, 'text');
  return call(toText, [scalar, separator ?? literal('text', '')]);
}
