/**
 * One client's session: what it has prepared, its portals and cursors, its settings and its transaction. It knows no
 * messages; `execute.ts` runs statements in it.
 */
import type { Cancellation, Engine, ParameterValue } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { parseAgain } from '../../sql/parse/memo.ts';
import { type Template, instanceOf } from '../../sql/parse/template.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { temporarySchemaOf } from '../catalog/temporary.ts';
import type { Log } from '../log.ts';
import { expandFormats } from '../results/columns.ts';
import { Activity } from './activity.ts';
import type { AdvisoryLocks, ShownLock } from './advisory-locks.ts';
import { CancelScope } from './cancel-scope.ts';
import type { Client } from './client.ts';
import { Cursors } from './cursors.ts';
import { answerDirectly, directOf, writeDirectly } from './direct.ts';
import { runPortal, runQuery } from './execute.ts';
import { Portal } from './portal.ts';
import type { Prepared } from './prepared.ts';
import { formatSettings } from './settings/format-settings.ts';
import { Settings } from './settings/settings.ts';
import { durationMilliseconds } from './settings/duration.ts';
import { ddlName, endsTransaction } from './statement-class.ts';
import type {
  Direct,
  Notice,
  OpenTransaction,
  ResultColumn,
  SessionContext,
  StatementExecutor,
} from './statement.ts';
import { type SavepointState, Savepoints } from './savepoints.ts';
import type { Sessions } from './sessions.ts';
import { TransactionControl, type TransactionStatus } from './transaction.ts';
import { describeObjects, namedNow } from './session-objects.ts';
import { prepareUtility } from './utility/dispatch.ts';

/** What sessions share. */
export interface SessionHost {
  readonly executor: StatementExecutor;
  readonly engine: Pick<Engine, 'cancellation' | 'forgetSequences' | 'forgetSession' | 'seedSession'>;
  readonly advisoryLocks: AdvisoryLocks;
  readonly sessions: Sessions;
  readonly log: Pick<Log, 'error'>;
}

const SILENT_BELOW: Readonly<Record<string, readonly Notice['severity'][]>> = {
  warning: ['NOTICE'],
  error: ['NOTICE', 'WARNING'],
};

/** How many there have been. */
let sessions = 0;

export class Session implements SessionContext {
  readonly number = ++sessions;
  readonly temporarySchema = temporarySchemaOf(this.number);
  hasOnCommit = false;
  readonly user: string;
  readonly database: string;
  readonly client: Client;
  readonly executor: StatementExecutor;
  readonly settings: Settings;
  readonly transactions: TransactionControl;
  readonly advisoryLocks: AdvisoryLocks;
  readonly sessions: Sessions;
  readonly activity = new Activity();
  /** The number that clients know its connection by. */
  process = 0;
  readonly cursors = new Cursors();
  readonly savepoints = new Savepoints();
  /** Prepared by Parse or PREPARE. */
  readonly statements = new Map<string, Prepared>();
  readonly portals = new Map<string, Portal>();
  /** Of texts of the simple protocol, by what they share. */
  readonly instances = new WeakMap<Template, Prepared>();
  readonly #newCancellation: () => Cancellation;
  readonly #log: Pick<Log, 'error'>;
  readonly #forget: () => void;
  /** DISCARD SEQUENCES. */
  readonly forgetSequences: () => void;
  /** setseed: from -1 to 1. */
  readonly seed: (seed: number) => void;
  #scope: CancelScope | null = null;
  #busy = false;
  #closed = false;

  constructor(host: SessionHost, client: Client, user: string, database: string) {
    this.user = user;
    this.database = database;
    this.client = client;
    this.executor = host.executor;
    this.advisoryLocks = host.advisoryLocks;
    this.sessions = host.sessions;
    this.#newCancellation = () => host.engine.cancellation();
    this.forgetSequences = () => host.engine.forgetSequences(this.number);
    this.seed = (seed) => host.engine.seedSession(this.number, seed);
    this.#log = host.log;
    this.#forget = () => host.engine.forgetSession(this.number);
    this.settings = new Settings(user, (name, value) => client.parameter(name, value));
    this.transactions = new TransactionControl(
      host.executor,
      () => this.settings.get('transaction_read_only') === 'on',
    );
  }

  // What statements see.

  setting(name: string): string {
    return this.settings.get(name);
  }

  allSettings(): Readonly<Record<string, string>> {
    const all = this.settings.all();
    const known = all.map(({ definition, value }) => [definition.name.toLowerCase(), value]);
    return Object.fromEntries([...known, ...this.settings.custom()]);
  }

  /** The advisory locks that it has or waits for. */
  get locks(): readonly ShownLock[] {
    return this.advisoryLocks.of(this.number);
  }

  get currentQuery(): string {
    return this.activity.query;
  }

  sessionActivity(): string {
    return this.sessions.describe();
  }

  objects(): string {
    return describeObjects(this);
  }

  get searchPath(): readonly string[] {
    return this.settings.searchPath(this.user, this.temporarySchema);
  }

  get timeZone(): string {
    return formatSettings(this.settings);
  }

  get settingsVersion(): number {
    return this.settings.version;
  }

  get transaction(): OpenTransaction {
    return this.transactions.current;
  }

  get cancel(): Cancellation {
    return this.scope.engine;
  }

  get cancelled(): Promise<never> {
    return this.scope.cancelled;
  }

  notice(notice: Notice): void {
    const silent = SILENT_BELOW[this.settings.get('client_min_messages')];
    if (!silent?.includes(notice.severity)) this.client.notice(notice);
  }

  // What the connection asks.

  get status(): TransactionStatus {
    return this.transactions.status;
  }

  /** Cancellation of the statement that runs; one made here between statements is never cancelled. */
  get scope(): CancelScope {
    return (this.#scope ??= new CancelScope(this.#newCancellation));
  }

  /** Runs all statements of a text, as the simple protocol does. Null: it was answered at once. */
  query(text: string): Promise<void> | null {
    const instance = instanceOf(text);
    const direct = instance && directOf(this, instance);
    if (direct?.kind === 'read' && answerDirectly(this, direct.answer, instance!)) {
      this.activity.ran(text);
      return null;
    }
    return this.#timed(text, async () => {
      if (direct?.kind === 'write' && (await writeDirectly(this, direct.write, instance!))) return;
      await runQuery(this, text, instance);
    });
  }

  /** What answers the prepared statement without a portal; null while the session is in a transaction, or where nothing does. */
  direct(statementName: string): Direct | null {
    if (!this.isUnoccupied) return null;
    const prepared = this.statements.get(statementName);
    const direct = prepared?.direct?.() ?? null;
    if (direct) this.activity.ran(prepared!.text);
    return direct;
  }

  /** No statement has run since the last transaction, and no portal waits. */
  get isUnoccupied(): boolean {
    return !this.transactions.inUse && this.portals.size === 0;
  }

  /** Parse: `types` as declared, null where the client left it open. */
  parse(name: string, text: string, types: readonly (SqlType | null)[]): void {
    if (name !== '' && this.statements.has(name)) {
      throw new SqlError({ sqlstate: '42P05', message: `prepared statement "${name}" already exists` });
    }
    const statements = parseAgain(text);
    if (statements.length > 1) {
      throw new SqlError({
        sqlstate: '42601',
        message: 'cannot insert multiple commands into a prepared statement',
      });
    }
    if (name === '') this.statements.delete('');
    const parsed = statements[0];
    const prepared = parsed ? this.prepare(parsed, types) : EMPTY_QUERY;
    this.statements.set(name, name === '' ? prepared : { ...prepared, named: namedNow(text, false) });
  }

  bind(
    portalName: string,
    statementName: string,
    parameters: readonly ParameterValue[],
    resultFormats: readonly number[],
  ): void {
    const prepared = this.statement(statementName);
    if (parameters.length !== prepared.parameterTypes.length) {
      throw new SqlError({
        sqlstate: '08P01',
        message:
          `bind message supplies ${parameters.length} parameters, but prepared statement "${statementName}" ` +
          `requires ${prepared.parameterTypes.length}`,
      });
    }
    this.checkNotFailed(prepared.endsTransaction);
    if (portalName === '') this.closePortal('');
    else if (this.portals.has(portalName)) {
      throw new SqlError({ sqlstate: '42P03', message: `cursor "${portalName}" already exists` });
    }
    const formats = expandFormats(resultFormats, prepared.columns?.length ?? 0);
    const values =
      prepared.parsed === null
        ? parameters
        : this.executor.readNames(this, prepared.parsed, prepared.parameterTypes, parameters, portalName);
    this.portals.set(portalName, new Portal(prepared, values, formats));
  }

  statement(name: string): Prepared {
    const prepared = this.statements.get(name);
    if (prepared) return prepared;
    const which = name === '' ? 'unnamed prepared statement' : `prepared statement "${name}"`;
    throw new SqlError({ sqlstate: '26000', message: `${which} does not exist` });
  }

  portal(name: string): Portal {
    const portal = this.portals.get(name);
    if (portal) return portal;
    throw new SqlError({ sqlstate: '34000', message: `portal "${name}" does not exist` });
  }

  /** What Describe tells of a portal, or of a cursor: PostgreSQL keeps both under one set of names. */
  described(portalName: string): {
    readonly columns: readonly ResultColumn[] | null;
    readonly formats: readonly number[];
  } {
    if (!this.portals.has(portalName) && this.cursors.has(portalName)) return this.cursors.get(portalName);
    const { prepared, formats } = this.portal(portalName);
    return { columns: prepared.columns, formats };
  }

  /** Execute. `alone`: a Sync follows, so that nothing else can belong to the same implicit transaction. */
  execute(portalName: string, maxRows: number, alone: boolean): Promise<void> {
    const portal = this.portal(portalName);
    return this.#timed(portal.prepared.text, () => runPortal(this, portal, maxRows, alone));
  }

  closeStatement(name: string): void {
    this.statements.delete(name);
  }

  closePortal(name: string): void {
    const portal = this.portals.get(name);
    if (!portal) {
      if (this.cursors.has(name)) this.cursors.close(name);
      return;
    }
    this.portals.delete(name);
    portal.close();
  }

  /** Sync, or the end of a simple query: an implicit transaction ends here. Null when there is nothing to wait for. */
  endImplicit(): Promise<void> | null {
    if (this.transactions.isExplicit) return null;
    if (!this.transactions.currentOrNull) {
      this.transactionEnded(true);
      return null;
    }
    return this.transactions.commit().then(() => {
      this.transactionEnded(true);
      return this.executor.afterCommit(this) ?? undefined;
    });
  }

  /** A statement or message failed: the transaction fails with it. Gives the error to report. */
  fail(error: unknown): unknown {
    const explained = this.executor.locate(this.#scope?.explain(error) ?? error);
    if (this.transactions.fail()) this.transactionEnded(false);
    else for (const portal of this.portals.values()) portal.close();
    return explained;
  }

  /** Ends the running statement with 57014. */
  cancelStatement(): void {
    this.#scope?.cancel('canceling statement due to user request');
  }

  /** The client is gone or the server ends. What a running statement uses is freed when it has come back. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#scope?.cancel('terminating connection', '57P01');
    if (!this.#busy) this.#release();
  }

  // What statements of the session itself use.

  /** Compiles a statement: the session's own, or the executor's. */
  prepare(parsed: ParsedStatement, types: readonly (SqlType | null)[]): Prepared {
    const ends = endsTransaction(parsed);
    this.checkNotFailed(ends);
    const utility = prepareUtility(this, parsed, types);
    if (utility) return utility;
    const prepared = this.executor.prepare(this, parsed, types);
    return {
      parsed,
      text: parsed.text,
      parameterTypes: prepared.parameterTypes,
      columns: prepared.columns,
      endsTransaction: ends,
      ddl: ddlName(parsed),
      beginDdl: () => this.executor.beginDdl(this, prepared),
      managesTransaction: false,
      direct: () => this.executor.direct(this, prepared),
      run: (parameters, formats) => this.executor.execute(this, prepared, parameters, formats),
    };
  }

  checkNotFailed(endsTransaction: boolean): void {
    if (this.transactions.status !== 'E' || endsTransaction) return;
    throw new SqlError({
      sqlstate: '25P02',
      message: 'current transaction is aborted, commands ignored until end of transaction block',
    });
  }

  /** COMMIT. False: the transaction had failed and was rolled back. */
  async commit(): Promise<boolean> {
    const committed = await this.transactions.commit();
    this.transactionEnded(committed);
    if (committed) await this.executor.afterCommit(this);
    return committed;
  }

  rollback(): void {
    this.transactions.rollback();
    this.transactionEnded(false);
  }

  transactionEnded(committed: boolean): void {
    if (committed) this.settings.commit();
    else this.settings.rollback();
    this.activity.transactionStart = null;
    this.advisoryLocks.giveAll(this.number, ['transaction']);
    this.cursors.endTransaction(committed);
    this.savepoints.clear();
    if (this.portals.size === 0) return;
    for (const portal of this.portals.values()) portal.close();
    this.portals.clear();
  }

  savepointState(): SavepointState {
    return {
      settings: this.settings.snapshot(),
      writes: this.transactions.currentOrNull?.writes.mark() ?? null,
      ddl: this.transactions.currentOrNull?.ddl?.mark() ?? 0,
      cursors: this.cursors.names(),
      constraintModes: this.transactions.currentOrNull?.constraintModes ?? null,
    };
  }

  async #timed(text: string, run: () => Promise<void>): Promise<void> {
    this.activity.begin(text);
    const scope = new CancelScope(this.#newCancellation);
    this.#scope = scope;
    this.#busy = true;
    const limit = durationMilliseconds(this.settings.get('statement_timeout'));
    const expired = (): void => scope.cancel('canceling statement due to statement timeout');
    const timer = limit > 0 ? setTimeout(expired, limit) : null;
    try {
      await run();
    } finally {
      this.#busy = false;
      this.activity.end(this.transactions.inUse);
      if (timer) clearTimeout(timer);
      if (this.#closed) this.#release();
    }
  }

  #release(): void {
    for (const portal of this.portals.values()) portal.close();
    this.portals.clear();
    this.cursors.closeAll();
    this.transactions.rollback();
    this.advisoryLocks.giveAll(this.number, ['session', 'transaction']);
    // The client is gone: there is nobody else to be told.
    this.executor.dropTemporary(this, true).catch((error: unknown) => {
      this.#log.error('dropping the temporary objects of a session failed', { session: this.number, error });
    });
    this.#forget();
  }
}

const EMPTY_QUERY: Prepared = {
  parsed: null,
  text: '',
  parameterTypes: [],
  columns: null,
  endsTransaction: true,
  ddl: null,
  managesTransaction: true,
  run: () => ({ kind: 'command', tag: '' }),
};
