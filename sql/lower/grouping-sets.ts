/**
 * GROUPING SETS by one reduction: each row goes once into every set, whose number is one of the keys.
 *
 *     group by rollup (a, b)   →   rows × {0, 1, 2} group by (case set in (0, 1) then a), (case set = 0 then b), set
 */
import type { HirRelation } from '../hir.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { filter, flatMap, map, negate, project, union, UNIT } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { LoweringContext } from './context.ts';
import { prefixOf, range } from './row.ts';
import type { Domain } from './row.ts';

/** The type of a set's number. */
export const SET: MirType = { name: 'int4', typmod: -1, nullable: false };

const number = (value: number): MirScalar => build.literal(SET, String(value));

/** Each row with each set's number. */
export function withSets(input: MirRelation, count: number): MirRelation {
  const operands = [number(0), number(count - 1), number(1)];
  return flatMap(input, [{ function: 'generateSeries', arguments: operands }], false, [SET]);
}

/** The keys in each set: NULL where the set does not have them. */
export function keysInSets(
  keys: readonly MirScalar[],
  sets: readonly (readonly number[])[],
  set: MirScalar,
): MirScalar[] {
  return keys.map((key, index) => {
    const having = sets.flatMap((members, at) => (members.includes(index) ? [number(at)] : []));
    if (having.length === sets.length) return key;
    return build.caseOf(
      [{ condition: build.inList(set, having), result: key }],
      build.literal(key.type, null),
      key.type,
    );
  });
}

/** With the one row of each set without keys where there are no rows. */
export function withEmptySets(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'aggregate' }>,
  reduced: MirRelation,
  domain: Domain,
  defaults: readonly MirScalar[],
): MirRelation {
  const { width } = prefixOf(domain);
  const empty = hir.groupingSets!.flatMap((set, at) => (set.length === 0 ? [at] : []));
  if (empty.length === 0) return reduced;
  const last = reduced.columns.length - 1;
  const nulls = hir.keys.map((_, index) => build.literal(reduced.columns[width + index]!, null));
  return context.share(reduced, (shared) => {
    const rest = empty.map((at) => {
      const own = filter(shared, [build.inList(build.column(last, SET), [number(at)])]);
      const missing = union([domain?.relation ?? UNIT, negate(project(own, range(width)))], [range(width)]);
      return map(missing, [...nulls, ...defaults, number(at)]);
    });
    return union([shared, ...rest], context.keysOf(shared));
  });
}
