/** Conditions that a rank is among the first. */
import type { MirScalar } from '../../mir.ts';
import type { MirNode } from '../../mir/relation.ts';
import { literal } from '../../mir/scalar.ts';
import { plain } from '../../types/table.ts';

const RANKS = ['rowNumber', 'rank', 'denseRank'] as const;
const INTEGERS = new Set(['int2', 'int4', 'int8']);
const MIRRORED: Readonly<Record<string, string>> = { '<=': '>=', '<': '>', '>=': '<=', '>': '<', '=': '=' };

export interface RankBound {
  readonly rank: (typeof RANKS)[number];
  /** The largest rank that passes. */
  readonly most: bigint;
  /** Whether all ranks up to it pass. */
  readonly all: boolean;
}

/** Whether all that a Window computes are ranks: rows behind those that are wanted change nothing then. */
export function ranksOnly(window: MirNode<'window'>): boolean {
  return window.calls.every((call) => RANKS.some((rank) => rank === call.function.kind));
}

/** `rank <= k`, `rank < k`, `rank = k`, from either side, of a rank of the Window. */
export function rankBound(predicate: MirScalar, window: MirNode<'window'>): RankBound | null {
  if (predicate.kind !== 'call' || predicate.arguments.length !== 2) return null;
  const [left, right] = predicate.arguments as readonly [MirScalar, MirScalar];
  const mirrored = left.kind === 'literal';
  const [tested, limit] = mirrored ? [right, left] : [left, right];
  const operator = mirrored ? MIRRORED[predicate.name] : predicate.name;
  if (tested.kind !== 'column' || limit.kind !== 'literal' || limit.text === null) return null;
  if (!INTEGERS.has(tested.type.name) || !INTEGERS.has(limit.type.name)) return null;
  const call = window.calls[tested.index - window.input.columns.length];
  const rank = RANKS.find((kind) => kind === call?.function.kind);
  if (rank === undefined) return null;
  const value = BigInt(limit.text);
  switch (operator) {
    case '<=':
      return { rank, most: value, all: true };
    case '<':
      return { rank, most: value - 1n, all: true };
    case '=':
      return { rank, most: value, all: value <= 1n };
    default:
      return null;
  }
}

/** How many ranks pass, for a LIMIT. */
export function rankLimit({ most }: RankBound): MirScalar {
  return literal(plain('int8'), String(most < 0n ? 0n : most));
}
