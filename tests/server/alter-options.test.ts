/** ALTER … SET (…) and RESET (…): no option is taken without effect. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let client: pg.Client;

beforeAll(async () => {
  server = await startTidewire();
  client = await server.connect();
  await client.query('CREATE TABLE t (x int)');
  await client.query('CREATE VIEW v AS SELECT x FROM t');
  await client.query('CREATE MATERIALIZED VIEW m AS SELECT x FROM t');
  await client.query('CREATE INDEX i ON t (x)');
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

test.each(['TABLE t', 'VIEW v', 'MATERIALIZED VIEW m', 'INDEX i'])('ALTER %s', async (object) => {
  const position = String(`ALTER ${object} SET (`.length + 1);
  await expect(client.query(`ALTER ${object} SET (nothing = 1)`)).rejects.toMatchObject({
    code: '22023',
    message: 'unrecognized parameter "nothing"',
    position,
  });
  await expect(client.query(`ALTER ${object} RESET (nothing)`)).rejects.toMatchObject({ code: '22023' });
  await expect(client.query(`ALTER ${object} SET (fillfactor = 70)`)).rejects.toMatchObject({
    code: '0A000',
    message: 'storage parameter "fillfactor" is not supported',
  });
});

test('a missing object is told first', async () => {
  await expect(client.query('ALTER TABLE nowhere SET (x = 1)')).rejects.toMatchObject({ code: '42P01' });
  await client.query('ALTER TABLE IF EXISTS nowhere SET (x = 1)');
});
