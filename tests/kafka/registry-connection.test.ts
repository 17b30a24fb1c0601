/** Connections to a schema registry: a real one, and one of the test's own behind TLS and a password. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../support/left-out.ts';
import { type Registry, registryMissing, startRegistry } from '../support/registry.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
const ask = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows as unknown[];
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const server = testServer({}, async () => {
  client = await server.connect();
  await ask("CREATE SECRET right_password AS 'pa55-r1ght'");
  await ask("CREATE SECRET wrong_password AS 'pa55-wr0ng'");
});

describe('a connection to a registry', () => {
  test.each([
    ["(URL 'nowhere')", '22023'],
    ["(URL 'ftp://a')", '22023'],
    ["(URL 'http://u:p@a')", '22023'],
    ["(USERNAME 'u')", '22023'],
    ["(URL 'http://a', PASSWORD SECRET right_password)", '22023'],
    ["(URL 'http://a', USERNAME 'u', PASSWORD 'in the open')", '22023'],
    ["(URL 'http://a', SSL CERTIFICATE 'x')", '22023'],
    ["(URL 'http://a', ULR 'http://b')", '22023'],
    ["(URL 'http://127.0.0.1:1')", '08001'],
  ])('%s is refused', async (options, code) => {
    await expect(ask(`CREATE CONNECTION c TO CONFLUENT SCHEMA REGISTRY ${options}`)).rejects.toMatchObject({
      code,
    });
  });

  test('is kept untried when asked to, and shown without its password', async () => {
    await ask(`CREATE CONNECTION far TO CONFLUENT SCHEMA REGISTRY (URL 'https://registry.example', USERNAME 'u',
      PASSWORD SECRET right_password) WITH (VALIDATE = false)`);
    expect(await ask('SHOW CONNECTIONS')).toEqual([{ name: 'far', connector: 'confluent schema registry' }]);
    const shown = await ask('SHOW CREATE CONNECTION far');
    expect(shown).toEqual([
      {
        name: 'public.far',
        create_sql:
          `CREATE CONNECTION public.far TO CONFLUENT SCHEMA REGISTRY (URL = 'https://registry.example', ` +
          `USERNAME = 'u', PASSWORD = SECRET public.right_password)`,
      },
    ]);
    await ask('DROP CONNECTION far');
  });
});

describe('behind TLS and a password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-tls-'));
  const file = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const asked: (string | undefined)[] = [];
  let url = '';
  let registry: ReturnType<typeof createServer>;

  beforeAll(async () => {
    const name = ['-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...key, ...name], { cwd: folder, stdio: 'ignore' });
    registry = createServer({ key: file('key.pem'), cert: file('cert.pem') }, (request, response) => {
      asked.push(request.headers.authorization);
      const expected = `Basic ${Buffer.from('u:pa55-r1ght').toString('base64')}`;
      response.statusCode = request.headers.authorization === expected ? 200 : 401;
      response.end(response.statusCode === 200 ? '["AVRO"]' : '{"error_code": 401, "message": "not you"}');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    registry.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('only who is let in gets in, and the password is in no answer', async () => {
    const create = (options: string): Promise<unknown[]> =>
      ask(`CREATE CONNECTION safe TO CONFLUENT SCHEMA REGISTRY (URL '${url}', ${options})`);
    const authority = `SSL CERTIFICATE AUTHORITY ${quoted(file('cert.pem'))}`;
    await expect(create("USERNAME 'u'")).rejects.toMatchObject({ code: '08001' });
    const refused = await create(`${authority}, USERNAME 'u', PASSWORD SECRET wrong_password`).catch(
      (error: unknown) => error as Error & { code: string },
    );
    expect(refused).toMatchObject({ code: '28000', message: expect.stringContaining('not you') as string });
    expect(JSON.stringify(refused)).not.toContain('pa55');
    await create(`${authority}, USERNAME 'u', PASSWORD SECRET right_password`);
    await ask('VALIDATE CONNECTION safe');
    expect(asked.length, 'requests that got through TLS').toBeGreaterThanOrEqual(3);
    await expect(ask('ALTER CONNECTION safe SET (PASSWORD SECRET wrong_password)')).rejects.toMatchObject({
      code: '28000',
    });
    await ask('VALIDATE CONNECTION safe');
    expect(JSON.stringify(await ask('SHOW CREATE CONNECTION safe'))).not.toContain('pa55');
  });
});

describeWith(registryMissing(), 'with a registry', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  }, 120_000);
  afterAll(() => registry?.stop());

  test('a connection is made and tried', async () => {
    await ask(`CREATE CONNECTION csr TO CONFLUENT SCHEMA REGISTRY (URL '${registry.url}/')`);
    await ask('VALIDATE CONNECTION csr');
    await expect(ask(`ALTER CONNECTION csr SET (URL '${registry.url}/nothing')`)).rejects.toMatchObject({
      message: expect.stringMatching(/registry/) as string,
    });
  });
});
