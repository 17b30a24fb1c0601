/**
 * Grouping and duplicate elimination by SQL equality. Where equality is wider than identity the canonical value is the
 * key, and the least representation present is what is shown.
 */
import type { MirAggregate, MirRelation, MirScalar } from '../mir.ts';
import { groupingKey, needsCanonical } from '../mir/equality.ts';
import { distinct, project, reduce } from '../mir/relation.ts';
import { columnsOfRow } from '../mir/scalar.ts';

/**
 * Groups by `keys` under SQL equality: output is the keys as shown, then the aggregates. The first `prefix` keys tell
 * rows of a domain apart: they group by identity.
 */
export function reduceBySqlEquality(
  input: MirRelation,
  keys: readonly MirScalar[],
  aggregates: readonly MirAggregate[],
  prefix = 0,
): MirRelation {
  const isWide = (key: MirScalar, index: number): boolean => index >= prefix && needsCanonical(key.type);
  if (!keys.some(isWide)) return reduce(input, keys, aggregates);
  const shown: MirAggregate[] = [];
  const indexes = keys.map((key, index) => {
    if (!isWide(key, index)) return index;
    shown.push({
      function: 'leastRepresentation',
      arguments: [key],
      distinct: false,
      order: [],
      filter: null,
      type: key.type,
    });
    return keys.length + aggregates.length + shown.length - 1;
  });
  const grouping = keys.map((key, index) => (index < prefix ? key : groupingKey(key)));
  const reduced = reduce(input, grouping, [...aggregates, ...shown]);
  return project(reduced, [...indexes, ...aggregates.map((_, index) => keys.length + index)]);
}

/** Each row once, by SQL equality. */
export function distinctBySqlEquality(input: MirRelation, prefix = 0): MirRelation {
  if (!input.columns.slice(prefix).some(needsCanonical)) return distinct(input);
  return reduceBySqlEquality(input, columnsOfRow(input.columns), [], prefix);
}
