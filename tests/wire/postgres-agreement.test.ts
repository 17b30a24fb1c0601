/** The same messages to PostgreSQL and to the protocol here: both must answer the same messages. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { fakeServer } from './fake-server.ts';
import {
  TranscriptClient,
  bind,
  close,
  describe,
  execute,
  flush,
  message,
  parse,
  query,
  sync,
} from './transcript.ts';

const server = fakeServer();
let postgres: Postgres;

beforeAll(async () => {
  postgres = await startPostgres();
  const setup = await postgres.connect();
  await setup.query(
    "CREATE FUNCTION numbers(int) RETURNS TABLE (n int) LANGUAGE sql AS 'SELECT generate_series(1, $1)'",
  );
  await setup.end();
});
afterAll(() => postgres?.stop());

const Q = (text: string): Buffer[] => [query(text)];
const five = parse('SELECT n FROM numbers(5)', 'five');

/** Each step is sent at once and ends with a message that both answer with ReadyForQuery. */
const conversations: Record<string, Buffer[][]> = {
  'row limits': [
    Q('BEGIN'),
    [five, bind({ portal: 'p', statement: 'five' }), describe('P', 'p'), execute('p', 2), sync],
    [execute('p', 2), execute('p', 1), execute('p', 1), sync],
    [execute('p'), sync],
    [close('P', 'p'), execute('p'), sync],
    Q('ROLLBACK'),
  ],
  'portals end with an implicit transaction': [
    [five, bind({ portal: 'p', statement: 'five' }), execute('p', 5), sync],
    [execute('p', 1), sync],
  ],
  'an error skips to Sync': [
    [parse('SELEC'), bind(), execute(), query('SELECT n FROM numbers(1)'), sync],
    [bind({ statement: 'none' }), five, sync],
    [five, five, sync],
  ],
  'describe and close': [
    [
      five,
      describe('S', 'five'),
      bind({ statement: 'five', resultFormats: [1] }),
      describe('P'),
      execute(),
      sync,
    ],
    [close('S', 'five'), close('S', 'five'), describe('S', 'five'), sync],
    [describe('P', 'nothing'), sync],
  ],
  'counts and formats': [
    [five, bind({ statement: 'five', values: ['1'] }), sync],
    [bind({ statement: 'five', resultFormats: [0, 1] }), sync],
    [parse('SELECT n FROM numbers(1); SELECT n FROM numbers(1)'), sync],
  ],
  'empty queries': [Q(''), Q(' ; ; '), [parse(''), describe('S'), bind(), describe('P'), execute(), sync]],
  'flush answers before Sync': [
    [parse('SELECT n FROM numbers(1)'), bind(), execute(), flush, execute(), sync],
  ],
  'stray COPY messages': [[message('c'), message('d', Buffer.from('x')), message('f', 'why'), sync]],
  transactions: [
    Q('COMMIT'),
    Q('BEGIN'),
    Q('BEGIN'),
    Q('SELEC'),
    Q('SELECT n FROM numbers(1)'),
    Q('BEGIN'),
    [five, sync],
    Q('COMMIT'),
    Q('ROLLBACK'),
    Q('BEGIN; COMMIT AND CHAIN; ROLLBACK'),
    Q('START TRANSACTION READ ONLY; SHOW transaction_read_only; COMMIT'),
    Q('COMMIT AND CHAIN'),
    [parse('BEGIN'), bind(), execute(), sync],
    [parse('COMMIT'), bind(), execute(), sync],
  ],
  savepoints: [
    Q('SAVEPOINT a'),
    Q('BEGIN'),
    Q('SAVEPOINT a'),
    Q('SELEC'),
    Q('ROLLBACK TO a'),
    Q('RELEASE a'),
    Q('RELEASE a'),
    Q('ROLLBACK'),
  ],
  cursors: [
    Q('DECLARE c CURSOR FOR SELECT n FROM numbers(5)'),
    Q('FETCH c'),
    Q('BEGIN; DECLARE c CURSOR FOR SELECT n FROM numbers(5)'),
    Q('FETCH c'),
    Q('FETCH FORWARD 2 FROM c'),
    Q('MOVE c'),
    Q('FETCH ALL c'),
    Q('FETCH ALL c'),
    [parse('FETCH c'), describe('S'), sync],
    Q('CLOSE c'),
    Q('CLOSE c'),
    Q('ROLLBACK'),
    Q('DECLARE h CURSOR WITH HOLD FOR SELECT n FROM numbers(2)'),
    Q('FETCH ALL h'),
    Q('CLOSE ALL'),
  ],
  'prepared statements': [
    Q('PREPARE p AS SELECT n FROM numbers(2)'),
    Q('PREPARE p AS SELECT n FROM numbers(2)'),
    Q('EXECUTE p'),
    [bind({ statement: 'p' }), execute(), sync],
    Q('DEALLOCATE p'),
    Q('DEALLOCATE p'),
    Q('EXECUTE p'),
    Q('DEALLOCATE ALL'),
  ],
  settings: [
    Q('SET statement_timeout = 90000; SHOW statement_timeout'),
    Q("SET statement_timeout = '1500ms'; SHOW statement_timeout"),
    Q('RESET statement_timeout; SHOW statement_timeout'),
    Q('SET search_path = a, "B c", "$user"; SHOW search_path'),
    Q("SET TIME ZONE 'europe/berlin'; SHOW TimeZone"),
    Q('SET nonsense = 1'),
    Q('SET server_version = 1'),
    Q('SHOW nonsense'),
    Q('SET statement_timeout = -1'),
    Q("SET extra_float_digits = 'x'"),
    Q('SET extra_float_digits = 4'),
    Q('SET row_security = maybe'),
    Q('SET LOCAL statement_timeout = 1000'),
    Q("BEGIN; SET application_name = 'inside'; ROLLBACK; SHOW application_name"),
    Q('BEGIN; SET LOCAL statement_timeout = 1000; COMMIT; SHOW statement_timeout'),
    Q('DISCARD ALL'),
    Q('BEGIN; DISCARD ALL'),
    Q('ROLLBACK'),
  ],
};

/** What may differ: hints are our own words, and ParameterStatus comes at PostgreSQL's own moments. */
function comparable(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !line.startsWith('ParameterStatus'))
    .map((line) => line.replace(/ [DH]=.*?(?= P=\d+$|$)/, ''));
}

test.each(Object.keys(conversations))('%s', async (name) => {
  const ours = await server.open();
  const theirs = await TranscriptClient.open(postgres.port, { user: 'postgres', database: 'postgres' });
  try {
    for (const [step, messages] of conversations[name]!.entries()) {
      ours.send(...messages);
      theirs.send(...messages);
      expect(comparable(await ours.until('Z')), `step ${step + 1}`).toEqual(
        comparable(await theirs.until('Z')),
      );
    }
  } finally {
    ours.close();
    theirs.close();
  }
});
