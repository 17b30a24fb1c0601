import { postgresNames } from './postgres-names.generated.ts';
import { postgresRelations } from './postgres-relations.generated.ts';

let names: Set<string> | undefined;
let relations: Set<string> | undefined;

/** Whether PostgreSQL has a function of this name that is not in our table. */
export function isPostgresFunction(name: string): boolean {
  names ??= new Set(postgresNames.trim().split('\n'));
  return names.has(name);
}

/** Whether PostgreSQL's own catalog has this relation; without a schema, pg_catalog is meant. */
export function isPostgresRelation(schema: string | null, name: string): boolean {
  relations ??= new Set(postgresRelations.trim().split('\n'));
  return relations.has(`${schema ?? 'pg_catalog'}.${name}`);
}
