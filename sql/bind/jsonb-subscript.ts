/** Subscripts of a jsonb value, read or assigned to: each is a key, or a place in an array. */
import type { A_Indices } from '@pgsql/types';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { plain } from '../types/table.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { typeOf } from './scalar.ts';

export interface JsonbSubscript {
  /** The path's element. */
  readonly text: HirScalar;
  /** Of an integer: as it is. */
  readonly integer: HirScalar | null;
}

export function bindJsonbSubscripts(
  indices: readonly A_Indices[],
  context: ExpressionContext,
): JsonbSubscript[] {
  const { statement } = context;
  return indices.map(({ uidx, lidx, is_slice: isSlice }): JsonbSubscript => {
    const written = uidx ?? lidx;
    const value = written === undefined ? null : bindExpression(written, context);
    if (isSlice === true || value === null) {
      throw statement.error('42804', 'jsonb subscript does not support slices', value?.at);
    }
    const source = typeOf(value.scalar).name;
    const integer = source === 'unknown' ? null : coerce(statement, value, 'int4', 'implicit');
    if (integer !== null) {
      return { text: { kind: 'output', argument: integer, type: plain('text') }, integer };
    }
    const text = coerce(statement, value, 'text', 'implicit');
    if (text !== null) return { text, integer: null };
    throw statement.error('42804', `subscript type ${displayType(source)} is not supported`, value.at, {
      hint: 'jsonb subscript must be coercible to either integer or text.',
    });
  });
}
