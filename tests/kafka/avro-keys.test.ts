/** Keys in Avro, ENVELOPE UPSERT over them, and FORMAT AVRO of sinks, read back by avsc and by a source. */
import avro from 'avsc';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { readTopic } from '../support/kafka-reader.ts';
import { describeWith } from '../support/left-out.ts';
import { type Registry, registryMissing, startRegistry } from '../support/registry.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const PATIENCE = { timeout: 30_000 };

describeWith(kafkaMissing() ?? registryMissing(), 'Avro', () => {
  let broker: KafkaBroker;
  let registry: Registry;
  let server: Tidewire;
  let client: pg.Client;
  const ask = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows as unknown[];
  const asText = async (sql: string): Promise<string[]> =>
    (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.map((row) => JSON.stringify(row));

  beforeAll(async () => {
    [broker, registry, server] = await Promise.all([
      startKafka(),
      startRegistry(),
      startTidewire({ workers: 2 }),
    ]);
    client = await server.connect();
    await ask(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
    await ask(`CREATE CONNECTION r TO CONFLUENT SCHEMA REGISTRY (URL '${registry.url}')`);
  }, 180_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    await Promise.all([broker?.stop(), registry?.stop()]);
  });

  async function send(
    topic: string,
    ...messages: { key: Buffer | null; value: Buffer | null }[]
  ): Promise<void> {
    const producer = broker.client().producer();
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  async function writer(subject: string, schema: avro.Schema): Promise<(value: unknown) => Buffer> {
    const id = await registry.register(subject, JSON.stringify(schema));
    const type = avro.Type.forSchema(schema, { wrapUnions: true });
    return (value) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(id, 1);
      return Buffer.concat([head, type.toBuffer(value)]);
    };
  }

  const record = (name: string, fields: object[]): avro.Schema =>
    ({ type: 'record', name, fields }) as avro.Schema;

  test('a key of a record is the key of the rows, and its fields are their columns', async () => {
    await broker.createTopic('users');
    const key = await writer('users-key', record('Key', [{ name: 'id', type: 'int' }]));
    const value = await writer(
      'users-value',
      record('User', [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'string' },
      ]),
    );
    await ask(`CREATE SOURCE users FROM KAFKA CONNECTION k (TOPIC 'users')
      FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r ENVELOPE UPSERT`);
    await ask(`CREATE SOURCE declared (name text, id bigint PRIMARY KEY) FROM KAFKA CONNECTION k (TOPIC 'users')
      KEY FORMAT AVRO (CONNECTION r) VALUE FORMAT AVRO (CONNECTION r) INCLUDE OFFSET ENVELOPE UPSERT`);
    await ask(`CREATE SOURCE whole (name text) FROM KAFKA CONNECTION k (TOPIC 'users')
      FORMAT AVRO (CONNECTION r) INCLUDE KEY AS k ENVELOPE UPSERT`);
    await send(
      'users',
      { key: key({ id: 1 }), value: value({ id: 1, name: 'Ada' }) },
      { key: key({ id: 2 }), value: value({ id: 2, name: 'Bob' }) },
    );
    const rows = (): Promise<string[]> => asText('SELECT * FROM users ORDER BY id');
    await expect.poll(rows, PATIENCE).toEqual(['[1,"Ada"]', '[2,"Bob"]']);
    await send(
      'users',
      { key: key({ id: 1 }), value: value({ id: 1, name: 'Eve' }) },
      { key: key({ id: 2 }), value: null },
      { key: Buffer.from('no key'), value: value({ id: 3, name: 'Who' }) },
      { key: null, value: value({ id: 4, name: 'None' }) },
    );
    await expect.poll(rows, PATIENCE).toEqual(['[1,"Eve"]']);
    await expect
      .poll(() => asText('SELECT name, id::int, "offset"::int FROM declared'), PATIENCE)
      .toEqual(['["Eve",1,2]']);
    await expect.poll(() => asText('SELECT k, name FROM whole'), PATIENCE).toEqual(['[{"id":1},"Eve"]']);
    await expect
      .poll(() => asText("SELECT rejected::int FROM tw_catalog.source_status WHERE name = 'users'"), PATIENCE)
      .toEqual(['[2]']);
  });

  test("a value that does not decode is its key's row with the error, where that is asked for", async () => {
    await broker.createTopic('inline');
    const key = await writer('inline-key', record('Key', [{ name: 'id', type: 'int' }]));
    const value = await writer('inline-value', record('Value', [{ name: 'name', type: 'string' }]));
    await ask(`CREATE SOURCE inline FROM KAFKA CONNECTION k (TOPIC 'inline')
      FORMAT AVRO (CONNECTION r) ENVELOPE UPSERT (VALUE DECODING ERRORS = INLINE)`);
    await send(
      'inline',
      { key: key({ id: 1 }), value: value({ name: 'Ada' }) },
      { key: key({ id: 2 }), value: Buffer.from('no Avro') },
    );
    const rows = (): Promise<string[]> =>
      asText("SELECT id, name, error->>'code', error->>'description' FROM inline ORDER BY id");
    await expect
      .poll(rows, PATIENCE)
      .toEqual(['[1,"Ada",null,null]', '[2,null,"22P03","invalid Avro data"]']);
    await send('inline', { key: key({ id: 2 }), value: value({ name: 'Bob' }) });
    await expect.poll(rows, PATIENCE).toEqual(['[1,"Ada",null,null]', '[2,"Bob",null,null]']);
  });

  test('INCLUDE KEY with KEY FORMAT AVRO has the key as one column', async () => {
    await broker.createTopic('counts');
    const key = await writer('counts-key', 'string');
    await ask(`CREATE SOURCE counts FROM KAFKA CONNECTION k (TOPIC 'counts')
      KEY FORMAT AVRO (CONNECTION r) VALUE FORMAT TEXT INCLUDE KEY AS city`);
    await send('counts', { key: key('Oslo'), value: Buffer.from('5') });
    await expect.poll(() => asText('SELECT city, data FROM counts'), PATIENCE).toEqual(['["Oslo","5"]']);
    expect(
      await asText(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'counts'::regclass AND attnum > 0",
      ),
    ).toEqual(['["text"]', '["text"]']);
  });

  test('a sink registers the schemas of its columns, and others read what it writes', async () => {
    await ask(`CREATE TABLE things (id int PRIMARY KEY, b boolean, l bigint NOT NULL, f real, d double precision,
      n numeric(8,2), free numeric, t text, by bytea, day date, tm time, ts timestamp, tz timestamptz, iv interval, u uuid, j jsonb)`);
    await ask(`INSERT INTO things VALUES (1, true, 4503599627370497, 0.5, 0.1, -12.34, 1e30, 'höjd', '\\x00ff',
      '2024-10-04', '01:02:03.5', '2024-10-04 01:02:03.000004', '2024-10-04 01:02:03+00', '1 month 2 days',
      '0b1e1e9a-6c5f-4b64-9a3c-1d2f3a4b5c6d', '{"a": [1]}'), (2, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    await ask(`CREATE SINK out FROM things INTO KAFKA CONNECTION k (TOPIC 'things') KEY (id)
      FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r (AVRO VALUE FULLNAME = 'shop.Thing') ENVELOPE UPSERT`);
    const messages = await readTopic(broker, 'things', 2);
    const { schema, id } = await registry.latest('things-value');
    const parsed = JSON.parse(schema) as {
      name: string;
      namespace: string;
      fields: { name: string; type: unknown }[];
    };
    const fieldType = (name: string): unknown => parsed.fields.find((field) => field.name === name)?.type;
    expect(`${parsed.namespace}.${parsed.name}`).toBe('shop.Thing');
    expect(fieldType('l')).toBe('long');
    expect(fieldType('n')).toEqual([
      'null',
      { type: 'bytes', logicalType: 'decimal', precision: 8, scale: 2 },
    ]);
    const type = avro.Type.forSchema(parsed as avro.Schema, { wrapUnions: true });
    const values = messages.map(({ value }) => {
      expect(value!.readUInt32BE(1)).toBe(id);
      return type.fromBuffer(value!.subarray(5)) as Record<string, unknown>;
    });
    const first = values.find((value) => value['t'] !== null)!;
    expect(first).toMatchObject({ id: 1, b: { boolean: true }, t: { string: 'höjd' }, day: { int: 20_000 } });
    // And back.
    await ask(`CREATE SOURCE back FROM KAFKA CONNECTION k (TOPIC 'things')
      FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r ENVELOPE UPSERT`);
    const shown = `id, b, l, f, d, n, free::numeric AS free, t, by, day, tm, ts, tz, iv::interval AS iv, u, j`;
    await expect.poll(() => asText('SELECT id FROM back ORDER BY id'), PATIENCE).toEqual(['[1]', '[2]']);
    expect(await asText(`SELECT ${shown} FROM back ORDER BY id`)).toEqual(
      await asText(`SELECT ${shown} FROM things ORDER BY id`),
    );
    await ask('DELETE FROM things WHERE id = 1');
    await expect.poll(() => asText('SELECT id FROM back ORDER BY id'), PATIENCE).toEqual(['[2]']);
  });

  test('ENVELOPE DEBEZIUM and APPEND have schemas of their own', async () => {
    await ask('CREATE TABLE small (id int PRIMARY KEY, name text)');
    await ask(`CREATE SINK changes FROM small INTO KAFKA CONNECTION k (TOPIC 'changes') KEY (id)
      FORMAT AVRO (CONNECTION r, AVRO KEY FULLNAME 'shop.Key', AVRO VALUE FULLNAME 'shop.Change') ENVELOPE DEBEZIUM`);
    await ask(
      `CREATE SINK log FROM small INTO KAFKA CONNECTION k (TOPIC 'log') FORMAT AVRO (CONNECTION r) ENVELOPE APPEND`,
    );
    await ask("INSERT INTO small VALUES (1, 'a')");
    await Promise.all([readTopic(broker, 'changes', 1), readTopic(broker, 'log', 1)]);
    await ask("UPDATE small SET name = 'b'");
    const changes = await readTopic(broker, 'changes', 2);
    const type = avro.Type.forSchema(
      JSON.parse((await registry.latest('changes-value')).schema) as avro.Schema,
      {
        wrapUnions: true,
      },
    );
    const row = (name: string): object => ({ 'shop.Change_row': { id: 1, name: { string: name } } });
    expect(changes.map(({ value }) => type.fromBuffer(value!.subarray(5)) as unknown)).toMatchObject([
      { before: null, after: row('a'), op: 'c' },
      { before: row('a'), after: row('b'), op: 'u' },
    ]);
    const log = await readTopic(broker, 'log', 3);
    const entry = avro.Type.forSchema(
      JSON.parse((await registry.latest('log-value')).schema) as avro.Schema,
      {
        wrapUnions: true,
      },
    );
    expect(
      log.map(({ value }) => (entry.fromBuffer(value!.subarray(5)) as { tw_diff: number }).tw_diff),
    ).toEqual(expect.arrayContaining([1, -1, 1]));
  });

  test('a schema that does not fit the older ones is refused with what the registry says', async () => {
    await registry.register('strict-value', record('envelope', [{ name: 'id', type: 'string' }]) as object);
    await registry.compatibility('strict-value', 'BACKWARD');
    const create = ask(`CREATE SINK strict FROM small INTO KAFKA CONNECTION k (TOPIC 'strict') KEY (id)
      FORMAT AVRO (CONNECTION r) ENVELOPE UPSERT`);
    await expect(create).rejects.toMatchObject({
      code: '42P17',
      message: expect.stringMatching(/^schema registry: .+/) as string,
    });
    expect(await asText("SELECT name FROM tw_catalog.sinks WHERE name = 'strict'")).toEqual([]);
  });

  test.each([
    [`FORMAT AVRO USING SCHEMA '"int"'`, '0A000'],
    ['FORMAT AVRO', '22023'],
    ['FORMAT AVRO (CONNECTION k)', '42809'],
    ["FORMAT AVRO (CONNECTION r, AVRO VALUE FULLNAME 'no name')", '22023'],
    ["FORMAT AVRO (CONNECTION r, DOC ON TYPE 'x')", '0A000'],
    ['FORMAT AVRO (CONNECTION r, SCHEMA ID 1)', '22023'],
  ])('a sink with %s is refused', async (format, code) => {
    await expect(
      ask(
        `CREATE SINK bad FROM small INTO KAFKA CONNECTION k (TOPIC 'bad') KEY (id) ${format} ENVELOPE UPSERT`,
      ),
    ).rejects.toMatchObject({ code });
    await expect(
      ask(`CREATE SINK bad AS SELECT id AS "a b" FROM small INTO KAFKA CONNECTION k (TOPIC 'bad') KEY ("a b")
        FORMAT AVRO (CONNECTION r) ENVELOPE UPSERT`),
    ).rejects.toMatchObject({ code: '22023' });
  });
});
