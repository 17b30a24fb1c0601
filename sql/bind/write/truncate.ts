import type { TruncateStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../../ast/accessors.ts';
import type { CatalogRelation } from '../../catalog.ts';
import type { HirWrite } from '../../hir.ts';
import type { QueryContext } from '../context.ts';
import { findRelation, relationOf } from '../from.ts';

/** What TRUNCATE deletes. */
export interface Truncation {
  readonly writes: readonly HirWrite[];
  /** Tables that the statement did not name. */
  readonly cascaded: readonly string[];
}

/** TRUNCATE: all rows of each table, a table that is named twice once. */
export function bindTruncate(node: TruncateStmt, context: QueryContext): Truncation {
  const tables = new Map<number, CatalogRelation>();
  for (const item of node.relations ?? []) {
    const name = nodeAs(item, 'RangeVar')!;
    const relation = findRelation(name, context);
    const { statement } = context;
    if (relation.kind === 'systemTable' || relation.schema === 'pg_catalog') {
      throw statement.error('42501', `permission denied: "${relation.name}" is a system catalog`);
    }
    if (relation.kind !== 'table') {
      throw statement.error('42809', `"${relation.name}" is not a table`, locationOf(name));
    }
    tables.set(relation.id, relation);
  }
  const cascaded = referringTables(tables, node, context);
  const writes = [...tables.values()].map((relation): HirWrite => ({
    operation: 'delete',
    object: relation.id,
    relation: relationOf(relation, context),
    joined: null,
    returning: null,
    parameters: [],
  }));
  return { writes, cascaded };
}

/** With CASCADE tables that refer to these join them; else they are error 0A000. Returns the names of those that joined. */
function referringTables(
  tables: Map<number, CatalogRelation>,
  node: TruncateStmt,
  { statement }: QueryContext,
): string[] {
  const { catalog } = statement.environment;
  const names: string[] = [];
  // Tables that join are looked at too: a Map goes on over what is added.
  for (const relation of tables.values()) {
    for (const { child } of relation.referencedBy?.() ?? []) {
      if (tables.has(child)) continue;
      const referring = catalog.relation(child);
      if (node.behavior !== 'DROP_CASCADE') {
        throw statement.error(
          '0A000',
          'cannot truncate a table referenced in a foreign key constraint',
          undefined,
          {
            detail: `Table "${referring.name}" references "${relation.name}".`,
            hint: `Truncate table "${referring.name}" at the same time, or use TRUNCATE ... CASCADE.`,
          },
        );
      }
      tables.set(child, referring);
      names.push(referring.name);
    }
  }
  return names;
}
