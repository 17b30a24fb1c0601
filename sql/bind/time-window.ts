/** TUMBLE and HOP over a relation, and what SESSION has in common with them. */
import type { FuncCall, Node, RangeFunction, RangeVar } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirRelation, HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { coerce } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { aliased, bindRangeVar } from './from.ts';
import type { BoundFrom } from './from.ts';
import { evaluate } from './literal.ts';
import { typeOf } from './scalar.ts';
import { emptyScope, resolveColumn } from './scope.ts';

/** Whether it is the name of a window of time. */
export function isTimeWindow(name: string | undefined): name is 'tumble' | 'hop' | 'session' {
  return name === 'tumble' || name === 'hop' || name === 'session';
}

/** `TUMBLE(relation, column, size [, offset])`, `HOP(relation, column, slide, size [, offset])`. */
export function timeWindow(
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
  if (args.length !== wanted && args.length !== wanted + 1) {
    const shape = name === 'tumble' ? 'TUMBLE(relation, column, size)' : 'HOP(relation, column, slide, size)';
    const hint = `Write ${shape}; an offset can stand behind.`;
    throw statement.error('42883', `${word} takes ${wanted} arguments`, at, { hint });
  }
  const { range, input, column, type } = timedRelation(word, args[0]!, args[1]!, context, at);
  const intervals = args.slice(2, wanted).map((argument) => intervalOf(argument, word, context));
  const shifted = args[wanted];
  const offset = shifted === undefined ? null : fixedIntervalOf(shifted, word, context).scalar;
  const slide = intervals[0]!;
  const size = intervals[intervals.length - 1]!;
  const { relation } = input;
  const bound: HirColumn['type'] = {
    name: type,
    typmod: -1,
    nullable: input.relation.columns[column]!.type.nullable,
  };
  const windowed: HirRelation = {
    kind: 'timeWindow',
    columns: [
      ...relation.columns,
      { name: 'window_start', type: bound },
      { name: 'window_end', type: bound },
    ],
    input: relation,
    column,
    slide,
    size,
    offset,
  };
  return aliased(windowed, range.relname!, range.schemaname ?? null, node.alias, context, undefined, at);
}

/** The relation that a window of time is over, and its column of times. */
export interface TimedRelation {
  readonly range: RangeVar;
  readonly input: BoundFrom;
  readonly column: number;
  readonly type: 'timestamp' | 'timestamptz';
}

/** The first two arguments of a window of time. */
export function timedRelation(
  word: string,
  relation: Node,
  time: Node,
  context: QueryContext,
  at: number | undefined,
): TimedRelation {
  const { statement } = context;
  const range = rangeOf(relation, word, context);
  const input = bindRangeVar(range, context);
  const columnNode = nodeAs(time, 'ColumnRef');
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
  return { range, input, column: column.index, type };
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
export function intervalOf(node: Node, word: string, context: QueryContext): HirScalar {
  const { statement } = context;
  const { scalar, text, at } = fixedIntervalOf(node, word, context);
  const interval = (text: string) => ({ kind: 'literal', scalar: 'interval', text }) as const;
  const positive = evaluate(
    statement,
    {
      kind: 'call',
      opcode: 'interval_gt',
      arguments: [interval(text), interval('00:00:00')],
      scalar: 'bool',
    },
    at,
  );
  if (positive !== 't') {
    throw statement.error('22023', `the lengths given to ${word} must be greater than zero`, at);
  }
  return scalar;
}

/** A constant interval of fixed length. */
function fixedIntervalOf(
  node: Node,
  word: string,
  context: QueryContext,
): { readonly scalar: HirScalar; readonly text: string; readonly at: number | undefined } {
  const { statement } = context;
  const bound = bindExpression(node, expressionContext(context, emptyScope, 'functions in FROM'));
  const scalar = coerce(statement, bound, 'interval', 'implicit');
  if (scalar?.kind !== 'literal' || scalar.text === null) {
    throw statement.error('42804', `the lengths given to ${word} must be interval literals`, bound.at);
  }
  if (/mon|year/.test(scalar.text)) {
    throw statement.error('22023', `the lengths given to ${word} must not contain months or years`, bound.at);
  }
  return { scalar, text: scalar.text, at: bound.at };
}
