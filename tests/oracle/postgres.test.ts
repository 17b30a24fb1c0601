import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';

test('the oracle is PostgreSQL 18 with code-point order', async () => {
  const postgres = await startPostgres();
  const client = await postgres.connect();
  const version = await client.query("select current_setting('server_version_num')::int / 10000 as major");
  expect(version.rows).toEqual([{ major: 18 }]);
  const order = await client.query("select 'B' < 'a' as by_code_point");
  expect(order.rows).toEqual([{ by_code_point: true }]);
  await client.end();
  await postgres.stop();
});
