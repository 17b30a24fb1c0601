/**
 * The sqllogictest files over the wire, each in several ways. Their answers are PostgreSQL's: `UPDATE_SLT=1` runs the
 * files there and writes them anew.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { testServer } from '../support/test-server.ts';
import { formatSlt, parseSlt } from './file.ts';
import { answerSlt, runSlt, WAYS } from './run.ts';

const folder = join(import.meta.dirname, 'files');
const files = readdirSync(folder).filter((name) => name.endsWith('.slt'));
/** Error messages may name it. */
const schemaOf = (file: string): string => `slt_${file.replace(/\W/g, '_')}`;

if (process.env.UPDATE_SLT === '1') {
  test('PostgreSQL answers the files', { timeout: 120_000 }, async () => {
    const postgres = await startPostgres();
    const unexpected: string[] = [];
    try {
      for (const file of files) {
        const client = await postgres.connect();
        const schema = schemaOf(file);
        await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; SET timezone = 'UTC'`);
        const records = parseSlt(readFileSync(join(folder, file), 'utf8'));
        unexpected.push(...(await answerSlt(client, records)).map((text) => `${file} ${text}`));
        writeFileSync(join(folder, file), formatSlt(records));
        await client.query(`ROLLBACK; DROP SCHEMA ${schema} CASCADE`);
        await client.end();
      }
    } finally {
      await postgres.stop();
    }
    expect(unexpected.join('\n')).toBe('');
  });
} else {
  describe.each([1, 2])('%i workers', (workers) => {
    const tidewire = testServer({ workers });

    for (const way of WAYS.filter((candidate) => (candidate.workers ?? 1) === workers)) {
      test.each(files)(`%s, ${way.name}`, async (file) => {
        const client = await tidewire.connect();
        const schema = schemaOf(file);
        try {
          await client.query(`CREATE SCHEMA ${schema}`);
          await client.query(`SET search_path = ${schema}`);
          if (!way.readsViews) await client.query("SET disabled_rules = 'read-views'");
          const records = parseSlt(readFileSync(join(folder, file), 'utf8'));
          expect(records.length).toBeGreaterThan(0);
          expect((await runSlt(client, records, way)).join('\n\n')).toBe('');
        } finally {
          await client.query('ROLLBACK');
          await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
          await client.end();
        }
      });
    }
  });
}
