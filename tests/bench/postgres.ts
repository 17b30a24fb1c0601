/**
 * PostgreSQL: COPY of the files, CREATE MATERIALIZED VIEW, and the view read whole. Its durability is off, as Tidewire
 * keeps data in memory. Its answers are the reference.
 */
import { join } from 'node:path';
import { startPostgres } from '../support/postgres.ts';
import { exactAnswer, fields, roundedAnswer } from './answer.ts';
import { RELATIONS } from './queries.ts';
import type { System } from './system.ts';
import { PeakMemory, cpuSeconds } from './usage.ts';
import { WireClient } from './wire.ts';

/** Settings of a server with memory, in place of the defaults for any machine and of those that suit the tests. */
export const POSTGRES_SETTINGS = {
  shared_buffers: '1GB',
  work_mem: '256MB',
  max_wal_size: '8GB',
  jit: 'on',
  max_parallel_workers_per_gather: 2,
  max_connections: 100,
};

export const postgres: System = {
  name: 'PostgreSQL',
  version: 'PostgreSQL 18.4 (fsync off, shared_buffers 1 GB, work_mem 256 MB)',
  rounds: false,
  async run(query, data, checked) {
    const server = await startPostgres(POSTGRES_SETTINGS);
    try {
      const client = await WireClient.open({ port: server.port, user: 'postgres', database: 'postgres' });
      const memory = new PeakMemory(server.pid);
      const [cpu, start] = [cpuSeconds(server.pid), performance.now()];
      for (const table of query.tables) {
        const { file, columns } = RELATIONS[table];
        const path = join(data.folder, `${file}.csv`).replaceAll("'", "''");
        await client.run(`CREATE TABLE ${table} (${columns})`);
        await client.run(`COPY ${table} FROM '${path}' WITH (FORMAT csv, HEADER)`).catch((error: unknown) => {
          throw new Error(
            'PostgreSQL, which runs as nobody when this runs as root, cannot read the data: set TIDEWIRE_BENCH_CACHE ' +
              `to a folder that it may read (${String(error)})`,
            { cause: error },
          );
        });
      }
      for (const table of query.tables) await client.run(`ANALYZE ${table}`);
      await client.run(`CREATE MATERIALIZED VIEW result AS ${query.sql}`);
      const lines = await client.copyOut('SELECT * FROM result');
      const seconds = (performance.now() - start) / 1000;
      const spent = cpuSeconds(server.pid) - cpu;
      const megabytes = memory.stop();
      const before = cpuSeconds(server.pid);
      await client.run('REFRESH MATERIALIZED VIEW result');
      const refresh = cpuSeconds(server.pid) - before;
      client.end();
      return {
        ...{ seconds, cpu: spent, megabytes, refresh },
        exact: exactAnswer(lines),
        rounded: checked ? roundedAnswer(fields(lines)) : null,
      };
    } finally {
      await server.stop();
    }
  },
};
