/** Actions of ALTER TABLE about how rows lie on a disk, or are seen by what is not here: accepted, with a NOTICE. */
import type { AlterTableCmd } from '@pgsql/types';
import { nodeAs } from '../../../../sql/ast/accessors.ts';
import { SqlError } from '../../../../sql/error.ts';
import { uniqueIndexes } from '../../../catalog/constraints.ts';
import { hasNoEffect } from '../../no-effect.ts';
import { leaveOutOption } from '../options.ts';
import { type ActionContext, requireColumn } from './actions.ts';
import type { TableDraft } from './draft.ts';

const IN_MEMORY = 'Rows are kept in memory, in one form.';

const DETAILS: Readonly<Record<string, readonly [action: string, detail: string]>> = {
  AT_SetStatistics: ['SET STATISTICS', 'How many rows and values there are is known.'],
  AT_SetStorage: ['SET STORAGE', IN_MEMORY],
  AT_SetCompression: ['SET COMPRESSION', IN_MEMORY],
  AT_ClusterOn: ['CLUSTER ON', IN_MEMORY],
  AT_DropCluster: ['SET WITHOUT CLUSTER', IN_MEMORY],
  AT_SetLogged: ['SET LOGGED', 'All tables are kept in the same way.'],
  AT_SetUnLogged: ['SET UNLOGGED', 'All tables are kept in the same way.'],
  AT_DropOids: ['SET WITHOUT OIDS', 'No table has them.'],
  AT_EnableTrigAll: ['ENABLE TRIGGER ALL', 'There are no triggers.'],
  AT_EnableTrigUser: ['ENABLE TRIGGER USER', 'There are no triggers.'],
  AT_DisableTrigUser: ['DISABLE TRIGGER USER', 'There are no triggers.'],
  AT_DisableTrigAll: ['DISABLE TRIGGER ALL', 'There are no triggers, and foreign keys go on being checked.'],
  AT_ReplicaIdentity: ['REPLICA IDENTITY', 'SUBSCRIBE and sinks have whole rows.'],
};

/** Whether the action is one of these. */
export function leaveOutAction(context: ActionContext, draft: TableDraft, command: AlterTableCmd): boolean {
  const { session, parsed, system } = context;
  const { subtype = 'AT_AddColumn', name } = command;
  if (subtype === 'AT_SetRelOptions' || subtype === 'AT_ResetRelOptions') {
    for (const node of nodeAs(command.def, 'List')?.items ?? []) {
      const { defname = '', location = 0 } = nodeAs(node, 'DefElem') ?? {};
      leaveOutOption(session, parsed, { name: defname, location });
    }
    return true;
  }
  const known = DETAILS[subtype];
  if (!known) return false;
  if (subtype === 'AT_ClusterOn') {
    const { table } = draft;
    const isIndex =
      draft.indexes.some((index) => index.name === name) ||
      draft.primary?.name === name ||
      uniqueIndexes(system.catalog, table.id).some((index) => index.name === name);
    if (!isIndex) {
      const message = `index "${name}" for table "${table.name}" does not exist`;
      throw new SqlError({ sqlstate: '42704', message });
    }
  } else if (name !== undefined && subtype !== 'AT_ReplicaIdentity') requireColumn(draft, name);
  hasNoEffect(session, known[0], known[1]);
  return true;
}
