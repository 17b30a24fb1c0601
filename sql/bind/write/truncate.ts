import type { TruncateStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../../ast/accessors.ts';
import type { CatalogRelation } from '../../catalog.ts';
import type { HirWrite } from '../../hir.ts';
import type { QueryContext } from '../context.ts';
import { findRelation, relationOf } from '../from.ts';

/** TRUNCATE: all rows of each table, a table that is named twice once. */
export function bindTruncate(node: TruncateStmt, context: QueryContext): HirWrite[] {
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
  return [...tables.values()].map((relation) => ({
    operation: 'delete',
    object: relation.id,
    relation: relationOf(relation, context),
    joined: null,
    returning: null,
    parameters: [],
  }));
}
