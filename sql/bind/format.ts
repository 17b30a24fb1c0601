/** format(formatstr, …) with a constant format: the concatenation that it describes. */
import { resolveFunction } from '../functions/resolve.ts';
import type { FunctionEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { plain } from '../types/table.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { call, literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

const text = (name: string): FunctionEntry => resolveFunction(name, ['text']) as FunctionEntry;

/** `%s`, `%I`, `%L`, `%%`, with `n$` before; widths are not there. */
const SPECIFIER = /%(?:(\d+)\$)?([sIL%])|%(.?)/g;

/** Null where the format is not constant or asks for a width. */
export function bindFormat(
  args: readonly Bound[],
  context: ExpressionContext,
  at: number | undefined,
): Bound | null {
  const [format, ...values] = args;
  const { statement } = context;
  const pattern = format?.scalar;
  if (pattern?.kind !== 'literal') return null;
  if (pattern.text === null) return { scalar: literal('text', null), at };
  const parts: HirScalar[] = [];
  let next = 0;
  let end = 0;
  for (const match of pattern.text.matchAll(SPECIFIER)) {
    const [whole, position, kind, rest] = match;
    if (match.index > end) parts.push(literal('text', pattern.text.slice(end, match.index)));
    end = match.index + whole.length;
    if (kind === undefined) {
      if (rest === '')
        throw statement.error('22023', 'unterminated format() type specifier', at, {
          hint: 'For a single "%" use "%%".',
        });
      if (/[-\d*]/.test(rest!)) return null;
      throw statement.error('22023', `unrecognized format() type specifier "${rest}"`, at, {
        hint: 'For a single "%" use "%%".',
      });
    }
    if (kind === '%') {
      parts.push(literal('text', '%'));
      continue;
    }
    if (position === '0')
      throw statement.error('22023', 'format specifies argument 0, but arguments are numbered from 1', at);
    if (position !== undefined) next = Number(position) - 1;
    const value = values[next++];
    if (value === undefined) throw statement.error('22023', 'too few arguments for format()', at);
    parts.push(formatted(kind, value, context));
  }
  if (end < pattern.text.length) parts.push(literal('text', pattern.text.slice(end)));
  const textcat = resolveFunction('textcat', ['text', 'text']) as FunctionEntry;
  const [first, ...others] = parts;
  if (first === undefined) return { scalar: literal('text', ''), at };
  return { scalar: others.reduce((left, right) => call(textcat, [left, right], '||'), first), at };
}

function formatted(kind: string, value: Bound, context: ExpressionContext): HirScalar {
  const type = typeOf(value.scalar).name;
  const shown: HirScalar =
    type === 'unknown' || type === 'text' || type === 'varchar' || type === 'name'
      ? coerce(context.statement, value, 'text', 'implicit')!
      : { kind: 'output', argument: value.scalar, type: plain('text') };
  if (kind === 'L') return call(text('quote_nullable'), [shown]);
  if (kind === 's') return { kind: 'coalesce', operands: [shown, literal('text', '')], type: plain('text') };
  const unnamed: HirScalar = {
    kind: 'raise',
    sqlstate: '22004',
    message: 'null values cannot be formatted as an SQL identifier',
    type: plain('text'),
  };
  return {
    kind: 'case',
    branches: [{ condition: { kind: 'isNull', operand: shown }, result: unnamed }],
    otherwise: call(text('quote_ident'), [shown]),
    type: plain('text'),
  };
}
