/**
 * Temporary objects: those of a session are in a schema of its own, which comes with the first of them and goes with the session.
 * Statements of other sessions do not find it.
 */
import type { Catalog, CatalogChange } from './catalog.ts';

const PREFIX = 'pg_temp_';

/** The schema of a session's temporary objects, whether it is there or not. `pg_temp` means it. */
export function temporarySchemaOf(session: number): string {
  return `${PREFIX}${session}`;
}

export function isTemporarySchema(schema: string): boolean {
  return schema.startsWith(PREFIX);
}

/** Whose names are looked up. */
export interface Searching {
  readonly searchPath: readonly string[];
  /** The session's own schema of temporary objects; undefined where there is no session. */
  readonly temporarySchema?: string;
}

/** The schemas in which the name of a relation or type is looked for, which is that of a schema itself if it is qualified. */
export function schemasOf(
  catalog: Catalog,
  { searchPath, temporarySchema }: Searching,
  schema: string | null = null,
): readonly string[] {
  if (schema !== null) return [ownSchema(schema, temporarySchema)];
  const isSearched = temporarySchema !== undefined && catalog.schema(temporarySchema) !== null;
  return isSearched && !searchPath.includes(temporarySchema) ? [temporarySchema, ...searchPath] : searchPath;
}

/** The schemas in which the name of a function is looked for: never those of temporary objects, unless they are named. */
export function functionSchemasOf(
  { searchPath, temporarySchema }: Searching,
  schema: string | null = null,
): readonly string[] {
  if (schema !== null) return [ownSchema(schema, temporarySchema)];
  return searchPath.filter((candidate) => candidate !== temporarySchema);
}

/** `pg_temp` is the session's own. */
function ownSchema(schema: string, temporarySchema: string | undefined): string {
  return schema === 'pg_temp' && temporarySchema !== undefined ? temporarySchema : schema;
}

/** The changes, with the schemas of the first temporary objects of sessions. */
export function withTemporarySchemas(catalog: Catalog, changes: readonly CatalogChange[]): CatalogChange[] {
  const made = new Set<string>();
  for (const change of changes) {
    if (change.kind !== 'add' || !isTemporarySchema(change.object.schema)) continue;
    if (catalog.schema(change.object.schema) === null) made.add(change.object.schema);
  }
  const schemas = [...made].map((name): CatalogChange => ({
    kind: 'addSchema',
    schema: { id: catalog.allocateObject(), name },
  }));
  return [...schemas, ...changes];
}
