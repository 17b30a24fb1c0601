/** ALTER: which kind of object goes to which file. */
import type { Alter } from '../../../sql/ast/alter.ts';
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
