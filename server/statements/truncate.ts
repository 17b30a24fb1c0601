/**
 * TRUNCATE: all rows of the tables leave in one transaction, as by DELETE without a condition: it is seen by views, can
 * be rolled back, and what others insert meanwhile stays.
 */
import type { TruncateStmt } from '@pgsql/types';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SequenceObject } from '../catalog/objects.ts';
import { requireWritable } from '../session/access-mode.ts';
import { hasWritten } from '../session/statement.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { changeSequence } from './create-sequence.ts';
import { type Runnable, command } from './prepared.ts';
import { readTimestamp, whenReadable } from './snapshot.ts';
import { commitAlone } from './write.ts';

export function prepareTruncate(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: TruncateStmt,
): Runnable {
  const catalog = system.planning.catalogFor(session, { ownWrites: hasWritten(session.transaction) });
  const truncation = system.planning.compileTruncation(session, parsed, statement, catalog);
  const tables = truncation.compiled.map((compiled) => ({
    compiled,
    plan: system.engine.prepare(compiled.plan),
  }));
  const restarted = statement.restart_seqs === true ? ownedSequences(system, truncation.tables) : [];

  const restart = (sequence: SequenceObject): (() => void) =>
    changeSequence(system, sequence, sequence, sequence.start);

  const truncate = async (session: SessionContext): Promise<void> => {
    for (const { compiled, plan } of tables) {
      const readable = whenReadable(system, session, compiled);
      if (readable) await readable;
      const timestamp = await readTimestamp(system, session, compiled);
      const { returning } = await system.engine.write(plan, {
        timestamp,
        parameters: [],
        timeZone: session.timeZone,
        transaction: session.transaction.writes,
        encoding: { kind: 'dataRow', formats: [] },
        cancel: session.cancel,
      });
      returning?.close();
    }
  };

  return command(async (session) => {
    requireWritable(session.transaction, 'TRUNCATE TABLE');
    for (const table of truncation.cascaded) {
      const message = `truncate cascades to table "${table}"`;
      session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
    }
    if (session.transaction.explicit) {
      await truncate(session);
      for (const id of truncation.tables) session.transaction.fresh.add(id);
      session.transaction.undo.push(...restarted.map(restart));
    } else {
      await commitAlone(system, session, () => truncate(session));
      for (const sequence of restarted) restart(sequence);
    }
    return 'TRUNCATE TABLE';
  });
}

function ownedSequences(system: System, tables: ReadonlySet<number>): SequenceObject[] {
  return [...system.catalog.objects()].filter(
    (object): object is SequenceObject =>
      object.kind === 'sequence' && object.ownedBy !== null && tables.has(object.ownedBy.table),
  );
}
