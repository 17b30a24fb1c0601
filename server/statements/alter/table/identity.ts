/** ALTER COLUMN … ADD GENERATED AS IDENTITY, SET GENERATED and options of its sequence, DROP IDENTITY. */
import type { AlterTableCmd } from '@pgsql/types';
import { integerOf, nodeAs } from '../../../../sql/ast/accessors.ts';
import { SqlError } from '../../../../sql/error.ts';
import type { SequenceObject, SequenceOptions } from '../../../catalog/objects.ts';
import type { SqlType } from '../../../../sql/types/type.ts';
import type { System } from '../../../system.ts';
import { withSequences } from '../../constraint-objects.ts';
import { isNumeric, restartOf, sequenceOptions } from '../../sequence-options.ts';
import { type ActionContext, notice, refuseNotValid, requireColumn } from './actions.ts';
import type { DraftColumn, TableDraft } from './draft.ts';

const ALWAYS = 'a';

export function addIdentity({ system }: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  const target = requireColumn(draft, command.name);
  const { column } = target;
  const { name: table } = draft.table;
  const constraint = nodeAs(command.def, 'Constraint')!;
  const { name: type } = column.type;
  if (type !== 'int2' && type !== 'int4' && type !== 'int8') {
    const message = 'identity column type must be smallint, integer, or bigint';
    throw new SqlError({ sqlstate: '22023', message });
  }
  const refuse = (why: string): SqlError =>
    new SqlError({ sqlstate: '55000', message: `column "${column.name}" of relation "${table}" ${why}` });
  refuseNotValid(draft, target);
  if (column.type.nullable) throw refuse('must be declared NOT NULL before identity can be added');
  if (column.identity !== undefined) throw refuse('is already an identity column');
  if (column.defaultText !== null) throw refuse('already has a default value');
  const at = draft.columns.indexOf(target);
  const { columns, sequences } = withSequences(system, draft.table.id, draft.table, {
    columns: draft.catalogColumns,
    sequences: [{ column: at, type, identity: true, options: constraint.options ?? [] }],
  });
  const identity = constraint.generated_when === ALWAYS ? 'always' : 'byDefault';
  target.column = { ...columns[at]!, identity };
  draft.newSequences.push(...sequences);
}

export function setIdentity({ system }: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  const target = requireIdentity(draft, command)!;
  const options = nodeAs(command.def, 'List')?.items ?? [];
  const generated = options.map((node) => nodeAs(node, 'DefElem')!).find(isGenerated);
  if (generated) {
    const always = integerOf(generated.arg) === ALWAYS.charCodeAt(0);
    target.column = { ...target.column, identity: always ? 'always' : 'byDefault' };
  }
  const ofSequence = options.filter((node) => !isGenerated(nodeAs(node, 'DefElem')!));
  if (ofSequence.length === 0) return;
  alterSequence(system, draft, target, (now) => {
    const numbers = sequenceOptions(ofSequence.filter(isNumeric), null, now);
    return { numbers, restart: restartOf(ofSequence, numbers) };
  });
}

/** An identity column of another type: its sequence counts in that. */
export function setIdentityType(
  { system }: ActionContext,
  draft: TableDraft,
  target: DraftColumn,
  { name }: SqlType,
): void {
  if (target.column.identity === undefined) return;
  if (name !== 'int2' && name !== 'int4' && name !== 'int8') {
    const message = 'identity column type must be smallint, integer, or bigint';
    throw new SqlError({ sqlstate: '22023', message });
  }
  alterSequence(system, draft, target, (now) => ({ numbers: sequenceOptions([], name, now), restart: null }));
}

/** The column's sequence as it is by now, with other numbers. */
function alterSequence(
  system: System,
  draft: TableDraft,
  target: DraftColumn,
  change: (now: SequenceObject) => { readonly numbers: SequenceOptions; readonly restart: string | null },
): void {
  const column = draft.columns.indexOf(target);
  const fresh = draft.newSequences.findIndex(({ ownedBy }) => ownedBy?.column === column);
  if (target.before === null || fresh >= 0) {
    const now = draft.newSequences[fresh]!;
    const { numbers, restart } = change(now);
    draft.newSequences[fresh] = { ...now, ...numbers, start: restart ?? numbers.start };
    return;
  }
  const before = ownedSequence(draft, target, system.catalog.dependents(draft.table.id));
  const at = draft.alteredSequences.findIndex(({ after }) => after.id === before.id);
  const last = draft.alteredSequences[at];
  const now = last?.after ?? before;
  const { numbers, restart } = change(now);
  const altered = { before, after: { ...now, ...numbers }, restart: restart ?? last?.restart ?? null };
  if (last) draft.alteredSequences[at] = altered;
  else draft.alteredSequences.push(altered);
}

export function dropIdentity(context: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  const target = requireIdentity(draft, command, (message) => notice(context, '00000', message));
  if (!target) return;
  const { identity: _dropped, ...column } = target.column;
  draft.droppedSequences.push(
    ownedSequence(draft, target, context.system.catalog.dependents(draft.table.id)),
  );
  target.column = { ...column, defaultText: null };
}

function isGenerated({ defname }: { readonly defname?: string }): boolean {
  return defname === 'generated';
}

/** The identity column that the command names; null where IF EXISTS allows another, which is told. */
function requireIdentity(
  draft: TableDraft,
  command: AlterTableCmd,
  skip?: (message: string) => void,
): DraftColumn | null {
  const target = requireColumn(draft, command.name);
  if (target.column.identity !== undefined) return target;
  const message = `column "${target.column.name}" of relation "${draft.table.name}" is not an identity column`;
  if (command.missing_ok !== true || !skip) throw new SqlError({ sqlstate: '55000', message });
  skip(`${message}, skipping`);
  return null;
}

function ownedSequence(
  draft: TableDraft,
  { before }: DraftColumn,
  dependents: readonly (SequenceObject | { readonly kind: unknown })[],
): SequenceObject {
  const found = dependents.find(
    (object): object is SequenceObject =>
      object.kind === 'sequence' &&
      (object as SequenceObject).ownedBy?.table === draft.table.id &&
      (object as SequenceObject).ownedBy?.column === before,
  );
  if (!found) throw new Error('an identity column has a sequence');
  return found;
}
