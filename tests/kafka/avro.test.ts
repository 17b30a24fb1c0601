/** FORMAT AVRO over a real broker and a real registry; messages are written by avsc, which is not what reads them. */
import { type AddressInfo, connect, createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { type Registry, registryMissing, startRegistry } from '../support/registry.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const PATIENCE = { timeout: 20_000 };

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

  /** A message as Confluent's serializer writes it. */
  function framed(id: number, value: Buffer): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(id, 1);
    return Buffer.concat([head, value]);
  }

  async function send(topic: string, ...values: (Buffer | null)[]): Promise<void> {
    const producer = broker.client().producer();
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ value })) });
    await producer.disconnect();
  }

  /** Registers a schema as the newest of the topic's values; gives what writes messages of it. */
  async function writer(topic: string, schema: avro.Schema): Promise<(value: unknown) => Buffer> {
    const id = await registry.register(`${topic}-value`, schema as object);
    const type = avro.Type.forSchema(schema, { wrapUnions: true });
    return (value) => framed(id, type.toBuffer(value));
  }

  const record = (name: string, fields: object[]): avro.Schema =>
    ({ type: 'record', name, namespace: 'shop', fields }) as avro.Schema;

  test('columns are the fields of the newest schema, each of its own type', async () => {
    await broker.createTopic('types');
    const write = await writer(
      'types',
      record('Types', [
        { name: 'b', type: 'boolean' },
        { name: 'i', type: 'int' },
        { name: 'l', type: 'long' },
        { name: 'f', type: 'float' },
        { name: 'd', type: 'double' },
        { name: 'by', type: 'bytes' },
        { name: 's', type: 'string' },
        { name: 'n', type: ['null', 'string'], default: null },
        { name: 'e', type: { type: 'enum', name: 'Color', symbols: ['RED', 'GREEN'] } },
        { name: 'fx', type: { type: 'fixed', name: 'Four', size: 4 } },
        { name: 'dec', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
        { name: 'day', type: { type: 'int', logicalType: 'date' } },
        { name: 'tm', type: { type: 'int', logicalType: 'time-millis' } },
        { name: 'tu', type: { type: 'long', logicalType: 'time-micros' } },
        { name: 'ts', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'tsu', type: { type: 'long', logicalType: 'timestamp-micros' } },
        { name: 'lts', type: { type: 'long', logicalType: 'local-timestamp-micros' } },
        { name: 'u', type: { type: 'string', logicalType: 'uuid' } },
        { name: 'a', type: { type: 'array', items: ['null', 'int'] } },
        { name: 'm', type: { type: 'map', values: 'double' } },
        {
          name: 'r',
          type: {
            type: 'record',
            name: 'Node',
            fields: [
              { name: 'v', type: 'int' },
              { name: 'next', type: ['null', 'Node'], default: null },
            ],
          },
        },
        { name: 'w', type: ['null', 'int', 'string', 'Node'] },
      ]),
    );
    await ask(`CREATE SOURCE types FROM KAFKA CONNECTION k (TOPIC 'types')
      FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r`);
    const columns = await asText(
      `SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
       WHERE attrelid = 'types'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(columns.map((column) => (JSON.parse(column) as string[]).slice(0, 2).join(' '))).toEqual([
      'b boolean',
      'i integer',
      'l bigint',
      'f real',
      'd double precision',
      'by bytea',
      's text',
      'n text',
      'e text',
      'fx bytea',
      'dec numeric(10,2)',
      'day date',
      'tm time without time zone',
      'tu time without time zone',
      'ts timestamp with time zone',
      'tsu timestamp with time zone',
      'lts timestamp without time zone',
      'u uuid',
      'a integer[]',
      'm jsonb',
      'r jsonb',
      'w jsonb',
    ]);
    const value = {
      b: true,
      i: -7,
      l: 2 ** 40,
      f: 0.5,
      d: 0.1,
      by: Buffer.from([0, 255]),
      s: 'höjd',
      n: null,
      e: 'GREEN',
      fx: Buffer.from([1, 2, 3, 4]),
      dec: Buffer.from([0xfb, 0x2e]),
      day: 20_000,
      tm: 3_600_500,
      tu: 1,
      ts: 1_700_000_000_123,
      tsu: 1_700_000_000_123_456,
      lts: 0,
      u: '0b1e1e9a-6c5f-4b64-9a3c-1d2f3a4b5c6d',
      a: [{ int: 1 }, null],
      m: { x: 1.5 },
      r: { v: 1, next: { 'shop.Node': { v: 2, next: null } } },
      w: { string: 'text' },
    };
    await send('types', write(value), write({ ...value, w: null, n: { string: 'there' } }));
    await send('types', write({ ...value, w: { 'shop.Node': { v: 3, next: null } } }));
    await expect
      .poll(
        () =>
          asText(
            `SELECT b, i, l::text, f, d, by::text, s, n, e, fx::text, dec::text, day::text, tm::text, tu::text, ts::text,
               tsu::text, lts::text, u, a, m, r, w FROM types ORDER BY w::text`,
          ),
        PATIENCE,
      )
      .toHaveLength(3);
    const rows = await asText(
      `SELECT b, i, l::text, f, d, by::text, s, n, e, fx::text, dec::text, day::text, tm::text, tu::text,
         (ts AT TIME ZONE 'UTC')::text, (tsu AT TIME ZONE 'UTC')::text, lts::text, u, a, m, r FROM types WHERE n IS NULL LIMIT 1`,
    );
    expect(JSON.parse(rows[0]!)).toEqual([
      ...[true, -7, '1099511627776', 0.5, 0.1, '\\x00ff', 'höjd', null, 'GREEN', '\\x01020304', '-12.34'],
      ...['2024-10-04', '01:00:00.5', '00:00:00.000001', '2023-11-14 22:13:20.123'],
      ...['2023-11-14 22:13:20.123456', '1970-01-01 00:00:00', '0b1e1e9a-6c5f-4b64-9a3c-1d2f3a4b5c6d'],
      ...[[1, null], { x: 1.5 }, { v: 1, next: { v: 2, next: null } }],
    ]);
    expect(await asText('SELECT w FROM types ORDER BY w::text')).toEqual([
      '[{"shop.Node":{"v":3,"next":null}}]',
      '[{"string":"text"}]',
      '[null]',
    ]);
  });

  test('schemas change while the source runs: older and newer messages are read by the schema that it was made with', async () => {
    await broker.createTopic('orders');
    const one = await writer('orders', record('Order', [{ name: 'id', type: 'int' }]));
    const two = await writer(
      'orders',
      record('Order', [
        { name: 'id', type: 'int' },
        { name: 'city', type: 'string', default: 'Oslo' },
        { name: 'amount', type: ['null', 'double'], default: null },
      ]),
    );
    await send('orders', one({ id: 1 }), two({ id: 2, city: 'Bergen', amount: { double: 2.5 } }));
    await ask(
      `CREATE SOURCE orders FROM KAFKA CONNECTION k (TOPIC 'orders') FORMAT AVRO (CONNECTION r) INCLUDE OFFSET`,
    );
    const rows = (): Promise<string[]> =>
      asText('SELECT "offset"::int, id, city, amount FROM orders ORDER BY 1');
    await expect.poll(rows, PATIENCE).toEqual(['[0,1,"Oslo",null]', '[1,2,"Bergen",2.5]']);
    await registry.compatibility('orders-value', 'NONE');
    // Another order, a field more, one gone, an int where the reader has a double.
    const three = await writer(
      'orders',
      record('Order', [
        { name: 'extra', type: { type: 'array', items: 'string' } },
        { name: 'amount', type: 'int' },
        { name: 'id', type: 'int' },
      ]),
    );
    await send('orders', three({ extra: ['x', 'y'], amount: 7, id: 3 }), one({ id: 4 }));
    await expect
      .poll(rows, PATIENCE)
      .toEqual(['[0,1,"Oslo",null]', '[1,2,"Bergen",2.5]', '[2,3,"Oslo",7]', '[3,4,"Oslo",null]']);
    // What the reader cannot read is refused, message by message; the source goes on.
    const four = await writer('orders', record('Order', [{ name: 'id', type: 'string' }]));
    await send('orders', four({ id: 'five' }), one({ id: 6 }));
    await expect.poll(() => asText('SELECT id FROM orders WHERE "offset" = 5'), PATIENCE).toEqual(['[6]']);
    const errors = await ask(
      `SELECT error_code, error_message, error_detail FROM tw_catalog.source_errors WHERE source_name = 'orders'`,
    );
    expect(errors).toEqual([
      {
        error_code: '42804',
        error_message: 'Avro type string cannot be read as int',
        error_detail: 'Field "id".',
      },
    ]);
  });

  test('declared columns are checked against the schema, and may be of another type that its values fit', async () => {
    await broker.createTopic('declared');
    const write = await writer(
      'declared',
      record('Declared', [
        { name: 'id', type: 'int' },
        { name: 'city', type: 'string' },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'tags', type: { type: 'array', items: 'string' } },
        { name: 'price', type: 'string' },
      ]),
    );
    const create = (columns: string): Promise<unknown[]> =>
      ask(`CREATE SOURCE declared (${columns}) FROM KAFKA CONNECTION k (TOPIC 'declared')
        FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION r ON ERROR SKIP INTO declared_refused`);
    await expect(create('id int, town text')).rejects.toMatchObject({
      code: '42703',
      message: 'Avro record shop.Declared has no field "town"',
      detail: 'Its fields are "id", "city", "at", "tags", "price".',
    });
    await expect(create('tags int')).rejects.toMatchObject({ code: '42804' });
    await expect(create('id date')).rejects.toMatchObject({ code: '42804' });
    await create('price numeric(6,2), at timestamp, tags text, id smallint NOT NULL');
    const row = { id: 1, city: 'Oslo', at: 1000, tags: ['a'], price: '1.255' };
    await send('declared', write(row), write({ ...row, id: 70_000 }), write({ ...row, price: 'much' }), null);
    await send(
      'declared',
      Buffer.from('not Avro'),
      framed(987_654, Buffer.from([2])),
      write(row).subarray(0, 8),
    );
    await send('declared', Buffer.concat([write(row), Buffer.from([0])]), write({ ...row, id: 2 }));
    await expect
      .poll(() => asText('SELECT price::text, at::text, tags, id FROM declared ORDER BY id'), PATIENCE)
      .toEqual([
        '["1.26","1970-01-01 00:00:01","[\\"a\\"]",1]',
        '["1.26","1970-01-01 00:00:01","[\\"a\\"]",2]',
      ]);
    const refused = (await ask(
      `SELECT "position" || ' ' || error_code || ' ' || error_message AS text FROM declared_refused ORDER BY 1`,
    )) as { text: string }[];
    expect(refused.map(({ text }) => text)).toEqual([
      '1 22003 smallint out of range',
      '2 22P02 invalid input syntax for type numeric: "much"',
      '3 23502 null value in column "id" violates not-null constraint',
      '4 22P03 invalid Avro data',
      '5 22P03 schema 987654 is not registered',
      '6 22P03 invalid Avro data',
      '7 22P03 invalid Avro data',
    ]);
  });

  test('a message that does not decode fails the source under ON ERROR FAIL', async () => {
    await broker.createTopic('strict');
    const write = await writer('strict', record('Strict', [{ name: 'id', type: 'int' }]));
    await ask(
      `CREATE SOURCE strict FROM KAFKA CONNECTION k (TOPIC 'strict') FORMAT AVRO (CONNECTION r) ON ERROR FAIL`,
    );
    await send('strict', write({ id: 1 }));
    await expect.poll(() => asText('SELECT id FROM strict'), PATIENCE).toEqual(['[1]']);
    await send('strict', Buffer.from('bad'));
    await expect
      .poll(() => ask("SELECT state, error FROM tw_catalog.source_status WHERE name = 'strict'"), PATIENCE)
      .toMatchObject([{ state: 'failed', error: expect.stringMatching(/invalid Avro data/) as string }]);
    expect(await asText('SELECT id FROM strict')).toEqual(['[1]']);
  });

  test('an inline schema explains messages without a number', async () => {
    await broker.createTopic('plain');
    const schema = record('Plain', [{ name: 'id', type: 'long' }]);
    const folder = mkdtempSync(join(tmpdir(), 'tidewire-avro-'));
    const file = join(folder, 'plain.avsc');
    writeFileSync(file, JSON.stringify(schema));
    await ask(`CREATE SOURCE plain FROM KAFKA CONNECTION k (TOPIC 'plain')
      FORMAT AVRO USING SCHEMA '${JSON.stringify(schema)}'`);
    await ask(
      `CREATE SOURCE plain_file FROM KAFKA CONNECTION k (TOPIC 'plain') FORMAT AVRO USING SCHEMA FILE '${file}'`,
    );
    rmSync(folder, { recursive: true });
    await send('plain', avro.Type.forSchema(schema).toBuffer({ id: 5 }));
    await expect.poll(() => asText('SELECT id::int FROM plain'), PATIENCE).toEqual(['[5]']);
    await expect.poll(() => asText('SELECT id::int FROM plain_file'), PATIENCE).toEqual(['[5]']);
  });

  test.each([
    ['FORMAT AVRO', '22023'],
    ["FORMAT AVRO USING SCHEMA '{'", '22023'],
    [`FORMAT AVRO USING SCHEMA '"nothing"'`, '22023'],
    ["FORMAT AVRO USING SCHEMA FILE '/nowhere/x.avsc'", '58P01'],
    [`FORMAT AVRO (CONNECTION r, SCHEMA '"int"')`, '22023'],
    [`FORMAT AVRO (SCHEMA '"int"', SUBJECT 's')`, '22023'],
    ["FORMAT AVRO (CONNECTION r, SUBJCT 's')", '22023'],
    ["FORMAT AVRO (CONNECTION r, SUBJECT 'nobody')", '42704'],
    ['FORMAT AVRO (CONNECTION r, SCHEMA ID 999999)', '42704'],
    ['FORMAT AVRO (CONNECTION k)', '42809'],
    ['FORMAT AVRO (CONNECTION nobody)', '42704'],
  ])('%s is refused', async (format, code) => {
    await expect(
      ask(`CREATE SOURCE bad FROM KAFKA CONNECTION k (TOPIC 'plain') ${format}`),
    ).rejects.toMatchObject({ code });
  });

  test('a registry that is away stalls the source until it is back', async () => {
    await broker.createTopic('patient');
    const one = await writer('patient', record('Patient', [{ name: 'id', type: 'int' }]));
    const two = await writer(
      'patient',
      record('Patient', [
        { name: 'id', type: 'int' },
        { name: 'more', type: 'int', default: 0 },
      ]),
    );
    await ask(`CREATE CONNECTION away TO CONFLUENT SCHEMA REGISTRY (URL '${registry.url}')`);
    await ask(
      `CREATE SOURCE patient (id int) FROM KAFKA CONNECTION k (TOPIC 'patient') FORMAT AVRO (CONNECTION away)`,
    );
    await send('patient', one({ id: 1 }));
    await expect.poll(() => asText('SELECT id FROM patient'), PATIENCE).toEqual(['[1]']);
    await expect(ask('DROP CONNECTION away')).rejects.toMatchObject({ code: '2BP01' });
    await expect(ask(`ALTER CONNECTION away SET (URL 'http://127.0.0.1:1')`)).rejects.toMatchObject({
      code: '08001',
    });
    // A way to the registry that can be shut.
    const { hostname, port, pathname } = new URL(registry.url);
    const way = createServer((incoming) => {
      const outgoing = connect(Number(port), hostname);
      incoming.pipe(outgoing).pipe(incoming);
      for (const socket of [incoming, outgoing]) socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
    const { port: own } = way.address() as AddressInfo;
    await ask(`ALTER CONNECTION away SET (URL 'http://127.0.0.1:${own}${pathname}')`);
    await new Promise((resolve) => way.close(resolve));
    await send('patient', two({ id: 2, more: 9 }));
    await expect
      .poll(() => ask("SELECT state, error FROM tw_catalog.source_status WHERE name = 'patient'"), PATIENCE)
      .toMatchObject([{ state: 'stalled', error: expect.stringMatching(/schema registry/) as string }]);
    await ask(`ALTER CONNECTION away SET (URL '${registry.url}')`);
    await expect.poll(() => asText('SELECT id FROM patient ORDER BY id'), PATIENCE).toEqual(['[1]', '[2]']);
    await ask('DROP SOURCE patient');
  }, 120_000);
});
