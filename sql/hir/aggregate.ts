/** What holds of the calls of aggregates, in HIR and in MIR alike. */
import type { AggregateFunction } from '../../engine/plan.generated.ts';

interface AggregateCall<Scalar> {
  readonly arguments: readonly Scalar[];
  readonly order: readonly { readonly scalar: Scalar }[];
  readonly filter: Scalar | null;
}

/** All that a call reads. */
export function aggregateScalars<Scalar>(call: AggregateCall<Scalar>): Scalar[] {
  const read = [...call.arguments, ...call.order.map((key) => key.scalar)];
  return call.filter === null ? read : [...read, call.filter];
}

/** Whether a call counts: it is then never NULL, and 0 over no rows. */
export function isCount(call: { readonly function: AggregateFunction }): boolean {
  return call.function === 'count' || call.function === 'countAll' || call.function === 'regrCount';
}

/** How many of a call's arguments are direct ones, evaluated once a group: the first ones. */
export function directArguments(call: { readonly function: AggregateFunction }): number {
  return call.function === 'percentileCont' || call.function === 'percentileDisc' ? 1 : 0;
}
