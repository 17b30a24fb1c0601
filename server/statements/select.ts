/**
 * SELECT, VALUES and TABLE: one snapshot, one plan, rows encoded by the engine.
 */
import type { Node } from '@pgsql/types';
import type {
  ArrangementId,
  Hold,
  PreparedPlan,
  ResultCursor,
  RowEncoding,
  Timestamp,
} from '../../engine/index.ts';
import { nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { WorkingTables } from '../../sql/bind/bind.ts';
import type { Compiled } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { isRegistered } from '../../sql/types/table.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { rowFieldsOf } from '../results/columns.ts';
import { importsOf } from '../dataflows/dataflows.ts';
import { hasWritten } from '../session/statement.ts';
import type { Direct, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Execution, Runnable } from './prepared.ts';
import { prepareRecursiveSelect, recursiveItems } from './recursive-select.ts';
import { holdAsOf, readTimestamp, sessionParameters, whenReadable } from './snapshot.ts';
import { timestampClause } from './timestamp-clause.ts';

/** A read that could not be answered in one call is tried again only after so many more. */
const REFUSED_RUNS = 64;

interface SelectOptions {
  readonly registeredAsNumbers?: boolean;
  /** It is not read AS OF a time. */
  readonly now?: boolean;
  /** It is read at a time before some arrangements: from relations' own alone. */
  readonly past?: boolean;
  readonly workingTables?: WorkingTables;
}

/** A compiled query with what it takes to run it again and again. */
export class CompiledSelect {
  readonly compiled: Compiled;
  readonly #system: System;
  readonly #parsed: ParsedStatement;
  /** Before this time the plan may be wrong; null: it never is. */
  readonly #since: Timestamp | null;
  /** The same without what may be wrong then. */
  readonly #ofThePast: (session: SessionContext) => CompiledSelect;
  readonly #isOfThePast: boolean;
  readonly #imports: readonly ArrangementId[];
  readonly #plan: PreparedPlan;
  /** Undefined: not asked for yet. It holds under one time zone, as the compiled query does. */
  #direct: Direct | null | undefined;

  constructor(
    system: System,
    session: SessionContext,
    parsed: ParsedStatement,
    node: Node,
    parameterTypes: readonly (SqlType | null)[],
    options: SelectOptions = {},
  ) {
    const {
      registeredAsNumbers = false,
      now = parsed.extensions.asOf === undefined,
      past: ofThePast = false,
      workingTables,
    } = options;
    this.#system = system;
    this.#parsed = parsed;
    this.#isOfThePast = ofThePast;
    const ownWrites = hasWritten(session.transaction);
    const catalog = system.planning.catalogFor(session, { ownWrites, past: ofThePast });
    const query = system.planning.bindQuery(
      session,
      { ...parsed, node },
      { parameterTypes, catalog, registeredAsNumbers, workingTables },
    );
    // Before it is compiled: what the catalog says has been true since then.
    const { last } = system.sequencer;
    this.compiled = system.planning.compileQuery(session, query, { kind: 'rows', now }, catalog);
    this.#since = this.compiled.sinceCatalog === true ? last : null;
    let past: { readonly plan: CompiledSelect; readonly version: string } | null = null;
    this.#ofThePast = (reader) => {
      // It may have asked what this one did not ask, so any change makes it anew.
      const version = `${system.catalog.version} ${system.dataflows.version}`;
      if (past?.version !== version) {
        const options = { registeredAsNumbers, now: false, past: true, workingTables };
        past = { plan: new CompiledSelect(system, reader, parsed, node, parameterTypes, options), version };
      }
      return past.plan;
    };
    this.#imports = importsOf(this.compiled);
    this.#plan = system.engine.prepare(this.compiled.plan);
  }

  async run(session: SessionContext, execution: Execution, encoding: RowEncoding): Promise<ResultCursor> {
    const { engine } = this.#system;
    const own = hasWritten(session.transaction);
    const { timestamp, hold } = await this.#timestamp(session, execution.parsed ?? this.#parsed, own);
    // A transaction that began before; views that it does not name, which were dropped while it waited.
    const { dataflows } = this.#system;
    const since = Math.max(this.#since ?? 0, dataflows.sharedSince(this.#imports));
    if (!this.#isOfThePast && (timestamp < since || !this.#hasUnnamed())) {
      return this.#ofThePast(session).run(session, execution, encoding);
    }
    try {
      return await engine.execute(this.#plan, {
        timestamp,
        parameters: [
          ...execution.parameters,
          ...sessionParameters(this.#system, session, this.compiled.sessionValues, timestamp),
        ],
        timeZone: session.timeZone,
        transaction: own ? session.transaction.writes : null,
        encoding,
        cancel: session.cancel,
      });
    } finally {
      hold?.release();
    }
  }

  #hasUnnamed(): boolean {
    const { catalog } = this.#system;
    return this.compiled.unnamed.every(({ object, arrangement }) => {
      const view = catalog.has(object) ? catalog.object(object) : null;
      if (view?.kind !== 'materializedView') return false;
      return view.arrangement === arrangement && view.onError === 'fail';
    });
  }

  direct(session: SessionContext): Direct | null {
    if (this.#direct === undefined) this.#direct = this.#answerAtOnce(session.timeZone);
    return this.#direct;
  }

  #answerAtOnce(timeZone: string): Direct | null {
    const { extensions, notices } = this.#parsed;
    const { columns, sessionValues } = this.compiled;
    if (extensions.asOf || notices.length > 0 || sessionValues.length > 0) return null;
    const { engine, sequencer } = this.#system;
    const read = engine.directRead(this.#plan, timeZone, rowFieldsOf(columns, []));
    if (!read) return null;
    let left = 0;
    return {
      kind: 'read',
      answer: (messages, from, to, framing, out, at) => {
        if (left > 0) {
          left--;
          return -1;
        }
        const end = read.answer(sequencer.last, messages, from, to, framing, out, at);
        if (end === -2) left = REFUSED_RUNS;
        return end;
      },
    };
  }

  close(): void {
    this.#plan.close();
  }

  get planLength(): number {
    return this.#plan.length;
  }

  async #timestamp(
    session: SessionContext,
    parsed: ParsedStatement,
    own: boolean,
  ): Promise<{ timestamp: Timestamp; hold: Hold | null }> {
    const { asOf } = parsed.extensions;
    const readable = whenReadable(this.#system, session, this.compiled);
    if (readable) await readable;
    const latest = await readTimestamp(this.#system, session, this.compiled);
    if (!asOf) return { timestamp: latest, hold: null };
    if (own) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'AS OF in a transaction that has written is not supported',
      });
    }
    const value = timestampClause(this.#system, session, parsed, asOf.expression, 'AS OF');
    const hold = holdAsOf(this.#system, parsed, asOf, value, this.compiled, latest);
    return { timestamp: hold.timestamp, hold };
  }
}

export function prepareSelect(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  node: Node,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  const statement = nodeAs(node, 'SelectStmt');
  if (statement && recursiveItems(statement).length > 0) {
    return prepareRecursiveSelect(system, session, parsed, statement, parameterTypes);
  }
  const select = new CompiledSelect(system, session, parsed, node, parameterTypes);
  const { columns } = select.compiled;
  const registered = columns.flatMap(({ type }, index) => (isRegistered(type.name) ? [index] : []));
  return {
    parameterTypes: select.compiled.parameters,
    columns,
    planLength: select.planLength,
    direct: (session) => (registered.length === 0 ? select.direct(session) : null),
    run: async (session, execution) => {
      const { formats } = execution;
      // In binary, a regclass is its oid; as text it is a name, which the plan looks up.
      const chosen = registered.some((index) => formats[index] === 1)
        ? new CompiledSelect(system, session, parsed, node, parameterTypes, { registeredAsNumbers: true })
        : select;
      return {
        kind: 'rows',
        columns,
        cursor: await chosen.run(session, execution, { kind: 'dataRow', formats }),
        tag: 'SELECT',
      };
    },
  };
}
