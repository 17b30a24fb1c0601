import { SqlError } from '../error.ts';
import { typeFunctionRows } from '../functions/catalog.generated.ts';
import type { HirScalar } from '../hir.ts';
import type { TypeName } from '../types/type.ts';
import { functionOids, operatorOids, splitSignature } from './registered-signature.ts';
import { NO_TYPE, bindTypeText, checkParts } from './registered-type.ts';
import { collationOid } from '../types/collations.ts';
import { typeOid } from '../types/table.ts';
import { literal } from './scalar.ts';
import type { Statement } from './statement.ts';

/** Functions that types are read and written with. */
function typeFunctionOids(schema: string | null, name: string): number[] {
  if (schema !== null && schema !== 'pg_catalog') return [];
  return typeFunctionRows.filter(([, own]) => own === name).map(([oid]) => oid);
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
  if (type === 'regprocedure' || type === 'regoperator') {
    return bindSignature(statement, type, text, at);
  }
  if (type === 'regtype') return literal(type, String(bindTypeText(statement, text, at)));
  const parts = splitName(text);
  if (parts === null) throw statement.error('42602', 'invalid name syntax', at);
  const name = parts[parts.length - 1]!;
  const schema = parts.length > 1 ? parts[parts.length - 2]! : null;
  if ((type === 'regnamespace' || type === 'regrole') && parts.length > 1) {
    throw statement.error('42602', 'invalid name syntax', at);
  }
  const { catalog } = statement.environment;
  switch (type) {
    case 'regclass': {
      checkParts(statement, parts, parts.join('.'), 'relation', at);
      // A relation that is named here is one that the statement depends on.
      const oid = catalog.findRelation(schema, name)?.id ?? catalog.findClass(schema, name);
      if (oid !== null) return literal(type, String(oid));
      throw statement.error('42P01', `relation "${parts.join('.')}" does not exist`, at);
    }
    case 'regproc': {
      checkParts(statement, parts, parts.join('.'), 'qualified', at);
      const found = new Set([
        ...functionOids(catalog, schema, name, null),
        ...typeFunctionOids(schema, name),
      ]);
      if (found.size === 1) return literal(type, String([...found][0]!));
      if (found.size > 1) throw statement.error('42725', `more than one function named "${text}"`, at);
      throw statement.error('42883', `function "${text}" does not exist`, at);
    }
    case 'regoper': {
      const [oid, another] = operatorOids(schema, name, null);
      if (another !== undefined) throw statement.error('42725', `more than one operator named ${text}`, at);
      if (oid !== undefined) return literal(type, String(oid));
      throw statement.error('42883', `operator does not exist: ${text}`, at);
    }
    case 'regcollation': {
      checkParts(statement, parts, parts.join('.'), 'qualified', at);
      const oid = schema === null || schema === 'pg_catalog' ? collationOid(name) : null;
      if (oid !== null) return literal(type, String(oid));
      const message = `collation "${parts.join('.')}" for encoding "UTF8" does not exist`;
      throw statement.error('42704', message, at);
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

const CSTRING = 2275;
/** Types that functions of types take, and expressions do not have. */
const IN_SIGNATURES: Readonly<Record<string, number>> = { cstring: CSTRING, internal: 2281 };
const WITH_TYPMOD = new Set(
  `array_in bit_in bpcharin domain_in interval_in multirange_in numeric_in range_in record_in time_in timestamp_in
  timestamptz_in varbit_in varcharin`.split(/\s+/),
);

/** What the function that reads a type's text takes, as oids: the text, the type and its modifier where it needs them. */
function inputArguments(name: string): number[] {
  if (name === 'enum_in') return [CSTRING, typeOid('oid')];
  return WITH_TYPMOD.has(name) ? [CSTRING, typeOid('oid'), typeOid('int4')] : [CSTRING];
}

/** `name(type, type)` as a regprocedure or a regoperator. */
function bindSignature(
  statement: Statement,
  type: 'regprocedure' | 'regoperator',
  text: string,
  at: number | undefined,
): HirScalar {
  const { name: written, types } = splitSignature(statement, text, at);
  const parts = splitName(written.trim());
  if (parts === null) throw statement.error('42602', 'invalid name syntax', at);
  const [name, schema = null] = parts.toReversed() as [string, string?];
  const isOperator = type === 'regoperator';
  if (isOperator && types.length !== 2) {
    throw types.length < 2
      ? statement.error('42P02', 'missing argument', at, {
          hint: 'Use NONE to denote the missing argument of a unary operator.',
        })
      : statement.error('54023', 'too many arguments', at, {
          hint: 'Provide two argument types for operator.',
        });
  }
  const oids = types.map((each) => {
    if (isOperator && each.trim().toLowerCase() === 'none') return 0;
    return IN_SIGNATURES[each.trim().toLowerCase()] ?? bindTypeText(statement, each.trim(), at);
  });
  const [found] = isOperator
    ? operatorOids(schema, name, oids)
    : [
        ...functionOids(statement.environment.catalog, schema, name, oids),
        ...(name.endsWith('in') && inputArguments(name).join() === oids.join()
          ? typeFunctionOids(schema, name)
          : []),
      ];
  if (found !== undefined) return literal(type, String(found));
  const what = isOperator ? `operator does not exist: ${text}` : `function "${text}" does not exist`;
  throw statement.error('42883', what, at);
}

/** A text of an array of reg* values as one of oids; NULLs and dimensions stay. */
export function bindRegisteredArray(
  statement: Statement,
  element: TypeName,
  text: string,
  at: number | undefined,
): HirScalar {
  const start = text.indexOf('{');
  const elements = text.slice(start).replaceAll(ELEMENT, (written, quoted: string | undefined) => {
    if (quoted === undefined && written.toUpperCase() === 'NULL') return written;
    const name = quoted === undefined ? written : quoted.replaceAll(/\\(.)/gs, '$1');
    const { text: oid } = bindRegistered(statement, element, name, at) as { readonly text: string };
    return oid;
  });
  return literal(`_${element}` as TypeName, text.slice(0, start) + elements);
}

/** An element as the output function of arrays writes it. */
const ELEMENT = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs;

/** What says that no object has the name, that several have, or that it is none. */
const MISSING = ['42P01', '42602', '42704', '3F000', '42883', '42725', '22P02', '42P02', '54023'];

export function isMissing(error: unknown): boolean {
  return error instanceof SqlError && (MISSING.includes(error.sqlstate) || error.message.startsWith(NO_TYPE));
}

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
