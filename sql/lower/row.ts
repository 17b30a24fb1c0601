/**
 * Rows during lowering. A relation that is lowered for the rows around it has *prefix* columns before its own: those of
 * its domain, or the keys by which it is joined to them.
 */
import type { OuterColumn } from '../hir/traverse.ts';
import type { MirRelation, MirType } from '../mir.ts';

/** Where a HIR column (level, index) stands in a row. */
export type Place = (level: number, index: number) => number;

/** What scalars are lowered over. */
export interface Row {
  readonly columns: readonly MirType[];
  readonly place: Place;
}

/** The columns before a relation's own. `outer`: which columns of the rows around it the first of them are. */
export interface Prefix {
  readonly width: number;
  readonly outer: readonly OuterColumn[];
}

export const NO_PREFIX: Prefix = { width: 0, outer: [] };

export const NO_ROW: Row = { columns: [], place: placeIn(NO_PREFIX) };

/**
 * The rows around a subquery for which it is needed, projected to what it reads of them; lowered under it, a relation has
 * the domain's columns before its own. null: needed always, and reads nothing.
 *
 * Without columns it has one row or none: that is for subqueries that may raise an error only where they are reached.
 * Its rows are distinct, except for linear relations (`isLinear`), whose rows keep the domain's multiplicities.
 */
export type Domain = { readonly relation: MirRelation; readonly columns: readonly OuterColumn[] } | null;

export function prefixOf(domain: Domain): Prefix {
  return domain === null ? NO_PREFIX : { width: domain.columns.length, outer: domain.columns };
}

/** Places in a row that begins with a prefix. */
export function placeIn(prefix: Prefix): Place {
  return (level, index) => {
    if (level === 0) return prefix.width + index;
    const at = prefix.outer.findIndex((column) => column.level === level && column.index === index);
    if (at < 0) throw new Error(`column ${index} of level ${level} is not in the domain`);
    return at;
  };
}

export function rowOf(relation: MirRelation, prefix: Prefix): Row {
  return { columns: relation.columns, place: placeIn(prefix) };
}

export function range(length: number, from = 0): number[] {
  const numbers: number[] = [];
  for (let index = 0; index < length; index += 1) numbers.push(from + index);
  return numbers;
}
