/** current_setting(name [, missing_ok]): a setting that the session has when the statement runs. */
import { resolveFunction } from '../functions/resolve.ts';
import type { FunctionEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { plain } from '../types/table.ts';
import { coerceToSpecific } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { call, literal } from './scalar.ts';
import { sessionValue } from './session-value.ts';
import type { Bound } from './statement.ts';

export function bindCurrentSetting(
  args: readonly Bound[],
  context: ExpressionContext,
  at: number | undefined,
): Bound | null {
  const [given, missing] = args;
  if (given === undefined || args.length > 2) return null;
  const { statement } = context;
  const name = coerceToSpecific(statement, given, 'text', 'current_setting');
  const native = (opcode: string, ...types: ('text' | 'jsonb')[]): FunctionEntry =>
    resolveFunction(opcode, types) as FunctionEntry;
  const settings = sessionValue(context, 'settings', 'jsonb', 'current_setting()', at);
  const value = call(native('jsonb_object_field_text', 'jsonb', 'text'), [
    settings,
    call(native('lower', 'text'), [name]),
  ]);
  const quiet =
    missing === undefined
      ? literal('bool', 'f')
      : coerceToSpecific(statement, missing, 'bool', 'current_setting');
  if (quiet.kind === 'literal' && quiet.text === 't') return { scalar: value, at };
  const shown = name.kind === 'literal' ? ` "${name.text}"` : '';
  const unknown: HirScalar = {
    kind: 'raise',
    sqlstate: '42704',
    message: `unrecognized configuration parameter${shown}`,
    type: plain('text'),
  };
  const isUnknown: HirScalar = {
    kind: 'and',
    operands: [
      { kind: 'isNull', operand: value },
      { kind: 'not', operand: { kind: 'isNull', operand: name } },
      { kind: 'not', operand: quiet },
    ],
  };
  const branches = [{ condition: isUnknown, result: unknown }];
  return { scalar: { kind: 'case', branches, otherwise: value, type: plain('text') }, at };
}
