/** SUBSCRIBE and TAIL: a snapshot at one timestamp, then every change, complete per timestamp. */
import type { RowEncoding, SubscribeOptions } from '../../engine/index.ts';
import type { Subscribe } from '../../sql/ast/subscribe.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Compiled } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import type { Option } from '../../sql/ast/options.ts';
import { positionOf } from '../catalog/names.ts';
import { SubscriptionStream } from '../dataflows/subscriptions.ts';
import { hasWritten } from '../session/statement.ts';
import type { ResultColumn, RowStream, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { evaluateConstant } from './constant.ts';
import type { Execution, Runnable } from './prepared.ts';
import { importsOf } from './select.ts';
import { asOfTimestamp, readTimestamp } from './snapshot.ts';

/** A compiled subscription. */
export class CompiledSubscribe {
  readonly columns: readonly ResultColumn[];
  readonly #system: System;
  readonly #parsed: ParsedStatement;
  readonly #statement: Subscribe;
  readonly #snapshot: boolean;
  readonly #progress: boolean;
  readonly #key: readonly number[];

  constructor(system: System, session: SessionContext, parsed: ParsedStatement, statement: Subscribe) {
    this.#system = system;
    this.#parsed = parsed;
    this.#statement = statement;
    const options = readOptions(parsed, statement.with);
    this.#snapshot = options.snapshot;
    this.#progress = options.progress;
    if (statement.withinTimestampOrderBy) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'WITHIN TIMESTAMP ORDER BY is not supported yet',
        position: positionOf(parsed, statement.withinTimestampOrderBy.location),
      });
    }
    const compiled = this.#compile(session);
    const names = compiled.columns.map((column) => column.name);
    this.#key = (statement.envelope?.key ?? []).map((key) => {
      const index = names.indexOf(key.name);
      if (index >= 0) return index;
      const near = nearestName(key.name, names);
      throw new SqlError({
        sqlstate: '42703',
        message: `column "${key.name}" of the subscription does not exist`,
        hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
        position: positionOf(parsed, key.location),
      });
    });
    this.columns = subscriptionColumns(compiled.columns, this.#progress, statement, this.#key);
  }

  /** Starts it. The stream must be closed. */
  async start(session: SessionContext, encoding: RowEncoding): Promise<RowStream> {
    const { engine, subscriptions, catalog } = this.#system;
    if (hasWritten(session.transaction)) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'SUBSCRIBE in a transaction that has written is not supported',
      });
    }
    const compiled = this.#compile(session);
    const latest = await readTimestamp(this.#system, session);
    const { asOf, upTo, envelope } = this.#statement;
    const parsed = this.#parsed;
    let timestamp = latest;
    if (asOf) {
      const text = evaluateConstant(this.#system, session, parsed, asOf.expression, 'AS OF');
      const limits = { oldest: engine.since(importsOf(compiled)), latest, atLeast: asOf.atLeast };
      timestamp = asOfTimestamp(parsed, asOf.location, text, limits);
    }
    const end = upTo ? evaluateConstant(this.#system, session, parsed, upTo.expression, 'UP TO') : null;
    const options: SubscribeOptions = {
      asOf: timestamp,
      snapshot: this.#snapshot,
      progress: this.#progress,
      upTo: end === null ? null : Number(end),
      envelope: envelope ? { kind: envelope.name, key: this.#key } : { kind: 'diff' },
      encoding,
      timeZone: session.timeZone,
    };
    if (options.upTo !== null && !(options.upTo >= timestamp)) {
      throw new SqlError({
        sqlstate: '22023',
        message: `UP TO ${end} is before the subscription's start ${timestamp}`,
        position: positionOf(parsed, upTo?.location),
      });
    }
    const id = catalog.allocateArrangement();
    const stream = new SubscriptionStream(this.columns, () => subscriptions.remove(id));
    subscriptions.add(id, stream);
    try {
      engine.subscribe(id, compiled.plan, options);
    } catch (error) {
      subscriptions.remove(id);
      throw error;
    }
    return stream;
  }

  #compile(session: SessionContext): Compiled {
    const { target } = this.#statement;
    const catalog = this.#system.planning.catalogFor(session);
    const node = target.kind === 'query' ? target.query.node : selectAll(target.name);
    const query = this.#system.planning.bindMaintained(session, { ...this.#parsed, node }, { catalog });
    return this.#system.planning.compileQuery(
      session,
      query,
      { kind: 'subscribe', name: 'subscription' },
      catalog,
    );
  }
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

function readOptions(
  parsed: ParsedStatement,
  options: readonly Option[],
): { snapshot: boolean; progress: boolean } {
  const values = { snapshot: true, progress: false };
  for (const option of options) {
    const { name, value } = option;
    if (name !== 'snapshot' && name !== 'progress') {
      const near = nearestName(name, ['snapshot', 'progress']);
      throw new SqlError({
        sqlstate: name === 'durable' ? '0A000' : '22023',
        message:
          name === 'durable' ? 'DURABLE is not supported yet' : `unrecognized SUBSCRIBE option "${name}"`,
        hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
        position: positionOf(parsed, option.location),
      });
    }
    const text =
      value.kind === 'flag'
        ? 'true'
        : value.kind === 'word'
          ? value.name.parts.join('.')
          : 'value' in value
            ? String(value.value)
            : '';
    if (!['true', 'false', 'on', 'off', '1', '0'].includes(text.toLowerCase())) {
      throw new SqlError({
        sqlstate: '22023',
        message: `invalid value for SUBSCRIBE option "${name}": "${text}"`,
        hint: 'Use true or false.',
        position: positionOf(parsed, option.valueLocation),
      });
    }
    values[name] = ['true', 'on', '1'].includes(text.toLowerCase());
  }
  return values;
}

/** The columns that a subscriber sees: the tw_ columns, then the relation's. */
function subscriptionColumns(
  columns: readonly ResultColumn[],
  progress: boolean,
  statement: Subscribe,
  key: readonly number[],
): ResultColumn[] {
  const prefix: ResultColumn[] = [{ name: 'tw_timestamp', type: { name: 'numeric', typmod: -1 } }];
  if (progress) prefix.push({ name: 'tw_progressed', type: { name: 'bool', typmod: -1 } });
  const { envelope } = statement;
  if (!envelope) return [...prefix, { name: 'tw_diff', type: { name: 'int8', typmod: -1 } }, ...columns];
  const state: ResultColumn = { name: 'tw_state', type: { name: 'text', typmod: -1 } };
  const keys = key.map((index) => columns[index]!);
  const rest = columns.filter((_, index) => !key.includes(index));
  if (envelope.name === 'upsert') return [...prefix, state, ...keys, ...rest];
  return [
    ...prefix,
    state,
    ...keys,
    ...rest.map((column) => ({ ...column, name: `before_${column.name}` })),
    ...rest.map((column) => ({ ...column, name: `after_${column.name}` })),
  ];
}
