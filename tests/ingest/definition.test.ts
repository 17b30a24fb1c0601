/** What CREATE SOURCE statements mean, without an engine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SourceDefinition, defineSource } from '../../server/ingest/source-definition.ts';
import type { Engine } from '../../engine/index.ts';
import type { Connections } from '../../server/ingest/source-schema.ts';
import type { CatalogReader } from '../../sql/catalog.ts';
import { parse } from '../../sql/parse/parse.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-definition-'));
  writeFileSync(join(folder, 'a.csv'), 'id,"the name"\n1,x\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function define(sql: string): Promise<SourceDefinition> {
  const parsed = parse(sql.replaceAll('FOLDER', folder))[0]!;
  if (parsed.statement.kind !== 'create_source') throw new Error('not a source');
  return defineSource(
    parsed,
    parsed.statement,
    {
      catalog: {} as CatalogReader,
      evaluate: () => null,
      source: parsed.source,
    },
    null,
    { engine: {} as Engine, connections: {} as Connections },
  );
}

async function refusal(sql: string): Promise<unknown> {
  return define(sql).then(
    () => 'accepted',
    (error: { sqlstate: string; message: string; hint?: string }) =>
      [error.sqlstate, error.message, error.hint].filter((part) => part !== undefined),
  );
}

const columnsOf = ({ tables }: SourceDefinition): unknown =>
  tables[0]!.columns.map(({ name, type }) => `${name} ${type.name}${type.nullable ? '' : ' not null'}`);

test('columns: as written, from the header, or one for the whole record', async () => {
  const written = await define(`CREATE SOURCE s (id int PRIMARY KEY, name text)
    FROM FILE (PATH 'FOLDER/*.csv') FORMAT CSV (HEADER) INCLUDE PATH AS origin`);
  expect(columnsOf(written)).toEqual(['id int4 not null', 'name text', 'origin text not null']);
  expect(written.tables[0]).toMatchObject({ primaryKey: [0], checked: true, number: 0 });
  expect(written.metadata).toEqual(['path']);
  expect(columnsOf(await define(`CREATE SOURCE s FROM FILE (PATH 'FOLDER') FORMAT CSV (HEADER)`))).toEqual([
    'id text',
    'the name text',
  ]);
  const whole = await define(`CREATE SOURCE s FROM FILE (PATH 'FOLDER') FORMAT JSON`);
  expect(columnsOf(whole)).toEqual(['data jsonb not null']);
  expect(whole.input).toEqual({
    kind: 'records',
    format: { kind: 'json', wholeRecord: true },
    messages: null,
    envelope: null,
    registry: null,
  });
});

test('a generator declares its tables', async () => {
  const all = await define('CREATE SOURCE s FROM GENERATOR NEXMARK (SEED 3) FOR ALL TABLES');
  expect(all.tables.map(({ number, name }) => [number, name])).toEqual([
    [0, 'person'],
    [1, 'auction'],
    [2, 'bid'],
  ]);
  expect(all.input).toEqual({ kind: 'generator', generator: { kind: 'nexmark', seed: 3 } });
  const some = await define('CREATE SOURCE s FROM GENERATOR NEXMARK FOR TABLES (bid AS b)');
  expect(some.tables).toMatchObject([{ number: 2, name: { parts: ['b'] } }]);
  expect(some.tableCount).toBe(3);
  const counter = await define('CREATE SOURCE s FROM GENERATOR COUNTER (EVENTS 5)');
  expect(counter).toMatchObject({
    several: false,
    tables: [{ name: null, primaryKey: [0], checked: false }],
  });
});

test("RisingWave's options are ours by other names", async () => {
  const file = await define(`CREATE SOURCE s (id int) WITH (connector = 'posix_fs', posix_fs.root = '/x/',
    match_pattern = '*.csv') FORMAT PLAIN ENCODE CSV (without_header = 'true', delimiter = ';')`);
  expect(file.options).toMatchObject({ path: '/x/*.csv', follow: true, on_delete: 'keep' });
  expect(file.format).toMatchObject({ csv: { header: false, delimiter: ';' } });
  const bid = await define(`CREATE SOURCE s (auction bigint) WITH (connector = 'nexmark',
    nexmark.table.type = 'Bid', nexmark.split.num = 8, nexmark.event.num = 100, nexmark.min.event.gap.in.ns = 1000)`);
  expect(bid.options).toMatchObject({ events: 100, rate: 1_000_000 });
  expect(bid.tables).toMatchObject([{ number: 2, name: null }]);
});

test.each([
  [
    `CREATE SOURCE s (a int) FROM FILE (PATH 'x', FOLOW) FORMAT JSON`,
    ['22023', 'unknown option "folow" of connector FILE', 'Perhaps you meant the option "follow".'],
  ],
  [
    `CREATE SOURCE s (a int) FROM MYSQL (TABLE 't') FORMAT JSON`,
    ['0A000', 'connector MYSQL is not supported yet', 'FILE, GENERATOR and KAFKA are.'],
  ],
  [
    `CREATE SOURCE s (a int, WATERMARK FOR a AS a - 1) FROM FILE (PATH 'x') FORMAT JSON`,
    ['0A000', expect.stringContaining('WATERMARK'), expect.stringContaining('Leave it out')],
  ],
  [
    `CREATE SOURCE s (a int) FROM FILE (PATH 'x') FORMAT JSON ENVELOPE DEBEZIUM`,
    ['0A000', 'ENVELOPE DEBEZIUM for connector FILE is not supported yet'],
  ],
  [
    `CREATE SOURCE s (a int) FROM FILE (PATH 'x') FORMAT JSON INCLUDE KEY`,
    ['0A000', 'INCLUDE KEY for connector FILE is not supported yet', 'It can include PATH, LINE, OFFSET.'],
  ],
  [
    `CREATE SOURCE s (path int) FROM FILE (PATH 'x') FORMAT JSON INCLUDE PATH`,
    ['42701', 'column "path" specified more than once'],
  ],
  [
    `CREATE SOURCE s (a int DEFAULT 1) FROM FILE (PATH 'x') FORMAT JSON`,
    ['0A000', 'DEFAULT for column "a" of a source is not supported yet'],
  ],
  [
    `CREATE SOURCE s FROM GENERATOR NEXMARK`,
    [
      '22023',
      'connector GENERATOR NEXMARK has several tables: person, auction, bid',
      'Add FOR ALL TABLES, or FOR TABLES (name, …).',
    ],
  ],
  [
    `CREATE SOURCE s (a int) FROM GENERATOR COUNTER`,
    ['22023', 'connector GENERATOR COUNTER has its own columns', 'Leave out the list of columns.'],
  ],
  [
    `CREATE SOURCE s FROM GENERATOR NEXMARK FOR TABLES (bid, bid)`,
    ['42712', 'a table is named more than once'],
  ],
  [
    `CREATE SOURCE s (a int) FROM FILE (PATH 'x') FORMAT JSON FOR ALL TABLES`,
    ['22023', 'connector FILE has one table', 'Leave out FOR TABLES.'],
  ],
])('%s', async (sql, expected) => {
  expect(await refusal(sql)).toEqual(expected);
});
