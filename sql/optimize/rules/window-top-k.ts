/**
 * Rule 18: a filter on a rank keeps only the first rows of each partition, so only they need be ranked.
 *
 *     select … from (select …, row_number() over (partition by p order by o) as n from t) where n <= 3
 *         →   the top 3 of t by p, ordered by o, numbered
 *
 * row_number() takes that many rows, rank() those that tie with the last too; dense_rank() is a top-k only for its first
 * rank. Where nothing reads the number the Window goes too (demand). Only where all calls of the Window are ranks: others
 * would miss the rows that are gone. Ranks cannot fail, so no error appears.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { literal, sameScalar } from '../../mir/scalar.ts';
import { plain } from '../../types/table.ts';
import { localRule } from '../local-rule.ts';

type MirWindow = Extract<MirRelation, { kind: 'window' }>;

const RANKS = new Set(['rowNumber', 'rank', 'denseRank']);
const INTEGERS = new Set(['int2', 'int4', 'int8']);
const MIRRORED: Readonly<Record<string, string>> = { '<=': '>=', '<': '>', '>=': '<=', '>': '<', '=': '=' };

interface Bound {
  readonly column: number;
  /** The largest rank that passes. */
  readonly most: bigint;
  /** Whether all ranks up to it pass. */
  readonly all: boolean;
}

/** `rank <= k`, `rank < k`, `rank = k`, from either side. */
function boundOf(predicate: MirScalar): Bound | null {
  if (predicate.kind !== 'call' || predicate.arguments.length !== 2) return null;
  const [left, right] = predicate.arguments as readonly [MirScalar, MirScalar];
  const mirrored = left.kind === 'literal';
  const [rank, limit] = mirrored ? [right, left] : [left, right];
  const operator = mirrored ? MIRRORED[predicate.name] : predicate.name;
  if (rank.kind !== 'column' || limit.kind !== 'literal' || limit.text === null) return null;
  if (!INTEGERS.has(rank.type.name) || !INTEGERS.has(limit.type.name)) return null;
  const value = BigInt(limit.text);
  switch (operator) {
    case '<=':
      return { column: rank.index, most: value, all: true };
    case '<':
      return { column: rank.index, most: value - 1n, all: true };
    case '=':
      return { column: rank.index, most: value, all: value <= 1n };
    default:
      return null;
  }
}

/** The top-k below the Window that a bound asks for. */
function topKFor(window: MirWindow, { column, most }: Bound): MirRelation | null {
  const call = window.calls[column - window.input.columns.length];
  if (call === undefined) return null;
  const { kind } = call.function;
  if (kind === 'denseRank' && most > 1n) return null;
  const limit = literal(plain('int8'), String(most < 0n ? 0n : most));
  return build.topK(window.input, {
    partition: window.partition,
    order: window.order,
    limit,
    offset: null,
    withTies: kind !== 'rowNumber',
  });
}

/** Whether a relation is that top-k already. */
function isSame(input: MirRelation, wanted: MirRelation): boolean {
  if (input.kind !== 'topK' || wanted.kind !== 'topK' || input.limit === null || wanted.limit === null) {
    return false;
  }
  return (
    input.withTies === wanted.withTies &&
    sameScalar(input.limit, wanted.limit) &&
    input.partition.length === wanted.partition.length &&
    input.partition.every((key, index) => sameScalar(key, wanted.partition[index]!)) &&
    JSON.stringify(input.order) === JSON.stringify(wanted.order)
  );
}

function rewrite(relation: MirRelation): MirRelation {
  if (relation.kind !== 'filter' || relation.input.kind !== 'window') return relation;
  const window = relation.input;
  if (!window.calls.every((call) => RANKS.has(call.function.kind))) return relation;
  for (const [index, predicate] of relation.predicates.entries()) {
    const bound = boundOf(predicate);
    const top = bound === null ? null : topKFor(window, bound);
    if (bound === null || top === null || isSame(window.input, top)) continue;
    // No rank is less than 1.
    const passes = bound.all && bound.most >= 1n;
    const rest = passes ? relation.predicates.filter((_, at) => at !== index) : relation.predicates;
    return build.filter(build.window(top, window), rest);
  }
  return relation;
}

export const windowTopK = localRule('window-top-k', kinds('filter'), rewrite, kinds('window'));
