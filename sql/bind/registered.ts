import { SqlError } from '../error.ts';
import { typeFunctionRows } from '../functions/catalog.generated.ts';
import { functionsNamed } from '../functions/table.ts';
import { findType, findTypeByOid, pseudoTypeOid, typeOid, typeRow } from '../types/table.ts';
import type { HirScalar } from '../hir.ts';
import type { TypeName } from '../types/type.ts';
import { literal } from './scalar.ts';
import type { Statement } from './statement.ts';

/** Functions of this name, those that types are read and written with too. */
function functionOids(name: string): number[] {
  const typeFunctions = typeFunctionRows.filter(([, own]) => own === name);
  return [...functionsNamed(name).map(({ oid }) => oid), ...typeFunctions.map(([oid]) => oid)];
}

/** oids of the schemas that are always there; PostgreSQL's own. */
const fixedSchemas: Record<string, number> = { pg_catalog: 11, public: 2200 };

/** A string literal as a regclass, regtype…: the oid of the object that it names. */
export function bindRegistered(
  statement: Statement,
  type: TypeName,
  text: string,
  at: number | undefined,
): HirScalar {
  if (/^[0-9]+$/.test(text)) return literal(type, text);
  if (text === '-') return literal(type, '0');
  const spelled = type === 'regtype' ? aliases[text.trim().toLowerCase().replaceAll(/\s+/g, ' ')] : undefined;
  if (spelled !== undefined) return literal(type, String(typeOid(spelled)));
  const array = type === 'regtype' ? /^(.*\S)\s*\[\s*[0-9]*\s*\]\s*$/s.exec(text) : null;
  if (array !== null) {
    const element = bindRegistered(statement, type, array[1]!, at) as { readonly text: string };
    const { array: oid } = typeRow(findTypeByOid(Number(element.text)) ?? 'unknown');
    // Arrays of arrays are arrays.
    return literal(type, oid === 0 ? element.text : String(oid));
  }
  const parts = splitName(text);
  if (parts === null) throw statement.error('42602', 'invalid name syntax', at);
  const name = parts[parts.length - 1]!;
  const schema = parts.length > 1 ? parts[parts.length - 2]! : null;
  const { catalog } = statement.environment;
  switch (type) {
    case 'regclass': {
      // A relation that is named here is one that the statement depends on.
      const oid = catalog.findRelation(schema, name)?.id ?? catalog.findClass(schema, name);
      if (oid !== null) return literal(type, String(oid));
      throw statement.error('42P01', `relation "${parts.join('.')}" does not exist`, at);
    }
    case 'regtype': {
      const pseudo = schema === null || schema === 'pg_catalog' ? pseudoTypeOid(name) : undefined;
      if (pseudo !== undefined) return literal(type, String(pseudo));
      const found = findType(name) ?? catalog.findType(schema, name);
      if (found !== null && found !== undefined) return literal(type, String(typeOid(found)));
      throw statement.error('42704', `type "${parts.join('.')}" does not exist`, at);
    }
    case 'regproc': {
      const found = new Set(functionOids(name));
      if (found.size === 1) return literal(type, String([...found][0]!));
      if (found.size > 1) throw statement.error('42725', `more than one function named "${text}"`, at);
      throw statement.error('42883', `function "${text}" does not exist`, at);
    }
    case 'regnamespace': {
      const oid = fixedSchemas[name];
      const known = oid ?? catalog.schemaId(name);
      if (known !== null) return literal(type, String(known));
      throw statement.error('3F000', `schema "${name}" does not exist`, at);
    }
    case 'regrole': {
      if (name === catalog.user) return literal(type, '10');
      throw statement.error('42704', `role "${name}" does not exist`, at);
    }
    default:
      throw statement.unsupported(`the cast of "${text}" to ${type}`, at);
  }
}

/** The error that no object has the name, or that it is none. */
export function isMissing(error: unknown): boolean {
  return error instanceof SqlError && ['42P01', '42602', '42704', '3F000', '42883'].includes(error.sqlstate);
}

const aliases: Record<string, TypeName> = {
  integer: 'int4',
  int: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  boolean: 'bool',
  real: 'float4',
  'double precision': 'float8',
  decimal: 'numeric',
  'character varying': 'varchar',
  character: 'bpchar',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  'time without time zone': 'time',
};

/** `a."B".c` as its parts, folded; null if malformed. */
function splitName(text: string): string[] | null {
  const parts: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")+)"|([^".\s]+))\s*(\.|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return null;
    parts.push(match[1] === undefined ? match[2]!.toLowerCase() : match[1].replaceAll('""', '"'));
    if (match[3] === '') return parts;
  }
  return null;
}
