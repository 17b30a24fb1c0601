/** CREATE SOURCE … FROM KAFKA over the wire: a real broker, a real server. */
import kafkajs from 'kafkajs';
import type { Message, Producer } from 'kafkajs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KAFKA_USER, type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import '../../connectors/kafka/codecs.ts';

const { CompressionTypes } = kafkajs;
const PATIENCE = 40_000;

describeWith(kafkaMissing(), 'FROM KAFKA', () => {
  let broker: KafkaBroker;
  let server: Tidewire;
  let client: pg.Client;
  let producer: Producer;
  let topics = 0;

  beforeAll(async () => {
    [broker, server] = await Promise.all([startKafka(), startTidewire()]);
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
  /** What a query gives in the end. */
  async function gives(sql: string, rows: unknown[]): Promise<void> {
    await expect.poll(() => ask(sql), { timeout: PATIENCE }).toEqual(rows);
  }
  async function topic(partitions = 1): Promise<string> {
    const name = `topic_${++topics}`;
    await broker.createTopic(name, partitions);
    return name;
  }
  const send = (to: string, messages: Message[], compression = CompressionTypes.None): Promise<unknown> =>
    producer.send({ topic: to, messages, compression });
  const json = (value: unknown): string => JSON.stringify(value);

  test('JSON by columns, with all metadata', async () => {
    const name = await topic(2);
    await send(name, [
      {
        value: json({ id: 1, what: 'one', more: [1] }),
        key: 'k1',
        partition: 0,
        timestamp: '1700000000123',
        headers: { a: 'x', b: ['1', '2'], c: Buffer.from([255]) },
      },
      { value: json({ what: null, id: 2 }), partition: 1, timestamp: '1700000001000' },
    ]);
    await ask(`CREATE SOURCE s1 (id int, what text) FROM KAFKA CONNECTION k (TOPIC '${name}')
      FORMAT JSON INCLUDE KEY, PARTITION, OFFSET AS at, TIMESTAMP AS sent, HEADERS, TOPIC AS origin`);
    await gives(
      `SELECT id, what, key::text, partition, at::text, to_char(sent, 'YYYY-MM-DD HH24:MI:SS.MS'), headers, origin FROM s1 ORDER BY id`,
      [
        [1, 'one', '\\x6b31', 0, '0', '2023-11-14 22:13:20.123', { a: 'x', b: ['1', '2'], c: '\\xff' }, name],
        [2, null, null, 1, '0', '2023-11-14 22:13:21.000', {}, name],
      ],
    );
    await send(name, [{ value: json({ id: 3 }), partition: 1 }]);
    await gives('SELECT id, at::int FROM s1 WHERE id = 3', [[3, 1]]);
    await gives(
      `SELECT name, "offset", lag::int FROM tw_catalog.source_partitions WHERE source_name = 's1' ORDER BY name`,
      [
        [`${name}/0`, '1', 0],
        [`${name}/1`, '2', 0],
      ],
    );
    const { rows } = await client.query(`SHOW SOURCES LIKE 's1'`);
    expect(rows).toMatchObject([
      { name: 's1', connector: 'kafka', state: 'running', rows: '3', rejected: '0' },
    ]);
    await expect(ask('DROP CONNECTION k')).rejects.toMatchObject({ code: '2BP01' });
  });

  test('JSON as a whole, CSV, TEXT, BYTES; messages without a value', async () => {
    const [j, c, t] = [await topic(), await topic(), await topic()];
    await send(j, [{ value: '{"a": [1, 2]}' }, { value: null }, { value: '{"pretty":\n  1}' }]);
    await send(c, [{ value: '1,"a, b"' }, { value: '2,\n' }]);
    await send(t, [
      { value: '17', key: 'seventeen' },
      { value: null, key: '{}' },
    ]);
    await ask(`CREATE SOURCE j FROM KAFKA CONNECTION k (TOPIC '${j}') FORMAT JSON`);
    await ask(`CREATE SOURCE c (id int, what text) FROM KAFKA CONNECTION k (TOPIC '${c}') FORMAT CSV`);
    await ask(
      `CREATE SOURCE t (n int) FROM KAFKA CONNECTION k (TOPIC '${t}') KEY FORMAT TEXT VALUE FORMAT TEXT INCLUDE KEY AS word`,
    );
    await ask(`CREATE SOURCE b FROM KAFKA CONNECTION k (TOPIC '${t}') FORMAT BYTES INCLUDE OFFSET`);
    await gives('SELECT data::text FROM j ORDER BY 1', [['{"a": [1, 2]}'], ['{"pretty": 1}'], [null]]);
    await gives('SELECT * FROM c ORDER BY id', [
      [1, 'a, b'],
      [2, null],
    ]);
    await gives('SELECT * FROM t ORDER BY n', [
      [17, 'seventeen'],
      [null, '{}'],
    ]);
    await gives('SELECT data::text, "offset"::int FROM b ORDER BY 2', [
      ['\\x3137', 0],
      [null, 1],
    ]);
  });

  test('as RisingWave writes it', async () => {
    const name = await topic();
    await send(name, [{ value: json({ n: 1 }) }]);
    await ask(`CREATE SOURCE rw (n int) INCLUDE key AS k
      WITH (connector = 'kafka', connection = k, topic = '${name}', scan.startup.mode = 'earliest', group.id.prefix = 'rw') FORMAT PLAIN ENCODE JSON`);
    await gives('SELECT * FROM rw', [[1, null]]);
    const other = `WITH (connector = 'kafka', properties.bootstrap.server = 'a:1', topic = 't') FORMAT PLAIN ENCODE JSON`;
    await expect(ask(`CREATE SOURCE wrong (n int) ${other}`)).rejects.toMatchObject({ code: '0A000' });
  });

  test('where it begins: latest, offsets, a time', async () => {
    const name = await topic(2);
    const at = (n: number): Message => ({
      value: `${n}`,
      partition: n % 2,
      timestamp: String(1_700_000_000_000 + n * 1000),
    });
    await send(name, [0, 1, 2, 3, 4, 5].map(at));
    const create = (source: string, start: string): Promise<unknown> =>
      ask(`CREATE SOURCE ${source} (n int) FROM KAFKA CONNECTION k (TOPIC '${name}', ${start}) FORMAT TEXT`);
    await create('all_of_it', "START 'earliest'");
    await create('later', "START 'latest'");
    await create('from_offsets', "START OFFSETS '0:2, 1:1'");
    await create('from_time', "START TIMESTAMP '2023-11-14 22:13:23'");
    await gives('SELECT n FROM all_of_it ORDER BY n', [[0], [1], [2], [3], [4], [5]]);
    await gives('SELECT n FROM from_offsets ORDER BY n', [[3], [4], [5]]);
    await gives('SELECT n FROM from_time ORDER BY n', [[3], [4], [5]]);
    await gives("SELECT count(*)::int FROM tw_catalog.source_partitions WHERE source_name = 'later'", [[2]]);
    await send(name, [at(6)]);
    await gives('SELECT n FROM later', [[6]]);
    await expect(create('wrong', "START OFFSETS '0'")).rejects.toMatchObject({ code: '22023' });
    await expect(create('wrong', "START TIMESTAMP 'noon'")).rejects.toMatchObject({ code: '22007' });
  });

  test.each([
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
    ['zstd', CompressionTypes.ZSTD],
  ])('%s', async (codec, compression) => {
    const name = await topic();
    const values = Array.from({ length: 500 }, (_, n) => ({ value: json({ n, text: 'so '.repeat(20) }) }));
    await send(name, values, compression);
    await ask(`CREATE SOURCE ${codec} (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON`);
    await gives(`SELECT count(*)::int, sum(n)::int FROM ${codec}`, [[500, 124_750]]);
  });

  test("Kafka's own lz4", async () => {
    const name = `topic_${++topics}`;
    const admin = broker.client().admin();
    await admin.connect();
    const configEntries = [{ name: 'compression.type', value: 'lz4' }];
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic: name, numPartitions: 1, configEntries }],
    });
    await admin.disconnect();
    const noise = (n: number): string =>
      Array.from({ length: 40 }, (_, i) => Math.imul(n + i, 0x9e3779b1)).join('');
    await send(
      name,
      Array.from({ length: 2000 }, (_, n) => ({ value: json({ n, text: noise(n) }) })),
    );
    await ask(
      `CREATE SOURCE recompressed (n int, text text) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON`,
    );
    await gives('SELECT count(*)::int, sum(n)::int FROM recompressed', [[2000, 1_999_000]]);
    await gives('SELECT text FROM recompressed WHERE n = 1999', [[noise(1999)]]);
  });

  test('headers by name, as text or bytes', async () => {
    const name = await topic();
    await send(name, [
      { value: '1', headers: { kind: 'a', trace: Buffer.from([0, 255]), many: ['x', 'y'] } },
      { value: '2', headers: { kind: 'b' } },
      { value: '3', headers: { kind: Buffer.from([255]) } },
    ]);
    await ask(`CREATE SOURCE headed (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT TEXT
      INCLUDE HEADER 'kind' AS sort, HEADERS, HEADER 'trace' BYTES, OFFSET, HEADER 'many' AS last BYTES, HEADER 'none'
      ON ERROR SKIP INTO bad_headers`);
    await gives(
      'SELECT n, sort, headers, trace::text, "offset"::int, last::text, none FROM headed ORDER BY n',
      [
        [1, 'a', { kind: 'a', trace: '\\x00ff', many: ['x', 'y'] }, '\\x00ff', 0, '\\x79', null],
        [2, 'b', { kind: 'b' }, null, 1, null, null],
      ],
    );
    await gives('SELECT position::int, error_code FROM bad_headers', [[2, '22021']]);
  });

  test('columns by path', async () => {
    const name = await topic();
    await send(name, [
      {
        value: json({
          id: 1,
          address: { city: 'Oslo', at: { lat: 59.9, lon: 10.7 }, 'a b': true },
          tags: ['x', { deep: [1, 2] }],
          path: 'p',
        }),
      },
      { value: json({ id: 2, address: null, tags: [] }) },
      { value: json({ id: 'x', address: { city: 'Bergen' } }) },
      { value: json({ id: 4, address: { city: 5, at: [] } }) },
    ]);
    await ask(`CREATE SOURCE nested (
        id int NOT NULL, city text PATH '$.address.city' NULL, lat float8 PATH '$.address.at.lat', place jsonb PATH '$.address.at',
        flag bool PATH '$.address."a b"', tag text PATH '$.tags[0]', deep int PATH '$ .tags[1].deep[ 1 ]', path text, whole jsonb PATH '$'
      ) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON INCLUDE OFFSET ON ERROR SKIP INTO not_nested`);
    await gives(
      'SELECT id, city, lat, place, flag, tag, deep, path, whole ->> $$id$$ FROM nested ORDER BY id',
      [
        [1, 'Oslo', 59.9, { lat: 59.9, lon: 10.7 }, true, 'x', 2, 'p', '1'],
        [2, null, null, null, null, null, null, null, '2'],
        [4, '5', null, [], null, null, null, null, '4'],
      ],
    );
    await gives('SELECT position::int, error_detail FROM not_nested', [[2, 'Column "id".']]);
  });

  test('records whose members change while the source runs', async () => {
    const name = await topic();
    await send(name, [{ value: json({ id: 1, n: 1, tags: ['a', 'b'] }) }]);
    await ask(`CREATE SOURCE changing (id int, n int, tags text[]) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON
      ON ERROR SKIP INTO changed`);
    await gives('SELECT id, n, tags FROM changing', [[1, 1, ['a', 'b']]]);
    await send(name, [
      { value: json({ id: 2, more: { of: [1] } }) },
      { value: json({ n: '3', id: '3', tags: [] }) },
      { value: json({ id: { now: 'an object' }, n: 4 }) },
      { value: json({ id: 5, tags: 'no array' }) },
      { value: json({ tags: null, n: null, id: 6 }) },
    ]);
    await gives('SELECT id, n, tags FROM changing ORDER BY id', [
      [1, 1, ['a', 'b']],
      [2, null, null],
      [3, 3, []],
      [6, null, null],
    ]);
    await gives('SELECT position::int, error_detail FROM changed ORDER BY position', [
      [3, 'Column "id".'],
      [4, expect.any(String)],
    ]);
  });

  test('topics by a pattern, and those that come later', async () => {
    const [one, two] = [`many_${++topics}_a`, `many_${topics}_b`];
    await broker.createTopic(one, 2);
    await send(one, [
      { value: '1', partition: 0 },
      { value: '2', partition: 1 },
    ]);
    await ask(`CREATE SOURCE by_pattern (n int) FROM KAFKA CONNECTION k (TOPIC PATTERN 'many_${topics}_[ab]', REFRESH INTERVAL '200 ms')
      FORMAT TEXT INCLUDE PARTITION ON ERROR SKIP`);
    await gives('SELECT n, partition FROM by_pattern ORDER BY n', [
      [1, 0],
      [2, 1],
    ]);
    await broker.createTopic(two);
    await broker.createTopic(`many_${topics}_abc`);
    await send(two, [{ value: '3' }]);
    await send(`many_${topics}_abc`, [{ value: '4' }]);
    await send(one, [{ value: '5', partition: 1 }]);
    await gives('SELECT n FROM by_pattern ORDER BY n', [[1], [2], [3], [5]]);
    await gives(
      `SELECT name, "offset" FROM tw_catalog.source_partitions WHERE source_name = 'by_pattern' ORDER BY name`,
      [
        [`${one}/0`, '1'],
        [`${one}/1`, '2'],
        [`${two}/0`, '1'],
      ],
    );
    await ask("ALTER CONNECTION k SET (CLIENT ID 'once more')");
    await send(two, [{ value: '6' }]);
    await gives('SELECT n FROM by_pattern ORDER BY n', [[1], [2], [3], [5], [6]]);
    // None is there yet.
    await ask(
      `CREATE SOURCE awaited (n int) FROM KAFKA CONNECTION k (TOPIC PATTERN 'awaited_.*', REFRESH INTERVAL '200 ms') FORMAT TEXT`,
    );
    await gives("SELECT state FROM tw_catalog.source_status WHERE name = 'awaited'", [['running']]);
    await broker.createTopic('awaited_1');
    await send('awaited_1', [{ value: '7' }]);
    await gives('SELECT n FROM awaited', [[7]]);
  });

  test('only what was committed of transactions', async () => {
    const name = await topic();
    const writer = broker
      .client()
      .producer({ transactionalId: 'writer', idempotent: true, maxInFlightRequests: 1 });
    await writer.connect();
    for (const [value, end] of [
      ['1', 'commit'],
      ['2', 'abort'],
      ['3', 'commit'],
    ] as const) {
      const transaction = await writer.transaction();
      await transaction.send({ topic: name, messages: [{ value }] });
      await transaction[end]();
    }
    await writer.disconnect();
    await ask(`CREATE SOURCE committed (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT TEXT`);
    await gives('SELECT n FROM committed ORDER BY n', [[1], [3]]);
  });

  test('messages that do not decode are skipped and kept, or end the source', async () => {
    const name = await topic();
    await send(name, [
      { value: json({ n: 1 }) },
      { value: '{' },
      { value: '' },
      { value: json({ n: 'x' }) },
      { value: json({ n: 2 }) },
    ]);
    await ask(
      `CREATE SOURCE lenient (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON ON ERROR SKIP INTO refused`,
    );
    await ask(
      `CREATE SOURCE strict (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT JSON ON ERROR FAIL`,
    );
    await gives('SELECT n FROM lenient ORDER BY n', [[1], [2]]);
    await gives('SELECT error_code, path, position::int, bytes::text FROM refused ORDER BY position', [
      ['22P02', `${name}/0`, 1, '\\x7b'],
      ['22P02', `${name}/0`, 2, '\\x'],
      ['22P02', `${name}/0`, 3, '\\x7b226e223a2278227d'],
    ]);
    await gives(
      "SELECT state, error LIKE 'message 1 of %/0: %' FROM tw_catalog.source_status WHERE name = 'strict'",
      [['failed', true]],
    );
    await gives('SELECT count(*)::int FROM strict', [[0]]);
  });

  test('partitions that come later are found', async () => {
    const name = await topic();
    await send(name, [{ value: '1' }]);
    await ask(`CREATE SOURCE growing (n int) FROM KAFKA CONNECTION k (TOPIC '${name}', START 'latest', REFRESH INTERVAL '200 ms')
      FORMAT TEXT INCLUDE PARTITION, OFFSET`);
    await gives("SELECT state FROM tw_catalog.source_status WHERE name = 'growing'", [['running']]);
    const admin = broker.client().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: 3 }] });
    // A producer drops in silence what is meant for a partition that the broker does not tell of yet.
    const told = async () =>
      (await admin.fetchTopicMetadata({ topics: [name] })).topics[0]?.partitions.length;
    await expect.poll(told, { timeout: PATIENCE }).toBe(3);
    await admin.disconnect();
    const writer = broker.client().producer();
    await writer.connect();
    await writer.send({
      topic: name,
      messages: [0, 1, 2].map((partition) => ({ value: `${10 + partition}`, partition })),
    });
    await writer.disconnect();
    // The producer may send again what it sends to a partition that is not ready.
    await gives('SELECT DISTINCT n, partition FROM growing ORDER BY n', [
      [10, 0],
      [11, 1],
      [12, 2],
    ]);
    await gives('SELECT count(*) = count(DISTINCT partition::text || $$/$$ || "offset") FROM growing', [
      [true],
    ]);
  });

  test('a secret that is altered lets the source connect again, or says why it cannot', async () => {
    const name = await topic();
    await send(name, [{ value: '1' }]);
    await ask(`CREATE SECRET word AS '${KAFKA_USER.password}'`);
    await ask(`CREATE CONNECTION named TO KAFKA (BROKERS '${broker.sasl}', SASL MECHANISM 'SCRAM-SHA-256',
      SASL USERNAME '${KAFKA_USER.name}', SASL PASSWORD SECRET word)`);
    await ask(`CREATE SOURCE guarded (n int) FROM KAFKA CONNECTION named (TOPIC '${name}') FORMAT TEXT`);
    await gives('SELECT n FROM guarded', [[1]]);
    await ask("ALTER SECRET word AS 'wr0ng-w0rd'");
    const status = "SELECT state, error FROM tw_catalog.source_status WHERE name = 'guarded'";
    await gives(status, [['stalled', expect.stringMatching(/authentication failed/i)]]);
    await send(name, [{ value: '2' }]);
    await ask(`ALTER SECRET word AS '${KAFKA_USER.password}'`);
    await gives('SELECT n FROM guarded ORDER BY n', [[1], [2]]);
    await gives(status, [['running', null]]);
    expect(server.log()).not.toMatch(/wr0ng-w0rd|alice-pa55/);
  });

  test('a connection and a secret under other names: what uses them goes on, and says so', async () => {
    const name = await topic();
    await send(name, [{ value: '1' }]);
    await ask(`CREATE SECRET first_name AS '${KAFKA_USER.password}'`);
    await ask(`CREATE CONNECTION old_name TO KAFKA (BROKERS '${broker.sasl}', SASL MECHANISM 'PLAIN',
      SASL USERNAME '${KAFKA_USER.name}', SASL PASSWORD SECRET first_name)`);
    await ask(`CREATE SOURCE renamed (n int) FROM KAFKA CONNECTION old_name (TOPIC '${name}') FORMAT TEXT`);
    await ask(
      `CREATE SOURCE renamed_rw (n int) WITH (connector = 'kafka', connection = public.old_name, topic = '${name}') FORMAT PLAIN ENCODE TEXT`,
    );
    await ask('ALTER SECRET first_name RENAME TO second_name');
    await ask('ALTER CONNECTION old_name RENAME TO "New name"');
    await ask('CREATE SCHEMA elsewhere');
    await ask('ALTER SECRET second_name SET SCHEMA elsewhere');
    const created = async (what: string): Promise<string> => String((await ask(`SHOW CREATE ${what}`))[0]);
    expect(await created('CONNECTION "New name"')).toContain('SECRET elsewhere.second_name');
    expect(await created('SOURCE renamed')).toContain('CONNECTION "New name" (TOPIC');
    expect(await created('SOURCE renamed_rw')).toContain('connection = public."New name"');
    await ask('ALTER CONNECTION "New name" SET SCHEMA elsewhere');
    expect(await created('SOURCE renamed')).toContain('CONNECTION elsewhere."New name" (TOPIC');
    await ask(`ALTER CONNECTION elsewhere."New name" SET (CLIENT ID 'still')`);
    await send(name, [{ value: '2' }]);
    await gives('SELECT n FROM renamed ORDER BY n', [[1], [2]]);
    await gives('SELECT n FROM renamed_rw ORDER BY n', [[1], [2]]);
    await ask("CREATE SECRET taken AS 'x'");
    await expect(ask('ALTER SECRET elsewhere.second_name SET SCHEMA public')).resolves.toEqual([]);
    await expect(ask('ALTER SECRET second_name RENAME TO taken')).rejects.toMatchObject({ code: '42P07' });
  });

  test('a broker that goes away comes back, and nothing is read twice', async () => {
    const name = await topic();
    await send(name, [{ value: '1' }, { value: '2' }]);
    await ask(`CREATE SOURCE lasting (n int) FROM KAFKA CONNECTION k (TOPIC '${name}') FORMAT TEXT`);
    await gives('SELECT n FROM lasting ORDER BY n', [[1], [2]]);
    await broker.kill();
    await gives("SELECT state, error IS NOT NULL FROM tw_catalog.source_status WHERE name = 'lasting'", [
      ['stalled', true],
    ]);
    await broker.start();
    await gives("SELECT state FROM tw_catalog.source_status WHERE name = 'lasting'", [['running']]);
    await send(name, [{ value: '3' }]);
    await gives('SELECT n FROM lasting ORDER BY n', [[1], [2], [3]]);
    await ask("ALTER CONNECTION k SET (CLIENT ID 'renamed')");
    await send(name, [{ value: '4' }]);
    await gives('SELECT n FROM lasting ORDER BY n', [[1], [2], [3], [4]]);
  }, 120_000);

  test.each([
    ["FROM KAFKA (TOPIC 't') FORMAT TEXT", '22023'],
    ["FROM KAFKA CONNECTION nothing (TOPIC 't') FORMAT TEXT", '42704'],
    ["FROM KAFKA CONNECTION k (TOPIC 'no such topic') FORMAT TEXT", '42704'],
    ["FROM KAFKA CONNECTION k (TOPIC 't')", '22023'],
    ['FROM KAFKA CONNECTION k FORMAT TEXT', '22023'],
    ["FROM KAFKA CONNECTION k (TOPIC 't', TOPIC PATTERN 't') FORMAT TEXT", '22023'],
    ["FROM KAFKA CONNECTION k (TOPIC PATTERN '(') FORMAT TEXT", '2201B'],
    ["FROM KAFKA CONNECTION k (TOPIC PATTERN 't', START OFFSETS '0:1') FORMAT TEXT", '22023'],
    ["(a int PATH 'a') FROM KAFKA CONNECTION k (TOPIC 't') FORMAT JSON", '42601'],
    ["(a int PATH '$.a[*]') FROM KAFKA CONNECTION k (TOPIC 't') FORMAT JSON", '0A000'],
    ["(a int PATH '$.a') FROM KAFKA CONNECTION k (TOPIC 't') FORMAT CSV", '0A000'],
    ["FROM KAFKA CONNECTION k (TOPIC 't') FORMAT PARQUET", '0A000'],
    ["(a int, b int) FROM KAFKA CONNECTION k (TOPIC 't') FORMAT TEXT", '22023'],
    ["(a int) FROM KAFKA CONNECTION k (TOPIC 't') FORMAT BYTES", '22023'],
    ["(a int) FROM KAFKA CONNECTION k (TOPIC 't') FORMAT CSV (HEADER)", '22023'],
    ["FROM KAFKA CONNECTION k (TOPIC 't') FORMAT TEXT INCLUDE PATH", '0A000'],
    ["FROM FILE CONNECTION k (PATH 'x') FORMAT JSON", '22023'],
  ])('CREATE SOURCE wrong %s is refused', async (rest, code) => {
    await expect(ask(`CREATE SOURCE wrong ${rest}`)).rejects.toMatchObject({ code });
  });
});
