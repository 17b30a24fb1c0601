/** Types of single values where rows of a table are not all: binary forms beside PostgreSQL's, sources, sinks, subscriptions. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testBinaryAgreement } from '../support/binary-agreement.ts';

const VALUES = [
  ...["'192.168.1.5'::inet", "'192.168.1.5/24'::inet", "'2001:db8::1/64'::inet", "'10.0.0.0/8'::cidr"],
  ...["'::/0'::cidr", "ARRAY['10.0.0.1', NULL]::inet[]", "ARRAY['10.0.0.1/32', '::/0']::cidr[]"],
  ...["'08:00:2b:01:02:03'::macaddr", "'08:00:2b:01:02:03:04:05'::macaddr8"],
  ...["B'101'", "X'1F'", "B''", "'101010101'::varbit", "ARRAY[B'1', NULL, B'']", "'{1,01}'::varbit[]"],
  ...["(1, '10.0.0.0/8'::cidr, '1.2.3.4'::inet, '08:00:2b:01:02:03'::macaddr)", 'NULL::cidr'],
];

const RECEIVED: readonly (readonly [type: string, hex: string])[] = [
  ['inet', '02 20 00 04 0a000001'],
  ['inet', '02 08 01 04 0a000001'],
  ['inet', '03 40 00 10 20010db8000000000000000000000001'],
  ['inet', '02 21 00 04 0a000001'],
  ['inet', '03 81 00 10 20010db8000000000000000000000001'],
  ['inet', '04 20 00 04 0a000001'],
  ['inet', '02 20 00 05 0a00000100'],
  ['inet', '02 20 00 04 0a0000'],
  ['inet', '02 20 00 04 0a00000100'],
  ['inet', '02 20 00'],
  ['inet', ''],
  ['cidr', '02 08 01 04 0a000000'],
  ['cidr', '02 08 00 04 0a000000'],
  ['cidr', '02 08 01 04 0a000001'],
  ['cidr', '07 08 01 04 0a000001'],
  ['cidr', '02 ff 01 04 0a000001'],
  ['cidr', '02 08 01 10 0a000001'],
  ['macaddr', '08002b010203'],
  ['macaddr', '08002b0102'],
  ['macaddr', '08002b01020304'],
  ['macaddr8', '08002b0102030405'],
  ['macaddr8', '08002b010203'],
  ['macaddr8', '08002b01020304'],
  ['macaddr8', '08002b010203040506'],
  ['varbit', '00000003 a0'],
  ['varbit', '00000003 ff'],
  ['varbit', '00000000'],
  ['varbit', '00000009 ff80'],
  ['varbit', '00000009 ff'],
  ['varbit', '00000003 a000'],
  ['varbit', 'ffffffff a0'],
  ['varbit', '000003'],
  ['bit(3)', '00000003 a0'],
  ['bit(4)', '00000003 a0'],
];

const ours = testBinaryAgreement(VALUES, RECEIVED);

interface Family {
  readonly columns: string;
  /** Of a file of JSON, and of one of CSV. */
  readonly json: string;
  readonly csv: string;
  readonly read: readonly (readonly unknown[])[];
  /** What a sink writes of the first row. */
  readonly written: string;
}

const families: Readonly<Record<string, Family>> = {
  bits: {
    columns: 'a bit(3), v bit varying(5)',
    json: '{"id":1,"a":"101","v":"11111"}\n{"id":2,"a":"10"}\n{"id":3,"v":"111111"}\n{"id":4,"a":"xF"}\n',
    csv: '5,000,\n6,,b01\n',
    read: [
      [1, '101', '11111'],
      [5, '000', null],
      [6, null, '01'],
    ],
    written: '"a":"101","v":"11111"',
  },
  network: {
    columns: 'i inet, c cidr, m macaddr, e macaddr8',
    json: `{"id":1,"i":"192.168.1.5/24","c":"10.0.0.1/32","m":"08002b010203","e":"08002b010203"}
{"id":2,"i":"1.2.3"}
{"id":3,"c":"10.0.0.1/8"}
{"id":4,"i":null,"m":"1:2:3:4:5:6"}
`,
    csv: '5,::1,::/0,,08:00:2b:01:02:03:04:05\n',
    read: [
      [1, '192.168.1.5/24', '10.0.0.1/32', '08:00:2b:01:02:03', '08:00:2b:ff:fe:01:02:03'],
      [4, null, null, '01:02:03:04:05:06', null],
      [5, '::1', '::/0', null, '08:00:2b:01:02:03:04:05'],
    ],
    written: '"i":"192.168.1.5/24","c":"10.0.0.1/32","m":"08:00:2b:01:02:03","e":"08:00:2b:ff:fe:01:02:03"',
  },
};

describe.each(Object.entries(families))('%s', (family, { columns, json, csv, read, written }) => {
  test('sources read it, sinks write it, and subscriptions show it', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), `tidewire-${family}-`));
    writeFileSync(join(folder, 'a.json'), json);
    writeFileSync(join(folder, 'a.csv'), csv);
    for (const format of ['json', 'csv']) {
      await ours.client.query(
        `CREATE SOURCE ${family}_${format} (id int, ${columns}) FROM FILE (path '${folder}/*.${format}') FORMAT ${format} ON ERROR SKIP`,
      );
    }
    const view = `${family}_read`;
    await ours.client.query(
      `CREATE MATERIALIZED VIEW ${view} WITH (stored) AS SELECT * FROM ${family}_json UNION ALL SELECT * FROM ${family}_csv`,
    );
    const text = `SELECT * FROM ${view} ORDER BY id`;
    const shown = async (): Promise<unknown[]> => (await ours.client.query({ text, rowMode: 'array' })).rows;
    await expect.poll(shown, { timeout: 20_000 }).toEqual(read);

    await ours.client.query('BEGIN');
    await ours.client.query(`DECLARE changes CURSOR FOR SUBSCRIBE (SELECT * FROM ${view})`);
    const { rows } = await ours.client.query({ text: `FETCH ${read.length} changes`, rowMode: 'array' });
    await ours.client.query('ROLLBACK');
    const first = rows.find((row) => row[2] === 1);
    expect(first?.slice(2)).toEqual(read[0]);

    const target = join(folder, 'written.out');
    await ours.client.query(
      `CREATE SINK ${family}_written FROM ${view} INTO FILE (PATH '${target}', OVERWRITE) FORMAT JSON ENVELOPE APPEND`,
    );
    const content = (): string => (existsSync(target) ? readFileSync(target, 'utf8') : '');
    await expect.poll(content, { timeout: 20_000 }).toContain(written);
  });
});
