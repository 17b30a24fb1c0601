/** pg_input_is_valid and pg_input_error_info: whether a text is one of a type, and what is wrong with it if not. */
import { SqlError } from '../error.ts';
import { nodeAs } from '../ast/accessors.ts';
import { arraySubscript, inputError } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { plain } from '../types/table.ts';
import { parseExpression } from './body.ts';
import type { ExpressionContext } from './context.ts';
import { bindTypeOrDomain, domainViolations } from './domain.ts';
import type { DeclaredType } from './domain.ts';
import { shapeOf } from './json-record.ts';
import { operand } from './operator.ts';
import { call, int4, isNull, literal, not } from './scalar.ts';
import type { Bound } from './statement.ts';

const FIELDS = ['message', 'detail', 'hint', 'sql_error_code'] as const;

/** Whether the first argument is the input of the type that the second names; NULL if one is NULL. */
export function bindInputIsValid(args: readonly Bound[], context: ExpressionContext): HirScalar {
  const { text, error } = errorOf(args, context);
  return {
    kind: 'case',
    branches: [{ condition: not(isNull(text)), result: isNull(error) }],
    otherwise: literal('bool', null),
    type: plain('bool'),
  };
}

/** The columns of pg_input_error_info: NULLs where nothing is wrong. */
export function inputErrorFields(
  args: readonly Bound[],
  context: ExpressionContext,
): { readonly name: string; readonly scalar: HirScalar }[] {
  const { error } = errorOf(args, context);
  return FIELDS.map((name, index) => ({
    name,
    scalar: call(arraySubscript, [error, int4(index + 1)], 'subscript', plain('text')),
  }));
}

/** The text, and what is wrong with it: an array of the fields, NULL for nothing. */
function errorOf(
  [text, type]: readonly Bound[],
  context: ExpressionContext,
): { readonly text: HirScalar; readonly error: HirScalar } {
  const value = operand(context, text!, 'text');
  const named = operand(context, type!, 'text');
  const { statement } = context;
  if (named.kind !== 'literal') {
    const hint = 'Write the type as a literal.';
    throw statement.unsupported('the input of a type that is no constant', type!.at, hint);
  }
  const none = literal('_text', null);
  if (named.text === null) return { text: literal('text', null), error: none };
  const declared = statement.withoutPositions(() => typeNamed(named.text!, context));
  const shape = literal('text', shapeOf([{ name: '', type: declared.type }]));
  const found = call(inputError, [value, shape], 'input_error', plain('_text'));
  if (declared.domain === null) return { text: value, error: found };
  const input: HirScalar = { kind: 'input', argument: value, type: declared.type };
  const violations = domainViolations(declared.domain, input, context.query);
  const branches = violations.map(({ condition, sqlstate, message }) => {
    const elements = [message, null, null, sqlstate].map((field) => literal('text', field));
    const result: HirScalar = { kind: 'array', elements, nested: false, type: plain('_text') };
    return { condition, result };
  });
  const error: HirScalar = {
    kind: 'case',
    branches: [
      { condition: isNull(value), result: none },
      { condition: not(isNull(found)), result: found },
      ...branches,
    ],
    otherwise: none,
    type: plain('_text'),
  };
  return { text: value, error: branches.length === 0 ? found : error };
}

/** The type that a text says, with its modifier. */
export function typeNamed(name: string, context: ExpressionContext): DeclaredType {
  const cast = nodeAs(castTo(name), 'TypeCast');
  if (cast?.typeName === undefined) throw syntaxError(name);
  return bindTypeOrDomain(context.statement, cast.typeName);
}

function castTo(name: string): ReturnType<typeof parseExpression> {
  try {
    return parseExpression(`NULL::${name}`);
  } catch {
    throw syntaxError(name);
  }
}

function syntaxError(name: string): SqlError {
  return new SqlError({ sqlstate: '42601', message: `invalid type name "${name}"` });
}
