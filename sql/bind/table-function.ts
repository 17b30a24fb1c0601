/** Functions in FROM: set-returning ones, and windows of time over a relation. */
import type { FuncCall, Node, RangeFunction } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirRelation } from '../hir.ts';
import { isSetReturning, tableQuery } from '../functions/table-functions.ts';
import { recordFields } from '../types/record.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { parseQuery } from './body.ts';
import { unknownToText } from './coerce.ts';
import { columnName } from './column-name.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { aliased } from './from.ts';
import type { BoundFrom } from './from.ts';
import { bindRecordFunction, isRecordFunction } from './json-record.ts';
import { bindSubquery } from './query.ts';
import { fieldsOf } from './record.ts';
import { columnOf, projectScalars } from './relation.ts';
import { columnType } from './scalar.ts';
import { emptyScope } from './scope.ts';
import { sessionWindow } from './session-window.ts';
import { bindTableCall, tableFunction } from './set-returning.ts';
import { bindSqlCall, sqlFunctionRows } from './sql-function.ts';
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
  const query = call?.args === undefined && items.length === 1 ? tableQuery(name ?? '') : null;
  if (query !== null) {
    const relation = statement.withoutPositions(() =>
      bindSubquery(parseQuery(query), { ...context, ctes: [], outer: null }),
    );
    return aliased(relation, name!, null, node.alias, context, undefined, undefined);
  }
  const definitions = node.coldeflist ?? nodeAs(items[0]?.[1], 'List')?.items;
  if (call !== undefined && items.length === 1 && isRecordFunction(call)) {
    return bindRecordFunction(call, definitions, node, context);
  }
  if (node.coldeflist !== undefined || items.some((item) => nodeAs(item[1], 'List') !== undefined)) {
    throw statement.unsupported('a column definition list', at);
  }
  if (call?.args?.length === 2 && items.length === 1 && name === 'pg_input_error_info') {
    return inputErrorInfo(call, node, context);
  }
  const own = call === undefined || items.length > 1 ? null : ownFunction(call, node, context);
  if (own !== null) return own;
  return functionsInFrom(
    items.flatMap((item) => unnested(item[0]!)),
    node,
    context,
  );
}

/** A function in SQL. Its arguments read the row around it. */
function ownFunction(node: FuncCall, range: RangeFunction, context: QueryContext): BoundFrom | null {
  const around = expressionContext(context, context.outer ?? emptyScope, 'functions in FROM');
  const call = bindSqlCall(node, around);
  if (call === null) return null;
  if (range.ordinality === true) {
    throw context.statement.unsupported('WITH ORDINALITY of a function in SQL', call.at);
  }
  const rows = sqlFunctionRows(call, context);
  const { called } = call;
  const { result } = called;
  const isValue = result.kind === 'value' && recordFields(result.type) === null;
  const [column] = rows.columns;
  const named = isValue
    ? { ...rows, columns: [{ ...column!, name: range.alias?.aliasname ?? called.name }] }
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

/** `f(x)`, `ROWS FROM (f(x), g(x))`, WITH ORDINALITY. */
function functionsInFrom(nodes: readonly Node[], node: RangeFunction, context: QueryContext): BoundFrom {
  const { statement } = context;
  const scope = { items: [], outer: context.outer };
  const expression = expressionContext(context, scope, 'functions in FROM');
  const alias = node.alias?.aliasname;
  const names = nodes.map(columnName);
  const calls = nodes.map((item) => {
    const call = nodeAs(item, 'FuncCall');
    const isSet = call !== undefined && isSetReturning(nameParts(call.funcname).pop()!);
    return isSet ? bindTableCall(call, expression) : bindExpression(item, expression);
  });
  const at = calls[0]!.at;
  const [first] = calls;
  if (calls.length === 1 && first !== undefined && 'scalar' in first) {
    // A function that gives one value is a relation of one row.
    if (node.ordinality === true)
      throw statement.unsupported('WITH ORDINALITY of a function without sets', at);
    const scalar = unknownToText(statement, first);
    const columns = [{ name: alias ?? names[0]!, type: columnType(scalar) }];
    const relation: HirRelation = { kind: 'constant', columns, rows: [[scalar]] };
    return asValue(aliased(relation, names[0]!, null, node.alias, context, undefined, undefined));
  }
  const sets = calls.map((call) => {
    if ('call' in call) return call;
    throw statement.unsupported('ROWS FROM with a function that gives no sets', call.at);
  });
  const columns = sets.map(({ entry }) =>
    entry.columns.map((column): HirColumn => ({
      name: column.name ?? (sets.length === 1 ? alias : undefined) ?? entry.name,
      type: { ...plain(column.type), nullable: column.nullable },
    })),
  );
  const relation = withFields(
    tableFunction(
      sets.map(({ call }) => call),
      columns,
      node.ordinality === true,
    ),
  );
  const bound = aliased(relation, names[0]!, null, node.alias, context, undefined, undefined);
  const [column] = columns.flat();
  const isOne = columns.flat().length === 1 && node.ordinality !== true;
  if (isOne && relation.columns.length === 1 && !isRecord(column!)) return asValue(bound);
  return isOne ? ofRowType(bound, column!.type.name) : bound;
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
