/** What reaches outside: sources, sinks, connections and secrets, and how sources and sinks are. */
import type { RawTable } from './raw-table.ts';

/** The objects of a kind that has a connector. */
const connected = (name: string, kind: 'source' | 'sink' | 'connection'): RawTable => ({
  name,
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['connector', 'text'],
  ],
  ofObject: (object, catalog) =>
    object.kind === kind
      ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, object.connector]]
      : [],
});

export const sources = connected('sources', 'source');

export const sinks = connected('sinks', 'sink');

/** Names only: a secret's value is in no relation. */
export const secrets: RawTable = {
  name: 'secrets',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
  ],
  ofObject: (object, catalog) =>
    object.kind === 'secret' ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0]] : [],
};

export const connections = connected('connections', 'connection');

/** The latest refused records of each source; the engine writes them (`ErrorLog`). */
export const sourceErrors: RawTable = {
  name: 'source_errors',
  columns: [
    ['source_oid', 'oid'],
    ['occurred_at', 'timestamptz'],
    ['error_code', 'text'],
    ['error_message', 'text'],
    ['error_detail', 'text'],
    ['path', 'text'],
    ['position', 'int8'],
    ['line', 'int8'],
    ['bytes', 'bytea'],
  ],
};

/** How sources and sinks are: server/ingest/status-writer.ts writes these. */
export const sourceStatus: RawTable = {
  name: 'source_status',
  columns: [
    ['source_oid', 'oid'],
    ['state', 'text'],
    ['error', 'text'],
    ['since', 'timestamptz'],
    ['on_error', 'text'],
    ['rows', 'int8'],
    ['rejected', 'int8'],
    ['bytes', 'int8'],
    ['partitions', 'int8'],
    ['lag', 'int8'],
    ['rows_per_second', 'int8'],
    ['bytes_per_second', 'int8'],
  ],
};

export const sourcePartitions: RawTable = {
  name: 'source_partitions',
  columns: [
    ['source_oid', 'oid'],
    ['partition', 'text'],
    ['name', 'text'],
    ['offset', 'text'],
    ['lag', 'int8'],
  ],
};

export const sinkStatus: RawTable = {
  name: 'sink_status',
  columns: [
    ['sink_oid', 'oid'],
    ['state', 'text'],
    ['error', 'text'],
    ['since', 'timestamptz'],
    ['rows', 'int8'],
    ['bytes', 'int8'],
    ['lag', 'int8'],
    ['errors', 'int8'],
    ['written_up_to', 'numeric'],
    ['rows_per_second', 'int8'],
    ['bytes_per_second', 'int8'],
    ['retained_from', 'numeric'],
  ],
};
