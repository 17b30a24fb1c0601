/**
 * The parts of one running server, handed to statements. It decides nothing.
 */
import type { Engine } from '../engine/index.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { SystemWriter } from './catalog/system/writer.ts';
import type { Dataflows } from './dataflows/dataflows.ts';
import type { Subscriptions } from './dataflows/subscriptions.ts';
import type { Sources } from './ingest/sources.ts';
import type { StatusWriter } from './ingest/status-writer.ts';
import type { Sinks } from './ingest/sinks.ts';
import type { DdlGate } from './catalog/ddl-lock.ts';
import type { StagedDdl } from './catalog/staged-ddl.ts';
import type { Planning } from './statements/planning.ts';
import type { RunningStatements } from './statements/running.ts';
import type { Sequencer } from './timeline/sequencer.ts';

export interface System {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly systemWriter: SystemWriter;
  readonly sequencer: Sequencer;
  readonly dataflows: Dataflows;
  readonly subscriptions: Subscriptions;
  readonly sources: Sources;
  readonly sinks: Sinks;
  readonly status: StatusWriter;
  readonly planning: Planning;
  readonly ddl: DdlGate;
  /** The transaction whose statements see this server; null for what is committed by itself. */
  readonly staged: StagedDdl | null;
  readonly running: RunningStatements;
}
