/** SUBSCRIBE and TAIL: a snapshot at one timestamp, then every change, complete per timestamp. */
import type {
  ArrangementId,
  Hold,
  OrderKey,
  RowEncoding,
  SubscribeOptions,
  Timestamp,
} from '../../engine/index.ts';
import type { Subscribe } from '../../sql/ast/subscribe.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { Compiled } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { positionOf } from '../catalog/names.ts';
import { importsOf } from '../dataflows/dataflows.ts';
import { SubscriptionStream } from '../dataflows/subscriptions.ts';
import { hasWritten } from '../session/statement.ts';
import type { ResultColumn, RowStream, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Execution, Runnable } from './prepared.ts';
import { holdAsOf, subscriptionStart, whenReadable } from './snapshot.ts';
import { envelopeKey, orderWithinTimestamp, subscriptionColumns } from './subscribe-columns.ts';
import { type SubscribeWith, readSubscribeOptions } from './subscribe-options.ts';
import { timestampClause } from './timestamp-clause.ts';

interface CompiledQuery extends Compiled {
  /** What the query names. */
  readonly named: readonly ObjectId[];
}

/** A compiled subscription. */
export class CompiledSubscribe {
  readonly columns: readonly ResultColumn[];
  readonly #system: System;
  readonly #parsed: ParsedStatement;
  readonly #statement: Subscribe;
  readonly #with: SubscribeWith;
  readonly #key: readonly number[];
  readonly #order: readonly OrderKey[];

  constructor(system: System, session: SessionContext, parsed: ParsedStatement, statement: Subscribe) {
    this.#system = system;
    this.#parsed = parsed;
    this.#statement = statement;
    this.#with = readSubscribeOptions(parsed, statement.with);
    const { columns } = this.#compile(session);
    const { envelope } = statement;
    this.#key = envelopeKey(parsed, envelope, columns);
    this.columns = subscriptionColumns(columns, this.#with.progress, envelope, this.#key);
    this.#order = orderWithinTimestamp(parsed, statement.withinTimestampOrderBy, this.columns);
  }

  /** Starts it. The stream must be closed. */
  async start(session: SessionContext, encoding: RowEncoding): Promise<RowStream> {
    if (hasWritten(session.transaction)) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'SUBSCRIBE in a transaction that has written is not supported',
        hint: 'COMMIT first.',
      });
    }
    const compiled = this.#compile(session);
    const readable = whenReadable(this.#system, session, compiled);
    if (readable) await readable;
    const latest = await subscriptionStart(this.#system, session);
    const { asOf } = this.#statement;
    const parsed = this.#parsed;
    let start: Hold | null = null;
    try {
      if (asOf) {
        const value = timestampClause(this.#system, session, parsed, asOf.expression, 'AS OF');
        start = holdAsOf(this.#system, parsed, asOf, value, compiled, latest.timestamp);
      }
      return this.#subscribe(session, compiled, (start ?? latest).timestamp, encoding);
    } finally {
      // The subscription holds what it needs.
      start?.release();
      latest.release();
    }
  }

  #subscribe(
    session: SessionContext,
    compiled: CompiledQuery,
    timestamp: Timestamp,
    encoding: RowEncoding,
  ): RowStream {
    const { engine, subscriptions, dataflows, catalog } = this.#system;
    const { upTo, envelope } = this.#statement;
    const parsed = this.#parsed;
    const end = upTo ? timestampClause(this.#system, session, parsed, upTo.expression, 'UP TO') : null;
    if (end !== null && end < timestamp) {
      throw new SqlError({
        sqlstate: '22023',
        message: `UP TO ${end} is before the subscription's start, ${timestamp}`,
        position: positionOf(parsed, upTo?.location),
      });
    }
    const options: SubscribeOptions = {
      asOf: timestamp,
      ...this.#with,
      upTo: end,
      envelope: envelope ? { kind: envelope.name, key: this.#key } : { kind: 'diff' },
      order: this.#order,
      encoding,
      timeZone: session.timeZone,
    };
    const id = catalog.allocateArrangement();
    const read = importsOf(compiled);
    let uses = dataflows.retain(read);
    const remove = (): void => {
      subscriptions.remove(id);
      dataflows.release(uses);
      uses = [];
    };
    const stream = new SubscriptionStream(this.columns, {
      taken: (bytes) => engine.subscriptionTaken(id, bytes),
      lend: (descriptor) => engine.lendSocket(id, descriptor),
      takeBack: () => engine.takeSocketBack(id),
      close: remove,
    });
    subscriptions.add(id, stream, [...read, ...computedArrangements(catalog, compiled.named)]);
    try {
      engine.subscribe(id, compiled.plan, options);
    } catch (error) {
      remove();
      throw error;
    }
    return stream;
  }

  #compile(session: SessionContext): CompiledQuery {
    const { target } = this.#statement;
    const catalog = this.#system.planning.catalogFor(session);
    const node = target.kind === 'query' ? target.query.node : selectAll(target.name);
    const query = this.#system.planning.bindMaintained(session, { ...this.#parsed, node }, { catalog });
    const compiled = this.#system.planning.compileQuery(
      session,
      query,
      { kind: 'subscribe', name: 'subscription' },
      catalog,
    );
    return { ...compiled, named: [...catalog.resolved] };
  }
}

/** A view whose rows are computed has an arrangement's number, by which its readers are told that it goes. */
function computedArrangements(catalog: Catalog, named: readonly ObjectId[]): ArrangementId[] {
  return named.flatMap((id) => {
    const object = catalog.object(id);
    return object.kind === 'materializedView' && object.isComputed ? [object.arrangement] : [];
  });
}

export function prepareSubscribe(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Subscribe,
): Runnable {
  const subscribe = new CompiledSubscribe(system, session, parsed, statement);
  return {
    parameterTypes: [],
    columns: subscribe.columns,
    run: async (session, execution: Execution) => ({
      kind: 'stream',
      stream: await subscribe.start(session, { kind: 'dataRow', formats: execution.formats }),
      tag: 'SUBSCRIBE',
    }),
  };
}

/** `SELECT * FROM name` as PostgreSQL's parser would give it. */
export function selectAll(name: { readonly parts: readonly string[]; readonly location: number }) {
  const relname = name.parts.at(-1) ?? '';
  const schemaname = name.parts.at(-2);
  return {
    SelectStmt: {
      targetList: [
        { ResTarget: { val: { ColumnRef: { fields: [{ A_Star: {} }], location: name.location } } } },
      ],
      fromClause: [
        {
          RangeVar: {
            relname,
            ...(schemaname ? { schemaname } : {}),
            inh: true,
            relpersistence: 'p',
            location: name.location,
          },
        },
      ],
      limitOption: 'LIMIT_OPTION_DEFAULT' as const,
      op: 'SETOP_NONE' as const,
    },
  };
}
