import type { ObjectId } from '../../sql/catalog.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';

/** A connection's options as they are now: it may have been altered since a source or sink was made. */
export function connectionOptions(system: System, id: ObjectId): ConnectionObject['options'] {
  const object = system.catalog.object(id);
  if (object.kind !== 'connection') throw new Error(`${object.name} is no connection`);
  return object.options;
}
