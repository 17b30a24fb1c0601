/** ALTER: which kind of object goes to which file. */
import type { RenameStmt } from '@pgsql/types';
import { rangeName } from '../../../sql/ast/accessors.ts';
import type { Alter } from '../../../sql/ast/alter.ts';
import type { Identifier } from '../../../sql/ast/name.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { prepareAlterConnection } from './alter-connection.ts';
import { prepareAlterIndex } from './alter-index.ts';
import { prepareAlterMaterializedView } from './alter-materialized-view.ts';
import { prepareAlterSchema } from './alter-schema.ts';
import { prepareAlterSequence } from './alter-sequence.ts';
import { prepareAlterSecret } from './alter-secret.ts';
import { prepareAlterSink } from './alter-sink.ts';
import { prepareAlterSource } from './alter-source.ts';
import { prepareAlterTable } from './alter-table.ts';
import { prepareAlterView } from './alter-view.ts';
import { prepareAlterOwner } from './owner-to.ts';

/** RENAME of a table as PostgreSQL's grammar reads it: `ALTER TABLE ONLY t RENAME …`, `ALTER TABLE t * RENAME …`. Null: of another object. */
export function asAlter({
  renameType,
  relationType,
  relation,
  subname = '',
  newname = '',
  missing_ok: ifExists = false,
}: RenameStmt): Alter | null {
  const name = rangeName(relation);
  const named = (text: string): Identifier => ({ name: text, location: name.location });
  const of = { kind: 'alter', objectKind: 'table', ifExists, name } as const;
  if (renameType === 'OBJECT_TABLE') return { ...of, action: { kind: 'rename', to: named(newname) } };
  if (renameType !== 'OBJECT_COLUMN' || relationType !== 'OBJECT_TABLE') return null;
  return { ...of, action: { kind: 'rename_column', column: named(subname), to: named(newname) } };
}

export function prepareAlter(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  if (statement.action.kind === 'owner_to') return prepareAlterOwner(system, parsed, statement);
  switch (statement.objectKind) {
    case 'table':
      return prepareAlterTable(system, parsed, statement);
    case 'view':
      return prepareAlterView(system, parsed, statement);
    case 'materialized view':
      return prepareAlterMaterializedView(system, parsed, statement);
    case 'sequence':
      return prepareAlterSequence(system, parsed, statement);
    case 'index':
      return prepareAlterIndex(system, parsed, statement);
    case 'schema':
      return prepareAlterSchema(system, parsed, statement);
    case 'source':
      return prepareAlterSource(system, parsed, statement);
    case 'sink':
      return prepareAlterSink(system, parsed, statement);
    case 'connection':
      return prepareAlterConnection(system, parsed, statement);
    case 'secret':
      return prepareAlterSecret(system, parsed, statement);
  }
}
