/**
 * INSERT, UPDATE, DELETE, MERGE: the plan fills the transaction's writes. A statement on its own commits at once, and runs
 * again on a new snapshot when another commit was first.
 */
import type { Node } from '@pgsql/types';
import { type ArrangementId, EngineError } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { referringTo } from '../catalog/foreign-keys.ts';
import type { TableObject } from '../catalog/objects.ts';
import { requireWritable } from '../session/access-mode.ts';
import { hasWritten } from '../session/statement.ts';
import type { SessionContext, StatementResult } from '../session/statement.ts';
import type { System } from '../system.ts';
import { StaleRead } from '../timeline/read-sets.ts';
import { DirectWrites } from './direct-write.ts';
import type { Execution, Runnable } from './prepared.ts';
import { deferredForeignKeys } from './set-constraints.ts';
import {
  forgetSnapshot,
  isSerializable,
  readTimestamp,
  sessionParameters,
  whenReadable,
} from './snapshot.ts';
import { takenNumbers } from './taken-numbers.ts';

/**
 * How often a single statement runs again after a conflict before the client gets 40001. PostgreSQL makes it wait for the
 * other's commit, so that it never does; here each conflict means that another was first, and who has many rivals for a
 * few keys loses often.
 */
const ATTEMPTS = 1000;
/** How often it runs again after an error that a commit beside it may have caused. */
const SECOND_LOOKS = 3;

export function prepareWrite(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  node: Node,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  const ownWrites = hasWritten(session.transaction);
  const catalog = system.planning.catalogFor(session, { ownWrites });
  const compiled = system.planning.compileWrite(session, parsed, node, { parameterTypes, catalog });
  const plan = system.engine.prepare(compiled.plan);
  const tag = tagOf(node);
  const columns = compiled.columns.length > 0 ? compiled.columns : null;

  const runOnce = async (session: SessionContext, execution: Execution): Promise<StatementResult> => {
    const readable = whenReadable(system, session, compiled);
    if (readable) await readable;
    const timestamp = await readTimestamp(system, session, compiled);
    const { affected, returning } = await system.engine.write(plan, {
      timestamp,
      parameters: [
        ...execution.parameters,
        ...sessionParameters(system, session, compiled.sessionValues, timestamp),
      ],
      timeZone: session.timeZone,
      transaction: session.transaction.writes,
      encoding: execution.encoding ?? { kind: 'dataRow', formats: execution.formats },
      cancel: session.cancel,
      // On its own the commit looks at what it has written.
      references: session.transaction.explicit ? 'check' : 'follow',
      deferred: deferredForeignKeys(system.catalog, session.transaction),
    });
    if (returning && columns) return { kind: 'rows', columns, cursor: returning, tag };
    returning?.close();
    return { kind: 'command', tag: `${tag} ${affected}` };
  };

  const numbers = takenNumbers(system.engine, compiled.sessionValues);
  const direct = new DirectWrites(system, plan, compiled.sessionValues, tag);
  // What another commit has made refer meanwhile would have been followed too.
  const missesReferring = (error: EngineError): boolean => {
    const { output } = compiled.plan;
    if (error.sqlstate !== '23503' || output.kind !== 'write') return false;
    return actingReferences(system.catalog, output.arrangement);
  };

  // What is the session's own may be written.
  const refuseUnlessTemporary = (session: SessionContext): void => {
    const { output } = compiled.plan;
    const table = output.kind === 'write' ? tableOf(system.catalog, output.arrangement) : undefined;
    if (table && isTemporarySchema(table.schema)) return;
    requireWritable(session.transaction, tag.split(' ')[0]!);
  };

  return {
    parameterTypes: compiled.parameters,
    columns,
    planLength: plan.length,
    direct: (session) => (parsed.notices.length > 0 || isSerializable(session) ? null : direct.of(session)),
    run: async (session, execution) => {
      if (session.transaction.readOnly) refuseUnlessTemporary(session);
      if (session.transaction.explicit) return runOnce(session, execution);
      numbers.begin(session);
      try {
        const work = async (): Promise<StatementResult> => {
          const result = await runOnce(session, execution);
          // If it is not committed, it runs again.
          numbers.again(session);
          return result;
        };
        return await commitAlone(system, session, work, missesReferring);
      } finally {
        numbers.end(session);
      }
    },
  };
}

/** INSERT, UPDATE, DELETE, MERGE. */
export function isWrite(node: Node): boolean {
  return 'InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node;
}

function tagOf(node: Node): string {
  if ('InsertStmt' in node) return 'INSERT 0';
  if ('UpdateStmt' in node) return 'UPDATE';
  return 'DeleteStmt' in node ? 'DELETE' : 'MERGE';
}

function tableOf(catalog: Catalog, arrangement: ArrangementId): TableObject | undefined {
  for (const table of catalog.objects()) {
    if (table.kind === 'table' && table.arrangement === arrangement) return table;
  }
  return undefined;
}

/** Whether foreign keys that refer to a table change what refers. */
function actingReferences(catalog: Catalog, arrangement: ArrangementId): boolean {
  const table = tableOf(catalog, arrangement);
  if (table === undefined) return false;
  return referringTo(catalog, table.id).some(
    ({ foreignKey: { enforced, onDelete, onUpdate } }) =>
      enforced && (onDelete !== 'noAction' || onUpdate !== 'noAction'),
  );
}

/**
 * Runs `work` and commits what it wrote; again on a new snapshot after a write conflict, or a few times after an error that
 * may pass.
 */
export async function commitAlone<T>(
  system: System,
  session: SessionContext,
  work: () => Promise<T>,
  mayPass: (error: EngineError) => boolean = () => false,
): Promise<T> {
  const { transaction } = session;
  for (let attempt = 1; ; attempt++) {
    const result = await work();
    try {
      if (hasWritten(transaction)) await system.sequencer.commit(transaction.writes, transaction.reads);
      return result;
    } catch (error) {
      if (!(error instanceof EngineError || error instanceof StaleRead)) throw error;
      const looksAgain = error instanceof EngineError && attempt <= SECOND_LOOKS && mayPass(error);
      if ((error.sqlstate !== '40001' && !looksAgain) || attempt === ATTEMPTS) throw error;
      forgetSnapshot(transaction);
    } finally {
      transaction.writes.clear();
    }
  }
}
