/** Ranges where rows of a table are not all: binary forms beside PostgreSQL's, sources, sinks, subscriptions. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testBinaryAgreement } from '../support/binary-agreement.ts';

const VALUES = [
  ...[
    "'[1,5)'::int4range",
    "'empty'::int4range",
    "'(,7)'::int8range",
    "'[7,)'::int8range",
    "'(,)'::daterange",
  ],
  ...["'[1.50,2.5]'::numrange", "'(1,2)'::numrange", "'[2024-01-01,2024-02-01)'::daterange"],
  ...[
    "'[2024-01-01,2024-01-02 12:00)'::tsrange",
    "'(2024-01-01 00:00+00,infinity]'::tstzrange",
    'NULL::tsrange',
  ],
  ...["'{}'::int4multirange", "'{[1,3),[5,)}'::int8multirange", "'{[1.0,3),(3,4.50]}'::nummultirange"],
  ...["'{[2024-01-01,2024-02-01)}'::datemultirange", "ARRAY['[1,5)', NULL, 'empty']::int4range[]"],
  "(1, '[1,5)'::int4range)",
];

const RECEIVED: readonly (readonly [type: string, hex: string])[] = [
  ['int4range', '02 00000004 00000001 00000004 00000005'],
  ['int4range', '06 00000004 00000001 00000004 00000005'],
  ['int4range', '01'],
  ['int4range', '18'],
  ['int4range', '0a 00000004 00000005'],
  ['int4range', '03 00000004 00000001'],
  ['int4range', 'ff'],
  ['int4range', '02 00000004 00000005 00000004 00000001'],
  ['int4range', '02 00000004 00000001'],
  ['int4range', '02 00000004 00000001 00000004 00000005 00'],
  ['int4range', '02 00000003 000001 00000004 00000005'],
  ['int4range', '04 00000004 7fffffff 00000004 7fffffff'],
  // What a bound has behind its value is not looked at.
  ['int4range', '02 00000006 00000001 ffff 00000004 00000005'],
  ['int8range', '02 00000008 0000000000000001 00000009 0000000000000005 ff'],
  ['numrange', '02 0000000b 0001 0000 0000 0000 0001 ff 00000004 0000000a'],
  ['numrange', '12 0000000b 0001 0000 0000 0000 0001 ff'],
  ['daterange', '02 00000005 00000001 00 00000006 00000009 0000'],
  ['int4multirange', '00000001 0000000f 02 00000005 00000001 00 00000004 00000005'],
  ['int4range', ''],
  ['daterange', '06 00000004 00000001 00000004 7fffffff'],
  ['int4multirange', '00000000'],
  [
    'int4multirange',
    '00000002 00000011 02 00000004 00000005 00000004 00000009 00000009 0a 00000004 00000001',
  ],
  ['int4multirange', '00000001 00000001 01'],
  ['int4multirange', '00000002 00000001 01'],
  ['int4multirange', '00000000 00'],
];

const ours = testBinaryAgreement(VALUES, RECEIVED);

test('sources read ranges, sinks write them, and subscriptions show them', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-ranges-'));
  writeFileSync(
    join(folder, 'a.jsonl'),
    '{"id":1,"r":"[1,4]","m":"{[1,2),[2,3)}"}\n{"id":2,"r":"[4,1]"}\n{"id":3,"r":null,"m":"{}"}\n',
  );
  writeFileSync(join(folder, 'a.csv'), '4,"(,3]","{empty}"\n');
  for (const [name, format] of [
    ['j', 'JSON'],
    ['c', 'CSV'],
  ]) {
    const path = `${folder}/*.${name === 'j' ? 'jsonl' : 'csv'}`;
    await ours.client.query(
      `CREATE SOURCE ${name} (id int, r int4range, m int4multirange) FROM FILE (path '${path}') FORMAT ${format} ON ERROR SKIP`,
    );
  }
  await ours.client.query('CREATE MATERIALIZED VIEW read AS SELECT * FROM j UNION ALL SELECT * FROM c');
  const shown = async (): Promise<unknown[]> =>
    (await ours.client.query({ text: 'SELECT id, r, m FROM read ORDER BY id', rowMode: 'array' })).rows;
  await expect.poll(shown, { timeout: 20_000 }).toEqual([
    [1, '[1,5)', '{[1,3)}'],
    [3, null, '{}'],
    [4, '(,4)', '{}'],
  ]);
  const changes = await ours.client.query({
    text: 'COPY (SELECT r, m FROM read ORDER BY id) TO STDOUT WITH (FORMAT csv)',
  });
  expect(changes.command).toBe('COPY');

  await ours.client.query('BEGIN');
  await ours.client.query('DECLARE changes CURSOR FOR SUBSCRIBE (SELECT id, r FROM read)');
  const { rows } = await ours.client.query({ text: 'FETCH 3 changes', rowMode: 'array' });
  await ours.client.query('ROLLBACK');
  expect(rows.map((row) => row.slice(2)).sort()).toEqual([
    [1, '[1,5)'],
    [3, null],
    [4, '(,4)'],
  ]);

  const target = join(folder, 'written.out');
  await ours.client.query(
    `CREATE SINK written FROM read INTO FILE (PATH '${target}', OVERWRITE) FORMAT JSON ENVELOPE APPEND`,
  );
  const written = (): string => (existsSync(target) ? readFileSync(target, 'utf8') : '');
  await expect.poll(written, { timeout: 20_000 }).toContain('"r":"[1,5)"');
  expect(written()).toContain('"m":"{[1,3)}"');
});
