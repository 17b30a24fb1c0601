import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { startTidewire } from '../support/tidewire.ts';
import { arrayCalls } from './array-calls.ts';
import { allCalls, compareCall, domainTables } from './calls.ts';

test('every registered call equals PostgreSQL over its domains', { timeout: 300_000 }, async () => {
  const postgres = await startPostgres();
  const tidewire = await startTidewire();
  try {
    const systems = { postgres: await postgres.connect(), tidewire: await tidewire.connect() };
    for (const statement of domainTables()) {
      await systems.postgres.query(statement);
      await systems.tidewire.query(statement);
    }
    const different: string[] = [];
    for (const call of [...allCalls(), ...arrayCalls()]) {
      const difference = await compareCall(systems, call);
      if (difference !== null) different.push(`${call.signature}: ${difference}`);
    }
    expect(different).toEqual([]);
  } finally {
    await tidewire.stop();
    await postgres.stop();
  }
});
