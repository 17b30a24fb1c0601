/** ARRAY[…], subscripts and slices. */
import type { A_ArrayExpr, A_Indices, A_Indirection, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import { elementOfName } from '../functions/catalog-entries.ts';
import { arraySlice, arraySubscript, functionsNamed } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { arrayType, elementType, plain } from '../types/table.ts';
import type { SqlType } from '../types/type.ts';
import { bindBody } from './body.ts';
import { coerce, coerceToCommon } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { bindJsonbSubscripts } from './jsonb-subscript.ts';
import { selectField } from './record.ts';
import { call, int4, literal, truth, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** MAXDIM */
const MAXIMUM_DIMENSIONS = 6;

/** Binds ARRAY[…]: of the elements' common type, or of the type that a cast around it asks for. */
export function bindArray(node: A_ArrayExpr, wanted: SqlType | null, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const nodes = node.elements ?? [];
  const parts = nodes.map((element) => nodeAs(element, 'A_ArrayExpr'));
  const elements = nodes.map((element, i) =>
    parts[i] === undefined ? bindExpression(element, context) : bindArray(parts[i], wanted, context),
  );
  if (wanted !== null) {
    const inner = elementType(wanted.name)!;
    const nested =
      parts.some((part) => part !== undefined) ||
      elements.some(({ scalar }) => elementType(typeOf(scalar).name) !== null);
    const target = nested ? wanted.name : inner;
    const scalars = elements.map((element) => {
      const scalar = coerce(statement, element, target, 'explicit');
      if (scalar !== null) return scalar;
      const source = displayType(typeOf(element.scalar).name);
      throw statement.error('42846', `cannot cast type ${source} to ${displayType(target)}`, element.at);
    });
    return { scalar: { kind: 'array', elements: scalars, nested, type: plain(wanted.name) }, at };
  }
  if (elements.length === 0) {
    throw statement.error('42P18', 'cannot determine type of empty array', at, {
      hint: 'Explicitly cast to the desired type, for example ARRAY[]::integer[].',
    });
  }
  const { type, scalars } = coerceToCommon(statement, elements, 'ARRAY');
  const nested = elementType(type.name) !== null;
  const name = nested ? type.name : arrayType(type.name);
  if (name === null) {
    throw statement.error('42704', `could not find array type for data type ${displayType(type.name)}`, at);
  }
  const made: SqlType = type.typmod === -1 ? plain(name) : { name, typmod: type.typmod };
  return { scalar: { kind: 'array', elements: scalars, nested, type: made }, at };
}

/** Binds subscripts, of an array or of a jsonb value, and fields. */
export function bindSubscript(node: A_Indirection, context: ExpressionContext): Bound {
  const { statement } = context;
  let bound = bindExpression(node.arg!, context);
  let indices: A_Indices[] = [];
  const { at } = bound;
  // Subscripts that follow each other are one; fields are selected one by one.
  for (const step of node.indirection ?? []) {
    const index = nodeAs(step, 'A_Indices');
    if (index !== undefined) {
      indices.push(index);
      continue;
    }
    const subscripted = indices.length === 0 ? bound : subscriptOf(bound, indices, context);
    bound = { scalar: selectField(statement, subscripted, step, node.arg!), at };
    indices = [];
  }
  return indices.length === 0 ? bound : subscriptOf(bound, indices, context);
}

function subscriptOf(bound: Bound, indices: readonly A_Indices[], context: ExpressionContext): Bound {
  const { statement } = context;
  const { at } = bound;
  const { name, typmod } = typeOf(bound.scalar);
  if (name === 'jsonb') return { scalar: jsonbSubscript(bound, indices, context), at };
  if (indices.length > MAXIMUM_DIMENSIONS) {
    const message = `number of array dimensions (${indices.length}) exceeds the maximum allowed (${MAXIMUM_DIMENSIONS})`;
    throw statement.error('54000', message);
  }
  const element = elementType(name);
  if (element === null && name !== 'name') {
    const message = `cannot subscript type ${displayType(name)} because it does not support subscripting`;
    throw statement.error('42804', message, at);
  }
  const subscript = (index: Node): HirScalar => {
    const value = bindExpression(index, context);
    const scalar = coerce(statement, value, 'int4', 'assignment');
    if (scalar === null) {
      throw statement.error('42804', 'array subscript must have type integer', value.at);
    }
    return scalar;
  };
  if (element === null) {
    if (indices.some((index) => index.is_slice === true)) {
      throw statement.error('0A000', 'slices of fixed-length arrays not implemented', leftmost(at));
    }
    const args = [bound.scalar, subscript(indices[0]!.uidx!)];
    const none = indices.length > 1;
    return {
      scalar: none ? literal('char', null) : bindBody(context, elementOfName, args),
      at: leftmost(at),
    };
  }
  if (!indices.some((index) => index.is_slice === true)) {
    const type: SqlType = typmod === -1 ? plain(element) : { name: element, typmod };
    const args = [bound.scalar, ...indices.map((index) => subscript(index.uidx!))];
    return { scalar: call(arraySubscript, args, 'subscript', type), at: leftmost(at) };
  }
  const bounds = indices.flatMap((index) => {
    const one = (written: Node | undefined): HirScalar[] => [
      truth(written !== undefined),
      written === undefined ? literal('int4', null) : subscript(written),
    ];
    // Beside a slice, [n] means [1:n].
    if (index.is_slice !== true) return [truth(true), int4(1), ...one(index.uidx)];
    return [...one(index.lidx), ...one(index.uidx)];
  });
  return { scalar: call(arraySlice, [bound.scalar, ...bounds], 'slice', typeOf(bound.scalar)), at };
}

/** `j['a'][0]`: the value at the path. */
function jsonbSubscript(bound: Bound, indices: readonly A_Indices[], context: ExpressionContext): HirScalar {
  const path = bindJsonbSubscripts(indices, context).map(({ text }) => text);
  const array: HirScalar = { kind: 'array', elements: path, nested: false, type: plain('_text') };
  const [entry] = functionsNamed('jsonb_extract_path');
  return call(entry!, [bound.scalar, array], 'subscript', plain('jsonb'));
}
