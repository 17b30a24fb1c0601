/** PREPARE, and cursors in SQL. */
import { expect, test } from 'vitest';
import { bind, execute, parse, query, sync } from '../transcript.ts';
import { N, fakeServer } from '../fake-server.ts';

const { executor, open } = fakeServer();

test('PREPARE, EXECUTE, DEALLOCATE', async () => {
  const client = await open();
  expect((await client.query('PREPARE p (text) AS SELECT $1'))[0]).toBe('CommandComplete PREPARE');
  expect(await client.query("EXECUTE p ('it')")).toContain('DataRow it');
  expect((await client.query('EXECUTE p'))[0]).toBe(
    'ErrorResponse ERROR 42601 wrong number of parameters for prepared statement "p" D=Expected 1 parameters but got 0.',
  );
  expect((await client.query('DEALLOCATE p'))[0]).toBe('CommandComplete DEALLOCATE');
  expect((await client.query("EXECUTE p ('it')"))[0]).toContain('26000');
});

test('DECLARE, FETCH, MOVE, CLOSE', async () => {
  const client = await open();
  expect((await client.query('DECLARE c CURSOR FOR SELECT n FROM numbers(5)'))[0]).toContain('25P01');
  await client.query('BEGIN; DECLARE c CURSOR FOR SELECT n FROM numbers(5)');
  expect(await client.query('FETCH c')).toEqual([
    N,
    'DataRow 1',
    'CommandComplete FETCH 1',
    'ReadyForQuery T',
  ]);
  expect(await client.query('MOVE 2 IN c')).toEqual(['CommandComplete MOVE 2', 'ReadyForQuery T']);
  expect(await client.query('FETCH ALL FROM c')).toEqual([
    N,
    'DataRow 4',
    'DataRow 5',
    'CommandComplete FETCH 2',
    'ReadyForQuery T',
  ]);
  expect(await client.query('FETCH 3 FROM c')).toContain('CommandComplete FETCH 0');
  await client.query('SAVEPOINT s');
  expect((await client.query('FETCH BACKWARD 1 FROM c'))[0]).toContain('55000 cursor can only scan forward');
  await client.query('ROLLBACK TO s');
  expect(await client.query('CLOSE c')).toEqual(['CommandComplete CLOSE CURSOR', 'ReadyForQuery T']);
  expect((await client.query('FETCH c'))[0]).toContain('34000 cursor "c" does not exist');
});

test('FETCH in binary format goes on where the text left off', async () => {
  const client = await open();
  await client.query('BEGIN; DECLARE c CURSOR FOR SELECT n FROM numbers(3); FETCH c');
  client.send(parse('FETCH 5 FROM c'), bind({ resultFormats: [1] }), execute(), sync);
  expect((await client.until('Z')).slice(2)).toEqual([
    'DataRow x00000002',
    'DataRow x00000003',
    'CommandComplete FETCH 2',
    'ReadyForQuery T',
  ]);
});

test('WITH HOLD outlives its transaction', async () => {
  const client = await open();
  await client.query('DECLARE c CURSOR WITH HOLD FOR SELECT n FROM numbers(2)');
  expect(await client.query('FETCH c')).toContain('DataRow 1');
  await client.query('BEGIN; DECLARE d CURSOR FOR SELECT n FROM numbers(2); COMMIT');
  expect((await client.query('FETCH d'))[0]).toContain('34000');
  expect(await client.query('FETCH c')).toContain('DataRow 2');
});

test('FETCH from a subscription waits for rows, at most the timeout', async () => {
  const client = await open();
  await client.query('BEGIN; DECLARE c CURSOR FOR SUBSCRIBE feed');
  expect(await client.query("FETCH ALL c WITH (TIMEOUT = '10ms')")).toEqual([
    N,
    'CommandComplete FETCH 0',
    'ReadyForQuery T',
  ]);
  const stream = executor.streams.get('feed')!;
  stream.push(1, 2, 3);
  expect(await client.query('FETCH 2 c')).toContain('CommandComplete FETCH 2');
  client.send(query('FETCH 2 c'));
  stream.push(4);
  expect((await client.until('Z')).slice(1, 3)).toEqual(['DataRow 3', 'DataRow 4']);
  client.send(query('FETCH ALL c'));
  stream.push(5, 6);
  expect((await client.until('Z')).slice(1, 4)).toEqual([
    'DataRow 5',
    'DataRow 6',
    'CommandComplete FETCH 2',
  ]);
  expect((await client.query("FETCH ALL c WITH (TIMEOUT = 'soon')"))[0]).toContain('22023');
  await client.query('ROLLBACK');
  expect(stream.closed).toBe(true);
});
