/** Tidewire as users run it: the default server, FILE sources, a materialized view that is read whole. */
import { join } from 'node:path';
import { startTidewire } from '../support/tidewire.ts';
import { exactAnswer } from './answer.ts';
import type { Data } from './data.ts';
import { type Query, RELATIONS } from './queries.ts';
import type { System } from './system.ts';
import { PeakMemory, cpuSeconds } from './usage.ts';
import { WireClient } from './wire.ts';

export type Format = 'csv' | 'jsonl';

/** How long a query may take. */
const LIMIT_SECONDS = 600;

export function tidewire(workers: number, format: Format): System {
  return {
    name: 'Tidewire',
    version: `Tidewire with ${workers} worker${workers === 1 ? '' : 's'}`,
    rounds: false,
    async run(query, data) {
      const server = await startTidewire({ workers });
      const pid = server.process.pid!;
      try {
        const client = await WireClient.open({ port: server.port, user: 'tidewire', database: 'tidewire' });
        const memory = new PeakMemory(pid);
        const [cpu, start] = [cpuSeconds(pid), performance.now()];
        for (const source of sources(query, data, format)) await client.run(source);
        await client.run(`CREATE MATERIALIZED VIEW result AS ${query.sql}`);
        await ended(() => server.log(), query.tables.length);
        const lines = await client.copyOut('SELECT * FROM result');
        const seconds = (performance.now() - start) / 1000;
        const spent = cpuSeconds(pid) - cpu;
        const megabytes = memory.stop();
        client.end();
        return {
          seconds,
          cpu: spent,
          megabytes,
          exact: exactAnswer(lines),
          rounded: null,
        };
      } finally {
        await server.stop();
      }
    },
  };
}

function sources(query: Query, data: Data, format: Format): string[] {
  return query.tables.map((table) => {
    const { file, columns } = RELATIONS[table];
    const path = join(data.folder, `${file}.${format}`).replaceAll("'", "''");
    const decoder = format === 'csv' ? 'CSV (HEADER)' : 'JSON';
    return `CREATE SOURCE ${table} (${columns}) FROM FILE (PATH '${path}') FORMAT ${decoder}`;
  });
}

/** Waits until all sources have read their files to the end: every row that was there is in the view. */
async function ended(log: () => string, sourceCount: number): Promise<void> {
  const deadline = performance.now() + LIMIT_SECONDS * 1000;
  while (log().split('source ended').length - 1 < sourceCount) {
    if (performance.now() > deadline)
      throw new Error(`no end of the sources in ${LIMIT_SECONDS} s:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
