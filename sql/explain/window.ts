/** Window functions as text. */
import type { Frame, FrameBound, WindowFunction } from '../../engine/plan.generated.ts';
import { aggregateText, orderText } from './text.ts';

interface Call {
  readonly function: WindowFunction;
  readonly arguments: readonly number[];
  readonly filter: number | null;
  readonly frame: Frame;
}

const NAMES: Readonly<Record<Exclude<WindowFunction['kind'], 'aggregate'>, string>> = {
  rowNumber: 'row_number',
  rank: 'rank',
  denseRank: 'dense_rank',
  percentRank: 'percent_rank',
  cumeDist: 'cume_dist',
  ntile: 'ntile',
  lag: 'lag',
  lead: 'lead',
  firstValue: 'first_value',
  lastValue: 'last_value',
  nthValue: 'nth_value',
};

const EXCLUSIONS: Readonly<Record<Frame['exclusion'], string>> = {
  noOthers: '',
  currentRow: ' exclude current row',
  group: ' exclude group',
  ties: ' exclude ties',
};

function boundText(bound: FrameBound): string {
  switch (bound.kind) {
    case 'unboundedPreceding':
      return 'unbounded preceding';
    case 'preceding':
      return `#${bound.column} preceding`;
    case 'currentRow':
      return 'current row';
    case 'following':
      return `#${bound.column} following`;
    case 'unboundedFollowing':
      return 'unbounded following';
  }
}

/** The frame, if it is not the one that a call has when nothing is said. */
function frameText({ mode, start, end, exclusion }: Frame): string {
  const usual =
    mode === 'range' &&
    start.kind === 'unboundedPreceding' &&
    end.kind === 'currentRow' &&
    exclusion === 'noOthers';
  return usual ? '' : ` ${mode} ${boundText(start)} to ${boundText(end)}${EXCLUSIONS[exclusion]}`;
}

function callText(call: Call): string {
  const args = call.arguments.map((index) => `#${index}`);
  const text =
    call.function.kind === 'aggregate'
      ? aggregateText(call.function.function, args, {
          distinct: false,
          filter: call.filter === null ? null : `#${call.filter}`,
        })
      : `${NAMES[call.function.kind]}(${args.join(', ')})`;
  return `${text}${frameText(call.frame)}`;
}

/** `row_number(), sum(#2) by (#0) order by #1`. */
export function windowText(
  calls: readonly Call[],
  by: string,
  order: readonly { readonly column: number; readonly descending: boolean; readonly nullsFirst: boolean }[],
): string {
  const parts = [
    by === '' ? '' : ` by (${by})`,
    order.length === 0 ? '' : ` order by ${order.map(orderText).join(', ')}`,
  ];
  return `${calls.map(callText).join(', ')}${parts.join('')}`;
}
