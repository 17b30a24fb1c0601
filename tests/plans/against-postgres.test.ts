/**
 * The optimized relation of each query, interpreted, holds what PostgreSQL answers on the same rows. Where PostgreSQL
 * answers, no error may be raised.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type pg from 'pg';
import { lowerQuery } from '../../sql/lower/lower.ts';
import { project } from '../../sql/mir/relation.ts';
import { evaluatorFor } from '../../sql/optimize/evaluate.ts';
import { optimize } from '../../sql/optimize/pipeline.ts';
import type { Postgres } from '../support/postgres.ts';
import { startPostgres } from '../support/postgres.ts';
import { bindText, catalog } from './compile.ts';
import { datasets } from './data.ts';
import { canonicalValue, evaluate } from './evaluate.ts';
import type { Row, Value } from './evaluate.ts';
import { interpretMir } from './interpret-mir.ts';
import { QUERIES } from './queries.ts';

let postgres: Postgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
}, 60_000);

afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

/** The test catalog's tables with these rows, one schema a data set. */
async function load(index: number, data: ReadonlyMap<number, readonly Row[]>): Promise<void> {
  await client.query(`create schema d${index}; set search_path = d${index}`);
  for (const [object, rows] of data) {
    const { name, columns } = catalog.relation(object);
    const definitions = columns.map((column) => `${column.name} ${column.type.name}`);
    await client.query(`create table ${name} (${definitions.join(', ')})`);
    for (const row of rows) {
      await client.query(`insert into ${name} values (${row.map((_, at) => `$${at + 1}`).join(', ')})`, [
        ...row,
      ]);
    }
  }
}

const shown = (value: Value): Value => {
  if (value === 't') return 'true';
  if (value === 'f') return 'false';
  return value === null ? null : canonicalValue(value, 'numeric');
};

const rules = {
  fold: evaluatorFor((expression) => evaluate(expression, [])),
  keysOfObject: (object: number) => catalog.relation(object).keys,
  strict: true,
};

const sorted = (rows: readonly (readonly Value[])[]): string[] =>
  rows.map((row) => JSON.stringify(row.map(shown))).toSorted();

describe('plans hold what PostgreSQL answers', () => {
  const contents = datasets();
  beforeAll(async () => {
    for (const [index, data] of contents.entries()) await load(index, data);
  });

  test.each(QUERIES)('%s', async (text) => {
    const keysOfObject = (object: number): readonly (readonly number[])[] => catalog.relation(object).keys;
    const lowered = lowerQuery(bindText(text), { keysOfObject, maintained: false });
    const { relation } = optimize(lowered, rules);
    let compared = 0;
    const visible = project(relation, lowered.finishing!.projection);
    for (const [index, data] of contents.entries()) {
      await client.query(`set search_path = d${index}`);
      let expected: Value[][];
      try {
        const types = { getTypeParser: () => (value: string) => value };
        expected = (await client.query<Value[]>({ text, rowMode: 'array', types })).rows;
      } catch {
        continue;
      }
      compared += 1;
      const bag = interpretMir(visible, data);
      expect([...bag.errors.keys()], `errors, data ${index}`).toEqual([]);
      expect(sorted(bag.list()), `rows, data ${index}`).toEqual(sorted(expected));
    }
    expect(compared, 'contents that PostgreSQL answered for').toBeGreaterThan(0);
  });
});
