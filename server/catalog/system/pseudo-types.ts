/** Types that stand in signatures only, with PostgreSQL's oids. */
import type { TypeRow } from '../../../sql/functions/catalog-rows.ts';
import { displayType } from '../../../sql/types/format.ts';
import { recordType } from '../../../sql/types/record.ts';
import { signatureTypes } from '../../../sql/types/signature-types.ts';
import { findType, typeOid, typeRow } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';

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

/** The rows of pg_type of those that expressions know nothing of, and of the record and its arrays, which they know by their fields. */
export const pseudoTypeRows: readonly TypeRow[] = signatureTypes.flatMap(({ name, oid, length, array }) =>
  name === 'record'
    ? [typeRow(recordType([])), typeRow(`_${recordType([])}` as TypeName)]
    : [
        {
          ...{ oid, name, length, array, byValue: length > 0 },
          ...{ kind: 'p', category: 'P', preferred: false, delimiter: ',', element: 0 },
          ...{ align: length === 8 ? 'd' : name === 'cstring' ? 'c' : 'i', storage: 'p' },
          ...{ collation: 0, display: name, input: 0, output: 0, receive: 0, send: 0 },
        },
      ],
);

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
