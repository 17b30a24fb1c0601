/** RENAME COLUMN: a column of a table or view under another name; what reads it goes on reading it. */
import type { Identifier } from '../../../sql/ast/name.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { isSystemColumn, refuseSystemName, withRenamedColumn } from '../../../sql/bind/bind.ts';
import type { ObjectId } from '../../../sql/catalog.ts';
import { SqlError } from '../../../sql/error.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { positionOf } from '../../catalog/names.ts';
import type { CatalogObject, TableObject } from '../../catalog/objects.ts';
import type { System } from '../../system.ts';
import { refuseTyped } from '../typed-table.ts';
import { withColumnList, withTableColumn } from '../names/create-text.ts';
import { afterColumnRenaming } from '../names/dependents.ts';
import { tellEngine } from './rename.ts';
import { refuseKeptRows } from './table/kept-rows.ts';

type Relation = Extract<CatalogObject, { kind: 'table' | 'view' | 'materializedView' }>;

export async function renameColumn(
  system: System,
  parsed: ParsedStatement,
  relation: Relation,
  column: Identifier,
  to: string,
): Promise<void> {
  if (relation.kind === 'table') refuseTyped(relation, 'rename column of');
  const names = relation.columns.map(({ name }) => name);
  const index = names.indexOf(column.name);
  if (index < 0) {
    if (isSystemColumn(column.name)) {
      const message = `cannot rename system column "${column.name}"`;
      throw new SqlError({ sqlstate: '0A000', message });
    }
    throw new SqlError({
      sqlstate: '42703',
      message: `column "${column.name}" does not exist`,
      position: positionOf(parsed, column.location),
    });
  }
  refuseSystemName(to);
  if (names.includes(to)) {
    throw new SqlError({
      sqlstate: '42701',
      message: `column "${to}" of relation "${relation.name}" already exists`,
    });
  }
  const columns = relation.columns.map((each, i) => ({
    ...each,
    name: i === index ? to : each.name,
    ...(each.generated && {
      generated: { ...each.generated, text: withRenamedColumn(each.generated.text, column.name, to) },
    }),
  }));
  const next = new Map<ObjectId, CatalogObject>();
  const statement = createText(relation, column.name, to);
  const renamed = { ...relation, columns, statement };
  next.set(
    relation.id,
    renamed.kind === 'table' ? { ...renamed, checks: renamedChecks(renamed, column.name, to) } : renamed,
  );
  refuseKeptRows(system, relation, renamed);
  const changes = [...next.values()].map((object) => ({ kind: 'replace', object }) as const);
  const planners = {
    before: system.planning,
    after: system.planning.over(system.catalog.after(changes)),
  };
  const renaming = { object: relation.id, relation: relation.name, columns: names, index, to };
  for (const dependent of system.catalog.dependents(relation.id)) {
    next.set(dependent.id, afterColumnRenaming(system, planners, dependent, renaming));
  }
  await commitCatalog(
    system,
    [...next.values()].map((object) => ({ kind: 'replace', object })),
    { committed: () => next.forEach((object) => tellEngine(system, object)) },
  );
}

/** A table's CHECKs name the column as it is called. */
function renamedChecks({ checks }: TableObject, column: string, to: string): TableObject['checks'] {
  return checks.map((check) => ({ ...check, text: withRenamedColumn(check.text, column, to) }));
}

function createText(relation: Relation, from: string, to: string): string | null {
  if (relation.statement === null) return null;
  if (relation.kind === 'table') return withTableColumn(relation.statement, from, to);
  return withColumnList(
    relation.statement,
    relation.columns.map(({ name }) => (name === from ? to : name)),
  );
}
