/**
 * Sets of kinds of nodes, as bits: a relation knows of what kinds it is made (`MirNotes.kinds`), so that who looks for some
 * of them does not walk where there are none.
 */
import type { MirRelation } from '../mir.ts';

export type MirKind = MirRelation['kind'];

export type Kinds = number;

const BITS: Readonly<Record<MirKind, Kinds>> = {
  constant: 1 << 0,
  get: 1 << 1,
  getLet: 1 << 2,
  let: 1 << 3,
  filter: 1 << 4,
  map: 1 << 5,
  project: 1 << 6,
  flatMap: 1 << 7,
  join: 1 << 8,
  semiJoin: 1 << 9,
  reduce: 1 << 10,
  distinct: 1 << 11,
  topK: 1 << 12,
  window: 1 << 13,
  guard: 1 << 14,
  negate: 1 << 15,
  threshold: 1 << 16,
  union: 1 << 17,
};

/** The set of these kinds. */
export function kinds(...of: readonly MirKind[]): Kinds {
  return of.reduce((set, kind) => set | BITS[kind], 0);
}

/** All kinds but these. */
export function otherKinds(...than: readonly MirKind[]): Kinds {
  return kinds(...(Object.keys(BITS) as MirKind[])) & ~kinds(...than);
}

/** Whether the node itself is of one of these kinds. */
export function isOf({ notes }: MirRelation, set: Kinds): boolean {
  return (notes.kind & set) !== 0;
}

/** Whether the node, or one below it, is of one of these kinds. */
export function hasSome({ notes }: MirRelation, set: Kinds): boolean {
  return (notes.kinds & set) !== 0;
}
