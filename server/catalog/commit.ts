/**
 * The end of every DDL statement: the catalog's rows are committed, then the catalog itself changes.
 */
import type { Timestamp } from '../../engine/index.ts';
import type { System } from '../system.ts';
import type { CatalogChange } from './catalog.ts';

export async function commitCatalog(system: System, changes: readonly CatalogChange[]): Promise<Timestamp> {
  const transaction = system.engine.beginTransaction();
  try {
    system.systemWriter.write(changes, transaction);
    const timestamp = await system.sequencer.commit(transaction);
    system.catalog.apply(changes);
    return timestamp;
  } finally {
    transaction.close();
  }
}
