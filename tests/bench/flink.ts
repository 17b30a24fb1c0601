/**
 * Flink SQL in one process, built with Maven from tests/bench/flink and kept in the benchmarks' cache. Needs Java 17. The
 * queries are those of queries.ts, with windows as Flink has them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Data } from './data.ts';
import { answerOfLines, buildPeer, runPeer } from './peer.ts';
import { type Query, RELATIONS, type Table } from './queries.ts';
import type { System } from './system.ts';
import type { Format } from './tidewire.ts';

const VERSION = '2.3.0';

/** Flink's packages that look into Java's. */
const OPENED = ['lang', 'util', 'time'].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`);

/** Builds the program unless it is there. A text says why it cannot be had. */
export function flink(threads: number, format: Format): System | string {
  const goals = ['package', 'dependency:copy-dependencies', '-DoutputDirectory=target/lib'];
  const { home, failure } = buildPeer({
    name: `flink-${VERSION}`,
    sources: 'tests/bench/flink',
    command: ['mvn', '-q', '-B', ...goals],
  });
  if (failure !== null) return failure;
  return {
    name: 'Flink',
    version: `Flink ${VERSION} with ${threads} thread${threads === 1 ? '' : 's'}, streaming`,
    rounds: true,
    run(query, data, checked) {
      const folder = mkdtempSync(join(tmpdir(), 'tidewire-flink-'));
      try {
        const [setup, result] = [join(folder, 'setup.sql'), join(folder, 'result')];
        writeFileSync(setup, query.tables.map((table) => createTable(table, data, format)).join('\n;\n'));
        const classPath = ['target/flink-peer-1.jar', 'target/lib/*']
          .map((path) => join(home, path))
          .join(':');
        const sql = SQL[query.name] ?? query.sql;
        const options = ['-Xms2g', '-Xmx6g', '-XX:+UseG1GC', ...OPENED, '-cp', classPath];
        const args = [...options, 'FlinkPeer', String(threads), setup, sql, ...(checked ? [result] : [])];
        const taken = runPeer(`Flink's ${query.name}`, 'java', args);
        return Promise.resolve({ ...taken, exact: null, rounded: checked ? answerOfLines(result) : null });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function createTable(table: Table, data: Data, format: Format): string {
  const { file, columns } = RELATIONS[table];
  const typed = columns.replaceAll(/\bint8\b/g, 'BIGINT').replaceAll(/\btext\b/g, 'STRING');
  const time = columns.includes('date_time')
    ? `, happened AS TO_TIMESTAMP_LTZ(date_time, 3), WATERMARK FOR happened AS happened - INTERVAL '4' SECOND`
    : '';
  const path = format === 'csv' ? withoutHeader(data, file) : join(data.folder, `${file}.jsonl`);
  return `CREATE TABLE ${table} (${typed}${time})
    WITH ('connector' = 'filesystem', 'path' = 'file://${path}', 'format' = '${format === 'csv' ? 'csv' : 'json'}')`;
}

/** Flink's CSV knows no header. */
function withoutHeader(data: Data, file: string): string {
  const path = join(data.folder, `${file}.flink.csv`);
  if (!existsSync(path)) {
    const { status } = spawnSync('sh', [
      '-c',
      `tail -n +2 "$0" > "$1.part" && mv "$1.part" "$1"`,
      join(data.folder, `${file}.csv`),
      path,
    ]);
    if (status !== 0) throw new Error(`${path} could not be written`);
  }
  return path;
}

/** A window's number, as queries.ts counts them. */
const numberOf = (column: string, seconds: number): string =>
  `TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', ${column}) / ${seconds}`;
const tumbling = (table: Table): string =>
  `TABLE(TUMBLE(TABLE ${table}, DESCRIPTOR(happened), INTERVAL '10' SECOND))`;
const COUNTS = `SELECT auction, COUNT(*) AS num, window_start AS s, window_end AS e
  FROM TABLE(HOP(TABLE bid, DESCRIPTOR(happened), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
  GROUP BY auction, window_start, window_end`;

/** What queries.ts says in another way. */
const SQL: Readonly<Record<Query['name'], string>> = {
  q4: `SELECT category, AVG(CAST(final AS DOUBLE)) AS final FROM (
      SELECT MAX(b.price) AS final, a.category FROM auction a, bid b
      WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
      GROUP BY a.id, a.category) AS winning
    GROUP BY category`,
  q5: `SELECT c.auction, c.num, ${numberOf('c.s', 2)} AS w FROM (${COUNTS}) c
    JOIN (SELECT MAX(num) AS num, s, e FROM (${COUNTS}) GROUP BY s, e) h
    ON c.s = h.s AND c.e = h.e AND c.num >= h.num`,
  q7: `SELECT b.auction, b.price, b.bidder, b.date_time FROM bid b
    JOIN (SELECT MAX(price) AS price, ${numberOf('window_start', 10)} AS w FROM ${tumbling('bid')}
      GROUP BY window_start, window_end) m
    ON b.price = m.price AND b.date_time / 10000 = m.w`,
  q8: `SELECT p.id, p.name, ${numberOf('p.s', 10)} AS w FROM (
      SELECT id, name, window_start AS s, window_end AS e FROM ${tumbling('person')}
      GROUP BY id, name, window_start, window_end) p
    JOIN (SELECT seller, window_start AS s, window_end AS e FROM ${tumbling('auction')}
      GROUP BY seller, window_start, window_end) a
    ON p.id = a.seller AND p.s = a.s AND p.e = a.e`,
};
