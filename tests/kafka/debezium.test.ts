/** ENVELOPE DEBEZIUM of a Kafka source: payloads as Debezium's connectors write them, a real broker, a real server. */
import type { Message, Producer } from 'kafkajs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const PATIENCE = 40_000;

/** The schema that Kafka Connect's JSON converter puts beside a change (`schemas.enable`). */
const fieldsOf = (field: 'before' | 'after'): unknown => ({
  type: 'struct',
  optional: true,
  name: 'shop.public.orders.Value',
  field,
  fields: [
    { type: 'int32', optional: false, field: 'id' },
    {
      type: 'bytes',
      optional: true,
      name: 'org.apache.kafka.connect.data.Decimal',
      version: 1,
      parameters: { scale: '2', 'connect.decimal.precision': '10' },
      field: 'price',
    },
    { type: 'int32', optional: true, name: 'io.debezium.time.Date', version: 1, field: 'day' },
    { type: 'int64', optional: true, name: 'io.debezium.time.Timestamp', version: 1, field: 'at' },
    { type: 'string', optional: true, name: 'io.debezium.data.Json', version: 1, field: 'doc' },
  ],
});
const schema = {
  type: 'struct',
  optional: false,
  name: 'shop.public.orders.Envelope',
  fields: [fieldsOf('before'), fieldsOf('after'), { type: 'string', optional: false, field: 'op' }],
};
const keySchema = {
  type: 'struct',
  optional: false,
  fields: [{ type: 'int32', optional: false, field: 'id' }],
};

describeWith(kafkaMissing(), 'ENVELOPE DEBEZIUM', () => {
  let broker: KafkaBroker;
  let server: Tidewire;
  let client: pg.Client;
  let producer: Producer;
  let topics = 0;

  beforeAll(async () => {
    [broker, server] = await Promise.all([startKafka(), startTidewire({ workers: 2 })]);
    client = await server.connect();
    producer = broker.client().producer();
    await producer.connect();
    await ask(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
  });
  afterAll(async () => {
    await producer?.disconnect();
    await client?.end();
    await server?.stop();
    await broker?.stop();
  });

  async function ask(sql: string): Promise<unknown[]> {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  }
  async function gives(sql: string, rows: unknown[]): Promise<void> {
    await expect.poll(() => ask(sql), { timeout: PATIENCE }).toEqual(rows);
  }
  async function topic(partitions = 1): Promise<string> {
    const name = `changes_${++topics}`;
    await broker.createTopic(name, partitions);
    return name;
  }
  const json = (value: unknown): string => JSON.stringify(value);
  const send = (to: string, messages: readonly (Message | object)[]): Promise<unknown> =>
    producer.send({
      topic: to,
      messages: messages.map((message) =>
        'value' in message ? (message as Message) : { value: json(message) },
      ),
    });
  const source = (name: string, columns: string, of: string, rest = ''): Promise<unknown> =>
    ask(
      `CREATE SOURCE ${name} (${columns}) FROM KAFKA CONNECTION k (TOPIC '${of}') FORMAT JSON ENVELOPE DEBEZIUM ${rest}`,
    );

  test("PostgreSQL's changes, with the schema beside them", async () => {
    const name = await topic();
    const change = (id: number, payload: object): Message => ({
      key: json({ schema: keySchema, payload: { id } }),
      value: json({ schema, payload }),
    });
    const row = { id: 1, price: 'BOI=', day: 19782, at: 1709213823123, doc: '{"a": 1}' };
    const snapshot = { connector: 'postgresql', snapshot: 'last', lsn: 500, sequence: '[null,"500"]' };
    const at = (commit: number, lsn: number): object => ({
      connector: 'postgresql',
      snapshot: 'false',
      lsn,
      sequence: json([`${commit}`, `${lsn}`]),
    });
    await send(name, [
      change(1, { before: null, after: row, source: snapshot, op: 'r' }),
      change(2, { before: null, after: { ...row, id: 2 }, source: snapshot, op: 'r' }),
      // REPLICA IDENTITY DEFAULT: no before.
      change(1, { before: null, after: { ...row, price: 'AMg=' }, source: at(500, 510), op: 'u' }),
      change(3, { before: null, after: { id: 3 }, source: at(520, 530), op: 'c' }),
      // Its before has the key only; a tombstone follows.
      change(2, { before: { id: 2, price: null }, after: null, source: at(540, 550), op: 'd' }),
      { key: json({ schema: keySchema, payload: { id: 2 } }), value: null },
    ]);
    await source(
      'orders',
      'id int PRIMARY KEY, price numeric(10, 2), day date, at timestamp, doc jsonb',
      name,
    );
    await ask(
      'CREATE MATERIALIZED VIEW revenue AS SELECT count(*)::int AS orders, sum(price)::text AS price FROM orders',
    );
    await gives("SELECT id, price::text, day::text, at::text, doc ->> 'a' FROM orders ORDER BY id", [
      [1, '2.00', '2024-02-29', '2024-02-29 13:37:03.123', '1'],
      [3, null, null, null, null],
    ]);
    await gives('SELECT * FROM revenue', [[2, '2.00']]);
    await gives('SELECT "offset" FROM tw_catalog.source_partitions WHERE source_name = \'orders\'', [['6']]);
    // Debezium begins again further back: what was applied is not applied again, in whatever reader.
    await ask("ALTER CONNECTION k SET (CLIENT ID 'another')");
    await send(name, [
      change(1, { before: null, after: { ...row, price: 'AP8=' }, source: at(500, 505), op: 'u' }),
      change(2, { before: null, after: { ...row, id: 2 }, source: at(510, 530), op: 'c' }),
      change(4, { before: null, after: { id: 4 }, source: at(560, 570), op: 'c' }),
    ]);
    await gives('SELECT id FROM orders ORDER BY id', [[1], [3], [4]]);
    await gives('SELECT * FROM revenue', [[3, '2.00']]);
    // A new snapshot begins anew, whatever its positions.
    await send(name, [
      change(5, { before: null, after: { id: 5 }, source: { ...snapshot, snapshot: 'first' }, op: 'r' }),
      change(1, { before: null, after: { id: 1, price: 'AQ==' }, source: at(10, 20), op: 'u' }),
    ]);
    await gives('SELECT id, price::text FROM orders ORDER BY id', [
      [1, '0.01'],
      [3, null],
      [4, null],
      [5, null],
    ]);
  });

  test("MySQL's changes, without a schema; a file of the log follows another", async () => {
    const name = await topic(2);
    const at = (file: number, pos: number, row = 0): object => ({
      ...{ connector: 'mysql', snapshot: 'false', server_id: 223344, gtid: null },
      ...{ file: `mysql-bin.${String(file).padStart(6, '0')}`, pos, row },
    });
    const item = {
      id: 7,
      name: 'nut',
      born: 1709213823000,
      seen: '2024-02-29T12:37:03Z',
      price: '12.50',
      flag: 1,
      tags: '["x"]',
    };
    await send(
      name,
      [
        { before: null, after: item, source: { ...at(3, 154), snapshot: 'true' }, op: 'r' },
        { before: item, after: { ...item, name: 'bolt' }, source: at(3, 400), op: 'u' },
        { before: null, after: { ...item, id: 8 }, source: at(10, 4), op: 'c' },
        { before: null, after: { ...item, id: 9 }, source: at(10, 4, 1), op: 'c' },
        // Again, from further back.
        { before: item, after: { ...item, name: 'old' }, source: at(3, 400), op: 'u' },
        { before: { ...item, id: 8 }, after: null, source: at(10, 300), op: 'd' },
        // The key of a row changes.
        { before: { ...item, id: 9 }, after: { ...item, id: 10 }, source: at(10, 500), op: 'u' },
      ].map((change): Message => ({ value: json(change), partition: 1 })),
    );
    await source(
      'items',
      'tags jsonb, name text, id bigint, born timestamp(0), seen timestamptz, price numeric, flag bool, PRIMARY KEY (id)',
      name,
    );
    await gives(
      "SELECT id::int, name, born::text, to_char(seen, 'HH24:MI'), price::text, flag, tags ->> 0 FROM items ORDER BY id",
      [
        [7, 'bolt', '2024-02-29 13:37:03', '12:37', '12.50', true, 'x'],
        [10, 'nut', '2024-02-29 13:37:03', '12:37', '12.50', true, 'x'],
      ],
    );
  });

  test('the key of the message, decimals as bytes, values that the log does not have', async () => {
    const name = await topic();
    const key = json({ id: 1, region: 'no' });
    await send(name, [
      {
        key,
        value: json({
          op: 'c',
          after: { id: 1, region: 'no', n: 'BOI=', long: 'much text', doc: '{"a": [1]}' },
        }),
      },
      {
        key,
        value: json({
          op: 'u',
          after: {
            id: 1,
            region: 'no',
            n: 'AMg=',
            long: '__debezium_unavailable_value',
            doc: '__debezium_unavailable_value',
          },
        }),
      },
    ]);
    await ask(`CREATE SOURCE toasted (long text NOT NULL, id int, n numeric(9, 2), doc jsonb, region text, PRIMARY KEY (region, id))
      FROM KAFKA CONNECTION k (TOPIC '${name}') KEY FORMAT JSON VALUE FORMAT JSON INCLUDE OFFSET AS at
      ENVELOPE DEBEZIUM (DECIMAL HANDLING MODE = 'precise')`);
    const rows = "SELECT id, region, n::text, long, doc ->> 'a', at::int FROM toasted";
    await gives(rows, [[1, 'no', '2.00', 'much text', '[1]', 1]]);
    // In a commit of its own, and twice in one.
    const keep = (n: string, long = '__debezium_unavailable_value'): Message => ({
      key,
      value: json({ op: 'u', after: { id: 1, region: 'no', n, long, doc: '__debezium_unavailable_value' } }),
    });
    await send(name, [keep('AQ=='), keep('Ag==', 'other'), keep('Aw==')]);
    await gives(rows, [[1, 'no', '0.03', 'other', '[1]', 4]]);
    await send(name, [{ key, value: json({ op: 'd', before: null }) }]);
    await gives(rows, []);
  });

  test('columns by their paths in the row', async () => {
    const name = await topic();
    await send(name, [
      { op: 'c', after: { id: 1, at: { city: 'Oslo', tags: ['a', 'b'] } } },
      { op: 'c', after: { id: 2, at: null } },
      { op: 'u', before: { id: 1 }, after: { id: 3, at: { city: 'Bergen' } } },
    ]);
    await source(
      'placed',
      "id int PRIMARY KEY, city text PATH '$.at.city', tag text PATH '$.at.tags[1]'",
      name,
    );
    await gives('SELECT id, city, tag FROM placed ORDER BY id', [
      [2, null, null],
      [3, 'Bergen', null],
    ]);
  });

  test('what is no change is refused; as RisingWave writes it', async () => {
    const name = await topic();
    await send(name, [
      { op: 'c', after: { id: 1, n: 1 } },
      { op: 't' },
      { id: 2 },
      { op: 'u', after: { id: 1, n: 'x' } },
      { op: 'd', before: { n: 1 } },
      { op: 'm', message: {} },
      { op: 'c', after: { id: 2, n: 2 } },
    ]);
    await source('lenient', 'id int PRIMARY KEY, n int', name, 'ON ERROR SKIP INTO refused');
    await source('strict', 'id int PRIMARY KEY, n int', name, 'ON ERROR FAIL');
    await gives('SELECT id, n FROM lenient ORDER BY id', [
      [1, 1],
      [2, 2],
    ]);
    await gives('SELECT position::int, error_code FROM refused ORDER BY position', [
      [1, '0A000'],
      [2, '22P02'],
      [3, '22P02'],
      [4, '22P02'],
    ]);
    await gives("SELECT state, error FROM tw_catalog.source_status WHERE name = 'strict'", [
      ['failed', expect.stringMatching(/^message 1 of .*TRUNCATE/)],
    ]);
    await ask(`CREATE TABLE rw (id int, n int, PRIMARY KEY (id))
      WITH (connector = 'kafka', connection = k, topic = '${name}') FORMAT DEBEZIUM ENCODE JSON`);
    await gives('SELECT id, n FROM rw ORDER BY id', [
      [1, 1],
      [2, 2],
    ]);
    const plain = `WITH (connector = 'kafka', connection = k, topic = '${name}') FORMAT PLAIN ENCODE JSON`;
    await expect(ask(`CREATE TABLE rw_plain (id int PRIMARY KEY) ${plain}`)).rejects.toMatchObject({
      code: '0A000',
    });
    await ask(`CREATE TABLE rw_plain (op text) ${plain}`);
    await gives('SELECT count(*)::int, count(op)::int FROM rw_plain', [[7, 6]]);
    await expect(ask('DROP TABLE rw')).rejects.toMatchObject({ code: '42809' });
    await ask('DROP SOURCE rw, rw_plain');
  });

  test.each([
    ["(a int) FROM KAFKA CONNECTION k (TOPIC 'changes_1') FORMAT JSON", '22023'],
    ["FROM KAFKA CONNECTION k (TOPIC 'changes_1') FORMAT JSON", '42601'],
    ["(a text PRIMARY KEY) FROM KAFKA CONNECTION k (TOPIC 'changes_1') FORMAT TEXT", '0A000'],
    ["(a int PRIMARY KEY) FROM FILE (PATH 'x') FORMAT JSON", '0A000'],
  ])('CREATE SOURCE wrong %s ENVELOPE DEBEZIUM is refused', async (rest, code) => {
    await expect(ask(`CREATE SOURCE wrong ${rest} ENVELOPE DEBEZIUM`)).rejects.toMatchObject({ code });
  });
});
