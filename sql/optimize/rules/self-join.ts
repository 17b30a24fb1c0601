/**
 * Rule 14: a relation joined with itself by a unique key is read once.
 *
 *     select a.x, b.y from t a join t b on a.id = b.id   (id is the primary key)   →   select x, y from t
 *
 * Each row meets itself and no other. What either side was filtered by filters the one that stays; a key that can be
 * NULL must not be, as the equality said.
 *
 *     select x / nullif((select max(x) from t), 0) from t      the two reads of one row, which NULLIF makes, are one
 *
 * So is what is computed from several relations, where it is the same on both sides and some key tells its rows apart: a row
 * that stands alone is told apart by nothing.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { needsCanonical } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { column, isNull, not, remapColumns, sameScalar } from '../../mir/scalar.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Keys, KeysOfObject } from '../analysis/keys.ts';
import { keyColumn } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import { settledBit } from '../local-rule.ts';
import type { Rule } from '../pipeline.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

interface Named {
  readonly object: number;
  readonly get: MirRelation;
  readonly predicates: readonly MirScalar[];
}

/** A named relation, perhaps filtered. */
function namedOf(input: MirRelation): Named | null {
  const get = input.kind === 'filter' ? input.input : input;
  if (get.kind !== 'get') return null;
  return { object: get.object, get, predicates: input.kind === 'filter' ? input.predicates : [] };
}

/** The key's columns of `left` and `right` are equal; null if some are not, else those that must not be NULL. */
function equalKey(
  join: MirJoin,
  key: readonly number[],
  left: number,
  right: number,
): readonly number[] | null {
  const strict: number[] = [];
  for (const index of key) {
    const linking = join.equivalences.filter(({ scalars }) => {
      const members = new Set(scalars.map(keyColumn));
      return members.has(left + index) && members.has(right + index);
    });
    if (linking.length === 0) return null;
    if (linking.some(({ nullSafe }) => !nullSafe)) strict.push(index);
  }
  return strict;
}

function mergeOnce(join: MirJoin, keysOfObject: KeysOfObject): MirRelation | null {
  const starts = columnStarts(join.inputs);
  const named = join.inputs.map(namedOf);
  for (const [first, kept] of named.entries()) {
    for (const [second, gone] of named.entries()) {
      if (second <= first || kept === null || gone === null || kept.object !== gone.object) continue;
      for (const key of keysOfObject(kept.object)) {
        const strict = key.length === 0 ? null : equalKey(join, key, starts[first]!, starts[second]!);
        if (strict !== null) return merged(join, starts, { first, second, kept, gone, strict });
      }
    }
  }
  return null;
}

/** The same of inputs that are computed. */
function mergeComputed(
  join: MirJoin,
  identity: RelationIdentity,
  keysOf: (input: MirRelation) => Keys,
): MirRelation | null {
  const starts = columnStarts(join.inputs);
  for (const [second, gone] of join.inputs.entries()) {
    if (namedOf(gone) !== null || gone.kind === 'constant') continue;
    for (const [first, kept] of join.inputs.slice(0, second).entries()) {
      if (kept.kind !== gone.kind || kept.columns.length !== gone.columns.length) continue;
      for (const key of keysOf(kept)) {
        // What is equal must be the same.
        if (key.some((index) => needsCanonical(kept.columns[index]!))) continue;
        const strict = equalKey(join, key, starts[first]!, starts[second]!);
        if (strict === null || !identity.same(kept, gone)) continue;
        const [one, other] = [kept, gone].map((get) => ({ object: -1, get, predicates: [] }));
        return merged(join, starts, { first, second, kept: one!, gone: other!, strict });
      }
    }
  }
  return null;
}

interface Merge {
  readonly first: number;
  readonly second: number;
  readonly kept: Named;
  readonly gone: Named;
  readonly strict: readonly number[];
}

function merged(
  join: MirJoin,
  starts: readonly number[],
  { first, second, kept, gone, strict }: Merge,
): MirRelation {
  const { columns } = kept.get;
  const width = columns.length;
  const from = starts[second]!;
  const to = (index: number): number => {
    if (index < from) return index;
    return index < from + width ? starts[first]! + (index - from) : index - width;
  };
  const present = strict
    .filter((index) => columns[index]!.nullable)
    .map((index) => not(isNull(column(index, columns[index]!))));
  const more = gone.predicates.filter(
    (predicate) => !kept.predicates.some((other) => sameScalar(other, predicate)),
  );
  const one = build.filter(kept.get, [...present, ...kept.predicates, ...more]);
  const inputs = join.inputs.flatMap((input, index) =>
    index === second ? [] : [index === first ? one : input],
  );
  const equivalences = join.equivalences.flatMap((item) => {
    const scalars: MirScalar[] = [];
    for (const scalar of item.scalars.map((member) => remapColumns(member, to))) {
      if (!scalars.some((other) => sameScalar(other, scalar))) scalars.push(scalar);
    }
    return scalars.length < 2 ? [] : [{ ...item, scalars }];
  });
  const lost = join.equivalences.flatMap((item) => {
    // What is equal to itself by now still says that it is not NULL.
    const [scalar, ...others] = item.scalars.map((member) => remapColumns(member, to));
    if (item.nullSafe || !scalar!.type.nullable) return [];
    return others.every((other) => sameScalar(other, scalar!)) ? [not(isNull(scalar!))] : [];
  });
  const residual = [...lost, ...join.residual.map((scalar) => remapColumns(scalar, to))];
  return build.project(
    build.join(inputs, equivalences, residual),
    join.columns.map((_, index) => to(index)),
  );
}

const bit = settledBit();

export const selfJoin: Rule = {
  name: 'self-join',
  apply: (relation, { keysOfObject }) => {
    const identity = new RelationIdentity();
    return rewriteWithKeys(
      relation,
      keysOfObject,
      kinds('join'),
      (node, keysOf) =>
        node.kind === 'join'
          ? (mergeOnce(node, keysOfObject) ?? mergeComputed(node, identity, keysOf) ?? node)
          : node,
      bit,
    );
  },
};
