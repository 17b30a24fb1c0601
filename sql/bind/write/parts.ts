/** SET column.field = …, SET column[i] = …: the column's value with another part. */
import type { Node } from '@pgsql/types';
import { nodeAs, stringOf } from '../../ast/accessors.ts';
import type { CatalogColumn } from '../../catalog.ts';
import {
  arrayAssignment,
  arraySliceAssignment,
  arraySubscript,
  jsonbAssignment,
  rowConstructor,
} from '../../functions/table.ts';
import type { HirScalar } from '../../hir.ts';
import { displayType } from '../../types/format.ts';
import { recordFields } from '../../types/record.ts';
import { elementType, plain } from '../../types/table.ts';
import type { SqlType } from '../../types/type.ts';
import { coerce, coerceToType } from '../coerce.ts';
import type { ExpressionContext } from '../context.ts';
import { bindExpression } from '../expression.ts';
import { bindJsonbSubscripts } from '../jsonb-subscript.ts';
import { fieldsOf } from '../record.ts';
import { call, int4, literal, truth } from '../scalar.ts';
import type { Bound } from '../statement.ts';

interface Part {
  readonly column: CatalogColumn;
  readonly value: Bound;
  /** The field that is assigned to; undefined: elements of the column. */
  readonly field?: string;
  readonly at: number | undefined;
  readonly context: ExpressionContext;
}

/** `base`, which is of `type`, with `value` where the steps lead. */
export function withPart(base: HirScalar, type: SqlType, steps: readonly Node[], part: Part): HirScalar {
  const [step] = steps;
  if (step === undefined) return fitting(type, part);
  return 'A_Indices' in step ? withElement(base, type, steps, part) : withField(base, type, steps, part);
}

/** The value as the type of its place. */
function fitting(type: SqlType, { column, field, value, at, context: { statement } }: Part): HirScalar {
  const scalar = coerceToType(statement, value, type, 'assignment');
  if (scalar !== null) return scalar;
  const source = statement.shownType(value.scalar);
  const wanted = displayType(type.name);
  const message =
    field === undefined
      ? `subscripted assignment to "${column.name}" requires type ${wanted} but expression is of type ${source}`
      : `subfield "${field}" is of type ${wanted} but expression is of type ${source}`;
  throw statement.error('42804', message, at, {
    hint: 'You will need to rewrite or cast the expression.',
  });
}

function withField(base: HirScalar, type: SqlType, steps: readonly Node[], part: Part): HirScalar {
  const { column, at, context } = part;
  const name = stringOf(steps[0]!);
  const fields = recordFields(type.name);
  const place = `cannot assign to field "${name}" of column "${column.name}"`;
  if (fields === null) {
    const message = `${place} because its type ${displayType(type.name)} is not a composite type`;
    throw context.statement.error('42804', message, at);
  }
  const index = fields.findIndex((field) => field.name === name);
  if (index < 0) {
    const message = `${place} because there is no such column in data type ${displayType(type.name)}`;
    throw context.statement.error('42703', message, at);
  }
  const values = fieldsOf(base).map(({ scalar }, i) =>
    i === index ? withPart(scalar, fields[i]!.type, steps.slice(1), { ...part, field: name }) : scalar,
  );
  return call(rowConstructor, values, 'ROW', plain(type.name));
}

/** Subscripts that follow each other are one. */
function withElement(base: HirScalar, type: SqlType, steps: readonly Node[], part: Part): HirScalar {
  const { at, context } = part;
  const { statement } = context;
  const element = elementType(type.name);
  const last = steps.findIndex((step) => !('A_Indices' in step));
  const indices = steps.slice(0, last < 0 ? steps.length : last).map((step) => nodeAs(step, 'A_Indices')!);
  const rest = steps.slice(indices.length);
  if (type.name === 'jsonb') {
    const value = rest.length === 0 ? fitting(type, part) : withField(base, type, rest, part);
    const path = bindJsonbSubscripts(indices, context).map(({ text, integer }) => integer ?? text);
    return call(jsonbAssignment, [base, value, ...path], 'subscript', plain('jsonb'));
  }
  if (element === null) {
    const message = `cannot subscript type ${displayType(type.name)} because it does not support subscripting`;
    throw statement.error('42804', message, at);
  }
  const subscript = (node: Node): HirScalar => {
    const bound = bindExpression(node, context);
    const scalar = coerce(statement, bound, 'int4', 'assignment');
    if (scalar !== null) return scalar;
    throw statement.error('42804', 'array subscript must have type integer', bound.at);
  };
  const arrayOf = plain(type.name);
  if (indices.some((index) => index.is_slice === true)) {
    if (rest.length > 0) throw statement.unsupported('assignment to a part of a slice', at);
    const bound = (node: Node | undefined): HirScalar[] =>
      node === undefined ? [truth(false), literal('int4', null)] : [truth(true), subscript(node)];
    // A subscript among slices is one from 1 on.
    const bounds = indices.flatMap(({ lidx, uidx, is_slice: isSlice }) => [
      ...(isSlice === true ? bound(lidx) : [truth(true), int4(1)]),
      ...bound(uidx),
    ]);
    const source = fitting(type, part);
    return call(arraySliceAssignment, [base, source, ...bounds], 'slice', arrayOf);
  }
  const places = indices.map((index) => subscript(index.uidx!));
  const own: SqlType = type.typmod === -1 ? plain(element) : { name: element, typmod: type.typmod };
  const before = call(arraySubscript, [base, ...places], 'subscript', own);
  const value = withPart(before, own, rest, part);
  return call(arrayAssignment, [base, value, ...places], 'subscript', arrayOf);
}
