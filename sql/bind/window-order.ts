/**
 * Window functions over a query in FROM that has an order: where a window leaves the order of its rows open, they come as that query
 * gives them. Whatever goes by peers does not change: which rows are peers is the window's to say.
 */
import type { Frame } from '../../engine/plan.generated.ts';
import { aggregateNamed } from '../functions/aggregates.ts';
import type { OrderItem, PlacedCall } from './window.ts';

const BY_ROW: ReadonlySet<string> = new Set(['rowNumber', 'ntile', 'lag', 'lead']);
const BY_FRAME: ReadonlySet<string> = new Set(['firstValue', 'lastValue', 'nthValue']);

/** The call over rows that are in this order behind the window's own. */
export function inRowsOrder(call: PlacedCall, rows: readonly OrderItem[]): PlacedCall {
  const frame = rows.length === 0 ? null : frameWithoutPeers(call);
  if (frame === null) return call;
  const { over } = call;
  return { ...call, over: { ...over, order: [...over.order, ...rows], frame: { ...over.frame, frame } } };
}

/** The call's frame where it does not go by peers; null: it does, or it goes by no order at all. */
function frameWithoutPeers({ function: { kind }, name, over }: PlacedCall): Frame | null {
  const { frame } = over.frame;
  if (BY_ROW.has(kind)) return frame;
  const isAggregate = kind === 'aggregate';
  if (!isAggregate && !BY_FRAME.has(kind)) return null;
  const { mode, exclusion } = frame;
  if (exclusion === 'group' || exclusion === 'ties') return null;
  if (mode === 'rows') return frame;
  const goesByOrder = !isAggregate || aggregateNamed(name)?.ordered === true;
  if (over.order.length > 0 || !goesByOrder) return null;
  // Without an order all rows are peers: the frame is the partition.
  return {
    mode: 'rows',
    start: { kind: 'unboundedPreceding' },
    end: { kind: 'unboundedFollowing' },
    exclusion,
  };
}
