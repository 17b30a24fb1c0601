import { postgresNames } from './postgres-names.generated.ts';
import { postgresRelations } from './postgres-relations.generated.ts';

let names: Set<string> | undefined;
let relations: Map<string, PostgresRelation> | undefined;

/** A column of a relation of PostgreSQL's catalog. */
export interface RelationColumn {
  readonly name: string;
  /** `pg_type.typname`; that beneath, where it is a domain's. */
  readonly type: string;
  /** The domain of information_schema that its values are of. */
  readonly domain?: string | undefined;
}

interface PostgresRelation {
  /** null: each database has its own. */
  readonly oid: number | null;
  readonly columns: readonly RelationColumn[];
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
  const relation = relationsByName().get(`${schema}.${name}`);
  if (relation === undefined) throw new Error(`PostgreSQL has no relation ${schema}.${name}`);
  return relation.columns;
}

/** The oid of a relation of PostgreSQL's catalog, which clients go by without asking; null: none that is always the same. */
export function postgresOid(schema: string, name: string): number | null {
  return relationsByName().get(`${schema}.${name}`)?.oid ?? null;
}

function relationsByName(): Map<string, PostgresRelation> {
  relations ??= new Map(
    postgresRelations
      .trim()
      .split('\n')
      .map((line) => {
        const [relation, ...list] = line.split(' ');
        const [known, oid] = relation!.split('@') as [string, string?];
        const columns = list.map((column) => {
          const [name, type, domain] = column.split(':') as [string, string, string?];
          return { name, type, domain };
        });
        return [known, { oid: oid === undefined ? null : Number(oid), columns }];
      }),
  );
  return relations;
}
