/** Tests that values have PostgreSQL's binary forms, for the types of a test file. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binary } from './binary.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { testServer } from './test-server.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/**
 * Adds a test for each of `values`, which are SQL, and for each of `received`, which are a type and the bytes of a parameter as
 * hexadecimal digits: what Tidewire gives is what PostgreSQL gives, be it an error. Gives the client of Tidewire, there from the first test on.
 */
export function testBinaryAgreement(
  values: readonly string[],
  received: readonly (readonly [type: string, hex: string])[],
): { readonly client: pg.Client } {
  let postgres: Postgres;
  let theirs: pg.Client;
  let ours: pg.Client;
  const server = testServer({}, async () => {
    ours = await server.connect();
  });
  beforeAll(async () => {
    postgres = await startPostgres();
    theirs = await postgres.connect();
  });
  afterAll(async () => {
    await Promise.all([theirs?.end(), ours?.end()]);
    await postgres?.stop();
  });

  test.each(values)('the binary form of %s', async (value) => {
    const text = `SELECT ${value}`;
    expect(await binary(ours, text)).toEqual(await binary(theirs, text));
  });

  test.each(received)('%s of the bytes %s', async (type, hex) => {
    const text = `SELECT $1::${type}`;
    const [found, wanted] = [
      await binary(ours, text, [bytes(hex)]),
      await binary(theirs, text, [bytes(hex)]),
    ];
    expect(found).toEqual(wanted);
  });

  return {
    get client() {
      return ours;
    },
  };
}
