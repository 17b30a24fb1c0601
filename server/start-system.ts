/** Assembles one server: engine, catalog, sequencer, dataflows, executor. */
import { startEngine } from '../engine/index.ts';
import { Catalog } from './catalog/catalog.ts';
import { DdlLock } from './catalog/ddl-lock.ts';
import { loadParser } from '../sql/parse/postgres.ts';
import { bootstrapCatalog } from './catalog/system/bootstrap.ts';
import { Dataflows } from './dataflows/dataflows.ts';
import { Subscriptions } from './dataflows/subscriptions.ts';
import { Sinks } from './ingest/sinks.ts';
import { Sources } from './ingest/sources.ts';
import { StatusWriter, systemTable } from './ingest/status-writer.ts';
import type { StartSystem } from './serve.ts';
import { Executor } from './statements/executor.ts';
import { Planning } from './statements/planning.ts';
import { RunningStatements } from './statements/running.ts';
import type { System } from './system.ts';
import { Sequencer } from './timeline/sequencer.ts';

export const startSystem: StartSystem = async ({ workers, log, panic }) => {
  let sequencer: Sequencer | null = null;
  let subscriptions: Subscriptions | null = null;
  const engine = startEngine({
    workers,
    events: {
      completed: (timestamp) => sequencer?.completed(timestamp),
      changes: (chunk) => subscriptions?.changes(chunk),
      subscriptionEnded: (id, error) => subscriptions?.ended(id, error),
      panic: (message) => {
        sequencer?.fail(new Error(`the engine failed: ${message}`));
        panic(message);
      },
    },
  });
  sequencer = new Sequencer(engine);
  subscriptions = new Subscriptions(engine);
  const catalog = new Catalog();
  const dataflows = new Dataflows(engine);
  const planning = new Planning(engine, catalog, dataflows);
  const { writer, transaction } = bootstrapCatalog(engine, catalog);
  await sequencer.commit(transaction);
  transaction.close();
  const parts = { engine, catalog, systemWriter: writer, sequencer, dataflows, subscriptions, planning };
  const ddl = new DdlLock();
  const sources = new Sources({ ...parts, log, errors: systemTable(catalog, 'source_errors').arrangement });
  const sinks = new Sinks({ ...parts, log });
  const status = new StatusWriter({ ...parts, sources, sinks, log });
  const system: System = {
    ...parts,
    ddl,
    staged: null,
    running: new RunningStatements(),
    sources,
    sinks,
    status,
  };
  setImmediate(loadParser);
  return {
    engine,
    executor: new Executor(system, ddl),
    async stop() {
      system.status.stop();
      await system.sources.stopAll();
      await system.sinks.stopAll();
      system.sequencer.stop();
      // Nothing else keeps the process alive now, and the engine does not.
      const alive = setInterval(() => undefined, 1000);
      await engine.stop().finally(() => clearInterval(alive));
    },
  };
};
