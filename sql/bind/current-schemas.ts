import type { CatalogReader } from '../catalog.ts';

/** What current_schemas gives: the schemas of the search path that there are, with `implicit` those that it does not name too. */
export function currentSchemas(
  catalog: Pick<CatalogReader, 'searchPath' | 'implicitSchemas' | 'schemaId'>,
  implicit: boolean,
): readonly string[] {
  return catalog.searchPath.filter(
    (schema) => catalog.schemaId(schema) !== null && (implicit || !catalog.implicitSchemas.includes(schema)),
  );
}
