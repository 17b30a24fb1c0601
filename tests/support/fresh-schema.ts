/** Each test in a schema of its own, so that names do not meet. */
import type pg from 'pg';
import { beforeEach } from 'vitest';

export interface FreshSchema {
  /** Of the test that runs. */
  readonly name: string;
  /** Runs statements whose answers nobody looks at, one after the other. */
  run(...statements: string[]): Promise<void>;
}

/** Before each test of the file: settings as they were, a new schema, alone on the client's search path, and `setUp` in it. */
export function freshSchema(client: () => pg.Client, ...setUp: string[]): FreshSchema {
  let number = 0;
  const run = async (...statements: string[]): Promise<void> => {
    for (const sql of statements) await client().query(sql);
  };
  const name = (): string => `s${number}`;
  beforeEach(async () => {
    number++;
    await run('RESET ALL', `CREATE SCHEMA ${name()}`, `SET search_path = ${name()}`, ...setUp);
  });
  return {
    get name() {
      return name();
    },
    run,
  };
}
