/** CREATE SEQUENCE. What it gives out is the engine's, and no transaction takes it back. */
import type { CreateSeqStmt } from '@pgsql/types';
import { rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, requireObject } from '../catalog/names.ts';
import type { SequenceObject, TableObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { persistenceOf } from './create-table.ts';
import { hasNoEffect } from './no-effect.ts';
import { type Runnable, command } from './prepared.ts';
import { isNumeric, ownedByOf, sequenceOptions } from './sequence-options.ts';

export function prepareCreateSequence(
  system: System,
  parsed: ParsedStatement,
  statement: CreateSeqStmt,
): Runnable {
  const options = sequenceOptions((statement.options ?? []).filter(isNumeric), null);
  const name = rangeName(statement.sequence);
  return command((session) =>
    system.ddl.run(async () => {
      if (statement.sequence?.relpersistence === 'u') {
        hasNoEffect(session, 'UNLOGGED', 'All sequences are kept in the same way.');
      }
      const target = newName(system.catalog, session, parsed, name, persistenceOf(statement.sequence));
      if (nameIsTaken(system.catalog, session, target, statement.if_not_exists ?? false)) {
        return 'CREATE SEQUENCE';
      }
      const sequence: SequenceObject = {
        kind: 'sequence',
        id: system.catalog.allocateObject(),
        ...target,
        ...ownership(system, session, parsed, target.schema, ownedByOf(statement.options ?? []) ?? []),
        statement: parsed.text,
        ...options,
        identity: false,
      };
      defineSequence(system, sequence);
      await commitCatalog(system, [{ kind: 'add', object: sequence }], {
        abandoned: () => system.engine.dropSequence(sequence.id),
      });
      return 'CREATE SEQUENCE';
    }, session),
  );
}

/** OWNED BY table.column: the sequence goes with it. */
export function ownership(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  schema: string,
  parts: readonly string[],
): Pick<SequenceObject, 'ownedBy' | 'dependsOn'> {
  if (parts.length === 0) return { ownedBy: null, dependsOn: [] };
  if (parts.length === 1) {
    throw new SqlError({
      sqlstate: '42601',
      message: 'invalid OWNED BY option',
      hint: 'Specify OWNED BY table.column or OWNED BY NONE.',
    });
  }
  const name = { parts: parts.slice(0, -1), location: 0, end: 0 };
  const table = requireObject(system.catalog, session, parsed, name, ['table']) as TableObject;
  if (table.schema !== schema) {
    const message = 'sequence must be in same schema as table it is linked to';
    throw new SqlError({ sqlstate: '55000', message });
  }
  const column = table.columns.findIndex((other) => other.name === parts.at(-1));
  if (column < 0) {
    const message = `column "${parts.at(-1)}" of relation "${table.name}" does not exist`;
    throw new SqlError({ sqlstate: '42703', message });
  }
  return { ownedBy: { table: table.id, column }, dependsOn: [table.id] };
}

/** The engine gives out its numbers from now on, from the start. */
export function defineSequence(system: System, sequence: SequenceObject): void {
  const { id, name, increment, least, greatest, cycles, start } = sequence;
  system.engine.defineSequence(id, { name, increment, least, greatest, cycles, restart: start });
}

/** A sequence gets other options, and begins anew with `restart`, at once for everybody; returns what takes that back. */
export function changeSequence(
  system: System,
  before: SequenceObject,
  after: SequenceObject,
  restart: string | null,
): () => void {
  const { id } = after;
  const state = system.engine.sequenceState(id);
  const definition = ({ name, increment, least, greatest, cycles }: SequenceObject) => ({
    ...{ name, increment, least, greatest, cycles },
  });
  system.engine.defineSequence(id, { ...definition(after), ...(restart === null ? {} : { restart }) });
  return () => {
    if (!state || !system.engine.sequenceState(id)) return;
    const next = state.called ? String(BigInt(state.last) + BigInt(before.increment)) : state.last;
    system.engine.defineSequence(id, { ...definition(before), restart: next });
  };
}
