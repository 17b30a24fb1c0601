/** The type that a text names, as regtype's input function reads it: by the grammar of types. */
import type { TypeName as TypeNameNode } from '@pgsql/types';
import { nodeAs, typeReference } from '../ast/accessors.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { SqlError } from '../error.ts';
import { type GrammarError, isGrammarError, parsePostgres } from '../parse/postgres.ts';
import { ownType, rowTypeOids } from '../types/own.ts';
import { signatureTypes } from '../types/signature-types.ts';
import { findType, findTypeByOid, pseudoTypeOid, typeOid, typeRow } from '../types/table.ts';
import { bindRowType } from './row-type.ts';
import type { Statement } from './statement.ts';
import { bindTypeName } from './type-name.ts';

/** How what is said of a text begins that is not the name of any type. */
export const NO_TYPE = 'invalid type name ';

const BEFORE = 'SELECT CAST(NULL AS ';
const AFTER = '\n)';

const parsed = new BoundedCache<string, TypeNameNode | GrammarError>(1000);

/** The oid of the type. `at`: undefined where an error in the text is told by its place there. */
export function bindTypeText(statement: Statement, text: string, at: number | undefined): number {
  const invalid = `${NO_TYPE}"${text}"`;
  const node = text.trim() === '' ? null : (parsed.get(text) ?? parsed.set(text, parseType(text)));
  if (node === null) throw statement.error('42601', invalid, at);
  if ('codePoint' in node) {
    const { message, codePoint } = node;
    const position = at === undefined ? codePoint + 1 : statement.position(at);
    throw new SqlError({ sqlstate: '42601', message, position, where: invalid });
  }
  if (node.setof === true) throw statement.error('42601', invalid, at);
  const { names, arrayBounds, typmods } = typeReference(node);
  const shown = names.join('.');
  checkParts(statement, names, shown, 'qualified', at);
  const element = elementNamed(statement, { ...node, location: -1, arrayBounds: [] }, at);
  if (element === null) {
    const brackets = arrayBounds.length > 0 ? '[]' : '';
    throw statement.error('42704', `type "${shown}${brackets}" does not exist`, at);
  }
  // What modifiers there are says nothing of which type it is.
  if (typmods.length > 0) statement.withoutPositions(() => bindTypeName(statement, node));
  return arrayBounds.length === 0 ? element.oid : element.array;
}

/** Refuses a name of more parts than there are, or of another database. */
export function checkParts(
  statement: Statement,
  parts: readonly string[],
  shown: string,
  kind: 'relation' | 'qualified',
  at: number | undefined,
): void {
  if (parts.length > 3) {
    throw statement.error('42601', `improper ${kind} name (too many dotted names): ${shown}`, at);
  }
  if (parts.length === 3 && parts[0] !== statement.environment.catalog.database) {
    const name = kind === 'relation' ? `"${shown}"` : shown;
    throw statement.error('0A000', `cross-database references are not implemented: ${name}`, at);
  }
}

interface Oids {
  readonly oid: number;
  readonly array: number;
}

/** A type that is not written as an array. */
function elementNamed(statement: Statement, node: TypeNameNode, at: number | undefined): Oids | null {
  const { names } = typeReference(node);
  const [name, schema = null] = names.toReversed() as [string, string?];
  const { catalog } = statement.environment;
  if (schema === null || schema === 'pg_catalog') {
    const builtIn = findType(name);
    if (builtIn !== undefined) return ofBuiltIn(typeOid(builtIn));
    const pseudo = pseudoTypeOid(name) ?? signatureTypes.find((type) => type.name === name)?.oid;
    if (pseudo !== undefined) return ofBuiltIn(pseudo);
  } else if (!catalog.hasSchema(schema)) {
    throw statement.error('3F000', `schema "${schema}" does not exist`, at);
  }
  const own = catalog.findType(schema, name);
  if (own !== null) return ofBuiltIn(typeOid(own));
  const domain = catalog.findDomain(schema, name);
  if (domain !== null) return { oid: domain.id, array: ownType(domain.id)?.array ?? 0 };
  const row = bindRowType(statement, node);
  if (row !== null) return rowTypeOids(row.relation);
  // What PostgreSQL calls the type of arrays.
  const arrayOf = name.startsWith('_') ? elementNamed(statement, withName(node, name.slice(1)), at) : null;
  return arrayOf === null ? null : { oid: arrayOf.array, array: arrayOf.array };
}

function withName(node: TypeNameNode, name: string): TypeNameNode {
  return { ...node, names: [...(node.names ?? []).slice(0, -1), { String: { sval: name } }] };
}

function ofBuiltIn(oid: number): Oids {
  const known = signatureTypes.find((type) => type.oid === oid);
  if (known !== undefined) return { oid, array: known.array === 0 ? oid : known.array };
  const type = findTypeByOid(oid);
  const array = type === undefined ? 0 : typeRow(type).array;
  // Arrays of arrays are arrays.
  return { oid, array: array === 0 ? oid : array };
}

function parseType(text: string): TypeNameNode | GrammarError {
  const answer = parsePostgres(`${BEFORE}${text}${AFTER}`);
  if (isGrammarError(answer)) {
    const codePoint = Math.min(answer.codePoint - BEFORE.length, [...text].length);
    // What ends the text is ours.
    const isEnd = codePoint === [...text].length;
    const message = isEnd ? 'syntax error at end of input' : answer.message.replace(`${AFTER}"`, '"');
    return { message, codePoint };
  }
  const select = nodeAs(answer.stmts?.[0]?.stmt, 'SelectStmt');
  const target = nodeAs(select?.targetList?.[0], 'ResTarget');
  const cast = nodeAs(target?.val, 'TypeCast');
  const node = nodeAs(cast?.arg, 'A_Const') === undefined ? undefined : cast?.typeName;
  const isAlone =
    answer.stmts?.length === 1 && select?.targetList?.length === 1 && select.fromClause === undefined;
  if (node === undefined || !isAlone)
    return { message: 'syntax error at or near ")"', codePoint: text.indexOf(')') };
  return node;
}
