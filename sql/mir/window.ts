/** What the calls of a Window read, and the same calls over other columns. */
import type { Frame, FrameBound } from '../../engine/plan.generated.ts';
import type { MirWindowCall } from '../mir.ts';

/** The columns that a call reads. */
export function windowColumns(call: MirWindowCall): number[] {
  const bounds = [call.frame.start, call.frame.end];
  const offsets = bounds.flatMap((bound) => ('column' in bound ? [bound.column] : []));
  return [...call.arguments, ...(call.filter === null ? [] : [call.filter]), ...offsets];
}

/** The frame with its offsets in the columns that `to` says. */
function moveFrame(frame: Frame, to: (column: number) => number): Frame {
  const bound = (given: FrameBound): FrameBound =>
    'column' in given ? { ...given, column: to(given.column) } : given;
  return { ...frame, start: bound(frame.start), end: bound(frame.end) };
}

/** The call over other columns. */
export function moveCall(call: MirWindowCall, to: (column: number) => number): MirWindowCall {
  return {
    ...call,
    arguments: call.arguments.map(to),
    filter: call.filter === null ? null : to(call.filter),
    frame: moveFrame(call.frame, to),
  };
}
