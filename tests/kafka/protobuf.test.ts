/** FORMAT PROTOBUF over a real broker and a real registry; messages are written by protobufjs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { readTopic } from '../support/kafka-reader.ts';
import { describeWith } from '../support/left-out.ts';
import { type Registry, registryMissing, startRegistry } from '../support/registry.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const PATIENCE = { timeout: 20_000 };

const ADDRESS = 'syntax = "proto3"; package shop; message Address { string city = 1; }';
const ORDER = `syntax = "proto3";
package shop;
import "address.proto";
message Order {
  int64 id = 1;
  optional string note = 2;
  repeated Line lines = 3;
  Address to = 4;
  oneof payment { string card = 5; int32 cash = 6; }
  message Line { string item = 1; uint32 count = 2; }
}
message Refund { int64 id = 1; }`;

describeWith(kafkaMissing() ?? registryMissing(), 'Protobuf', () => {
  let broker: KafkaBroker;
  let registry: Registry;
  let server: Tidewire;
  let client: pg.Client;
  const ask = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows as unknown[];
  const asText = async (sql: string): Promise<string[]> =>
    (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.map((row) => JSON.stringify(row));

  beforeAll(async () => {
    [broker, registry, server] = await Promise.all([startKafka(), startRegistry(), startTidewire()]);
    client = await server.connect();
    await ask(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
    await ask(`CREATE CONNECTION r TO CONFLUENT SCHEMA REGISTRY (URL '${registry.url}')`);
  }, 180_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    await Promise.all([broker?.stop(), registry?.stop()]);
  });

  async function send(topic: string, ...values: Uint8Array[]): Promise<void> {
    const producer = broker.client().producer();
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ value: Buffer.from(value) })) });
    await producer.disconnect();
  }

  /** A message with its schema's number and its place among the schema's messages. */
  function framed(id: number, place: readonly number[], value: Uint8Array): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(id, 1);
    // Numbers are zig-zag.
    const path =
      place.length === 1 && place[0] === 0 ? [0] : [place.length, ...place].map((each) => each * 2);
    return Buffer.concat([head, Buffer.from(path), value]);
  }

  const types = (...texts: string[]): protobuf.Root => {
    const root = new protobuf.Root();
    for (const text of texts) protobuf.parse(text, root);
    return root;
  };
  const writer = (root: protobuf.Root, name: string): ((value: object) => Uint8Array) => {
    const type = root.lookupType(name);
    return (value) => type.encode(type.fromObject(value)).finish();
  };

  test('columns are the fields of a registered message, with what it imports', async () => {
    await broker.createTopic('orders');
    await registry.register('address', ADDRESS, { type: 'PROTOBUF' });
    const references = [{ name: 'address.proto', subject: 'address', version: 1 }];
    const id = await registry.register('orders-value', ORDER, { type: 'PROTOBUF', references });
    const order = writer(types(ADDRESS, ORDER), 'shop.Order');
    await ask(`CREATE SOURCE orders FROM KAFKA CONNECTION k (TOPIC 'orders')
      FORMAT PROTOBUF USING CONFLUENT SCHEMA REGISTRY CONNECTION r`);
    await ask(`CREATE SOURCE refunds FROM KAFKA CONNECTION k (TOPIC 'orders')
      FORMAT PROTOBUF MESSAGE 'shop.Refund' USING CONFLUENT SCHEMA REGISTRY CONNECTION r`);
    await ask(`CREATE SOURCE items (id int, lines jsonb, note text NOT NULL) FROM KAFKA CONNECTION k (TOPIC 'orders')
      FORMAT PROTOBUF (CONNECTION r, MESSAGE = 'Order')`);
    await send(
      'orders',
      framed(id, [0], order({ id: 1, note: 'fast', lines: [{ item: 'tea', count: 2 }], cash: 5 })),
      framed(id, [0], order({ id: 2, to: { city: 'Oslo' }, card: 'x' })),
      framed(id, [1], writer(types(ADDRESS, ORDER), 'shop.Refund')({ id: 3 })),
      Buffer.from('none'),
    );
    await expect
      .poll(() => asText('SELECT id::int, note, lines, "to", card, cash FROM orders ORDER BY id'), PATIENCE)
      .toEqual(['[1,"fast",[{"item":"tea","count":2}],null,null,5]', '[2,null,[],{"city":"Oslo"},"x",null]']);
    await expect.poll(() => asText('SELECT id::int FROM refunds'), PATIENCE).toEqual(['[3]']);
    await expect.poll(() => asText('SELECT id FROM items'), PATIENCE).toEqual(['[1]']);
    // A newer schema: numbers say which field is which, and one more is not in the source.
    await registry.compatibility('orders-value', 'NONE');
    const newer = ORDER.replace('optional string note = 2;', 'optional string remark = 2; bool gift = 9;');
    const second = await registry.register('orders-value', newer, { type: 'PROTOBUF', references });
    expect(second).not.toBe(id);
    await send(
      'orders',
      framed(second, [0], writer(types(ADDRESS, newer), 'shop.Order')({ id: 4, remark: 'new' })),
    );
    await expect
      .poll(() => asText('SELECT id::int, note FROM orders WHERE id = 4'), PATIENCE)
      .toEqual(['[4,"new"]']);
    expect(
      await asText(`SELECT "position"::int, error_code, error_message FROM tw_catalog.source_errors
        WHERE source_name = 'orders' ORDER BY 1`),
    ).toEqual([
      '[2,"42804","the Protobuf message is shop.Refund, not shop.Order"]',
      '[3,"22P03","invalid Protobuf data"]',
    ]);
  });

  test('a schema beside the statement: its text, a file, compiled descriptors', async () => {
    await broker.createTopic('plain');
    const schema = 'syntax = "proto3"; message Plain { int32 id = 1; bytes raw = 2; }';
    const folder = mkdtempSync(join(tmpdir(), 'tidewire-protobuf-'));
    const file = join(folder, 'plain.proto');
    writeFileSync(file, schema);
    // protoc --descriptor_set_out: one file "p" with the message Plain, whose field 1 is the int32 id.
    const descriptors = '\\x0a200a017022130a05506c61696e120a0a026964180120012805620670726f746f33';
    const create = (name: string, rest: string): Promise<unknown[]> =>
      ask(`CREATE SOURCE ${name} FROM KAFKA CONNECTION k (TOPIC 'plain') FORMAT PROTOBUF ${rest}`);
    await create('plain', `USING SCHEMA '${schema}'`);
    await create('plain_file', `USING SCHEMA FILE '${file}'`);
    await create('plain_compiled', `MESSAGE 'Plain' USING SCHEMA '${descriptors}'`);
    rmSync(folder, { recursive: true });
    await send('plain', writer(types(schema), 'Plain')({ id: 5, raw: new Uint8Array([0, 255]) }));
    await expect.poll(() => asText('SELECT id, raw::text FROM plain'), PATIENCE).toEqual(['[5,"\\\\x00ff"]']);
    await expect.poll(() => asText('SELECT id FROM plain_file'), PATIENCE).toEqual(['[5]']);
    await expect.poll(() => asText('SELECT * FROM plain_compiled'), PATIENCE).toEqual(['[5]']);
    await expect(create('bad', "USING SCHEMA 'message'")).rejects.toMatchObject({ code: '22023' });
    await expect(create('bad', `MESSAGE 'None' USING SCHEMA '${schema}'`)).rejects.toMatchObject({
      code: '42704',
      detail: 'Its messages are "Plain".',
    });
    await expect(create('bad', '(CONNECTION r, SUBJECT nobody)')).rejects.toMatchObject({ code: '42704' });
    await expect(
      ask(
        `CREATE SOURCE bad (nothing int) FROM KAFKA CONNECTION k (TOPIC 'plain') FORMAT PROTOBUF USING SCHEMA '${schema}'`,
      ),
    ).rejects.toMatchObject({ code: '42703' });
  });

  test('a sink registers the schemas of its columns, and others read what it writes', async () => {
    await ask(`CREATE TABLE things (id int PRIMARY KEY, b boolean, l bigint NOT NULL, d double precision, n numeric,
      by bytea, tz timestamptz, j jsonb)`);
    await ask(`INSERT INTO things VALUES (1, false, -5, 0.1, 12.50, '\\x00ff', '1969-12-31 23:59:59.5+00', '{"a": [1]}'),
      (2, NULL, 0, NULL, NULL, NULL, NULL, NULL)`);
    await ask(`CREATE SINK out FROM things INTO KAFKA CONNECTION k (TOPIC 'things') KEY (id)
      FORMAT PROTOBUF MESSAGE 'shop.Thing' USING CONFLUENT SCHEMA REGISTRY CONNECTION r ENVELOPE UPSERT`);
    await ask(`CREATE SINK changes FROM things INTO KAFKA CONNECTION k (TOPIC 'changes') KEY (id)
      FORMAT PROTOBUF (CONNECTION r) ENVELOPE DEBEZIUM`);
    const messages = await readTopic(broker, 'things', 2);
    const { schema, id } = await registry.latest('things-value');
    const root = new protobuf.Root();
    root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')!.nested!);
    const type = protobuf.parse(schema, root).root.lookupType('shop.Thing');
    const read = messages.map(({ value }) => {
      expect([value!.readUInt32BE(1), value![5]]).toEqual([id, 0]);
      return type.decode(value!.subarray(6)).toJSON();
    });
    expect(read).toContainEqual({
      ...{ id: 1, b: false, l: '-5', d: 0.1, n: '12.50', by: 'AP8=', j: '{"a": [1]}' },
      tz: { seconds: '-1', nanos: 500_000_000 },
    });
    await ask(`CREATE SOURCE back (id int PRIMARY KEY, b boolean, l bigint, d double precision, n numeric, by bytea,
      tz timestamptz, j jsonb) FROM KAFKA CONNECTION k (TOPIC 'things') FORMAT PROTOBUF (CONNECTION r) ENVELOPE UPSERT`);
    await expect.poll(() => asText('SELECT id FROM back ORDER BY id'), PATIENCE).toEqual(['[1]', '[2]']);
    expect(await asText('SELECT * FROM back ORDER BY id')).toEqual(
      await asText('SELECT * FROM things ORDER BY id'),
    );
    await readTopic(broker, 'changes', 2);
    await ask(
      `CREATE SOURCE changes_back FROM KAFKA CONNECTION k (TOPIC 'changes') FORMAT PROTOBUF (CONNECTION r)`,
    );
    await expect
      .poll(
        () => asText("SELECT before, after->>'l', op FROM changes_back WHERE after->>'id' = '1'"),
        PATIENCE,
      )
      .toEqual(['[null,"-5","c"]']);
  });

  test("RisingWave's form is understood with a connection", async () => {
    await expect(
      ask(`CREATE SOURCE risen (id int) WITH (connector = 'kafka', connection = k, topic = 'plain')
        FORMAT PLAIN ENCODE PROTOBUF (message = 'shop.Order', schema.registry = 'http://registry')`),
    ).rejects.toMatchObject({ code: '0A000', message: 'option "schema.registry" is not supported' });
    await ask(`CREATE SOURCE risen WITH (connector = 'kafka', connection = k, topic = 'orders')
      FORMAT PLAIN ENCODE PROTOBUF (message = 'shop.Order', connection = r)`);
    await expect.poll(() => asText('SELECT count(*)::int FROM risen'), PATIENCE).toEqual(['[3]']);
  });
});
