import type { ObjectId } from '../../sql/catalog.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { requireObject } from '../catalog/names.ts';
import type { Connections } from '../ingest/source-schema.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';

/** A connection's options as they are now: it may have been altered since a source or sink was made. */
export function connectionOptions(system: System, id: ObjectId): ConnectionObject['options'] {
  const object = system.catalog.object(id);
  if (object.kind !== 'connection') throw new Error(`${object.name} is no connection`);
  return object.options;
}

/** The connections that a session's statement can name. */
export function connectionsOf(system: System, session: SessionContext, parsed: ParsedStatement): Connections {
  return {
    find: (name) => {
      const object = requireObject(system.catalog, session, parsed, name, ['connection']);
      if (object.kind !== 'connection') throw new Error('only connections were asked for');
      return object;
    },
    options: (id) => connectionOptions(system, id),
  };
}
