/** Functions in FROM: set-returning ones, and windows of time over a relation. */
import type { FuncCall, Node, RangeFunction } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirRelation, HirScalar, HirTableCall } from '../hir.ts';
import { isSetReturning, tableQuery } from '../functions/table-functions.ts';
import { displayType } from '../types/format.ts';
import { compositeName, recordFields } from '../types/record.ts';
import { arrayType, elementType, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { parseQuery } from './body.ts';
import { unknownToText } from './coerce.ts';
import { columnName } from './column-name.ts';
import { expressionContext } from './context.ts';
import type { ExpressionContext, QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { aliased } from './from.ts';
import type { BoundFrom } from './from.ts';
import {
  bindRecordFunction,
  columnsOfRows,
  definedColumns,
  isRecordFunction,
  recordRowsInStep,
} from './json-record.ts';
import { bindSubquery } from './query.ts';
import { fieldsOf, makeRecord } from './record.ts';
import { columnOf, projectScalars } from './relation.ts';
import { columnType, typeOf } from './scalar.ts';
import { emptyScope } from './scope.ts';
import { sessionWindow } from './session-window.ts';
import { bindTableCall, tableFunction } from './set-returning.ts';
import { arrayOfRows, bindSqlCall, sqlFunctionRows } from './sql-function.ts';
import type { BoundCall } from './sql-function.ts';
import { isTimeWindow, timeWindow } from './time-window.ts';
import { inputErrorFields } from './input-error.ts';

/** Binds a RangeFunction. */
export function bindTableFunction(node: RangeFunction, context: QueryContext): BoundFrom {
  const { statement } = context;
  const items = (node.functions ?? []).map((item) => nodeAs(item, 'List')?.items ?? []);
  const call = nodeAs(items[0]?.[0], 'FuncCall');
  const at = call === undefined ? undefined : locationOf(call);
  const name = call === undefined ? undefined : nameParts(call.funcname).pop()!;
  if (call !== undefined && isTimeWindow(name) && items.length === 1) {
    if (node.ordinality === true) throw statement.unsupported('WITH ORDINALITY', at);
    return name === 'session' ? sessionWindow(call, node, context) : timeWindow(name, call, node, context);
  }
  const definitions = node.coldeflist ?? nodeAs(items[0]?.[1], 'List')?.items;
  const query = call?.args === undefined && items.length === 1 ? tableQuery(name ?? '') : null;
  if (query !== null) {
    checkDefinitions(null, definitions, context);
    const relation = statement.withoutPositions(() =>
      bindSubquery(parseQuery(query), { ...context, ctes: [], outer: null }),
    );
    return aliased(relation, name!, null, node.alias, context, undefined, undefined);
  }
  if (call !== undefined && items.length === 1 && isRecordFunction(call)) {
    return bindRecordFunction(call, definitions, node, context);
  }
  if (call?.args?.length === 2 && items.length === 1 && name === 'pg_input_error_info') {
    return inputErrorInfo(call, node, context);
  }
  const own =
    call === undefined || items.length > 1 || node.ordinality === true
      ? null
      : ownFunction(call, definitions, node, context);
  if (own !== null) return own;
  if (node.ordinality === true && node.coldeflist !== undefined) {
    const first = locationOf(nodeAs(node.coldeflist[0], 'ColumnDef')!);
    throw statement.error('42601', 'WITH ORDINALITY cannot be used with a column definition list', first, {
      hint: 'Put the column definition list inside ROWS FROM().',
    });
  }
  const parts = items.flatMap((item): FunctionItem[] => {
    const defined = node.coldeflist ?? nodeAs(item[1], 'List')?.items;
    return unnested(item[0]!).map((each) => ({ node: each, definitions: defined }));
  });
  return functionsInFrom(parts, node, context);
}

/** A function of ROWS FROM, with its column definition list. */
interface FunctionItem {
  readonly node: Node;
  readonly definitions: readonly Node[] | undefined;
}

/** The call, of a function that returns record with the columns of the list, which no other has. */
function withDefinitions(
  call: BoundCall,
  definitions: readonly Node[] | undefined,
  context: QueryContext,
): BoundCall {
  const { statement } = context;
  const { result } = call.called;
  const isRecord = result.kind === 'columns' && result.columns.length === 0;
  if (definitions === undefined) {
    if (!isRecord) return call;
    const message = 'a column definition list is required for functions returning "record"';
    throw statement.error('42601', message, call.at);
  }
  if (isRecord) {
    const columns = definedColumns(definitions, context).map(({ name, declared }) => ({
      name,
      type: declared.type.name,
      typmod: declared.type.typmod,
    }));
    return { ...call, called: { ...call.called, result: { ...result, columns } }, definesColumns: true };
  }
  const isComposite = result.kind === 'value' && recordFields(result.type) !== null;
  const why =
    result.kind === 'columns'
      ? 'redundant for a function with OUT parameters'
      : isComposite
        ? 'redundant for a function returning a named composite type'
        : 'only allowed for functions returning "record"';
  const at = locationOf(nodeAs(definitions[0], 'ColumnDef')!);
  throw statement.error('42601', `a column definition list is ${why}`, at);
}

/** A function in SQL. Its arguments read the row around it. */
function ownFunction(
  node: FuncCall,
  definitions: readonly Node[] | undefined,
  range: RangeFunction,
  context: QueryContext,
): BoundFrom | null {
  const around = expressionContext(context, context.outer ?? emptyScope, 'functions in FROM');
  const found = bindSqlCall(node, around);
  if (found === null) return null;
  const call = withDefinitions(found, definitions, context);
  const made = sqlFunctionRows(call, context);
  // What a function gives is of no relation.
  const rows = { ...made, columns: made.columns.map((column) => ({ ...column, origin: undefined })) };
  const { called } = call;
  const { result } = called;
  const isValue = result.kind === 'value' && recordFields(result.type) === null;
  const [column] = rows.columns;
  const named = isValue
    ? { ...rows, columns: [{ ...column!, name: result.column ?? range.alias?.aliasname ?? called.name }] }
    : rows;
  const bound = aliased(named, called.name, null, range.alias, context, undefined, undefined);
  if (isValue) return asValue(bound);
  return result.kind === 'value' ? ofRowType(bound, result.type) : bound;
}

/** One row, whose columns are what is wrong with a text. */
function inputErrorInfo(call: FuncCall, range: RangeFunction, context: QueryContext): BoundFrom {
  const expression = expressionContext(context, { items: [], outer: context.outer }, 'functions in FROM');
  const { statement } = context;
  if (range.ordinality === true) {
    throw statement.unsupported('WITH ORDINALITY of a function without sets', locationOf(call));
  }
  const args = call.args!.map((argument) => bindExpression(argument, expression));
  const fields = inputErrorFields(args, expression);
  const columns = fields.map(({ name, scalar }) => ({ name, type: columnType(scalar) }));
  const relation: HirRelation = { kind: 'constant', columns, rows: [fields.map(({ scalar }) => scalar)] };
  return aliased(relation, 'pg_input_error_info', null, range.alias, context, undefined, undefined);
}

/** `unnest(a, b)` is unnest(a) and unnest(b) in step. */
function unnested(node: Node): Node[] {
  const call = nodeAs(node, 'FuncCall');
  const args = call?.args ?? [];
  if (call === undefined || args.length < 2 || nameParts(call.funcname).pop() !== 'unnest') return [node];
  return args.map((argument) => ({ FuncCall: { ...call, args: [argument] } }));
}

/** A part of ROWS FROM as a call of the engine's, with the columns that it has. */
interface BoundPart {
  readonly call: HirTableCall;
  readonly columns: readonly HirColumn[];
  /** It gives one value a row, under the function's name or an alias. */
  readonly isValue: boolean;
}

/** `f(x)`, `ROWS FROM (f(x), g(x))`, WITH ORDINALITY. */
function functionsInFrom(
  parts: readonly FunctionItem[],
  node: RangeFunction,
  context: QueryContext,
): BoundFrom {
  const scope = { items: [], outer: context.outer };
  const expression = expressionContext(context, scope, 'functions in FROM');
  const alias = node.alias?.aliasname;
  const names = parts.map((part) => columnName(part.node));
  const [first] = parts;
  const single = parts.length === 1 && node.ordinality !== true ? oneValue(first!, expression) : null;
  if (single !== null) {
    // A function that gives one value is a relation of one row.
    const columns = [{ name: alias ?? names[0]!, type: columnType(single) }];
    const relation: HirRelation = { kind: 'constant', columns, rows: [[single]] };
    const isRow = recordFields(typeOf(single).name) !== null;
    const shown = isRow && first!.definitions !== undefined ? withFields(relation) : relation;
    const bound = aliased(
      withDefinedNames(shown, first!.definitions, context),
      ...([names[0]!, null, node.alias, context, undefined, undefined] as const),
    );
    return shown === relation ? asValue(bound) : bound;
  }
  const bound = parts.map((part, i) => boundPart(part, names[i]!, node, expression));
  const columns = bound.map((part) =>
    part.isValue && parts.length === 1 && alias !== undefined
      ? part.columns.map((column) => ({ ...column, name: alias }))
      : part.columns,
  );
  const relation = withFields(
    tableFunction(
      bound.map(({ call }) => call),
      columns,
      node.ordinality === true,
    ),
  );
  const named = parts.length === 1 ? withDefinedNames(relation, first!.definitions, context) : relation;
  const from = aliased(named, names[0]!, null, node.alias, context, undefined, undefined);
  const [column] = columns.flat();
  const isOne = columns.flat().length === 1 && node.ordinality !== true;
  if (isOne && relation.columns.length === 1 && !isRecord(column!)) return asValue(from);
  return isOne ? ofRowType(from, column!.type.name) : from;
}

/** What a function gives that is none of sets; null for one that is. */
function oneValue({ node, definitions }: FunctionItem, expression: ExpressionContext): HirScalar | null {
  const call = nodeAs(node, 'FuncCall');
  if (call !== undefined && isSetReturning(nameParts(call.funcname).pop()!)) return null;
  const value = unknownToText(expression.statement, bindExpression(node, expression));
  checkDefinitions(typeOf(value).name, definitions, expression.query);
  return value;
}

function boundPart(
  part: FunctionItem,
  name: string,
  range: RangeFunction,
  expression: ExpressionContext,
): BoundPart {
  const { node, definitions } = part;
  const call = nodeAs(node, 'FuncCall');
  if (call !== undefined && isRecordFunction(call)) {
    const rows = recordRowsInStep(call, definitions, range, expression.query);
    return { call: rows.call, columns: columnsOfRows(rows), isValue: false };
  }
  if (call !== undefined && isSetReturning(nameParts(call.funcname).pop()!)) {
    const { entry, call: made } = bindTableCall(call, expression);
    const [only] = entry.columns;
    if (entry.columns.length > 1) checkDefinitions(null, definitions, expression.query);
    else checkDefinitions(only!.type, definitions, expression.query);
    const columns = entry.columns.map((column): HirColumn => ({
      name: column.name ?? entry.name,
      type: { ...plain(column.type), nullable: column.nullable },
    }));
    return { call: made, columns, isValue: only!.name === null || only!.name === undefined };
  }
  const own = call === undefined ? null : bindSqlCall(call, expression);
  const array =
    own === null
      ? arrayOfOne(oneValue(part, expression)!, name)
      : arrayOfRows(withDefinitions(own, definitions, expression.query), expression);
  const type = { ...plain(elementType(typeOf(array).name)!), nullable: true };
  const result = own?.called.result;
  const column = result?.kind === 'value' ? result.column : undefined;
  return {
    call: { function: 'unnest', arguments: [array], canError: false },
    columns: [{ name: column ?? name, type }],
    isValue: column === undefined,
  };
}

/** A value as the one row of a function. There are no arrays of arrays: of these it is the record of one. */
function arrayOfOne(value: HirScalar, name: string): HirScalar {
  const type = typeOf(value).name;
  const element = elementType(type) === null ? value : makeRecord([{ name, scalar: value }]);
  const array = arrayType(typeOf(element).name)!;
  return { kind: 'array', elements: [element], nested: false, type: plain(array) };
}

/** A column definition list is for records of no name, which have to be as it says. `type`: null for columns that have names. */
export function checkDefinitions(
  type: TypeName | null,
  definitions: readonly Node[] | undefined,
  context: QueryContext,
): void {
  if (definitions === undefined) return;
  const { statement } = context;
  const given = type === null ? null : recordFields(type);
  if (given === null || compositeName(type!) !== null) {
    const why =
      type === null
        ? 'redundant for a function with OUT parameters'
        : given === null
          ? 'only allowed for functions returning "record"'
          : 'redundant for a function returning a named composite type';
    const at = locationOf(nodeAs(definitions[0], 'ColumnDef')!);
    throw statement.error('42601', `a column definition list is ${why}`, at);
  }
  const wanted = definedColumns(definitions, context);
  const message = 'function return row and query-specified return row do not match';
  const returned = `${given.length} attribute${given.length === 1 ? '' : 's'}`;
  if (given.length !== wanted.length) {
    const detail = `Returned row contains ${returned}, but query expects ${wanted.length}.`;
    throw statement.error('42804', message, undefined, { detail });
  }
  given.forEach((field, i) => {
    const { name } = wanted[i]!.declared.type;
    const own = field.type.name === 'unknown' ? 'text' : field.type.name;
    if (own === name) return;
    const detail = `Returned type ${displayType(own)} at ordinal position ${i + 1}, but query expects ${displayType(name)}.`;
    throw statement.error('42804', message, undefined, { detail });
  });
}

/** The columns under the names of a column definition list. */
function withDefinedNames(
  relation: HirRelation,
  definitions: readonly Node[] | undefined,
  context: QueryContext,
): HirRelation {
  if (definitions === undefined) return relation;
  const defined = definedColumns(definitions, context);
  const columns = relation.columns.map((column, i) => ({ ...column, name: defined[i]?.name ?? column.name }));
  return { ...relation, columns };
}

function isRecord({ type }: HirColumn): boolean {
  return recordFields(type.name) !== null;
}

/** Records are rows of their fields in FROM. */
function withFields(relation: HirRelation): HirRelation {
  if (!relation.columns.some(isRecord)) return relation;
  return projectScalars(
    relation,
    relation.columns.flatMap((column, i) => {
      const scalar = columnOf(relation, i);
      return isRecord(column) ? fieldsOf(scalar) : [{ name: column.name, scalar }];
    }),
  );
}

/** The item's rows are of this composite type. */
function ofRowType({ relation, items }: BoundFrom, type: TypeName): BoundFrom {
  return { relation, items: items.map((item) => ({ ...item, rowType: () => type })) };
}

/** The item's name stands for its one column's value. */
function asValue({ relation, items }: BoundFrom): BoundFrom {
  return { relation, items: items.map((item) => ({ ...item, isValue: true })) };
}
