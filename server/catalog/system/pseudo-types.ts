/** Types that stand in signatures only, with PostgreSQL's oids. */
import type { TypeRow } from '../../../sql/functions/catalog-rows.ts';
import { displayType } from '../../../sql/types/format.ts';
import { findType, typeOid } from '../../../sql/types/table.ts';

export const pseudoTypes: Readonly<Record<string, number>> = {
  any: 2276,
  anyarray: 2277,
  anyelement: 2283,
  anynonarray: 2776,
  anyenum: 3500,
  anyrange: 3831,
  anymultirange: 4537,
  anycompatible: 5077,
  anycompatiblearray: 5078,
  anycompatiblenonarray: 5079,
  anycompatiblerange: 5080,
  anycompatiblemultirange: 4538,
  cstring: 2275,
  internal: 2281,
  record: 2249,
  void: 2278,
};

/** Those that expressions know nothing of, and what handlers and triggers return: name, oid, length, array. */
const UNKNOWN: readonly (readonly [name: string, oid: number, length: number, array: number])[] = [
  ['cstring', pseudoTypes['cstring']!, -2, 1263],
  ['internal', pseudoTypes['internal']!, 8, 0],
  ['record', pseudoTypes['record']!, -1, 2287],
  ['trigger', 2279, 4, 0],
  ['event_trigger', 3838, 4, 0],
  ['language_handler', 2280, 4, 0],
  ['fdw_handler', 3115, 4, 0],
  ['index_am_handler', 325, 4, 0],
  ['tsm_handler', 3310, 4, 0],
  ['table_am_handler', 269, 4, 0],
];

/** Their rows of pg_type. */
export const pseudoTypeRows: readonly TypeRow[] = UNKNOWN.map(([name, oid, length, array]) => ({
  ...{
    oid,
    name,
    length,
    array,
    byValue: length > 0,
    kind: 'p',
    category: 'P',
    preferred: false,
    delimiter: ',',
  },
  ...{ element: 0, align: length === 8 || name === 'record' ? 'd' : name === 'cstring' ? 'c' : 'i' },
  ...{ storage: name === 'record' ? 'x' : 'p', collation: 0, display: name },
  ...{ input: 0, output: 0, receive: 0, send: 0 },
}));

/** The oid of a type by its name in a signature; 0 for none. */
export function signatureOid(name: string): number {
  const type = findType(name);
  return pseudoTypes[name] ?? (type === undefined ? 0 : typeOid(type));
}

/** A type of a signature as PostgreSQL shows it. */
export function signatureType(name: string): string {
  const type = findType(name);
  // A keyword.
  if (name === 'any') return '"any"';
  return type === undefined ? name : displayType(type);
}
