/** CREATE SEQUENCE. What it gives out is the engine's, and no transaction takes it back. */
import type { CreateSeqStmt } from '@pgsql/types';
import { rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName } from '../catalog/names.ts';
import type { SequenceObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';
import { sequenceOptions } from './sequence-options.ts';

export function prepareCreateSequence(
  system: System,
  parsed: ParsedStatement,
  statement: CreateSeqStmt,
): Runnable {
  if ((statement.sequence?.relpersistence ?? 'p') !== 'p') {
    const message = 'temporary and unlogged sequences are not supported';
    throw new SqlError({ sqlstate: '0A000', message });
  }
  const options = sequenceOptions(statement.options ?? [], null);
  const name = rangeName(statement.sequence);
  return command((session) =>
    system.ddl.run(async () => {
      const target = newName(system.catalog, session, parsed, name);
      if (nameIsTaken(system.catalog, session, target, statement.if_not_exists ?? false)) {
        return 'CREATE SEQUENCE';
      }
      const sequence: SequenceObject = {
        kind: 'sequence',
        id: system.catalog.allocateObject(),
        ...target,
        dependsOn: [],
        statement: parsed.text,
        ...options,
        ownedBy: null,
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

/** The engine gives out its numbers from now on, from the start. */
export function defineSequence(system: System, sequence: SequenceObject): void {
  const { id, name, increment, least, greatest, cycles, start } = sequence;
  system.engine.defineSequence(id, { name, increment, least, greatest, cycles, restart: start });
}
