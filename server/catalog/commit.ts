/**
 * The end of every DDL statement: the catalog's rows are committed, then the catalog itself changes. In a transaction both
 * wait for its commit.
 */
import type { Transaction } from '../../engine/index.ts';
import type { System } from '../system.ts';
import type { CatalogChange } from './catalog.ts';
import { withTemporarySchemas } from './temporary.ts';

/** What belongs to a change outside of the catalog. */
export interface Effects {
  /** Right before it is committed, when nothing is prepared any more. */
  readonly before?: () => Promise<void>;
  /** Once it is committed. */
  readonly committed?: () => void;
  /** If it is not: takes back what was prepared for it. */
  readonly abandoned?: () => void;
}

export async function commitCatalog(
  system: System,
  made: readonly CatalogChange[],
  effects: Effects = {},
  /** Rows that become true with it; the caller's to close. */
  writes: Transaction | null = null,
): Promise<void> {
  const changes = withTemporarySchemas(system.catalog, made);
  if (system.staged) {
    system.staged.stage(changes, effects);
    return;
  }
  const transaction = writes ?? system.engine.beginTransaction();
  try {
    await system.ddl.free(changes);
    await effects.before?.();
    system.systemWriter.write(changes, transaction, system.catalog);
    await system.sequencer.commit(transaction);
    system.catalog.apply(changes);
  } catch (error) {
    effects.abandoned?.();
    throw error;
  } finally {
    if (!writes) transaction.close();
  }
  effects.committed?.();
}
