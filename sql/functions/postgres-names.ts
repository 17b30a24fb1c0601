import { postgresNames } from './postgres-names.generated.ts';
import { postgresRelations } from './postgres-relations.generated.ts';

let names: Set<string> | undefined;
let relations: Map<string, readonly RelationColumn[]> | undefined;

/** A column of a relation of PostgreSQL's catalog. */
export interface RelationColumn {
  readonly name: string;
  /** `pg_type.typname`. */
  readonly type: string;
}

/** Whether PostgreSQL has a function of this name that is not in our table. */
export function isPostgresFunction(name: string): boolean {
  names ??= new Set(postgresNames.trim().split('\n'));
  return names.has(name);
}

/** Whether PostgreSQL's own catalog has this relation; without a schema, pg_catalog is meant. */
export function isPostgresRelation(schema: string | null, name: string): boolean {
  return relationsByName().has(`${schema ?? 'pg_catalog'}.${name}`);
}

/** The columns of a relation of PostgreSQL's catalog, as PostgreSQL 18 has them. */
export function postgresColumns(schema: string, name: string): readonly RelationColumn[] {
  const columns = relationsByName().get(`${schema}.${name}`);
  if (columns === undefined) throw new Error(`PostgreSQL has no relation ${schema}.${name}`);
  return columns;
}

function relationsByName(): Map<string, readonly RelationColumn[]> {
  relations ??= new Map(
    postgresRelations
      .trim()
      .split('\n')
      .map((line) => {
        const [relation, ...columns] = line.split(' ');
        return [
          relation!,
          columns.map((column) => {
            const [name, type] = column.split(':') as [string, string];
            return { name, type };
          }),
        ];
      }),
  );
  return relations;
}
