/**
 * Unique keys: sets of columns of which no two rows of a relation have the same values (by identity). The empty set
 * says that there is at most one row.
 */
import type { ObjectId } from '../../catalog.ts';
import type { MirRelation, MirScalar } from '../../mir.ts';
import { freeBindings } from '../../mir/bindings.ts';
import { equalityKey } from '../../mir/equality.ts';
import { columnsRead, isColumnFree, sameScalar } from '../../mir/scalar.ts';

export type Keys = readonly (readonly number[])[];

/** The unique keys of named relations. */
export type KeysOfObject = (object: ObjectId) => Keys;

const MAX_KEYS = 8;

function normalize(keys: Keys): Keys {
  const sorted = keys.map((key) => [...new Set(key)].toSorted((a, b) => a - b));
  const minimal = sorted.filter(
    (key, index) =>
      !sorted.some(
        (other, at) =>
          at !== index &&
          other.every((column) => key.includes(column)) &&
          (other.length < key.length || at < index),
      ),
  );
  return minimal.toSorted((a, b) => a.length - b.length).slice(0, MAX_KEYS);
}

/** Whether some key is within `columns`: then they determine the row. */
export function coversKey(keys: Keys, columns: ReadonlySet<number>): boolean {
  return keys.some((key) => key.every((column) => columns.has(column)));
}

/** The column that a key scalar is, seen through canonical. */
export function keyColumn(scalar: MirScalar): number | null {
  if (scalar.kind === 'canonical') return keyColumn(scalar.operand);
  return scalar.kind === 'column' ? scalar.index : null;
}

/** Columns that the predicates fix to one value by equality with an expression without columns. */
function fixedColumns(predicates: readonly MirScalar[]): Set<number> {
  const fixed = new Set<number>();
  for (const predicate of predicates) {
    if (predicate.kind !== 'call' || predicate.arguments.length !== 2 || !predicate.opcode.endsWith('eq'))
      continue;
    const [left, right] = predicate.arguments as readonly [MirScalar, MirScalar];
    // A column whose equality is wider than identity may hold several equal values.
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (side.kind === 'column' && isColumnFree(other) && sameScalar(equalityKey(side), side))
        fixed.add(side.index);
    }
  }
  return fixed;
}

/** Derives the unique keys of a relation. */
export function uniqueKeys(
  relation: MirRelation,
  keysOfObject: KeysOfObject,
  bindings: ReadonlyMap<number, Keys> = new Map(),
): Keys {
  const { notes } = relation;
  if (notes.keys !== null) return notes.keys;
  const keys = derive(relation, keysOfObject, bindings);
  if (freeBindings(relation).size === 0) notes.keys = keys;
  return keys;
}

function derive(
  relation: MirRelation,
  keysOfObject: KeysOfObject,
  bindings: ReadonlyMap<number, Keys>,
): Keys {
  const of = (input: MirRelation): Keys => uniqueKeys(input, keysOfObject, bindings);
  switch (relation.kind) {
    case 'constant':
      return relation.rows.length === 0 || (relation.rows.length === 1 && relation.rows[0]!.diff === 1)
        ? [[]]
        : [];
    case 'get':
      return normalize(keysOfObject(relation.object));
    case 'getLet':
      return bindings.get(relation.binding) ?? [];
    case 'let':
      return uniqueKeys(
        relation.body,
        keysOfObject,
        new Map([...bindings, [relation.binding, of(relation.value)]]),
      );
    case 'filter': {
      const fixed = fixedColumns(relation.predicates);
      return normalize(of(relation.input).map((key) => key.filter((column) => !fixed.has(column))));
    }
    case 'map':
    case 'threshold':
      return of(relation.input);
    case 'window':
      return of(relation.input);
    case 'topK':
      return isOne(relation.limit) && !relation.withTies
        ? normalize([...partitionKey(relation.partition), ...of(relation.input)])
        : of(relation.input);
    case 'guard':
      return relation.keys.length === 0 ? [[]] : of(relation.input);
    case 'project': {
      const positions = new Map<number, number>();
      relation.indexes.forEach((index, position) => {
        if (!positions.has(index)) positions.set(index, position);
      });
      return normalize(
        of(relation.input)
          .filter((key) => key.every((column) => positions.has(column)))
          .map((key) => key.map((column) => positions.get(column)!)),
      );
    }
    case 'flatMap': {
      const width = relation.input.columns.length;
      const [call, ...more] = relation.calls;
      // The row's number tells rows apart; so does a window's start, and a series has each value once.
      const distinguishing = relation.ordinality
        ? relation.columns.length - 1
        : more.length === 0 && (call!.function === 'hop' || call!.function === 'generateSeries')
          ? width
          : null;
      return distinguishing === null ? [] : of(relation.input).map((key) => [...key, distinguishing]);
    }
    case 'join':
      return joinKeys(relation, of);
    case 'semiJoin':
      return of(relation.left);
    case 'reduce': {
      const own = relation.keys.map((_, index) => index);
      // The least representation of a canonical key tells groups apart as the key does.
      const shown = relation.keys.map((key, index) => {
        const at = relation.aggregates.findIndex(
          (aggregate) =>
            aggregate.function === 'leastRepresentation' &&
            key.kind === 'canonical' &&
            sameScalar(aggregate.arguments[0]!, key.operand),
        );
        return at < 0 ? index : relation.keys.length + at;
      });
      return normalize([own, shown]);
    }
    case 'distinct':
      return normalize([relation.columns.map((_, index) => index), ...of(relation.input)]);
    case 'negate':
      return [];
    case 'union':
      return normalize(relation.keys);
  }
}

/** The columns of which a top-1 has one row each. */
function partitionKey(partition: readonly MirScalar[]): Keys {
  const columns = partition.map(keyColumn);
  return columns.every((column) => column !== null) ? [columns] : [];
}

function isOne(limit: MirScalar | null): boolean {
  return limit?.kind === 'literal' && limit.text === '1';
}

/** An input whose key is matched by the inputs before it adds no rows; otherwise keys are combined. */
function joinKeys(relation: Extract<MirRelation, { kind: 'join' }>, of: (input: MirRelation) => Keys): Keys {
  let offset = 0;
  let keys: Keys = [[]];
  for (const input of relation.inputs) {
    const start = offset;
    const end = start + input.columns.length;
    const matched = new Set<number>();
    const matchedLeft = new Set<number>();
    for (const { scalars } of relation.equivalences) {
      const inside = scalars.filter((scalar) => [...columnsRead(scalar)].every((c) => c >= start && c < end));
      const before = scalars.filter((scalar) => [...columnsRead(scalar)].every((c) => c < start));
      if (inside.length === 0 || before.length === 0) continue;
      for (const scalar of inside) {
        const index = keyColumn(scalar);
        if (index !== null) matched.add(index - start);
      }
      for (const scalar of before) {
        const index = keyColumn(scalar);
        if (index !== null) matchedLeft.add(index);
      }
    }
    const own = of(input);
    const shifted = own.map((key) => key.map((column) => column + start));
    const next: number[][] = [];
    const addsNone = coversKey(own, matched);
    const keptByRight = start > 0 && coversKey(keys, matchedLeft);
    if (addsNone) next.push(...keys.map((key) => [...key]));
    if (keptByRight) next.push(...shifted);
    for (const left of keys) for (const right of shifted) next.push([...left, ...right]);
    keys = normalize(next);
    offset = end;
  }
  return keys;
}
