/** Actions of ALTER TABLE about how rows lie on a disk, or are seen by what is not here: accepted, with a NOTICE. */
import type { AlterTableCmd } from '@pgsql/types';
import { nodeAs, stringOf } from '../../../../sql/ast/accessors.ts';
import { requireCompression, requireStorage } from '../../../../sql/bind/bind.ts';
import { SqlError } from '../../../../sql/error.ts';
import { uniqueIndexes } from '../../../catalog/constraints.ts';
import { hasNoEffect } from '../../no-effect.ts';
import { leaveOutOptions } from '../options.ts';
import { type ParameterOwner, givenParameter } from '../../storage-parameters.ts';
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
  const { system } = context;
  const { subtype = 'AT_AddColumn', name } = command;
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
  } else if (name !== undefined && subtype !== 'AT_ReplicaIdentity' && isLeftOut(subtype)) {
    const { column } = requireColumn(draft, name);
    if (subtype === 'AT_SetStorage') requireStorage(stringOf(command.def!), column.type.name);
    if (subtype === 'AT_SetCompression') requireCompression(stringOf(command.def!), column.type.name);
  }
  return leaveOut(context, command, 'table');
}

function isLeftOut(subtype: string): boolean {
  return subtype in DETAILS || subtype === 'AT_SetOptions' || subtype === 'AT_ResetOptions';
}

/** The same of any relation, whose columns were looked at. */
export function leaveOut(
  { session, parsed }: ActionContext,
  command: AlterTableCmd,
  owner: ParameterOwner,
): boolean {
  const { subtype = 'AT_AddColumn' } = command;
  const known = DETAILS[subtype];
  const ofColumn = subtype === 'AT_SetOptions' || subtype === 'AT_ResetOptions';
  if (ofColumn || subtype === 'AT_SetRelOptions' || subtype === 'AT_ResetRelOptions') {
    const resets = subtype === 'AT_ResetRelOptions' || subtype === 'AT_ResetOptions';
    const given = (nodeAs(command.def, 'List')?.items ?? [])
      .map((node) => givenParameter(nodeAs(node, 'DefElem')!))
      .map((parameter) => (resets ? { ...parameter, text: null } : parameter));
    leaveOutOptions(session, parsed, given, ofColumn ? 'column' : owner);
    return true;
  }
  if (!known) return false;
  hasNoEffect(session, known[0], known[1]);
  return true;
}
