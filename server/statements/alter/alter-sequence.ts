/** ALTER SEQUENCE: its options, its owner, its name. */
import type { AlterSeqStmt, AlterTableStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../../sql/ast/accessors.ts';
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { lookUp, positionOf, requireObject } from '../../catalog/names.ts';
import type { SequenceObject } from '../../catalog/objects.ts';
import type { System } from '../../system.ts';
import { changeSequence, ownership } from '../create-sequence.ts';
import { hasNoEffect } from '../no-effect.ts';
import { type Runnable, command } from '../prepared.ts';
import { isNumeric, ownedByOf, restartOf, sequenceOptions } from '../sequence-options.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename, setSchema } from './rename.ts';

/** RENAME TO and SET SCHEMA. */
export function prepareAlterSequence(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['sequence'], (sequence) =>
        rename(system, sequence, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['sequence'], async (sequence) => {
        if (sequence.ownedBy !== null) {
          const table = system.catalog.object(sequence.ownedBy.table);
          throw new SqlError({
            sqlstate: '0A000',
            message: 'cannot move an owned sequence into another schema',
            detail: `Sequence "${sequence.name}" is linked to table "${table.name}".`,
          });
        }
        await setSchema(system, sequence, action.schema.name);
      });
    default:
      throw unsupportedAction(statement);
  }
}

/** INCREMENT, MAXVALUE, RESTART, OWNED BY… */
export function prepareAlterSequenceOptions(
  system: System,
  parsed: ParsedStatement,
  { sequence: range, options = [], missing_ok }: AlterSeqStmt,
): Runnable {
  const name = rangeName(range);
  return command((session) =>
    system.ddl.run(async () => {
      if (!lookUp(system.catalog, session, parsed, name)) {
        const message = `relation "${name.parts.join('.')}" does not exist`;
        const position = positionOf(parsed, name.location);
        if (missing_ok !== true) throw new SqlError({ sqlstate: '42P01', message, position });
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
        return 'ALTER SEQUENCE';
      }
      const before = requireObject(system.catalog, session, parsed, name, ['sequence']) as SequenceObject;
      const numbers = sequenceOptions(options.filter(isNumeric), null, before);
      const restart = restartOf(options, numbers);
      const owner = ownedByOf(options);
      if (owner !== null && before.identity) {
        const table = before.ownedBy && system.catalog.object(before.ownedBy.table);
        throw new SqlError({
          sqlstate: '0A000',
          message: 'cannot change ownership of identity sequence',
          detail: table ? `Sequence "${before.name}" is linked to table "${table.name}".` : undefined,
        });
      }
      const owned = owner === null ? {} : ownership(system, session, parsed, before.schema, owner);
      const object: SequenceObject = { ...before, ...numbers, ...owned };
      refuseOutside(system, object, restart);
      const undo = changeSequence(system, before, object, restart);
      await commitCatalog(system, [{ kind: 'replace', object }], { abandoned: undo });
      return 'ALTER SEQUENCE';
    }, session),
  );
}

/** SET LOGGED, SET UNLOGGED: of tables and sequences that are all in memory. */
export function prepareAlterSequencePersistence(
  system: System,
  parsed: ParsedStatement,
  { relation, cmds = [], missing_ok }: AlterTableStmt,
): Runnable {
  const name = rangeName(relation);
  const [action] = cmds.map((node) => nodeAs(node, 'AlterTableCmd')?.subtype);
  if (action !== 'AT_SetLogged' && action !== 'AT_SetUnLogged') {
    throw new SqlError({ sqlstate: '0A000', message: 'this form of ALTER SEQUENCE is not supported' });
  }
  return command((session) =>
    system.ddl.run(async () => {
      if (missing_ok === true && !lookUp(system.catalog, session, parsed, name)) {
        const message = `relation "${name.parts.join('.')}" does not exist, skipping`;
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
        return 'ALTER SEQUENCE';
      }
      requireObject(system.catalog, session, parsed, name, ['sequence']);
      const clause = action === 'AT_SetLogged' ? 'SET LOGGED' : 'SET UNLOGGED';
      hasNoEffect(session, clause, 'All sequences are kept in the same way.');
      return 'ALTER SEQUENCE';
    }, session),
  );
}

/** The last value stays within the bounds, unless the sequence begins anew. */
function refuseOutside(
  system: System,
  { id, least, greatest }: SequenceObject,
  restart: string | null,
): void {
  const last = restart === null ? system.engine.sequenceState(id)?.last : undefined;
  if (last === undefined) return;
  const refuse = (what: string): never => {
    throw new SqlError({ sqlstate: '22023', message: `RESTART value (${last}) cannot be ${what}` });
  };
  if (BigInt(last) < BigInt(least)) refuse(`less than MINVALUE (${least})`);
  if (BigInt(last) > BigInt(greatest)) refuse(`greater than MAXVALUE (${greatest})`);
}
