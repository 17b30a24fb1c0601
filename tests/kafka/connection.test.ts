/** Secrets and connections over the wire, the connections to a real broker in each way in. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KAFKA_USER, type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { testServer } from '../support/test-server.ts';

/** Everything that a client was told. */
class Heard {
  readonly #texts: string[] = [];

  listen(client: pg.Client): void {
    client.on('notice', (notice) => this.#texts.push(JSON.stringify({ ...notice, message: notice.message })));
  }

  async query(client: pg.Client, sql: string): Promise<unknown[]> {
    try {
      const { rows } = await client.query(sql);
      this.#texts.push(JSON.stringify(rows));
      return rows as unknown[];
    } catch (error) {
      this.#texts.push(JSON.stringify({ ...(error as object), message: (error as Error).message }));
      throw error;
    }
  }

  get all(): string {
    return this.#texts.join('\n');
  }
}

let client: pg.Client;
const heard = new Heard();
const ask = (sql: string): Promise<unknown[]> => heard.query(client, sql);
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const server = testServer({}, async () => {
  client = await server.connect();
  heard.listen(client);
});

/** Every relation that the catalog has, as text. */
async function allRelations(): Promise<string> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT schema_name AS schema, name FROM tw_catalog.relations WHERE type IN ('table', 'view', 'source')`,
  );
  const texts: string[] = [];
  for (const { schema, name } of rows) {
    const answer = await client.query(`SELECT * FROM "${schema}"."${name}"`).catch(() => null);
    texts.push(JSON.stringify(answer?.rows ?? []));
  }
  expect(texts.length, 'relations that were read').toBeGreaterThan(30);
  return texts.join('\n');
}

describe('secrets', () => {
  test('are named, replaced and dropped; their names are listed', async () => {
    await ask("CREATE SECRET first AS 'v4lue-0ne'");
    await ask("CREATE SECRET second AS 'v4lue-' || 'tw0'");
    await ask("CREATE SECRET IF NOT EXISTS first AS 'v4lue-thr33'");
    expect(await ask('SHOW SECRETS')).toEqual([{ name: 'first' }, { name: 'second' }]);
    await ask("ALTER SECRET first AS 'v4lue-f0ur'");
    await expect(ask("CREATE SECRET first AS 'v4lue-f1ve'")).rejects.toMatchObject({ code: '42P07' });
    await expect(ask('DROP SECRET third')).rejects.toMatchObject({ code: '42704' });
    await expect(ask('SHOW CREATE SECRET first')).rejects.toMatchObject({ code: '42501' });
    await expect(ask('SELECT * FROM first')).rejects.toMatchObject({ code: '42P01' });
    await ask('DROP SECRET IF EXISTS second, third');
    expect(await ask('SHOW SECRETS')).toEqual([{ name: 'first' }]);
  });

  test.each([
    ["CREATE SECRET bad AS 'v4lue-s1x'::int", '22023'],
    ['CREATE SECRET bad AS "v4lue-s1x"', '22023'],
    ['CREATE SECRET bad AS NULL', '22023'],
    ["CREATE SECRET bad AS (SELECT 'v4lue-s1x' FROM pg_class)", '22023'],
    ["CREATE SECRET bad 'v4lue-s1x'", '42601'],
    ["CREATE /* so */ SECRET bad AS 'a' 'v4lue-s1x'", '42601'],
    ["CREATE SECRET bad AS 'v4lue-s1x", '42601'],
    ["ALTER SECRET first 'v4lue-s1x'", '42601'],
    ["ALTER SECRET first AS length('v4lue-s1x') / 0", '22023'],
    ["BEGIN; CREATE SECRET bad AS 'v4lue-s1x'", '0A000'],
    ["EXPLAIN CREATE SECRET bad AS 'v4lue-s1x'", '0A000'],
    ["CREATE CONNECTION c TO KAFKA (BROKERS 'a:1', SASL PASSWORD 'v4lue-s1x')", '22023'],
    ["CREATE CONNECTION c TO KAFKA (BROKERS 'a:1', CLIENT ID SECRET first)", '22023'],
  ])('%s is refused without a word of the value', async (sql, code) => {
    await expect(ask(sql)).rejects.toMatchObject({ code });
    await client.query('ROLLBACK');
  });
});

describe('connections', () => {
  test.each([
    ["TO KAFKA (BROKERS 'nowhere')", '22023'],
    ['TO KAFKA (CLIENT ID x)', '22023'],
    ["TO KAFKA (BROKERS 'a:1', BROKRES 'b:1')", '22023'],
    ["TO KAFKA (BROKERS 'a:1', SASL MECHANISM 'PLAIN')", '22023'],
    ["TO KAFKA (BROKERS 'a:1', SASL MECHANISM 'KERBEROS')", '22023'],
    ["TO KAFKA (BROKERS 'a:1', SASL USERNAME u)", '22023'],
    ["TO KAFKA (BROKERS 'a:1', SSL CERTIFICATE 'x')", '22023'],
    ["TO KAFKA (BROKERS 'a:1', SASL PASSWORD SECRET missing)", '42704'],
    ["TO POSTGRES (HOST 'a')", '0A000'],
    ["TO KAKFA (BROKERS 'a:1')", '42704'],
    ["WITH (type = 'kafka', brokers = 'nowhere')", '22023'],
    ["TO KAFKA (BROKERS '127.0.0.1:1')", '08001'],
  ])('CREATE CONNECTION c %s is refused', async (rest, code) => {
    await expect(ask(`CREATE CONNECTION c ${rest}`)).rejects.toMatchObject({ code });
  });

  test('are kept untried when asked to, listed and shown as they are', async () => {
    await ask(`CREATE CONNECTION far TO KAFKA (BROKERS 'a.example:9092, b.example:9092', SASL MECHANISM 'SCRAM-SHA-512',
      SASL USERNAME 'u', SASL PASSWORD SECRET first) WITH (VALIDATE = false)`);
    expect(await ask('SHOW CONNECTIONS')).toEqual([{ name: 'far', connector: 'kafka' }]);
    expect(await ask('SHOW CREATE CONNECTION far')).toEqual([
      {
        name: 'public.far',
        create_sql:
          `CREATE CONNECTION public.far TO KAFKA (BROKERS = 'a.example:9092, b.example:9092', ` +
          `SASL MECHANISM = 'scram-sha-512', SASL USERNAME = 'u', SASL PASSWORD = SECRET public.first)`,
      },
    ]);
    await expect(ask('DROP SECRET first')).rejects.toMatchObject({
      code: '2BP01',
      detail: 'connection far depends on secret first',
    });
    await ask('DROP SECRET first CASCADE');
    expect(await ask('SHOW CONNECTIONS')).toEqual([]);
  });
});

describeWith(kafkaMissing(), 'a broker lets in', () => {
  let broker: KafkaBroker;

  beforeAll(async () => {
    broker = await startKafka();
    await ask(`CREATE SECRET password AS ${quoted(KAFKA_USER.password)}`);
    await ask("CREATE SECRET wrong AS 'v4lue-wr0ng'");
    await ask(`CREATE SECRET client_key AS ${quoted(broker.clientKey)}`);
  });
  afterAll(() => broker?.stop());

  test('who needs no name', async () => {
    await ask(`CREATE CONNECTION plain TO KAFKA (BROKERS '${broker.open}', CLIENT ID 'test')`);
    await ask('VALIDATE CONNECTION plain');
    await expect(ask(`ALTER CONNECTION plain SET (BROKERS '127.0.0.1:1')`)).rejects.toMatchObject({
      code: '08001',
    });
    await ask('VALIDATE CONNECTION plain');
    await expect(ask('ALTER CONNECTION plain RESET (BROKERS)')).rejects.toMatchObject({ code: '22023' });
  });

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    '%s with the right password only',
    async (mechanism) => {
      const options = (secret: string): string =>
        `BROKERS '${broker.sasl}', SASL MECHANISM '${mechanism}', SASL USERNAME 'alice', SASL PASSWORD SECRET ${secret}`;
      await expect(ask(`CREATE CONNECTION named TO KAFKA (${options('wrong')})`)).rejects.toMatchObject({
        code: '28000',
      });
      await ask(`CREATE CONNECTION named TO KAFKA (${options('password')})`);
      await expect(ask('ALTER CONNECTION named SET (SASL PASSWORD SECRET wrong)')).rejects.toMatchObject({
        code: '28000',
      });
      await ask('VALIDATE CONNECTION named');
      await ask('DROP CONNECTION named');
    },
  );

  test('over TLS whom its authority vouches for', async () => {
    await expect(ask(`CREATE CONNECTION safe TO KAFKA (BROKERS '${broker.tls}', SSL)`)).rejects.toMatchObject(
      {
        code: '08001',
      },
    );
    await ask(`CREATE CONNECTION safe TO KAFKA (BROKERS '${broker.tls}', SSL CA ${quoted(broker.ca)},
      SSL CERTIFICATE ${quoted(broker.clientCertificate)}, SSL KEY SECRET client_key)`);
    await ask('VALIDATE CONNECTION safe');
  });

  test('and nobody sees a secret', async () => {
    // What reads and writes through a connection, what explains it, and what goes wrong with it.
    await broker.createTopic('guarded');
    await ask(`CREATE CONNECTION guarded TO KAFKA (BROKERS '${broker.sasl}', SASL MECHANISM 'PLAIN', SASL USERNAME 'alice',
      SASL PASSWORD SECRET password)`);
    const clause = `FROM KAFKA CONNECTION guarded (TOPIC 'guarded') FORMAT TEXT`;
    await ask(`CREATE SOURCE guarded_lines ${clause} ON ERROR SKIP INTO guarded_rejects`);
    await ask('CREATE MATERIALIZED VIEW guarded_count AS SELECT count(*) FROM guarded_lines');
    await ask(`CREATE SINK guarded_out FROM guarded_count INTO KAFKA CONNECTION guarded (TOPIC 'guarded_out')
      FORMAT JSON ENVELOPE APPEND`);
    const explained: unknown[] = [];
    for (const stage of ['', 'RAW PLAN FOR', 'OPTIMIZED PLAN FOR', 'PHYSICAL PLAN FOR']) {
      explained.push(await ask(`EXPLAIN ${stage} SELECT * FROM guarded_lines, guarded_count`));
    }
    explained.push(await ask('SHOW CREATE SOURCE guarded_lines'), await ask('SHOW CREATE SINK guarded_out'));
    explained.push(await ask('SHOW ALL'), await ask('SHOW SOURCES'), await ask('SHOW SINKS'));
    for (const wrong of [
      `CREATE SOURCE wrong FROM KAFKA CONNECTION guarded (TOPIC 'missing') FORMAT TEXT`,
      `CREATE SOURCE wrong (a int) FROM KAFKA CONNECTION guarded (TOPIC 'guarded', SASL PASSWORD SECRET password) FORMAT TEXT`,
      `CREATE SOURCE wrong FROM KAFKA CONNECTION password (TOPIC 'guarded') FORMAT TEXT`,
      'VALIDATE CONNECTION password',
      `SELECT * FROM password`,
      'COMMENT ON SECRET password IS NULL',
    ]) {
      await expect(ask(wrong)).rejects.toThrow();
    }
    // A password that is refused while it is read.
    await ask('ALTER SECRET password AS $$v4lue-0f-n0w$$');
    const status = "SELECT state, error FROM tw_catalog.source_status WHERE name = 'guarded_lines'";
    await expect
      .poll(async () => (await ask(status))[0], { timeout: 30_000 })
      .toMatchObject({ state: 'stalled' });
    await ask(`ALTER SECRET password AS ${quoted(KAFKA_USER.password)}`);
    await expect
      .poll(async () => (await ask(status))[0], { timeout: 30_000 })
      .toMatchObject({ state: 'running' });
    const relations = await allRelations();
    const shown = [
      ...explained,
      await ask('SHOW CREATE CONNECTION safe'),
      await ask('SHOW CREATE CONNECTION guarded'),
    ];
    expect(JSON.stringify(shown)).toContain('SECRET public.password');
    const keyLine = broker.clientKey.split('\n')[2]!;
    for (const value of [KAFKA_USER.password, 'v4lue', keyLine]) {
      expect(heard.all).not.toContain(value);
      expect(relations).not.toContain(value);
      expect(JSON.stringify(shown)).not.toContain(value);
      expect(server.log()).not.toContain(value);
    }
  });
});
