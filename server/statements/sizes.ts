/** What pg_relation_size and its like are told: the bytes of keys and values that the engine holds, with their times and counts. */
import type { ArrangementId } from '../../engine/index.ts';
import { EngineError } from '../../engine/index.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';

/** Bytes of an object's own rows, of its indexes beside them, and of all that is kept for both. */
type Sizes = readonly [own: number, indexes: number, total: number];

/** A json text: by oid what each relation and index takes, and under `database` all of it. */
export function objectSizes(system: System): string {
  const sizes: Record<string, Sizes | number> = {};
  let database = 0;
  for (const object of system.catalog.objects()) {
    const found = sizesOf(system, object);
    sizes[object.id] = found;
    // Indexes are counted with what they are of.
    if (object.kind !== 'index') database += found[2];
  }
  return JSON.stringify({ ...sizes, database });
}

function sizesOf(system: System, object: CatalogObject): Sizes {
  if (object.kind === 'index') {
    const { bytes, state } = held(system, object.arrangement);
    return [bytes, 0, state];
  }
  if (!('arrangement' in object)) return [0, 0, 0];
  const { bytes, state } = held(system, object.arrangement);
  let [indexBytes, total] = [0, Math.max(bytes, state)];
  // Several may name one arrangement, as the primary key names the table's own.
  const counted = new Set([object.arrangement]);
  for (const index of system.catalog.dependents(object.id)) {
    if (index.kind !== 'index' || index.table !== object.id || counted.has(index.arrangement)) continue;
    counted.add(index.arrangement);
    const size = held(system, index.arrangement);
    indexBytes += size.bytes;
    total += size.bytes;
  }
  return [bytes, indexBytes, total];
}

function held(system: System, id: ArrangementId): { readonly bytes: number; readonly state: number } {
  try {
    return system.engine.size(id);
  } catch (error) {
    // It is about to come, or to go.
    if (error instanceof EngineError) return { bytes: 0, state: 0 };
    throw error;
  }
}

/** A json text: by oid a sequence's last value and whether it was given out. */
export function sequenceValues(system: System): string {
  const values = [...system.catalog.objects()].flatMap(({ kind, id }) => {
    const state = kind === 'sequence' ? system.engine.sequenceState(id) : null;
    // A bigint may be more than JSON.stringify can say.
    return state ? [`"${id}": [${state.last}, ${state.called}]`] : [];
  });
  return `{${values.join(', ')}}`;
}
