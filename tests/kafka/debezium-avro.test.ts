/** ENVELOPE DEBEZIUM with FORMAT AVRO over a real broker and a real registry: events as Debezium's connectors have the Avro converter write them. */
import avro from 'avsc';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { type Registry, registryMissing, startRegistry } from '../support/registry.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const PATIENCE = { timeout: 20_000 };
const UNAVAILABLE = '__debezium_unavailable_value';

/** The row of a table of PostgreSQL, and the event around it. */
const row = {
  type: 'record',
  name: 'Value',
  namespace: 'shop.public.items',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'name', type: ['null', 'string'], default: null },
    {
      name: 'price',
      type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }],
      default: null,
    },
    {
      name: 'made',
      type: ['null', { type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' }],
      default: null,
    },
    {
      name: 'more',
      type: ['null', { type: 'string', 'connect.name': 'io.debezium.data.Json' }],
      default: null,
    },
  ],
};
const event = {
  type: 'record',
  name: 'Envelope',
  namespace: 'shop.public.items',
  fields: [
    { name: 'before', type: ['null', row], default: null },
    { name: 'after', type: ['null', 'Value'], default: null },
    {
      name: 'source',
      type: {
        type: 'record',
        name: 'Source',
        fields: [
          { name: 'version', type: 'string' },
          { name: 'snapshot', type: ['string', 'null'], default: 'false' },
          { name: 'sequence', type: ['null', 'string'], default: null },
          { name: 'txId', type: ['null', 'long'], default: null },
          { name: 'lsn', type: ['null', 'long'], default: null },
        ],
      },
    },
    { name: 'op', type: 'string' },
    { name: 'ts_ms', type: ['null', 'long'], default: null },
  ],
} as unknown as avro.Schema;
const key = {
  type: 'record',
  name: 'Key',
  namespace: 'shop.public.items',
  fields: [{ name: 'id', type: 'int' }],
};

type Row = { id: number; name?: string | null; price?: Buffer; made?: number; more?: string };

describeWith(kafkaMissing() ?? registryMissing(), 'Debezium in Avro', () => {
  let broker: KafkaBroker;
  let registry: Registry;
  let server: Tidewire;
  let client: pg.Client;
  let write: (value: unknown) => Buffer;

  beforeAll(async () => {
    [broker, registry, server] = await Promise.all([startKafka(), startRegistry(), startTidewire()]);
    client = await server.connect();
    await client.query(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
    await client.query(`CREATE CONNECTION r TO CONFLUENT SCHEMA REGISTRY (URL '${registry.url}')`);
    await broker.createTopic('items');
    const id = await registry.register('items-value', event as object);
    await registry.register('items-key', key);
    const type = avro.Type.forSchema(event, { wrapUnions: true });
    write = (value) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(id, 1);
      return Buffer.concat([head, type.toBuffer(value)]);
    };
  }, 180_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    await Promise.all([broker?.stop(), registry?.stop()]);
  });

  const wrapped = ({ id, name, price, made, more }: Row): object => ({
    'shop.public.items.Value': {
      id,
      name: name == null ? null : { string: name },
      price: price === undefined ? null : { bytes: price },
      made: made === undefined ? null : { long: made },
      more: more === undefined ? null : { string: more },
    },
  });
  let lsn = 0;
  const change = (op: string, before: Row | null, after: Row | null, at = ++lsn): Buffer =>
    write({
      before: before === null ? null : wrapped(before),
      after: after === null ? null : wrapped(after),
      source: {
        version: '3.0',
        snapshot: { string: op === 'r' ? 'true' : 'false' },
        sequence: { string: `["${at}","${at}"]` },
        txId: { long: at },
        lsn: { long: at },
      },
      op,
      ts_ms: { long: 0 },
    });
  const send = async (...values: (Buffer | null)[]): Promise<void> => {
    const producer = broker.client().producer();
    await producer.connect();
    await producer.send({ topic: 'items', messages: values.map((value) => ({ value, key: 'k' })) });
    await producer.disconnect();
  };
  const gives = (sql: string, rows: unknown[][]): Promise<void> =>
    expect
      .poll(async () => (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows, PATIENCE)
      .toEqual(rows);

  test('columns and key are those of the schemas; rows come, change, move and go', async () => {
    await send(
      change('r', null, {
        id: 1,
        name: 'one',
        price: Buffer.from([4, 210]),
        made: 1_700_000_000_000_000,
        more: '{"a": [1]}',
      }),
      change('c', null, { id: 2, name: 'two' }),
      change('c', null, { id: 3, name: 'three' }),
    );
    await client.query(`CREATE SOURCE items FROM KAFKA CONNECTION k (TOPIC 'items')
      FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r ENVELOPE DEBEZIUM`);
    await client.query(`CREATE SOURCE prices (id int PRIMARY KEY, price numeric(6, 1)) FROM KAFKA CONNECTION k (TOPIC 'items')
      FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r ENVELOPE DEBEZIUM`);
    await gives('SELECT id, name, price::text, made::text, more::text FROM items ORDER BY id', [
      [1, 'one', '12.34', '2023-11-14 22:13:20', '{"a": [1]}'],
      [2, 'two', null, null, null],
      [3, 'three', null, null, null],
    ]);
    // What the log did not have stays; a key that changes takes its row along; a deletion has only the key.
    await send(
      change('u', null, { id: 1, name: 'uno', price: Buffer.from([255]), made: 0, more: UNAVAILABLE }),
      change('u', { id: 2 }, { id: 4, name: UNAVAILABLE }),
      change('d', { id: 3 }, null),
      null,
    );
    await gives('SELECT id, name, price::text, made::text, more::text FROM items ORDER BY id', [
      [1, 'uno', '-0.01', '1970-01-01 00:00:00', '{"a": [1]}'],
      [4, null, null, null, null],
    ]);
    await gives('SELECT id, price::text FROM prices ORDER BY id', [
      [1, '0.0'],
      [4, null],
    ]);
  });

  test('what was applied is left out, over another connection too; what cannot be followed is refused', async () => {
    await client.query(`ALTER CONNECTION k SET (CLIENT ID 'again')`);
    await send(
      change('u', null, { id: 4, name: 'old' }, 1),
      change('t', null, null),
      change('c', null, { id: 5 }),
    );
    await gives('SELECT id, name FROM items WHERE id > 3 ORDER BY id', [
      [4, null],
      [5, null],
    ]);
    await gives(
      `SELECT error_code, error_message FROM tw_catalog.source_errors WHERE source_name = 'items'`,
      [['0A000', 'a TRUNCATE of the upstream table cannot be followed']],
    );
  });

  test('what is not supported is refused by name', async () => {
    const create = (what: string): Promise<unknown> =>
      client.query(`CREATE SOURCE no (id int PRIMARY KEY) FROM KAFKA CONNECTION k (TOPIC 'items') ${what}`);
    await expect(
      create(
        `FORMAT PROTOBUF USING SCHEMA 'syntax = "proto3"; message M { int32 id = 1; }' ENVELOPE DEBEZIUM`,
      ),
    ).rejects.toMatchObject({
      code: '0A000',
      message: 'ENVELOPE DEBEZIUM with FORMAT PROTOBUF is not supported',
    });
    await expect(
      create(`FORMAT JSON ENVELOPE DEBEZIUM (VALUE DECODING ERRORS = INLINE)`),
    ).rejects.toMatchObject({ code: '0A000' });
    await expect(
      create(
        `FORMAT AVRO USING SCHEMA '{"type": "record", "name": "R", "fields": [{"name": "id", "type": "int"}]}' ENVELOPE DEBEZIUM`,
      ),
    ).rejects.toMatchObject({ code: '42804', message: 'the Avro schema is none of a Debezium event' });
  });
});
