/** Functions in FROM: set-returning ones, and TUMBLE and HOP over a relation. */
import type { FuncCall, Node, RangeFunction, RangeVar } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirRelation, HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { isSetReturning } from '../functions/table-functions.ts';
import { plain } from '../types/table.ts';
import { coerce, unknownToText } from './coerce.ts';
import { columnName } from './column-name.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { aliased, bindRangeVar } from './from.ts';
import type { BoundFrom } from './from.ts';
import { evaluate } from './literal.ts';
import { emptyScope, resolveColumn } from './scope.ts';
import { columnType, typeOf } from './scalar.ts';
import { bindTableCall, tableFunction } from './set-returning.ts';

/** Binds a RangeFunction. */
export function bindTableFunction(node: RangeFunction, context: QueryContext): BoundFrom {
  const { statement } = context;
  const items = (node.functions ?? []).map((item) => nodeAs(item, 'List')?.items ?? []);
  const call = nodeAs(items[0]?.[0], 'FuncCall');
  const at = call === undefined ? undefined : locationOf(call);
  const name = call === undefined ? undefined : nameParts(call.funcname).pop()!;
  if (call !== undefined && (name === 'tumble' || name === 'hop') && items.length === 1) {
    if (node.ordinality === true) throw statement.unsupported('WITH ORDINALITY', at);
    return timeWindow(name, call, node, context);
  }
  if (name === 'session') throw statement.unsupported('the table function SESSION', at);
  if (node.coldeflist !== undefined || items.some((item) => nodeAs(item[1], 'List') !== undefined)) {
    throw statement.unsupported('a column definition list', at);
  }
  return functionsInFrom(
    items.flatMap((item) => unnested(item[0]!)),
    node,
    context,
  );
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
  const relation = tableFunction(
    sets.map(({ call }) => call),
    columns,
    node.ordinality === true,
  );
  const bound = aliased(relation, names[0]!, null, node.alias, context, undefined, undefined);
  return relation.columns.length === 1 ? asValue(bound) : bound;
}

/** The item's name stands for its one column's value. */
function asValue({ relation, items }: BoundFrom): BoundFrom {
  return { relation, items: items.map((item) => ({ ...item, isValue: true })) };
}

/** `TUMBLE(relation, column, size)`, `HOP(relation, column, slide, size)`. */
function timeWindow(
  name: 'tumble' | 'hop',
  call: FuncCall,
  node: RangeFunction,
  context: QueryContext,
): BoundFrom {
  const { statement } = context;
  const at = locationOf(call);
  const args = call.args ?? [];
  const word = name.toUpperCase();
  const wanted = name === 'tumble' ? 3 : 4;
  if (args.length !== wanted) {
    const shape = name === 'tumble' ? 'TUMBLE(relation, column, size)' : 'HOP(relation, column, slide, size)';
    throw statement.error('42883', `${word} takes ${wanted} arguments`, at, { hint: `Write ${shape}.` });
  }
  const range = rangeOf(args[0]!, word, context);
  const input = bindRangeVar(range, context);
  const columnNode = nodeAs(args[1], 'ColumnRef');
  if (columnNode === undefined) {
    throw statement.error('42804', `the second argument of ${word} must be a column of the relation`, at);
  }
  const scope = { items: input.items, outer: null };
  const column = resolveColumn(statement, scope, nameParts(columnNode.fields), locationOf(columnNode));
  const type = typeOf(column).name;
  if (column.kind !== 'column' || (type !== 'timestamp' && type !== 'timestamptz')) {
    throw statement.error(
      '42804',
      `the second argument of ${word} must be of type timestamp or timestamptz, not ${displayType(type)}`,
      locationOf(columnNode),
    );
  }
  const intervals = args.slice(2).map((argument) => intervalOf(argument, word, context));
  const slide = intervals[0]!;
  const size = intervals[intervals.length - 1]!;
  const { relation } = input;
  const bound: HirColumn['type'] = { name: type, typmod: -1, nullable: column.type.nullable };
  const windowed: HirRelation = {
    kind: 'timeWindow',
    columns: [
      ...relation.columns,
      { name: 'window_start', type: bound },
      { name: 'window_end', type: bound },
    ],
    input: relation,
    column: column.index,
    slide,
    size,
  };
  return aliased(windowed, range.relname!, range.schemaname ?? null, node.alias, context, undefined, at);
}

function rangeOf(node: Node, word: string, context: QueryContext): RangeVar {
  const reference = nodeAs(node, 'ColumnRef');
  const parts = reference === undefined ? [] : nameParts(reference.fields);
  if (reference === undefined || parts.length > 2 || parts.includes('*')) {
    throw context.statement.error('42601', `the first argument of ${word} must be the name of a relation`);
  }
  const [relname, schemaname] = [...parts].reverse();
  return { relname, ...(schemaname === undefined ? {} : { schemaname }), location: reference.location };
}

/** A constant interval of fixed length, above zero. */
function intervalOf(node: Node, word: string, context: QueryContext): HirScalar {
  const { statement } = context;
  const bound = bindExpression(node, expressionContext(context, emptyScope, 'functions in FROM'));
  const scalar = coerce(statement, bound, 'interval', 'implicit');
  if (scalar?.kind !== 'literal' || scalar.text === null) {
    throw statement.error('42804', `the lengths given to ${word} must be interval literals`, bound.at);
  }
  if (/mon|year/.test(scalar.text)) {
    throw statement.error('22023', `the lengths given to ${word} must not contain months or years`, bound.at);
  }
  const interval = (text: string) => ({ kind: 'literal', scalar: 'interval', text }) as const;
  const positive = evaluate(
    statement,
    {
      kind: 'call',
      opcode: 'interval_gt',
      arguments: [interval(scalar.text), interval('00:00:00')],
      scalar: 'bool',
    },
    bound.at,
  );
  if (positive !== 't') {
    throw statement.error('22023', `the lengths given to ${word} must be greater than zero`, bound.at);
  }
  return scalar;
}
