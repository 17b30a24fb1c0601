/** CREATE SINK … INTO KAFKA over the wire: a real broker, a real server, a reader with read_committed. */
import kafkajs from 'kafkajs';
import type { PartitionerArgs } from 'kafkajs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KAFKA_USER, type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { type ReadMessage, readAll, readTopic, topicIsThere } from '../support/kafka-reader.ts';
import { describeWith } from '../support/left-out.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import '../../connectors/kafka/codecs.ts';

const PATIENCE = 40_000;

describeWith(kafkaMissing(), 'INTO KAFKA', () => {
  let broker: KafkaBroker;
  let server: Tidewire;
  let client: pg.Client;

  beforeAll(async () => {
    [broker, server] = await Promise.all([startKafka(), startTidewire({ workers: 2 })]);
    client = await server.connect();
    await ask(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
    await ask('CREATE TABLE sales (id int PRIMARY KEY, city text, amount numeric)');
    await ask(
      'CREATE MATERIALIZED VIEW by_city AS SELECT city, sum(amount) AS total, count(*) AS n FROM sales GROUP BY city',
    );
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    await broker?.stop();
  });

  async function ask(sql: string): Promise<unknown[][]> {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  }
  async function gives(sql: string, rows: unknown[]): Promise<void> {
    await expect.poll(() => ask(sql), { timeout: PATIENCE }).toEqual(rows);
  }
  /** What a topic has, once it has so many messages. */
  const messages = (topic: string, count: number): Promise<ReadMessage[]> => readTopic(broker, topic, count);
  const text = (buffer: Buffer | null): string | null => (buffer === null ? null : buffer.toString());
  const pairs = (read: readonly ReadMessage[]): unknown[] =>
    read.map(({ key, value }) => [text(key), text(value)]);

  test('UPSERT in JSON: the newest value of each key, tombstones for those that went', async () => {
    await ask("INSERT INTO sales VALUES (1, 'Oslo', 1.50), (2, 'Lisbon', 2)");
    await ask(`CREATE SINK totals FROM by_city INTO KAFKA CONNECTION k (TOPIC 'totals')
      KEY (city) FORMAT JSON ENVELOPE UPSERT`);
    const first = await messages('totals', 2);
    expect(pairs(first).sort()).toEqual([
      ['{"city":"Lisbon"}', '{"city":"Lisbon","total":2,"n":1}'],
      ['{"city":"Oslo"}', '{"city":"Oslo","total":1.50,"n":1}'],
    ]);
    await ask("UPDATE sales SET city = 'Paris' WHERE id = 2");
    await ask("INSERT INTO sales VALUES (3, 'Oslo', 4)");
    const all = await messages('totals', 5);
    expect(pairs(all.slice(2, 4)).sort()).toEqual([
      ['{"city":"Lisbon"}', null],
      ['{"city":"Paris"}', '{"city":"Paris","total":2,"n":1}'],
    ]);
    expect(pairs(all.slice(4))).toEqual([['{"city":"Oslo"}', '{"city":"Oslo","total":5.50,"n":2}']]);
    await gives("SELECT state, error, rows, lag FROM tw_catalog.sink_status WHERE name = 'totals'", [
      ['running', null, '5', '0'],
    ]);
  });

  test('APPEND in JSON: each change with its time, in the order of time', async () => {
    await ask('CREATE TABLE log (id int, what text)');
    await ask("INSERT INTO log VALUES (1, 'one'), (1, 'one'), (2, 'two')");
    await ask(`CREATE SINK history FROM log INTO KAFKA CONNECTION k (TOPIC 'history') KEY (id) FORMAT JSON`);
    await messages('history', 2);
    await ask("UPDATE log SET what = 'zwei' WHERE id = 2");
    const read = await messages('history', 4);
    const values = read.map(({ value }) => JSON.parse(String(value)) as Append);
    expect(values.map(({ id, what, tw_diff }) => [tw_diff, id, what]).sort()).toEqual([
      [-1, 2, 'two'],
      [1, 2, 'two'],
      [1, 2, 'zwei'],
      [2, 1, 'one'],
    ]);
    const times = values.map(({ tw_timestamp }) => tw_timestamp);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(2);
    expect(read.map(({ key }) => text(key)).sort()).toEqual(['{"id":1}', '{"id":2}', '{"id":2}', '{"id":2}']);
    expect(read.map(({ timestamp }) => Number(timestamp))).toEqual(
      times.map((time) => Math.floor(time / 1000)),
    );
  });

  interface Append {
    readonly id: number;
    readonly what: string;
    readonly tw_timestamp: number;
    readonly tw_diff: number;
  }

  test('DEBEZIUM in JSON: rows before and after', async () => {
    await ask('CREATE TABLE things (id int PRIMARY KEY, what text)');
    await ask("INSERT INTO things VALUES (1, 'one')");
    await ask(
      `CREATE SINK changes FROM things INTO KAFKA CONNECTION k (TOPIC 'changes') FORMAT JSON ENVELOPE DEBEZIUM`,
    );
    await messages('changes', 1);
    await ask("UPDATE things SET what = 'eins' WHERE id = 1");
    await ask('DELETE FROM things');
    const read = await messages('changes', 3);
    expect(read.map(({ key }) => text(key))).toEqual(['{"id":1}', '{"id":1}', '{"id":1}']);
    const values = read.map(({ value }) => JSON.parse(String(value)) as { ts_ms: number });
    expect(values).toMatchObject([
      { before: null, after: { id: 1, what: 'one' }, op: 'c' },
      { before: { id: 1, what: 'one' }, after: { id: 1, what: 'eins' }, op: 'u' },
      { before: { id: 1, what: 'eins' }, after: null, op: 'd' },
    ]);
    expect(values.map(({ ts_ms }) => ts_ms)).toEqual(read.map(({ timestamp }) => Number(timestamp)));
  });

  test('TEXT: of a key and a column, or of one column with its time in headers', async () => {
    await ask('CREATE TABLE words (id int PRIMARY KEY, word text)');
    await ask("INSERT INTO words VALUES (7, 'seven'), (8, NULL)");
    await ask(`CREATE SINK words_out FROM words INTO KAFKA CONNECTION k (TOPIC 'words')
      KEY (id) FORMAT TEXT ENVELOPE UPSERT`);
    expect(pairs(await messages('words', 2)).sort()).toEqual([
      ['7', 'seven'],
      ['8', ''],
    ]);
    await ask(`CREATE SINK mixed FROM words INTO KAFKA CONNECTION k (TOPIC 'mixed')
      KEY (id) KEY FORMAT TEXT VALUE FORMAT JSON ENVELOPE UPSERT`);
    expect(pairs(await messages('mixed', 2)).sort()).toEqual([
      ['7', '{"id":7,"word":"seven"}'],
      ['8', '{"id":8,"word":null}'],
    ]);
    await ask(
      `CREATE SINK lines AS SELECT word FROM words WHERE id = 7 INTO KAFKA CONNECTION k (TOPIC 'lines') FORMAT TEXT`,
    );
    const [line] = await messages('lines', 1);
    expect(pairs([line!])).toEqual([[null, 'seven']]);
    expect(String(line!.headers!['tw_diff'])).toBe('1');
    expect(String(line!.headers!['tw_timestamp'])).toMatch(/^\d{16}$/);
  });

  test('values in JSON are as to_json has them', async () => {
    await ask(`CREATE TABLE kinds (id int PRIMARY KEY, d numeric(12, 4), f float8, n float8, b bytea, t timestamp, z timestamptz,
      day date, tm time, i interval, u uuid, j jsonb, yes boolean, s text,
      a int[], m text[][], none float8[])`);
    await ask(`INSERT INTO kinds VALUES (1, 12.5, 0.1, 'NaN', '\\x00ff', '2026-01-02 03:04:05.678', '2026-01-02 03:04:05+02',
      '2026-01-02', '03:04:05', '1 day 2 hours', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": [1, null], "a": "ö"}', true,
      E'quote " back \\\\ line \\n tab \\t ü', '{1,NULL,3}', '{{a,b},{"c d",NULL}}', '{}')`);
    await ask(
      `CREATE SINK kinds_out FROM kinds INTO KAFKA CONNECTION k (TOPIC 'kinds') FORMAT JSON ENVELOPE UPSERT`,
    );
    const [message] = await messages('kinds', 1);
    expect(text(message!.value)).toBe(
      '{"id":1,"d":12.5000,"f":0.1,"n":"NaN","b":"\\\\x00ff","t":"2026-01-02T03:04:05.678","z":"2026-01-02T01:04:05+00:00",' +
        '"day":"2026-01-02","tm":"03:04:05","i":"1 day 02:00:00","u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",' +
        '"j":{"a": "ö", "b": [1, null]},"yes":true,"s":"quote \\" back \\\\ line \\n tab \\t ü",' +
        '"a":[1,null,3],"m":[["a","b"],["c d",null]],"none":[]}',
    );
  });

  test('a topic that is missing is made as asked for; one that is there is used, and what differs told', async () => {
    const options = `TOPIC 'made', TOPIC PARTITION COUNT 4, TOPIC REPLICATION FACTOR 1,
      TOPIC CONFIG 'cleanup.policy=compact, max.message.bytes=50000'`;
    await ask('CREATE TABLE many (id int PRIMARY KEY, pad text)');
    await ask("INSERT INTO many SELECT g, repeat('x', 100) FROM generate_series(1, 2000) AS g");
    await ask(`CREATE SINK made FROM many INTO KAFKA CONNECTION k (${options}) FORMAT JSON ENVELOPE UPSERT`);
    const read = await messages('made', 2000);
    const admin = broker.client().admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: 'made', configNames: ['cleanup.policy'] }],
    });
    await admin.disconnect();
    expect(resources[0]!.configEntries[0]!.configValue).toBe('compact');
    // The partition is where Kafka's Java producer, and kafkajs like it, would put the key.
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    const partitionMetadata = [0, 1, 2, 3].map((partitionId) => ({ partitionId, leader: 1 }));
    for (const message of read) {
      const expected = choose({ topic: 'made', partitionMetadata, message } as unknown as PartitionerArgs);
      expect(message.partition, String(message.key)).toBe(expected);
    }
    expect(new Set(read.map(({ partition }) => partition)).size).toBe(4);
    const notices: string[] = [];
    const listen = ({ message }: { message?: string | undefined }): void => void notices.push(message ?? '');
    client.on('notice', listen);
    await ask(`CREATE SINK again FROM many INTO KAFKA CONNECTION k (TOPIC 'made', TOPIC PARTITION COUNT 3,
      TOPIC REPLICATION FACTOR 1, TOPIC CONFIG 'cleanup.policy=delete') FORMAT JSON ENVELOPE UPSERT WITH (SNAPSHOT = false)`);
    client.off('notice', listen);
    expect(notices).toEqual([
      'topic "made" has partition count 4, not 3',
      'topic "made" has cleanup.policy compact, not delete',
    ]);
  });

  test('PARTITION BY, HEADERS, without a snapshot', async () => {
    await broker.createTopic('placed', 3);
    await ask('CREATE TABLE placed (id int PRIMARY KEY, at bigint, h jsonb)');
    await ask(`INSERT INTO placed VALUES (0, 0, '{}')`);
    await ask(`CREATE SINK placed_out FROM placed INTO KAFKA CONNECTION k (TOPIC 'placed', PARTITION BY at + 1)
      KEY (id) HEADERS h FORMAT JSON ENVELOPE UPSERT WITH (SNAPSHOT = false)`);
    await gives("SELECT state FROM tw_catalog.sink_status WHERE name = 'placed_out'", [['running']]);
    await ask(
      `INSERT INTO placed VALUES (1, 0, '{"a": "x", "b": ["1", "ö"], "none": null}'), (2, 1, NULL), (3, 9000000000000000000, '{}')`,
    );
    const read = await messages('placed', 3);
    const headers = ({ headers }: ReadMessage): unknown =>
      Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
    expect(read.map((message) => [text(message.value), message.partition, headers(message)]).sort()).toEqual([
      ['{"id":1,"at":0}', 1, { a: 'x', b: '1,ö' }],
      ['{"id":2,"at":1}', 2, {}],
      ['{"id":3,"at":9000000000000000000}', Number((9_000_000_000_000_000_000n + 1n) % 3n), {}],
    ]);
    await ask(`INSERT INTO placed VALUES (4, 0, '{"a": 1}')`);
    await gives("SELECT state, error FROM tw_catalog.sink_status WHERE name = 'placed_out'", [
      ['failed', 'header "a" of the sink is a JSON number, not a text'],
    ]);
    expect(await readAll(broker, 'placed')).toHaveLength(3);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('COMPRESSION TYPE %s', async (codec) => {
    await ask(`CREATE TABLE ${codec} (id int PRIMARY KEY, pad text)`);
    await ask(`INSERT INTO ${codec} SELECT g, 'so so so so so so so' FROM generate_series(1, 1000) AS g`);
    await ask(`CREATE SINK ${codec}_out FROM ${codec} INTO KAFKA CONNECTION k (TOPIC '${codec}', COMPRESSION TYPE '${codec}')
      FORMAT JSON ENVELOPE UPSERT`);
    const read = await messages(codec, 1000);
    expect(new Set(read.map(({ key }) => text(key))).size).toBe(1000);
    await ask(`ALTER SINK ${codec}_out SET (COMPRESSION TYPE 'none')`);
    expect(String(await ask(`SHOW CREATE SINK ${codec}_out`))).not.toContain('COMPRESSION');
    await ask(`ALTER SINK ${codec}_out SET (COMPRESSION TYPE '${codec}', TRANSACTION TIMEOUT '20 s')`);
    expect(String(await ask(`SHOW CREATE SINK ${codec}_out`))).toMatch(
      /COMPRESSION TYPE.*TRANSACTION TIMEOUT '20000 ms'/,
    );
    await ask(`ALTER SINK ${codec}_out RESET (COMPRESSION TYPE)`);
    await ask(`INSERT INTO ${codec} VALUES (0, '')`);
    expect(await messages(codec, 1001)).toHaveLength(1001);
    await expect(ask(`ALTER SINK ${codec}_out SET (TOPIC 'other')`)).rejects.toMatchObject({ code: '0A000' });
  });

  test('a key that is not known to be unique is checked, at one time and over time', async () => {
    await ask('CREATE TABLE loose (a int, b int)');
    await ask('INSERT INTO loose VALUES (1, 1), (2, 2)');
    const create = (name: string, rest = ''): Promise<unknown> =>
      ask(
        `CREATE SINK ${name} FROM loose INTO KAFKA CONNECTION k (TOPIC '${name}') KEY (a) ${rest} FORMAT JSON ENVELOPE UPSERT`,
      );
    await create('checked');
    await create('unchecked', 'NOT ENFORCED');
    await messages('checked', 2);
    await messages('unchecked', 2);
    await ask('UPDATE loose SET b = 3 WHERE a = 1');
    await messages('checked', 3);
    await ask('INSERT INTO loose VALUES (2, 20)');
    await gives("SELECT state, error FROM tw_catalog.sink_status WHERE name = 'checked'", [
      ['failed', 'two rows have the same key of the sink: Key (2) has more than one row.'],
    ]);
    expect(pairs(await messages('unchecked', 4)).at(-1)).toEqual(['{"a":2}', '{"a":2,"b":20}']);
    await create('doubled');
    await gives("SELECT state FROM tw_catalog.sink_status WHERE name = 'doubled'", [['failed']]);
    expect(await readAll(broker, 'doubled')).toEqual([]);
  });

  test('as RisingWave writes it', async () => {
    await ask(`CREATE SINK rw FROM by_city WITH (connector = 'kafka', connection = k, topic = 'rw', primary_key = 'city')
      FORMAT UPSERT ENCODE JSON`);
    expect(pairs(await messages('rw', 2)).sort()).toEqual([
      ['{"city":"Oslo"}', '{"city":"Oslo","total":5.50,"n":2}'],
      ['{"city":"Paris"}', '{"city":"Paris","total":2,"n":1}'],
    ]);
    await ask(`CREATE SINK rw_plain FROM by_city WITH (connector = 'kafka', connection = k, topic = 'rw_plain')
      FORMAT PLAIN ENCODE JSON`);
    const [plain] = await messages('rw_plain', 2);
    expect(JSON.parse(String(plain!.value))).toHaveProperty('tw_diff', 1);
    const other = `WITH (connector = 'kafka', properties.bootstrap.server = 'a:1', topic = 't') FORMAT PLAIN ENCODE JSON`;
    await expect(ask(`CREATE SINK wrong FROM by_city ${other}`)).rejects.toMatchObject({ code: '0A000' });
  });

  test('from a topic to a view to a topic to a table, and back again when it changes', async () => {
    await broker.createTopic('orders', 2);
    const producer = broker.client().producer();
    await producer.connect();
    const send = (rows: readonly object[]): Promise<unknown> =>
      producer.send({ topic: 'orders', messages: rows.map((row) => ({ value: JSON.stringify(row) })) });
    await send(Array.from({ length: 3000 }, (_, id) => ({ id, city: `city ${id % 10}`, amount: 1 })));
    await ask(
      `CREATE SOURCE orders (id int, city text, amount int) FROM KAFKA CONNECTION k (TOPIC 'orders') FORMAT JSON`,
    );
    await ask(
      'CREATE MATERIALIZED VIEW revenue AS SELECT city, sum(amount) AS revenue FROM orders GROUP BY city',
    );
    await ask(`CREATE SINK revenue_out FROM revenue INTO KAFKA CONNECTION k (TOPIC 'revenue') KEY (city)
      KEY FORMAT TEXT VALUE FORMAT JSON ENVELOPE UPSERT`);
    await topicIsThere(broker, 'revenue', PATIENCE);
    await ask(`CREATE SOURCE revenue_back (revenue int) FROM KAFKA CONNECTION k (TOPIC 'revenue')
      KEY FORMAT TEXT VALUE FORMAT JSON INCLUDE KEY AS city ENVELOPE UPSERT`);
    await gives('SELECT count(*)::int, sum(revenue)::int FROM revenue_back', [[10, 3000]]);
    await send([{ id: 3000, city: 'city 3', amount: 5 }]);
    await gives("SELECT revenue FROM revenue_back WHERE city = 'city 3'", [[305]]);
    await producer.disconnect();
  });

  test('whole times only, each change once, while transfers go on', async () => {
    await ask('CREATE TABLE accounts (id int PRIMARY KEY, balance int)');
    await ask('INSERT INTO accounts SELECT g, 100 FROM generate_series(0, 9) AS g');
    await ask(
      `CREATE SINK accounts_out FROM accounts INTO KAFKA CONNECTION k (TOPIC 'accounts') FORMAT JSON ENVELOPE UPSERT`,
    );
    await messages('accounts', 10);
    for (let transfer = 0; transfer < 60; transfer++) {
      const [from, to] = [transfer % 10, (transfer * 7 + 3) % 10];
      if (from === to) continue;
      await ask(
        `UPDATE accounts SET balance = balance + CASE id WHEN ${from} THEN -1 ELSE 1 END WHERE id IN (${from}, ${to})`,
      );
    }
    // The last of all: what the status says may be of before.
    await ask('INSERT INTO accounts VALUES (10, 0)');
    const account = ({ value }: ReadMessage): { id: number; balance: number } =>
      JSON.parse(String(value)) as { id: number; balance: number };
    let read: ReadMessage[] = [];
    const isWhole = async (): Promise<boolean> => {
      read = await readAll(broker, 'accounts');
      return read.some((message) => account(message).id === 10);
    };
    await expect.poll(isWhole, { timeout: PATIENCE }).toBe(true);
    const balances = new Map<number, number>();
    let at = 0;
    for (const [index, message] of read.entries()) {
      const { timestamp } = message;
      if (at !== Number(timestamp) && index > 0) {
        expect(
          [...balances.values()].reduce((sum, balance) => sum + balance),
          `before message ${index}`,
        ).toBe(1000);
      }
      at = Number(timestamp);
      const { id, balance } = account(message);
      balances.set(id, balance);
    }
    expect([...balances].sort(([a], [b]) => a - b)).toEqual(
      await ask('SELECT id, balance FROM accounts ORDER BY id'),
    );
  });

  test('PROGRESS TOPIC has the progress of sinks, in the transactions of their changes', async () => {
    await ask('CREATE TABLE steps (id int PRIMARY KEY)');
    await ask('INSERT INTO steps VALUES (1)');
    const create = (name: string, progress: string): Promise<unknown> =>
      ask(`CREATE SINK ${name} FROM steps INTO KAFKA CONNECTION k (TOPIC '${name}', PROGRESS TOPIC '${progress}')
        FORMAT JSON ENVELOPE UPSERT`);
    await create('steps_a', 'progress');
    await create('steps_b', 'progress');
    await messages('steps_a', 1);
    await ask('INSERT INTO steps VALUES (2)');
    const written = async (): Promise<number[]> => {
      const read = await readAll(broker, 'progress');
      const last = new Map(read.map(({ key, value }) => [text(key), String(value)]));
      return [...last.values()].map((value) => (JSON.parse(value) as { up_to: number }).up_to - 1);
    };
    await messages('steps_a', 2);
    await messages('steps_b', 2);
    const status =
      "SELECT written_up_to FROM tw_catalog.sink_status WHERE name IN ('steps_a', 'steps_b') ORDER BY 1";
    await gives(
      status,
      (await written()).map((upTo) => [`${upTo}`]),
    );
    const admin = broker.client().admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: kafkajs.ConfigResourceTypes.TOPIC, name: 'progress', configNames: ['cleanup.policy'] },
      ],
    });
    await admin.disconnect();
    expect(resources[0]?.configEntries[0]?.configValue).toBe('compact');
    // Others write much behind it; whoever recovers finds its own all the same.
    const producer = broker.client().producer();
    await producer.connect();
    const noise = Array.from({ length: 3000 }, (_, index) => ({ key: `other ${index}`, value: 'no JSON' }));
    await producer.send({ topic: 'progress', messages: noise });
    await producer.disconnect();
    await ask("ALTER CONNECTION k SET (CLIENT ID 'with progress')");
    await ask('INSERT INTO steps VALUES (3)');
    expect((pairs(await messages('steps_a', 3)) as [string][]).map(([key]) => key)).toEqual(
      [1, 2, 3].map((id) => `{"id":${id}}`),
    );
    await gives("SELECT rows::int, state FROM tw_catalog.sink_status WHERE name = 'steps_a'", [
      [3, 'running'],
    ]);
    expect(await readAll(broker, 'steps_a')).toHaveLength(3);
    await broker.createTopic('forgetful');
    const notices: string[] = [];
    client.once('notice', ({ message }) => notices.push(message ?? ''));
    await create('steps_c', 'forgetful');
    expect(notices).toEqual(['progress topic "forgetful" has cleanup.policy delete, not compact']);
  });

  test('paused and resumed, shown and dropped', async () => {
    await ask('CREATE TABLE calm (id int PRIMARY KEY)');
    await ask(
      `CREATE SINK calm_out FROM calm INTO KAFKA CONNECTION k (TOPIC 'calm') FORMAT JSON ENVELOPE UPSERT`,
    );
    const state = "SELECT state FROM tw_catalog.sink_status WHERE name = 'calm_out'";
    await gives(state, [['running']]);
    await ask('ALTER SINK calm_out PAUSE');
    await gives(state, [['paused']]);
    await ask('INSERT INTO calm VALUES (1), (2)');
    await gives("SELECT state, lag FROM tw_catalog.sink_status WHERE name = 'calm_out'", [['paused', '2']]);
    expect(await readAll(broker, 'calm')).toEqual([]);
    await ask('ALTER SINK calm_out RESUME');
    await messages('calm', 2);
    await gives("SELECT rows FROM tw_catalog.sink_status WHERE name = 'calm_out'", [['2']]);
    const { rows } = await client.query("SHOW SINKS LIKE 'calm_out'");
    expect(rows).toMatchObject([
      {
        name: 'calm_out',
        connector: 'kafka',
        state: 'running',
        error: null,
        rows: '2',
        lag: '0',
      },
    ]);
    await ask('INSERT INTO calm SELECT g FROM generate_series(10, 5000) AS g');
    await gives(
      `SELECT rows_per_second > 100, bytes_per_second > 1000, bytes > 10000 FROM tw_catalog.sink_status WHERE name = 'calm_out'`,
      [[true, true, true]],
    );
    await ask('DELETE FROM calm WHERE id >= 10');
    await gives("SELECT rows FROM tw_catalog.sink_status WHERE name = 'calm_out'", [[`${2 + 2 * 4991}`]]);
    await gives("SELECT rows_per_second FROM tw_catalog.sink_status WHERE name = 'calm_out'", [['0']]);
    const shown = await ask('SHOW CREATE SINK calm_out');
    expect(String(shown[0])).toContain("INTO KAFKA CONNECTION k (TOPIC 'calm')");
    await expect(ask('DROP CONNECTION k')).rejects.toMatchObject({ code: '2BP01' });
    await ask('DROP SINK calm_out');
    await ask('INSERT INTO calm VALUES (3)');
    expect(await readAll(broker, 'calm')).toHaveLength(2 + 2 * 4991);
  });

  test('a secret that is altered lets the sink connect again, or says why it cannot', async () => {
    await ask(`CREATE SECRET word AS '${KAFKA_USER.password}'`);
    await ask(`CREATE CONNECTION guarded TO KAFKA (BROKERS '${broker.sasl}', SASL MECHANISM 'SCRAM-SHA-256',
      SASL USERNAME '${KAFKA_USER.name}', SASL PASSWORD SECRET word)`);
    await ask('CREATE TABLE secretive (id int PRIMARY KEY)');
    await ask('INSERT INTO secretive VALUES (1)');
    await ask(
      `CREATE SINK secretive_out FROM secretive INTO KAFKA CONNECTION guarded (TOPIC 'secretive') FORMAT JSON ENVELOPE UPSERT`,
    );
    await messages('secretive', 1);
    await ask("ALTER SECRET word AS 'wr0ng-w0rd'");
    await ask('INSERT INTO secretive VALUES (2)');
    const status = "SELECT state, error FROM tw_catalog.sink_status WHERE name = 'secretive_out'";
    await gives(status, [['stalled', expect.stringMatching(/authentication failed/i)]]);
    await ask(`ALTER SECRET word AS '${KAFKA_USER.password}'`);
    await messages('secretive', 2);
    await gives(status, [['running', null]]);
    expect(server.log()).not.toMatch(/wr0ng-w0rd|alice-pa55/);
  });

  test('a broker that goes away comes back, and each change is there once', async () => {
    await ask('CREATE TABLE lasting (id int PRIMARY KEY)');
    await ask('INSERT INTO lasting VALUES (1), (2)');
    await ask(
      `CREATE SINK lasting_out FROM lasting INTO KAFKA CONNECTION k (TOPIC 'lasting') FORMAT JSON ENVELOPE APPEND`,
    );
    await messages('lasting', 2);
    // The sink has heard of it too: else these changes would count among those that wait.
    const written =
      "SELECT lag::int, written_up_to IS NOT NULL FROM tw_catalog.sink_status WHERE name = 'lasting_out'";
    await gives(written, [[0, true]]);
    await broker.kill();
    await ask('INSERT INTO lasting VALUES (3)');
    const status = "SELECT state, error IS NOT NULL FROM tw_catalog.sink_status WHERE name = 'lasting_out'";
    await gives(status, [['stalled', true]]);
    await ask('INSERT INTO lasting VALUES (4)');
    await ask('DELETE FROM lasting WHERE id = 1');
    await gives(
      "SELECT lag::int, errors > 0, retained_from IS NOT NULL FROM tw_catalog.sink_status WHERE name = 'lasting_out'",
      [[3, true, true]],
    );
    await broker.start();
    const read = await messages('lasting', 5);
    await gives(status, [['running', false]]);
    const changes = read.map(({ value }) => JSON.parse(String(value)) as Append);
    expect(changes.map(({ id, tw_diff }) => [id, tw_diff])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [1, -1],
    ]);
    await ask("ALTER CONNECTION k SET (CLIENT ID 'renamed')");
    await ask('INSERT INTO lasting VALUES (5)');
    expect(await messages('lasting', 6)).toHaveLength(6);
    expect(await readAll(broker, 'lasting')).toHaveLength(6);
  }, 120_000);

  test('a broker that is killed again and again while changes come: each is there once', async () => {
    await ask('CREATE TABLE stormy (id int PRIMARY KEY, pad text)');
    await ask("INSERT INTO stormy SELECT g, repeat('x', 100) FROM generate_series(1, 5000) AS g");
    await ask(
      `CREATE SINK stormy_out FROM stormy INTO KAFKA CONNECTION k (TOPIC 'stormy', TOPIC PARTITION COUNT 3) FORMAT JSON`,
    );
    const rows = async (): Promise<number> =>
      Number((await ask("SELECT rows FROM tw_catalog.sink_status WHERE name = 'stormy_out'"))[0]?.[0] ?? 0);
    let last = 5000;
    const storm = { over: false };
    const writer = await server.connect();
    const writing = (async () => {
      while (!storm.over) {
        await writer.query(
          `INSERT INTO stormy SELECT g, repeat('y', 100) FROM generate_series(${last + 1}, ${last + 100}) AS g`,
        );
        last += 100;
        // Some thousand rows a second: what waits while the broker is away stays far below the sink's bound.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    for (let kills = 0; kills < 3; kills++) {
      // Some of what came is written, and more is on its way.
      const before = await rows();
      await expect.poll(rows, { timeout: PATIENCE, interval: 10 }).toBeGreaterThan(before);
      await broker.kill();
      await broker.start();
    }
    storm.over = true;
    await writing;
    await writer.end();
    await expect.poll(rows, { timeout: PATIENCE }).toBe(last);
    const ids = (await readTopic(broker, 'stormy', last)).map(
      ({ value }) => (JSON.parse(String(value)) as Append).id,
    );
    expect(ids.length).toBe(last);
    expect(new Set(ids).size).toBe(last);
  }, 240_000);

  test.each([
    ["INTO KAFKA (TOPIC 't') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION nothing (TOPIC 't') FORMAT JSON", '42704'],
    ['INTO KAFKA CONNECTION k () FORMAT JSON', '42601'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', TPIC 'u') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't')", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') FORMAT CSV", '0A000'],
    ["INTO KAFKA CONNECTION k (TOPIC 'no good name!') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', TOPIC CONFIG 'nonsense') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', TOPIC CONFIG 'no.such=1') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', COMPRESSION TYPE 'rar') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', PARTITION BY city) FORMAT JSON", '42804'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', PARTITION BY nothing) FORMAT JSON", '42703'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', PROGRESS TOPIC 't') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't', PROGRESS TOPIC 'no good name!') FORMAT JSON", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') HEADERS city FORMAT JSON", '42804'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') HEADERS nothing FORMAT JSON", '42703'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') KEY (nothing) FORMAT JSON ENVELOPE UPSERT", '42703'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') FORMAT TEXT ENVELOPE DEBEZIUM", '0A000'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') FORMAT TEXT ENVELOPE UPSERT", '22023'],
    ["INTO KAFKA CONNECTION k (TOPIC 't') FORMAT JSON WITH (SNAPSHT = false)", '22023'],
    ["INTO FILE CONNECTION k (PATH '/tmp/x') FORMAT JSON", '22023'],
    ["INTO FILE (PATH '/tmp/x', PARTITION BY n) FORMAT JSON", '22023'],
    ["INTO FILE (PATH '/tmp/x') KEY FORMAT TEXT VALUE FORMAT JSON", '22023'],
  ])('CREATE SINK wrong … %s is refused', async (rest, code) => {
    await expect(ask(`CREATE SINK wrong FROM by_city ${rest}`)).rejects.toMatchObject({ code });
  });
});
