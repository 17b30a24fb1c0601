/** Functions and operators by their names and the types of their arguments: what a regprocedure and a regoperator are written as. */
import type { CatalogReader } from '../catalog.ts';
import { signaturesNamed, operatorsNamed } from '../functions/table.ts';
import { findType, pseudoTypeOid, typeOid } from '../types/table.ts';
import type { Statement } from './statement.ts';

export interface Signature {
  /** The name as it is written, perhaps qualified. */
  readonly name: string;
  /** The types as they are written. */
  readonly types: readonly string[];
}

/** `name(type, type)` taken apart. */
export function splitSignature(statement: Statement, text: string, at: number | undefined): Signature {
  const expected = (what: string): Error => statement.error('22P02', `expected a ${what}`, at);
  const open = indexOutside(text, '(');
  if (open < 0) throw expected('left parenthesis');
  const rest = text.slice(open + 1).trimEnd();
  if (!rest.endsWith(')')) throw expected('right parenthesis');
  const name = text.slice(0, open);
  const list = rest.slice(0, -1);
  if (list.trim() === '') return { name, types: [] };
  const types: string[] = [''];
  let [depth, quoted] = [0, false];
  for (const char of list) {
    if (char === '"') quoted = !quoted;
    if (!quoted && (char === '(' || char === '[')) depth += 1;
    if (!quoted && (char === ')' || char === ']')) depth -= 1;
    if (char === ',' && !quoted && depth === 0) types.push('');
    else types[types.length - 1] += char;
  }
  if (types.some((type) => type.trim() === '')) throw expected('type name');
  return { name, types };
}

/** The place of the first such character outside of quotes, or -1. */
function indexOutside(text: string, wanted: string): number {
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '"') quoted = !quoted;
    if (text[index] === wanted && !quoted) return index;
  }
  return -1;
}

/** The oids of the functions of a name; with `types`, of the one that takes arguments of these. */
export function functionOids(
  catalog: CatalogReader,
  schema: string | null,
  name: string,
  types: readonly number[] | null,
): number[] {
  const wanted = types?.join();
  const own = schema === 'pg_catalog' ? [] : catalog.findFunctions(schema, name);
  const found = own.filter(
    ({ parameters }) =>
      wanted === undefined || parameters.map(({ type, domain }) => domain ?? typeOid(type)).join() === wanted,
  );
  // What names one depends on it.
  for (const called of found) catalog.useFunction(called);
  const builtIn = schema === null || schema === 'pg_catalog' ? signaturesNamed(name) : [];
  const taking = builtIn.filter(
    (entry) => wanted === undefined || entry.arguments.map(signatureOid).join() === wanted,
  );
  return [...taking.map(({ oid }) => oid), ...found.map(({ id }) => id)];
}

/** The oids of the operators of a name; with `types`, of the one between these, 0 where it has no left operand. */
export function operatorOids(schema: string | null, name: string, types: readonly number[] | null): number[] {
  if (schema !== null && schema !== 'pg_catalog') return [];
  const wanted = types?.join();
  return operatorsNamed(name)
    .filter(
      ({ left, right }) =>
        wanted === undefined ||
        [left === null ? 0 : signatureOid(left), signatureOid(right)].join() === wanted,
    )
    .map(({ oid }) => oid);
}

function signatureOid(name: string): number {
  const type = findType(name);
  return pseudoTypeOid(name) ?? (type === undefined ? 0 : typeOid(type));
}
