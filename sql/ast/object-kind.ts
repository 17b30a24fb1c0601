/** Kinds of catalog objects that DROP, ALTER, SHOW and EXPLAIN name. */
export type ObjectKind =
  | 'table'
  | 'view'
  | 'materialized view'
  | 'index'
  | 'sequence'
  | 'schema'
  | 'source'
  | 'sink'
  | 'connection'
  | 'secret';
