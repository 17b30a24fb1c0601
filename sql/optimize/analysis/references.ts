/**
 * Joins by foreign keys: each row of the referring table whose foreign key is not NULL has exactly one partner, in whichever table the
 * rows come from meanwhile, as long as no row was taken from elsewhere.
 */
import type { ObjectId, Reference } from '../../catalog.ts';
import type { MirRelation, MirScalar } from '../../mir.ts';
import { remapColumns } from '../../mir/scalar.ts';

export type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** A column of a named relation, in one place where that is read. */
interface Origin {
  readonly get: Extract<MirRelation, { kind: 'get' }>;
  readonly index: number;
}

/** The relation's column that a column hands on. */
function originOf(relation: MirRelation, index: number): Origin | null {
  switch (relation.kind) {
    case 'get':
      return { get: relation, index };
    case 'topK':
      return originOf(relation.input, index);
    case 'filter':
    case 'map':
      return index < relation.input.columns.length ? originOf(relation.input, index) : null;
    case 'project':
      return originOf(relation.input, relation.indexes[index]!);
    default:
      return null;
  }
}

/** A table of which some columns are shown. */
export interface Shown {
  readonly object: ObjectId;
  /** Their numbers in the table. */
  readonly columns: readonly number[];
  /** What is asked of its rows, over all of the table's columns. */
  readonly predicates: readonly MirScalar[];
}

export function shownOf(input: MirRelation): Shown | null {
  switch (input.kind) {
    case 'get':
      return { object: input.object, columns: input.columns.map((_, index) => index), predicates: [] };
    case 'project': {
      const inner = shownOf(input.input);
      return inner && { ...inner, columns: input.indexes.map((index) => inner.columns[index]!) };
    }
    case 'filter': {
      const inner = shownOf(input.input);
      if (inner === null) return null;
      const asked = input.predicates.map((predicate) =>
        remapColumns(predicate, (index) => inner.columns[index]!),
      );
      return { ...inner, predicates: [...inner.predicates, ...asked] };
    }
    default:
      return null;
  }
}

/** Two inputs of a join. */
export interface Places {
  readonly parent: number;
  readonly child: number;
}

/** Whether a foreign key holds at every time. */
export function isCertain({ validated, deferrable }: Reference): boolean {
  return validated && !deferrable;
}

/**
 * Where each column of the referenced table's key is found in the referring one; null if the join is not by the foreign key, or the table
 * does not show its key.
 */
export function pairedKey(
  join: MirJoin,
  starts: readonly number[],
  places: Places,
  { columns: shown }: Shown,
  reference: Reference,
): ReadonlyMap<number, number> | null {
  const [parentStart, childStart] = [starts[places.parent]!, starts[places.child]!];
  const child = join.inputs[places.child]!;
  const paired = new Map<number, number>();
  let read: MirRelation | null = null;
  for (const [at, number] of reference.parentColumns.entries()) {
    const positions = shown.flatMap((other, position) => (other === number ? [position] : []));
    if (positions.length === 0) return null;
    for (const position of positions) {
      const own = parentStart + position;
      const partner = join.equivalences
        .filter(({ scalars }) => scalars.some((scalar) => scalar.kind === 'column' && scalar.index === own))
        .flatMap(({ scalars }) => scalars)
        .flatMap((scalar) => (scalar.kind === 'column' ? [scalar.index] : []))
        .find((index) => {
          if (index < childStart || index >= childStart + child.columns.length) return false;
          const origin = originOf(child, index - childStart);
          const fits = origin?.get.object === reference.child && origin.index === reference.columns[at];
          if (!fits || (read !== null && read !== origin.get)) return false;
          read = origin.get;
          return child.columns[index - childStart]!.name === join.columns[own]!.name;
        });
      if (partner === undefined) return null;
      paired.set(own, partner);
    }
  }
  return paired;
}
