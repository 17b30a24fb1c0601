/** DEFAULTs as PostgreSQL shows them: a constant has its type, by which clients know a value from an expression. */
import { displayType } from '../../sql/types/format.ts';
import { typeOid } from '../../sql/types/table.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { markedName } from '../../sql/functions/marked-names.ts';
import { type Catalog, FIRST_USER_ID } from './catalog.ts';

const STRING = /^\s*'((?:[^']|'')*)'\s*$/;
const TRUE = ['t', 'true', 'y', 'yes', 'on', '1'];
const FALSE = ['f', 'false', 'n', 'no', 'off', '0'];
/** Integers below zero are a cast, as an operator would not be a constant. */
const INTEGERS: ReadonlySet<TypeName> = new Set(['int2', 'int4', 'int8']);

/** The text of a column's DEFAULT, with marked names. */
export function shownDefault(text: string, type: TypeName, catalog: Catalog): string {
  if (/^\s*(true|false)\s*$/i.test(text)) return text.trim().toLowerCase();
  const negative = /^\s*-\s*(\d+)\s*$/.exec(text)?.[1];
  if (negative !== undefined && INTEGERS.has(type)) return `'-${negative}'::integer`;
  const value = STRING.exec(text)?.[1];
  if (value === undefined) return text;
  const word = value.trim().toLowerCase();
  if (type === 'bool' && TRUE.includes(word)) return 'true';
  if (type === 'bool' && FALSE.includes(word)) return 'false';
  if ((type === 'int4' && /^\d+$/.test(word)) || (type === 'numeric' && /^\d+(\.\d+)?$/.test(word)))
    return word;
  const shown = shownType(type, catalog);
  return shown === null ? text : `'${value}'::${shown}`;
}

/** Null for an array of a type of one's own. */
function shownType(type: TypeName, catalog: Catalog): string | null {
  const oid = typeOid(type);
  if (oid < FIRST_USER_ID) return type === 'bpchar' ? type : displayType(type);
  if (!catalog.has(oid)) return null;
  return markedName(catalog.object(oid));
}
