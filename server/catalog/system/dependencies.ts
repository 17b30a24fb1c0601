/** tw_internal.dependencies and extensions. */
import type { RawTable } from './raw-table.ts';

export const dependencies: RawTable = {
  name: 'dependencies',
  columns: [
    ['object_oid', 'oid'],
    ['depends_on', 'oid'],
  ],
  ofObject: (object) => [...new Set(object.dependsOn)].map((id) => [object.id, id]),
};

export const extensions: RawTable = {
  name: 'extensions',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['version', 'text'],
  ],
  ofObject: (object, catalog) =>
    object.kind === 'extension'
      ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, object.version]]
      : [],
};
