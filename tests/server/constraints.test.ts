/** CHECK, UNIQUE and NOT NULL where statements alone do not show them: several transactions, DDL. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let one: pg.Client;
let two: pg.Client;
const tidewire = testServer({ workers: 2 }, async () => {
  one = await tidewire.connect();
  two = await tidewire.connect();
});

test('of two transactions with the same unique value the second to commit is refused', async () => {
  await one.query(
    'CREATE TABLE people (id int PRIMARY KEY, mail text UNIQUE, age int CHECK (people.age >= 0))',
  );
  for (const client of [one, two]) await client.query('BEGIN');
  await one.query(`INSERT INTO people VALUES (1, 'a@x')`);
  await two.query(`INSERT INTO people VALUES (2, 'a@x')`);
  await one.query('COMMIT');
  await expect(two.query('COMMIT')).rejects.toMatchObject({
    code: '23505',
    message: 'duplicate key value violates unique constraint "people_mail_key"',
    detail: 'Key (mail)=(a@x) already exists.',
  });
  await two.query(`INSERT INTO people VALUES (2, 'b@x')`);
});

test('many clients insert each value once', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => tidewire.connect()));
  const outcomes = await Promise.all(
    clients.flatMap((client, i) =>
      Array.from({ length: 5 }, (_, value) =>
        client.query(`INSERT INTO people VALUES (${100 + 10 * i + value}, 'm${value}')`).then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
      ),
    ),
  );
  await Promise.all(clients.map((client) => client.end()));
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(5);
  expect(new Set(outcomes)).toEqual(new Set(['ok', '23505']));
});

test('a column and a table with a CHECK get other names', async () => {
  await one.query('ALTER TABLE people RENAME COLUMN age TO years');
  await one.query('ALTER TABLE people RENAME TO persons');
  await expect(one.query('INSERT INTO persons VALUES (50, null, -1)')).rejects.toMatchObject({
    code: '23514',
    message: 'new row for relation "persons" violates check constraint "people_age_check"',
    detail: 'Failing row contains (50, null, -1).',
  });
  const { rows } = await one.query('SHOW CREATE TABLE persons');
  expect(Object.values(rows[0] as object).join(' ')).toContain('years >= 0');
});

test('what an older transaction has written is checked against a unique index that came since', async () => {
  await one.query('BEGIN');
  await one.query('INSERT INTO persons VALUES (60, null, 33), (61, null, 33)');
  await two.query('CREATE UNIQUE INDEX once ON persons (years)');
  await expect(one.query('COMMIT')).rejects.toMatchObject({ code: '23505' });
  await two.query('DROP INDEX once');
  await one.query('INSERT INTO persons VALUES (60, null, 33), (61, null, 33)');
});

test('DDL and rows in one transaction', async () => {
  await one.query('BEGIN');
  await one.query('CREATE TABLE made (a int UNIQUE, b int CHECK (b <> 0))');
  await one.query('INSERT INTO made VALUES (1, 1)');
  await one.query('SAVEPOINT s');
  await expect(one.query('INSERT INTO made VALUES (1, 2)')).rejects.toMatchObject({ code: '23505' });
  await one.query('ROLLBACK TO s');
  await expect(one.query('INSERT INTO made VALUES (2, 0)')).rejects.toMatchObject({ code: '23514' });
  await one.query('ROLLBACK TO s');
  await one.query('COMMIT');
  await expect(two.query('INSERT INTO made VALUES (1, 2)')).rejects.toMatchObject({ code: '23505' });
  await two.query('DROP TABLE made');
});

test('what a constraint finds wrong in the rows that are there says the table and the constraint or column', async () => {
  await one.query('CREATE TABLE doubled (a int, b int)');
  await one.query('INSERT INTO doubled VALUES (1, NULL), (1, 2)');
  const table = { schema: 'public', table: 'doubled' };
  const refused = async (statement: string, error: object): Promise<void> =>
    expect(one.query(statement)).rejects.toMatchObject({ ...table, ...error });
  await refused('ALTER TABLE doubled ADD CONSTRAINT known CHECK (b IS NOT NULL)', {
    code: '23514',
    constraint: 'known',
  });
  await refused('ALTER TABLE doubled ALTER b SET NOT NULL', { code: '23502', column: 'b' });
  await refused('ALTER TABLE doubled ADD UNIQUE (a)', { code: '23505', constraint: 'doubled_a_key' });
  await refused('ALTER TABLE doubled ADD PRIMARY KEY (a)', { code: '23505', constraint: 'doubled_pkey' });
  await refused('CREATE UNIQUE INDEX once ON doubled (a)', { code: '23505', constraint: 'once' });
});
