/**
 * The time at which a statement reads. A transaction keeps the snapshot of its first statement.
 */
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ArrangementId, Hold, Timestamp } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { AsOf } from '../../sql/ast/extension.ts';
import type { Compiled } from '../../sql/compile.ts';
import type { SessionValue } from '../../sql/hir.ts';
import type { ParameterValue } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf } from '../catalog/names.ts';
import { importsOf } from '../dataflows/dataflows.ts';
import type { OpenTransaction, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { objectSizes, sequenceValues } from './sizes.ts';

/** Whether what a transaction reads must be so when it commits. Transactions that only read are serializable anyway. */
export function isSerializable(session: SessionContext): boolean {
  return session.setting('transaction_isolation').includes('serializable');
}

/** The tables that a compiled statement reads, themselves or through views. */
function tablesOf(
  { catalog }: System,
  { reads, plan }: Pick<Compiled, 'reads' | 'plan'>,
): Set<ArrangementId> {
  const tables = new Set<ArrangementId>();
  const seen = new Set<ObjectId>();
  const visit = (id: ObjectId): void => {
    if (seen.has(id)) return;
    seen.add(id);
    const object = catalog.object(id);
    if (object?.kind === 'table' || object?.kind === 'source') tables.add(object.arrangement);
    else if (object?.kind === 'view' || object?.kind === 'materializedView') object.dependsOn.forEach(visit);
  };
  reads.forEach(visit);
  // Whether a key is there.
  if (plan.output.kind === 'write' && plan.output.conflict !== null) tables.add(plan.output.arrangement);
  return tables;
}

/**
 * The transaction's snapshot, computed: everything that was acknowledged before is in it. `compiled`: what is read there of
 * tables.
 */
export async function readTimestamp(
  system: System,
  session: SessionContext,
  compiled?: Pick<Compiled, 'reads' | 'plan'>,
): Promise<Timestamp> {
  const { transaction } = session;
  const first = transaction.timestamp === null;
  if (first && !transaction.readOnly && isSerializable(session)) {
    transaction.reads = system.sequencer.openReads();
  }
  if (transaction.reads && compiled) {
    for (const table of tablesOf(system, compiled)) transaction.reads.tables.add(table);
  }
  const timestamp = (transaction.timestamp ??= system.sequencer.last);
  const computed = system.sequencer.whenComputed(timestamp);
  // Who waits must find the time readable still, however much is computed meanwhile.
  if (first && (computed || transaction.explicit)) transaction.hold = system.engine.hold(timestamp);
  if (computed) await Promise.race([computed, session.cancelled]);
  return timestamp;
}

/** The transaction takes a snapshot anew: of its next statement. */
export function forgetSnapshot(transaction: OpenTransaction): void {
  transaction.hold?.release();
  transaction.hold = null;
  transaction.reads?.release();
  transaction.reads = null;
  transaction.timestamp = null;
}

/** Null when everything that a statement reads can be read; else waits until what still hydrates has. */
export function whenReadable(
  system: System,
  session: SessionContext,
  compiled: Pick<Compiled, 'plan'>,
): Promise<void> | null {
  const ready = system.dataflows.whenReady(importsOf(compiled));
  return ready && Promise.race([ready, session.cancelled]);
}

/** Where a subscription begins, held: at the transaction's snapshot, which it does not fix, since it reads on beyond it. */
export async function subscriptionStart(system: System, session: SessionContext): Promise<Hold> {
  const hold = system.engine.hold(session.transaction.timestamp ?? system.sequencer.last);
  try {
    const computed = system.sequencer.whenComputed(hold.timestamp);
    if (computed) await Promise.race([computed, session.cancelled]);
    return hold;
  } catch (error) {
    hold.release();
    throw error;
  }
}

/** AS OF: its timestamp, held, within what can be read. */
export function holdAsOf(
  system: System,
  parsed: ParsedStatement,
  { atLeast, location }: AsOf,
  value: Timestamp,
  compiled: Pick<Compiled, 'plan'>,
  latest: Timestamp,
): Hold {
  const oldest = system.engine.since(importsOf(compiled));
  if (atLeast) return system.engine.hold(Math.min(Math.max(value, oldest), latest), true);
  return system.engine.hold(asOfTimestamp(parsed, location, value, { oldest, latest }));
}

function asOfTimestamp(
  parsed: ParsedStatement,
  location: number | undefined,
  value: Timestamp,
  limits: { readonly oldest: Timestamp; readonly latest: Timestamp },
): Timestamp {
  const position = positionOf(parsed, location);
  if (value < limits.oldest) {
    throw new SqlError({
      sqlstate: '22023',
      message: `AS OF ${value} is no longer readable`,
      detail: `The oldest readable timestamp is ${limits.oldest}.`,
      hint: 'Use AS OF AT LEAST to read at the oldest readable timestamp instead.',
      position,
    });
  }
  if (value > limits.latest) {
    throw new SqlError({
      sqlstate: '22023',
      message: `AS OF ${value} is in the future`,
      detail: `The latest timestamp is ${limits.latest}.`,
      position,
    });
  }
  return value;
}

/** Values for the parameters that stand for the session, in the order that the plan wants. */
export function sessionParameters(
  system: System,
  session: SessionContext,
  values: readonly SessionValue[],
  timestamp: Timestamp,
): ParameterValue[] {
  return values.map((value) => {
    const text = sessionText(system, session, value, timestamp);
    return { format: 0, value: text === null ? null : Buffer.from(text) };
  });
}

function sessionText(
  system: System,
  session: SessionContext,
  value: SessionValue,
  timestamp: Timestamp,
): string | null {
  switch (value) {
    case 'transactionTimestamp':
    case 'statementTimestamp':
      return timestampText(timestamp);
    case 'clockTimestamp':
      return timestampText(Date.now() * 1000);
    case 'currentUser':
    case 'sessionUser':
      return session.user;
    case 'currentSchema':
      return session.searchPath.find((name) => system.catalog.schema(name) !== null) ?? null;
    case 'currentDatabase':
      return session.database;
    case 'sessionNumber':
      return String(session.number);
    case 'readOnly':
      return session.setting('transaction_read_only');
    case 'backendProcess':
      return String(session.process);
    case 'transactionNumber':
      return String(session.transaction.number);
    case 'currentQuery':
      return session.currentQuery;
    case 'settings':
      return JSON.stringify(session.allSettings());
    case 'objectSizes':
      return objectSizes(system);
    case 'sequenceValues':
      return sequenceValues(system);
    case 'sessionActivity':
      return session.sessionActivity();
    case 'sessionObjects':
      return session.objects();
  }
}

/** A timestamptz literal in UTC with microseconds. */
export function timestampText(microseconds: Timestamp): string {
  const seconds = Math.floor(microseconds / 1_000_000);
  const fraction = String(microseconds - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}+00`;
}
