/** pg_indexam_has_property and its kin: what access methods can do, as expressions over the calls' arguments. */
import { quoteLiteral } from './quote.ts';

type Properties = Readonly<Record<string, boolean>>;

/** What an access method can, what an index of it can, and what a key of such an index can. */
type AccessMethod = readonly [method: Properties, index: Properties, key: Properties];

function properties(names: string, has: string): Properties {
  const those = has.split(' ');
  return Object.fromEntries(names.split(' ').map((name) => [name, those.includes(name)]));
}

function accessMethod(has: string): AccessMethod {
  return [
    properties('can_order can_unique can_multi_col can_exclude can_include', has),
    properties('clusterable index_scan bitmap_scan backward_scan', has),
    properties('orderable distance_orderable returnable search_array search_nulls', has),
  ];
}

/** By their oids in pg_am: btree and hash. */
const METHODS: Readonly<Record<number, AccessMethod>> = {
  403: accessMethod(
    'can_order can_unique can_multi_col can_exclude can_include clusterable index_scan bitmap_scan backward_scan ' +
      'orderable returnable search_array search_nulls',
  ),
  405: accessMethod('can_exclude index_scan bitmap_scan backward_scan'),
};

/** A look-up of the property $N by the access method; NULL where there is no such method or property. */
function found(part: 0 | 1 | 2, method: string, property: string): string {
  const table = Object.fromEntries(Object.entries(METHODS).map(([oid, parts]) => [oid, parts[part]]));
  return `(${quoteLiteral(JSON.stringify(table))}::jsonb -> ${method}::text ->> ${property})::bool`;
}

const KEY = 'i.options[$2 - 1]';

/** What an ordered key has by how it is declared; false of one without an order, NULL of what an index only includes. */
function declared(is: string): string {
  return `CASE WHEN $2 <= i.keys THEN i.access_method = 403 AND ${is} END`;
}

export const INDEX_PROPERTIES: Readonly<Record<string, string>> = {
  pg_indexam_has_property: found(0, '$1', 'lower($2)'),
  pg_index_has_property: `(SELECT ${found(1, 'r.access_method', 'lower($2)')} FROM tw_internal.relations r WHERE r.oid = $1::oid AND r.relkind = 'i')`,
  pg_index_column_has_property: `(SELECT CASE lower($3) WHEN 'asc' THEN ${declared(`${KEY} & 1 = 0`)}
      WHEN 'desc' THEN ${declared(`${KEY} & 1 = 1`)} WHEN 'nulls_first' THEN ${declared(`${KEY} & 2 = 2`)}
      WHEN 'nulls_last' THEN ${declared(`${KEY} & 2 = 0`)}
      ELSE CASE WHEN $2 <= i.keys OR lower($3) = 'returnable' THEN ${found(2, 'i.access_method', 'lower($3)')}
        WHEN lower($3) IN ('orderable', 'distance_orderable') THEN false END END
    FROM (SELECT r.access_method, x.options::int2[] AS options, cardinality(x.options::int2[]) AS keys, cardinality(x.elements) AS columns
      FROM tw_internal.indexes x JOIN tw_internal.relations r ON r.oid = x.oid WHERE x.oid = $1::oid) AS i
    WHERE $2 BETWEEN 1 AND i.columns)`,
};
