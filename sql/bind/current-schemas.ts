import type { CatalogReader } from '../catalog.ts';

/** What current_schemas gives: the search path, with `implicit` those of its schemas that are searched without being named. */
export function currentSchemas(
  { searchPath, temporarySchema }: Pick<CatalogReader, 'searchPath' | 'temporarySchema'>,
  implicit: boolean,
): readonly string[] {
  const unnamed = ['pg_catalog', temporarySchema];
  return searchPath.filter((schema) => implicit || !unnamed.includes(schema));
}
