/** Records: rows as values, their fields, and rows of relations as a whole. */
import type { A_Indirection, ColumnRef, Node, RowExpr } from '@pgsql/types';
import { findLocation, locationOf, nameParts, nodeAs, stringOf } from '../ast/accessors.ts';
import { fieldSelection, recordIsNotNull, recordIsNull, rowConstructor } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { liftScalar } from '../hir/traverse.ts';
import { compositeName, recordFields, recordType } from '../types/record.ts';
import type { RecordField } from '../types/record.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { and, call, int4, isNull, literal, relabel, typeOf } from './scalar.ts';
import { findItem } from './scope.ts';
import type { ScopeItem } from './scope.ts';
import type { Bound, Statement } from './statement.ts';

interface Field {
  readonly name: string;
  readonly scalar: HirScalar;
}

/** The record of these values. */
export function makeRecord(fields: readonly Field[]): HirScalar {
  const type = recordType(
    fields.map(({ name, scalar }): RecordField => {
      const { name: of, typmod } = typeOf(scalar);
      return { name, type: { name: of, typmod } };
    }),
  );
  return call(
    rowConstructor,
    fields.map(({ scalar }) => scalar),
    'ROW',
    plain(type),
  );
}

/** A field of a record by its number: what stands there, where the record is written out. */
export function fieldOf(record: HirScalar, index: number): HirScalar {
  const { name, type } = recordFields(typeOf(record).name)![index]!;
  if (record.kind === 'call' && record.opcode === 'row') {
    // A cast of the row alone made its fields, too, what they are in that type, whose modifiers may be fewer.
    const value = record.arguments[index]!;
    return relabel(value, { ...typeOf(value), ...type });
  }
  return call(fieldSelection, [record, int4(index)], name, type);
}

/** All fields of a record. */
export function fieldsOf(record: HirScalar): Field[] {
  return recordFields(typeOf(record).name)!.map(({ name }, i) => ({ name, scalar: fieldOf(record, i) }));
}

/** The values of a row that is written out; `t.*` is the table's columns. */
export function rowValues({ args = [] }: RowExpr, context: ExpressionContext): Bound[] {
  return args.flatMap((argument) => {
    const star = expanded(argument, context);
    return (
      star?.map(({ scalar }) => ({ scalar, at: findLocation(argument) })) ?? [
        bindExpression(argument, context),
      ]
    );
  });
}

/** `ROW(…)`, `(a, b)`. */
export function bindRow(node: RowExpr, context: ExpressionContext): Bound {
  const parts = rowValues(node, context);
  // Untyped literals and parameters wait for the type that the row is cast to.
  const values = parts.map((bound) => {
    const { kind } = bound.scalar;
    const isRow = kind === 'call' && bound.scalar.opcode === 'row';
    const waits = kind === 'literal' || kind === 'parameter' || isRow;
    return waits ? bound.scalar : unknownToText(context.statement, bound);
  });
  const record = makeRecord(values.map((scalar, i) => ({ name: `f${i + 1}`, scalar })));
  context.statement.fieldPlaces.set(
    record,
    parts.map(({ at }) => at),
  );
  return { scalar: record, at: locationOf(node) };
}

/** What `t.*` or `(record).*` stands for; null for anything else. */
export function expanded(node: Node | undefined, context: ExpressionContext): Field[] | null {
  const reference = nodeAs(node, 'ColumnRef');
  if (reference !== undefined) {
    const parts = nameParts(reference.fields);
    if (parts.length < 2 || parts[parts.length - 1] !== '*') return null;
    const { statement, scope } = context;
    const { item, level } = findItem(statement, scope, parts.slice(0, -1), locationOf(reference));
    return item.columns.map(({ name, scalar }) => ({ name, scalar: { ...liftScalar(scalar, level) } }));
  }
  const selection = nodeAs(node, 'A_Indirection');
  const steps = selection?.indirection ?? [];
  if (selection === undefined || !('A_Star' in (steps[steps.length - 1] ?? {}))) return null;
  const inner: A_Indirection = { ...selection, indirection: steps.slice(0, -1) };
  const bound = bindExpression(steps.length === 1 ? selection.arg! : { A_Indirection: inner }, context);
  const names = context.statement.fieldNames(bound.scalar);
  if (names === null) {
    const type = context.statement.shownType(bound.scalar);
    throw context.statement.error('42809', `type ${type} is not composite`, bound.at);
  }
  return names.map((name, i) => ({ name, scalar: fieldOf(bound.scalar, i) }));
}

/** `(record).name`. `from`: what the record is written as. */
export function selectField(statement: Statement, record: Bound, step: Node, from: Node): HirScalar {
  if ('A_Star' in step) {
    throw statement.error('0A000', 'row expansion via "*" is not supported here', record.at);
  }
  const name = stringOf(step);
  const names = statement.fieldNames(record.scalar);
  if (names === null) {
    const shown = statement.shownType(record.scalar);
    const message = `column notation .${name} applied to type ${shown}, which is not a composite type`;
    throw statement.error('42809', message, record.at);
  }
  const index = names.indexOf(name);
  if (index < 0) {
    throw statement.error('42703', missingField(statement, record.scalar, name, from), record.at);
  }
  return fieldOf(record.scalar, index);
}

function missingField(statement: Statement, record: HirScalar, name: string, from: Node): string {
  const reference = nodeAs(from, 'ColumnRef');
  const row =
    reference === undefined ? undefined : nameParts(reference.fields).findLast((part) => part !== '*');
  const type = statement.shownType(record);
  if (row !== undefined && record.kind !== 'column') return `column ${row}.${name} does not exist`;
  if (type !== 'record') return `column "${name}" not found in data type ${type}`;
  return `could not identify column "${name}" in record data type`;
}

/** `t.*` where one value stands: the row as a whole. */
export function bindWholeRow(node: ColumnRef, context: ExpressionContext): HirScalar {
  const parts = nameParts(node.fields);
  const at = locationOf(node);
  const { statement, scope } = context;
  if (parts.length === 1) {
    throw statement.error('0A000', 'row expansion via "*" is not supported here', at);
  }
  const { item, level } = findItem(statement, scope, parts.slice(0, -1), at);
  return statement.ofRow(liftScalar(wholeRow(item), level), item.columns);
}

/** A row of a FROM item as a record: NULL where an outer join has none. */
export function wholeRow(item: ScopeItem): HirScalar {
  const record = ofRowType(makeRecord(item.columns), item.rowType?.());
  if (item.mayBeMissing !== true) return record;
  const type = typeOf(record);
  return {
    kind: 'case',
    branches: [{ condition: isMissing(item), result: literal(type.name, null) }],
    otherwise: record,
    type,
  };
}

/** That an outer join has no row of the item: none of its columns has a value. */
export function isMissing(item: ScopeItem): HirScalar {
  return and(item.columns.map(({ scalar }) => isNull(scalar)));
}

/** A record of these very fields is of the type, whatever the item calls its columns; what has no name has the item's. */
function ofRowType(record: HirScalar, rowType: TypeName | undefined): HirScalar {
  if (rowType === undefined || compositeName(rowType) === null) return record;
  const [given, wanted] = [recordFields(typeOf(record).name)!, recordFields(rowType)!];
  const same =
    given.length === wanted.length && given.every(({ type }, i) => type.name === wanted[i]!.type.name);
  return same ? relabel(record, plain(rowType)) : record;
}

/** `record IS NULL` (all fields are) and `record IS NOT NULL` (none is); null for what is no record. */
export function recordNullTest(scalar: HirScalar, wanted: boolean): HirScalar | null {
  if (recordFields(typeOf(scalar).name) === null) return null;
  return call(wanted ? recordIsNull : recordIsNotNull, [scalar]);
}
