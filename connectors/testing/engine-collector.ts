/**
 * A collector whose messages the engine decodes and keeps, as a server's are: plain ones, upserts by key, or Debezium's
 * changes. A message is JSON with the row's text as `v`; one of a row that is no JSON is refused.
 */
import {
  type ColumnType,
  type Engine,
  type MessageColumn,
  type MessageEnvelope,
  type Plan,
  type RowDecoder,
  type Transaction,
  startEngine,
} from '../../engine/index.ts';
import { layoutByColumns } from '../../sql/physical/layout.ts';
import { Collector, type CollectorState } from './collector.ts';

/** What messages are to the relation that they become. */
export type TestEnvelope = 'none' | 'upsert' | 'debezium';

const text: ColumnType = { scalar: 'text', typmod: -1, nullable: true };
const key: ColumnType = { ...text, nullable: false };

/** The relation's columns, how they are decoded, and which of them has the row's text. */
interface Shape {
  readonly columns: readonly ColumnType[];
  readonly primaryKey: readonly number[] | null;
  readonly fields: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly messages: readonly MessageColumn[];
  readonly envelope?: MessageEnvelope;
  readonly shown: number;
}

const SHAPES: Readonly<Record<TestEnvelope, Shape>> = {
  none: {
    columns: [text],
    primaryKey: null,
    fields: [{ name: 'v', type: text }],
    messages: [],
    shown: 0,
  },
  upsert: {
    columns: [key, text],
    primaryKey: [0],
    fields: [{ name: 'v', type: text }],
    messages: [],
    envelope: {
      kind: 'upsert',
      key: { kind: 'whole', columns: [{ name: 'key', type: key }] },
      order: [0, 1],
      inlineErrors: false,
    },
    shown: 1,
  },
  debezium: {
    columns: [key, text],
    primaryKey: [0],
    fields: [
      { name: 'id', type: key },
      { name: 'v', type: text },
    ],
    messages: [],
    envelope: { kind: 'debezium', key: null, primaryKey: [0], order: [0, 1], decimals: 'text' },
    shown: 1,
  },
};

/** The number of the schema that a collector may not know. */
const SCHEMA = 7;

/** An engine for the collectors of one suite; their collections are dropped with it. */
export class TestEngine {
  readonly engine: Engine;
  #time = 0;
  #ids = 0;
  #computed: (() => void)[] = [];

  constructor() {
    this.engine = startEngine({
      workers: 1,
      events: {
        completed: () => this.#computed.splice(0).forEach((resolve) => resolve()),
        changes: () => undefined,
        subscriptionEnded: () => undefined,
        panic: (message) => {
          throw new Error(message);
        },
      },
    });
  }

  collector(envelope: TestEnvelope): Collector {
    return new EngineCollector(this, SHAPES[envelope], ++this.#ids);
  }

  async commit(transaction: Transaction): Promise<void> {
    const time = ++this.#time;
    const [error] = await this.engine.commit(time, [transaction]);
    if (error) throw error;
    while (!this.engine.awaitComputed(time))
      await new Promise<void>((resolve) => this.#computed.push(resolve));
  }

  /** The rows of a plan, each a line as COPY writes it. */
  async rows(plan: Plan): Promise<string[]> {
    const cursor = await this.engine.execute(this.engine.prepare(plan), {
      timestamp: this.#time,
      parameters: [],
      timeZone: 'UTC',
      transaction: null,
      encoding: { kind: 'copyText', nullText: '\\N', delimiter: '\t' },
    });
    const lines: string[] = [];
    for (let done = false; !done;) {
      await cursor.fill();
      const next = cursor.next(0);
      // CopyData: a letter, its length, and a line.
      for (let at = 0; at < next.chunk.length; at += 1 + next.chunk.readUInt32BE(at + 1)) {
        lines.push(next.chunk.toString('utf8', at + 5, at + next.chunk.readUInt32BE(at + 1)));
      }
      done = next.done;
    }
    cursor.close();
    return lines;
  }

  stop(): Promise<void> {
    return this.engine.stop();
  }
}

class EngineCollector extends Collector {
  readonly #test: TestEngine;
  readonly #shape: Shape;
  readonly #arrangement: number;
  readonly #plan: Plan;

  constructor(test: TestEngine, shape: Shape, arrangement: number) {
    super();
    this.#test = test;
    this.#shape = shape;
    this.#arrangement = arrangement;
    const columns = [...shape.columns];
    const layout = layoutByColumns(columns, shape.primaryKey);
    test.engine.createCollection(arrangement, 'collected', columns, layout, shape.primaryKey !== null);
    this.#plan = {
      formatVersion: 1,
      name: 'collected',
      parameters: [],
      nodes: [{ label: 'import', columns, operator: { kind: 'import', arrangement, layout } }],
      output: {
        kind: 'rows',
        node: 0,
        finishing: {
          order: [],
          limit: null,
          offset: null,
          withTies: false,
          projection: columns.map((_, index) => index),
        },
      },
    };
  }

  override begin(): Transaction {
    const transaction = this.#test.engine.beginTransaction();
    // Each batch is a commit.
    return Object.assign(transaction, { byteLength: () => 4 << 20 });
  }

  override decoder(): RowDecoder {
    const { fields, messages, envelope } = this.#shape;
    const decoder = this.#test.engine.decoder({
      arrangement: this.#arrangement,
      format: { kind: 'json' },
      columns: fields,
      metadata: 0,
      messages,
      ...(envelope === undefined ? {} : { envelope }),
      mfp: { expressions: [], predicates: [], projection: fields.map((_, index) => index) },
      timeZone: 'UTC',
    });
    return {
      decode: (chunk, options) => decoder.decode(chunk, options),
      stage: async (chunk, place, position) => {
        const { schema } = this;
        if (schema === null || schema.known || !chunk.includes(schema.marker)) {
          return decoder.stage(chunk, place, position);
        }
        const write = (): never => {
          throw new Error('nothing was decoded');
        };
        return { unknownSchemas: [SCHEMA], position: null, write };
      },
      learnSchema: () => undefined,
      close: () => decoder.close(),
    };
  }

  protected override async apply(transaction: Transaction): Promise<void> {
    await this.#test.commit(transaction);
    const lines = await this.#test.rows(this.#plan);
    this.show(lines.map((line) => line.split('\t')[this.#shape.shown]!.trimEnd()));
    this.#lines = lines;
  }

  #lines: readonly string[] = [];

  override state(): CollectorState {
    return { ...super.state(), lines: this.#lines };
  }

  override async restore(state: CollectorState): Promise<void> {
    const names = this.#shape.columns.map((_, index) => `c${index}`);
    const decoder = this.#test.engine.decoder({
      arrangement: this.#arrangement,
      format: { kind: 'copyText', delimiter: '\t', nullText: '\\N', header: false },
      columns: names.map((name, index) => ({ name, type: this.#shape.columns[index]! })),
      metadata: 0,
      mfp: { expressions: [], predicates: [], projection: names.map((_, index) => index) },
      timeZone: 'UTC',
    });
    const transaction = this.#test.engine.beginTransaction();
    const rows = Buffer.from(state.lines!.map((line) => `${line.trimEnd()}\n`).join(''));
    decoder.decode(rows, { end: true, diff: 1, transaction, metadata: [] });
    decoder.close();
    await this.apply(transaction);
    Object.assign(this.offsets, state.offsets);
  }
}
