/** Types that expressions know nothing of: they stand in signatures, or are what handlers and triggers return. */

export interface SignatureType {
  readonly name: string;
  readonly oid: number;
  readonly length: number;
  /** The oid of the type of its arrays; 0: there is none. */
  readonly array: number;
}

const type = (name: string, oid: number, length: number, array = 0): SignatureType => ({
  name,
  oid,
  length,
  array,
});

/** PostgreSQL's, with its oids. */
export const signatureTypes: readonly SignatureType[] = [
  type('cstring', 2275, -2, 1263),
  type('internal', 2281, 8),
  type('record', 2249, -1, 2287),
  type('trigger', 2279, 4),
  type('event_trigger', 3838, 4),
  type('pg_ddl_command', 32, 8),
  type('language_handler', 2280, 4),
  type('fdw_handler', 3115, 4),
  type('index_am_handler', 325, 4),
  type('tsm_handler', 3310, 4),
  type('table_am_handler', 269, 4),
];
