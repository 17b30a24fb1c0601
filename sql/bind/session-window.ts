/**
 * SESSION(relation, column, gap [PARTITION BY …]): rows whose times are at most the gap apart, one after the other, share a
 * window. It is made of window functions, so that sessions merge and split as rows come and go, and only the partitions
 * that a change touches are computed again.
 */
import type { FuncCall, Node, RangeFunction } from '@pgsql/types';
import { locationOf } from '../ast/accessors.ts';
import type { Frame, WindowFunction } from '../../engine/plan.generated.ts';
import type { HirColumn, HirOrder, HirRelation, HirScalar } from '../hir.ts';
import type { NullableType } from '../types/type.ts';
import { unknownToText } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { aliased } from './from.ts';
import type { BoundFrom } from './from.ts';
import { makeOperator } from './operator.ts';
import { columnOf, filter, map, project } from './relation.ts';
import { isNull, literal, not, or } from './scalar.ts';
import type { Bound } from './statement.ts';
import { intervalOf, timedRelation } from './time-window.ts';
import { USUAL_FRAME } from './window-frame.ts';

/** Binds the call. A row without a time is in no session. */
export function sessionWindow(call: FuncCall, node: RangeFunction, context: QueryContext): BoundFrom {
  const { statement } = context;
  const at = locationOf(call);
  const args = call.args ?? [];
  if (args.length !== 3) {
    throw statement.error('42883', 'SESSION takes 3 arguments', at, {
      hint: 'Write SESSION(relation, column, gap) or SESSION(relation, column, gap PARTITION BY expression, …).',
    });
  }
  const { range, input, column, type } = timedRelation('SESSION', args[0]!, args[1]!, context, at);
  const gap = intervalOf(args[2]!, 'SESSION', context);
  const keys = partitionOf(at, input, context);

  const width = input.relation.columns.length;
  const present = timed(filter(input.relation, not(isNull(columnOf(input.relation, column)))), column);
  const keyed =
    keys.length === 0
      ? present
      : map(
          present,
          keys.map((scalar) => ({ name: 'key', scalar })),
        );
  const partition = keys.map((_, index) => width + index);
  const order: readonly HirOrder[] = [{ column, descending: false, nullsFirst: false }];
  const time: NullableType = { name: type, typmod: -1, nullable: false };
  const perhaps = { ...time, nullable: true };

  const lagged = window(keyed, partition, order, { kind: 'lag' }, column, perhaps);
  const expression = expressionContext(context, { items: [], outer: null }, 'functions in FROM');
  const bound = (scalar: HirScalar): Bound => ({ scalar, at });
  const plus = (scalar: HirScalar): HirScalar => makeOperator(expression, '+', bound(scalar), bound(gap), at);
  const previous = columnOf(lagged, lagged.columns.length - 1);
  const own = columnOf(lagged, column);
  const begins = or([isNull(previous), makeOperator(expression, '>', bound(own), bound(plus(previous)), at)]);
  const firsts = map(lagged, [
    {
      name: 'first',
      scalar: {
        kind: 'case',
        branches: [{ condition: begins, result: own }],
        otherwise: literal(type, null),
        type: time,
      },
    },
  ]);
  // Times come in order: the latest beginning so far is that of the row's own session.
  const greatest = { kind: 'aggregate', function: 'max' } as const;
  const started = window(firsts, partition, order, greatest, firsts.columns.length - 1, time);
  const start = started.columns.length - 1;
  const last = window(started, [...partition, start], [], greatest, column, time);
  const ended = map(last, [{ name: 'window_end', scalar: plus(columnOf(last, start + 1)) }]);
  const indexes = [...input.relation.columns.keys(), start, start + 2];
  const names = [...input.relation.columns.map(({ name }) => name), 'window_start', 'window_end'];
  const relation = project(ended, indexes, names);
  return aliased(relation, range.relname!, range.schemaname ?? null, node.alias, context, undefined, at);
}

/** The relation, whose times are all there. */
function timed(relation: HirRelation, column: number): HirRelation {
  const columns = relation.columns.map((given, index): HirColumn =>
    index === column ? { ...given, type: { ...given.type, nullable: false } } : given,
  );
  return { ...relation, columns };
}

/** The expressions of PARTITION BY, over the relation. */
function partitionOf(at: number | undefined, input: BoundFrom, context: QueryContext): HirScalar[] {
  const { statement } = context;
  const extension = at === undefined ? undefined : statement.environment.extensions?.at.get(at);
  if (extension?.kind !== 'session_partition') return [];
  const scope = { items: input.items, outer: null };
  const expression = expressionContext(context, scope, 'functions in FROM');
  return extension.partition.map((node: Node) => unknownToText(statement, bindExpression(node, expression)));
}

const WHOLE: Frame = { ...USUAL_FRAME, end: { kind: 'unboundedFollowing' } };

/** The relation and one window function of a column. */
function window(
  input: HirRelation,
  partition: readonly number[],
  order: readonly HirOrder[],
  kind: WindowFunction,
  argument: number,
  type: NullableType,
): HirRelation {
  const frame = order.length === 0 ? WHOLE : USUAL_FRAME;
  return {
    kind: 'window',
    columns: [...input.columns, { name: kind.kind, type }],
    input,
    partition,
    order,
    calls: [{ function: kind, arguments: [argument], filter: null, frame, type }],
  };
}
