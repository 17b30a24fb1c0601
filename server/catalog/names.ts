/**
 * Names in DDL: the schema that a new object goes to, and the object that a name means.
 */
import type { QualifiedName } from '../../sql/ast/name.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import type { SessionContext } from '../session/statement.ts';
import { type Catalog, SYSTEM_SCHEMAS } from './catalog.ts';
import { type CatalogObject, type ObjectKind, kindName } from './objects.ts';
import { isTemporarySchema, schemasOf } from './temporary.ts';

/** Where an error about `location` stands in the text that the user sent. */
export function positionOf(parsed: ParsedStatement, location: number | undefined): number | undefined {
  return location === undefined ? undefined : parsed.source.positionOfByte(location);
}

/** What a statement says of a new object's life: nothing, TEMPORARY, UNLOGGED, or that it is not of a session. */
export type Persistence = 'unsaid' | 'temporary' | 'unlogged' | 'permanent';

/** Schema and name for a new object; 3F000 when there is no such schema, 42501 in a system schema. */
export function newName(
  catalog: Catalog,
  session: SessionContext,
  parsed: ParsedStatement,
  name: QualifiedName,
  persistence: Persistence = 'unsaid',
): { schema: string; name: string } {
  const [schema, relation] = splitName(parsed, name);
  const position = positionOf(parsed, name.location);
  const { temporarySchema } = session;
  const isThere = (candidate: string): boolean =>
    candidate === temporarySchema || catalog.schema(candidate) !== null;
  const target =
    schema === null
      ? persistence === 'temporary'
        ? temporarySchema
        : session.searchPath.find(isThere)
      : schemasOf(catalog, session, schema)[0];
  if (target === undefined) {
    throw new SqlError({ sqlstate: '3F000', message: 'no schema has been selected to create in', position });
  }
  if (isTemporarySchema(target) || persistence === 'temporary') {
    refuseTemporary(target, temporarySchema, persistence, position);
    return { schema: target, name: relation };
  }
  if (!catalog.schema(target)) {
    throw new SqlError({ sqlstate: '3F000', message: `schema "${target}" does not exist`, position });
  }
  if ((SYSTEM_SCHEMAS as readonly string[]).includes(target)) {
    throw new SqlError({
      sqlstate: '42501',
      message: `permission denied to create "${target}.${relation}"`,
      detail: 'System catalog modifications are currently disallowed.',
      position,
    });
  }
  return { schema: target, name: relation };
}

/** Temporary objects are in the schema of their session, and nothing else is. */
function refuseTemporary(
  schema: string,
  own: string,
  persistence: Persistence,
  position: number | undefined,
): void {
  const refused = (sqlstate: string, message: string): SqlError =>
    new SqlError({ sqlstate, message, position });
  if (!isTemporarySchema(schema)) {
    throw refused('42P16', 'cannot create temporary relation in non-temporary schema');
  }
  if (schema !== own) {
    throw refused('42P16', 'cannot create relations in temporary schemas of other sessions');
  }
  if (persistence === 'unlogged') {
    throw refused('42P16', 'only temporary relations may be created in temporary schemas');
  }
  if (persistence === 'permanent') {
    throw refused('0A000', 'only tables, views, sequences, types and functions can be temporary');
  }
}

/** `[schema, name]`; a third part must be the database and is left out by the caller's session check. */
export function splitName(parsed: ParsedStatement, name: QualifiedName): [string | null, string] {
  const { parts } = name;
  if (parts.length > 3 || parts.length === 0) {
    throw new SqlError({
      sqlstate: '42601',
      message: `improper qualified name (too many dotted names): ${parts.join('.')}`,
      position: positionOf(parsed, name.location),
    });
  }
  return [parts.length > 1 ? parts[parts.length - 2]! : null, parts[parts.length - 1]!];
}

/** The object that a name means along the search path, or null. */
export function lookUp(
  catalog: Catalog,
  session: SessionContext,
  parsed: ParsedStatement,
  name: QualifiedName,
): CatalogObject | null {
  const [schema, relation] = splitName(parsed, name);
  const { temporarySchema } = session;
  const searchPath = ['pg_catalog', ...session.searchPath];
  for (const candidate of schemasOf(catalog, { searchPath, temporarySchema }, schema)) {
    const object = catalog.find(candidate, relation);
    if (object) return object;
  }
  return null;
}

/** Kinds that are no relations: one that is missing is an undefined object. */
const UNRELATED: readonly ObjectKind[] = ['index', 'secret', 'connection'];

/** As `lookUp`, but a missing object is an error that suggests the nearest name. */
export function requireObject(
  catalog: Catalog,
  session: SessionContext,
  parsed: ParsedStatement,
  name: QualifiedName,
  kinds: readonly ObjectKind[],
  more: {
    readonly hint?: (found: CatalogObject) => string;
    /** A missing object is told as a relation, whatever its kind. */
    readonly relation?: boolean;
  } = {},
): CatalogObject {
  const object = lookUp(catalog, session, parsed, name);
  const written = name.parts.join('.');
  const wanted = kindName(kinds[0]!);
  const isRelation = more.relation === true;
  if (!object) {
    const [schema] = splitName(parsed, name);
    const [searched] = schema === null ? [] : schemasOf(catalog, session, schema);
    if (searched !== undefined && searched !== session.temporarySchema && !catalog.schema(searched)) {
      throw new SqlError({ sqlstate: '3F000', message: `schema "${schema}" does not exist` });
    }
    const near = nearestName(
      name.parts.at(-1)!,
      [...catalog.objects()]
        .filter((other) => kinds.includes(other.kind) && !isTemporarySchema(other.schema))
        .map((other) => other.name),
    );
    throw new SqlError({
      sqlstate: !isRelation && kinds.every((kind) => UNRELATED.includes(kind)) ? '42704' : '42P01',
      message: `${isRelation || kinds.length > 1 ? 'relation' : wanted} "${written}" does not exist`,
      hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
      position: positionOf(parsed, name.location),
    });
  }
  if (!kinds.includes(object.kind)) {
    throw new SqlError({
      sqlstate: '42809',
      message: `"${written}" is not ${article(wanted)}`,
      hint: more.hint?.(object) ?? `It is ${article(kindName(object.kind))}.`,
      position: positionOf(parsed, name.location),
    });
  }
  return object;
}

/** Refuses to change what the catalog is made of. */
export function refuseSystemCatalog({ kind, schema, name }: CatalogObject): void {
  if (kind !== 'systemTable' && !(SYSTEM_SCHEMAS as readonly string[]).includes(schema)) return;
  const message = `permission denied: "${name}" is a system catalog`;
  throw new SqlError({ sqlstate: '42501', message });
}

/** 42P07 when the name is taken; with IF NOT EXISTS a notice, and true. */
export function nameIsTaken(
  catalog: Catalog,
  session: SessionContext,
  target: { schema: string; name: string },
  ifNotExists: boolean,
): boolean {
  if (!catalog.find(target.schema, target.name)) return false;
  const message = `relation "${target.name}" already exists`;
  if (!ifNotExists) throw new SqlError({ sqlstate: '42P07', message });
  session.notice({ severity: 'NOTICE', sqlstate: '42P07', message: `${message}, skipping` });
  return true;
}

export function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
