/** ENVELOPE UPSERT of a Kafka source: a real broker, a real server with two workers. */
import type { Message, Producer } from 'kafkajs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const PATIENCE = 40_000;

describeWith(kafkaMissing(), 'ENVELOPE UPSERT', () => {
  let broker: KafkaBroker;
  let server: Tidewire;
  let client: pg.Client;
  let producer: Producer;
  let topics = 0;

  beforeAll(async () => {
    [broker, server] = await Promise.all([startKafka(), startTidewire({ args: ['--workers', '2'] })]);
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
    const name = `upserts_${++topics}`;
    await broker.createTopic(name, partitions);
    return name;
  }
  const send = (to: string, messages: Message[]): Promise<unknown> => producer.send({ topic: to, messages });
  const json = (value: unknown): string => JSON.stringify(value);

  test('the last value of a key stands, no value deletes it; views follow', async () => {
    const name = await topic();
    await send(name, [
      { key: 'oslo', value: json({ n: 1 }) },
      { key: 'bergen', value: json({ n: 2 }) },
      { key: 'oslo', value: json({ n: 3 }) },
      { key: 'bergen', value: null },
      { key: 'nowhere', value: null },
      { key: 'moss', value: json({ n: 4 }) },
    ]);
    await ask(`CREATE SOURCE cities (n int) FROM KAFKA CONNECTION k (TOPIC '${name}')
      KEY FORMAT TEXT VALUE FORMAT JSON INCLUDE KEY AS city, OFFSET ENVELOPE UPSERT`);
    await ask(
      'CREATE MATERIALIZED VIEW total AS SELECT count(*)::int AS cities, sum(n)::int AS n FROM cities',
    );
    await gives('SELECT city, n, "offset"::int FROM cities ORDER BY city', [
      ['moss', 4, 5],
      ['oslo', 3, 2],
    ]);
    await gives('SELECT * FROM total', [[2, 7]]);
    await send(name, [
      { key: 'moss', value: null },
      { key: 'oslo', value: json({ n: 10 }) },
      { key: 'bergen', value: json({ n: null }) },
    ]);
    await gives('SELECT city, n FROM cities ORDER BY city', [
      ['bergen', null],
      ['oslo', 10],
    ]);
    await gives('SELECT * FROM total', [[2, 10]]);
    await gives(`SELECT "offset" FROM tw_catalog.source_partitions WHERE source_name = 'cities'`, [['9']]);
    await expect(ask("INSERT INTO cities (city) VALUES ('x')")).rejects.toMatchObject({ code: '42809' });
  });

  test('the members of a JSON key are columns; others come from the value', async () => {
    const name = await topic();
    await send(name, [
      { key: json({ day: '2024-01-01', id: 7 }), value: json({ what: 'a', id: 99 }) },
      { key: json({ id: 7, day: '2024-01-02' }), value: json({ what: 'b' }) },
      { key: json({ day: '2024-01-01', id: 7 }), value: json({ what: 'c' }) },
    ]);
    await ask(`CREATE SOURCE days (what text, id int, day date, PRIMARY KEY (day, id))
      FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON INCLUDE PARTITION ENVELOPE UPSERT`);
    await gives('SELECT what, id, day::text, partition FROM days ORDER BY day', [
      ['c', 7, '2024-01-01', 0],
      ['b', 7, '2024-01-02', 0],
    ]);
    const numbers = await topic();
    await send(numbers, [
      { key: '1', value: '10' },
      { key: '1', value: '11' },
      { key: '2', value: '20' },
    ]);
    for (const [index, format] of [
      'KEY FORMAT JSON VALUE FORMAT TEXT',
      'KEY FORMAT TEXT VALUE FORMAT JSON',
      'FORMAT TEXT',
    ].entries()) {
      const value = format.includes('VALUE FORMAT JSON') ? 'id int PRIMARY KEY' : 'id int PRIMARY KEY, n int';
      await ask(
        `CREATE SOURCE numbers_${index} (${value}) FROM KAFKA CONNECTION k (TOPIC '${numbers}') ${format} ENVELOPE UPSERT`,
      );
      if (!format.includes('VALUE FORMAT JSON')) {
        await gives(`SELECT id, n FROM numbers_${index} ORDER BY id`, [
          [1, 11],
          [2, 20],
        ]);
      }
    }
  });

  test('without INCLUDE KEY there is a column key; PRIMARY KEY may name the included one; as RisingWave writes it', async () => {
    const name = await topic();
    await send(name, [
      { key: 'a', value: json({ n: 1 }) },
      { key: 'a', value: json({ n: 2 }) },
    ]);
    await ask(
      `CREATE SOURCE plain (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON INCLUDE OFFSET AS at ENVELOPE UPSERT`,
    );
    await gives('SELECT n, key::text, at::int FROM plain', [[2, '\\x61', 1]]);
    await ask(`CREATE TABLE rw (n int, PRIMARY KEY (rw_key)) INCLUDE KEY AS rw_key
      WITH (connector = 'kafka', connection = k, topic = '${name}') FORMAT UPSERT ENCODE JSON`);
    await gives('SELECT n, rw_key::text FROM rw', [[2, '\\x61']]);
    await ask(
      `CREATE SOURCE whole FROM KAFKA CONNECTION k (TOPIC '${name}') KEY FORMAT TEXT VALUE FORMAT JSON ENVELOPE UPSERT`,
    );
    await gives('SELECT data::text, key FROM whole', [['{"n": 2}', 'a']]);
  });

  test('what does not decode: the old row stays, or its row has the error', async () => {
    const name = await topic();
    await send(name, [
      { key: '1', value: json({ n: 1 }) },
      { key: '1', value: json({ n: 'x' }) },
      { key: '2', value: '{' },
      { key: 'k', value: json({ n: 3 }) },
      { value: json({ n: 4 }) },
      { key: '5', value: json({ n: 5 }) },
    ]);
    const source = (rest: string): string =>
      `(id int PRIMARY KEY, n int NOT NULL) FROM KAFKA CONNECTION k (TOPIC '${name}') KEY FORMAT TEXT VALUE FORMAT JSON ${rest}`;
    await ask(`CREATE SOURCE lenient ${source('ENVELOPE UPSERT ON ERROR SKIP INTO refused')}`);
    await ask(`CREATE SOURCE strict ${source('ENVELOPE UPSERT ON ERROR FAIL')}`);
    await ask(
      `CREATE SOURCE shown ${source('ENVELOPE UPSERT (VALUE DECODING ERRORS = INLINE) ON ERROR SKIP INTO no_key')}`,
    );
    await gives('SELECT id, n FROM lenient ORDER BY id', [
      [1, 1],
      [5, 5],
    ]);
    await gives('SELECT position::int, error_code FROM refused ORDER BY position', [
      [1, '22P02'],
      [2, '22P02'],
      [3, '22P02'],
      [4, '23502'],
    ]);
    await gives("SELECT state, error FROM tw_catalog.source_status WHERE name = 'strict'", [
      ['failed', expect.stringMatching(/^message 1 of /)],
    ]);
    await gives("SELECT id, n, error ->> 'code', error ->> 'detail' FROM shown ORDER BY id", [
      [1, null, '22P02', 'Column "n".'],
      [2, null, '22P02', 'The input string ended unexpectedly.'],
      [5, 5, null, null],
    ]);
    await gives('SELECT position::int FROM no_key ORDER BY 1', [[3], [4]]);
    await send(name, [
      { key: '1', value: json({ n: 6 }) },
      { key: '2', value: null },
    ]);
    await gives('SELECT id, n, error FROM shown ORDER BY id', [
      [1, 6, null],
      [5, 5, null],
    ]);
  });

  test('many keys over two workers, each many times, in large commits', async () => {
    const name = await topic(3);
    const keys = 5000;
    const partition = (key: number): number => key % 3;
    for (let round = 0; round < 4; round++) {
      const messages = Array.from({ length: keys * 2 }, (_, at): Message => {
        const key = at % keys;
        const value = at < keys ? json({ n: -1, pad: 'x'.repeat(200) }) : json({ n: key * 10 + round });
        return {
          key: json(key),
          partition: partition(key),
          value: round === 3 && key % 5 === 0 ? null : value,
        };
      });
      await send(name, messages);
      if (round === 0) {
        await ask(`CREATE SOURCE many (id int PRIMARY KEY, n bigint, pad text) FROM KAFKA CONNECTION k (TOPIC '${name}')
          FORMAT JSON ENVELOPE UPSERT`);
        await ask(
          'CREATE MATERIALIZED VIEW many_sum AS SELECT count(*) AS rows, count(pad) AS pads, sum(n) AS n FROM many',
        );
      }
    }
    const left = Array.from({ length: keys }, (_, key) => key).filter((key) => key % 5 !== 0);
    const sum = left.reduce((total, key) => total + key * 10 + 3, 0);
    await gives('SELECT rows::int, pads::int, n::int FROM many_sum', [[left.length, 0, sum]]);
    await gives('SELECT count(*)::int, count(DISTINCT id)::int FROM many', [[left.length, left.length]]);
    await gives("SELECT rejected::int, state FROM tw_catalog.source_status WHERE name = 'many'", [
      [0, 'running'],
    ]);
  });

  test.each([
    ["(a int PRIMARY KEY, b int, c text) FROM KAFKA CONNECTION k (TOPIC 'upserts_1') FORMAT CSV", '22023'],
    [
      "(a int, b int, c int, PRIMARY KEY (a, b)) FROM KAFKA CONNECTION k (TOPIC 'upserts_1') KEY FORMAT TEXT VALUE FORMAT JSON",
      '22023',
    ],
    [
      "(a int PRIMARY KEY, b int) FROM KAFKA CONNECTION k (TOPIC 'upserts_1') KEY FORMAT BYTES VALUE FORMAT JSON",
      '22023',
    ],
    ["(key int) FROM KAFKA CONNECTION k (TOPIC 'upserts_1') FORMAT JSON", '42701'],
    ["FROM FILE (PATH 'x') FORMAT JSON", '0A000'],
  ])('CREATE SOURCE wrong %s ENVELOPE UPSERT is refused', async (rest, code) => {
    await expect(ask(`CREATE SOURCE wrong ${rest} ENVELOPE UPSERT`)).rejects.toMatchObject({ code });
  });
});
