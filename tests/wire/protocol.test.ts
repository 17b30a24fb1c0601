import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe as suite, expect, test } from 'vitest';
import { silentLog } from '../../server/log.ts';
import { SHUTDOWN } from '../../server/pgwire/endings.ts';
import { Listener } from '../../server/pgwire/listener.ts';
import { SqlError } from '../../sql/error.ts';
import { FakeExecutor } from './fake-executor.ts';
import {
  TranscriptClient,
  bind,
  close,
  copyData,
  describe,
  execute,
  flush,
  int32,
  message,
  parse,
  query,
  startup,
  sync,
} from './transcript.ts';

let executor: FakeExecutor;
let listener: Listener;
let port: number;
const clients: TranscriptClient[] = [];

beforeAll(async () => {
  executor = new FakeExecutor();
  const engine = { cancellation: () => ({ cancel() {} }), forgetSession() {}, seedSession() {} };
  listener = new Listener({ executor, engine, log: silentLog, host: '127.0.0.1', port: 0 });
  port = await listener.listen();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  executor.log.length = 0;
  executor.copied.length = 0;
});
afterAll(() => listener.stop(SHUTDOWN));

async function open(parameters: Record<string, string> = {}): Promise<TranscriptClient> {
  const client = await TranscriptClient.open(port, parameters);
  clients.push(client);
  return client;
}

function raw(): TranscriptClient {
  const client = new TranscriptClient(port);
  clients.push(client);
  return client;
}

const N = 'RowDescription n:23/4/-1/text';

suite('startup', () => {
  test('tells drivers what they need', async () => {
    const client = await open({ application_name: 'test', options: '-c statement_timeout=5s' });
    expect(Object.fromEntries(client.parameters)).toMatchObject({
      server_version: '15.13',
      server_encoding: 'UTF8',
      client_encoding: 'UTF8',
      application_name: 'test',
      DateStyle: 'ISO, MDY',
      IntervalStyle: 'postgres',
      TimeZone: 'UTC',
      integer_datetimes: 'on',
      standard_conforming_strings: 'on',
      is_superuser: 'on',
      session_authorization: 'tidewire',
      in_hot_standby: 'off',
      default_transaction_read_only: 'off',
    });
    expect(client.key!.secret.length).toBe(4);
    expect(await client.query('SHOW statement_timeout')).toContain('DataRow 5s');
  });

  test('encryption requests are declined, then the session starts', async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(Buffer.concat([int32(8), int32(80877103)])),
      );
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text === 'N') socket.write(Buffer.concat([int32(8), int32(80877104)]));
        else if (text === 'NN') socket.write(startup({ user: 'tidewire' }));
        else if (text.includes('Z\0\0\0\x05I')) {
          socket.destroy();
          resolve(text.slice(0, 3));
        }
      });
    });
    expect(answer).toBe('NNR');
  });

  test('data behind an encryption request is refused', async () => {
    const client = raw();
    client.send(int32(8), int32(80877103), startup({ user: 'tidewire' }));
    expect(await client.rest()).toEqual([
      'ErrorResponse FATAL 08P01 received unencrypted data after encryption request',
    ]);
  });

  test.each([
    [{ user: 'someone' }, 'FATAL 28000 role "someone" does not exist'],
    [{ user: 'tidewire', database: 'other' }, 'FATAL 3D000 database "other" does not exist'],
    [{ user: 'tidewire', nonsense: '1' }, 'FATAL 42704 unrecognized configuration parameter "nonsense"'],
    [
      { user: 'tidewire', client_encoding: 'LATIN1' },
      'FATAL 0A000 client encoding "LATIN1" is not supported H=Set client_encoding to UTF8.',
    ],
    [{ user: 'tidewire', replication: 'true' }, 'FATAL 0A000 replication connections are not supported'],
  ])('%j is refused', async (parameters, expected) => {
    const client = raw();
    client.send(startup(parameters as unknown as Record<string, string>));
    expect(await client.rest()).toEqual([`ErrorResponse ${expected}`]);
  });

  test('protocol 3.2 has a longer cancel key; a newer minor version is negotiated', async () => {
    const client = raw();
    client.send(startup({ user: 'tidewire' }, 2));
    expect((await client.until('Z'))[0]).toBe('Authentication 0');
    expect(client.key!.secret.length).toBe(32);
    const newer = raw();
    newer.send(startup({ user: 'tidewire', '_pq_.command_tag': '1' }, 9));
    expect((await newer.until('Z'))[0]).toBe('NegotiateProtocolVersion 2 _pq_.command_tag');
  });

  test('protocol 2 is refused', async () => {
    const client = raw();
    client.send(int32(9), int32(2 << 16), Buffer.from([0]));
    expect(await client.rest()).toEqual([
      'ErrorResponse FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2',
    ]);
  });
});

suite('simple queries', () => {
  test('rows, an empty query, several statements', async () => {
    const client = await open();
    expect(await client.query('SELECT n FROM numbers(2)')).toEqual([
      N,
      'DataRow 1',
      'DataRow 2',
      'CommandComplete SELECT 2',
      'ReadyForQuery I',
    ]);
    expect(await client.query(' ; -- nothing')).toEqual(['EmptyQueryResponse', 'ReadyForQuery I']);
    expect(await client.query("SELECT 'a'; SELECT 'b'")).toEqual([
      'RowDescription ?column?:25/-1/-1/text',
      'DataRow a',
      'CommandComplete SELECT 1',
      'RowDescription ?column?:25/-1/-1/text',
      'DataRow b',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
    expect(client.referenceMessages).toContain('emptyQuery');
  });

  test('several statements are one transaction', async () => {
    const client = await open();
    await client.query('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)');
    expect(executor.log.splice(0)).toEqual(['commit 2']);
    const failed = await client.query('INSERT INTO t VALUES (1); SELECT 1/0; INSERT INTO t VALUES (2)');
    expect(failed.slice(-2)).toEqual([
      'ErrorResponse ERROR 22012 division by zero H=a hint P=9',
      'ReadyForQuery I',
    ]);
    expect(executor.log.splice(0)).toEqual(['rollback 1']);
    await client.query('INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2)');
    expect(executor.log.splice(0)).toEqual(['commit 1', 'commit 1']);
    await client.query('INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)');
    expect(executor.log.splice(0)).toEqual([]);
    expect(await client.query('COMMIT')).toEqual(['CommandComplete COMMIT', 'ReadyForQuery I']);
    expect(executor.log.splice(0)).toEqual(['commit 2']);
  });

  test('a failed commit is reported instead of the completion', async () => {
    const client = await open();
    executor.commitError = new SqlError({ sqlstate: '40001', message: 'conflict' });
    expect(await client.query('INSERT INTO t VALUES (1)')).toEqual([
      'NoticeResponse NOTICE 00000 inserted',
      'ErrorResponse ERROR 40001 conflict',
      'ReadyForQuery I',
    ]);
  });

  test('parse errors have a position; a bug costs the statement only', async () => {
    const client = await open();
    expect((await client.query('SELEC 1'))[0]).toBe(
      'ErrorResponse ERROR 42601 syntax error at or near "SELEC" P=1',
    );
    expect((await client.query('SELECT bug'))[0]).toBe('ErrorResponse ERROR XX000 internal error: a bug');
    expect((await client.query("SELECT 'fine'"))[1]).toBe('DataRow fine');
  });
});

suite('extended protocol', () => {
  test('parse, describe, bind, execute, sync in one write', async () => {
    const client = await open();
    client.send(
      parse('SELECT $1', 's', [23]),
      describe('S', 's'),
      bind({ statement: 's', values: [Buffer.from([0, 0, 0, 7])], formats: [1], resultFormats: [1] }),
      describe('P'),
      execute(),
      sync,
    );
    expect(await client.until('Z')).toEqual([
      'ParseComplete',
      'ParameterDescription 23',
      'RowDescription value:23/4/-1/text',
      'BindComplete',
      'RowDescription value:23/4/-1/binary',
      'DataRow x00000007',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
  });

  test('row limits suspend a portal, which goes on', async () => {
    const client = await open();
    client.send(parse('SELECT n FROM numbers(5)'), bind({ portal: 'p' }), execute('p', 2), execute('p', 2));
    client.send(execute('p', 2), execute('p', 2), sync);
    expect(await client.until('Z')).toEqual([
      'ParseComplete',
      'BindComplete',
      'DataRow 1',
      'DataRow 2',
      'PortalSuspended',
      'DataRow 3',
      'DataRow 4',
      'PortalSuspended',
      'DataRow 5',
      'CommandComplete SELECT 1',
      'CommandComplete SELECT 0',
      'ReadyForQuery I',
    ]);
    client.send(execute('p'), sync);
    expect(await client.until('Z')).toEqual([
      'ErrorResponse ERROR 34000 portal "p" does not exist',
      'ReadyForQuery I',
    ]);
  });

  test('portals live to the end of an explicit transaction', async () => {
    const client = await open();
    await client.query('BEGIN');
    client.send(parse('SELECT n FROM numbers(3)'), bind({ portal: 'p' }), execute('p', 1), sync);
    await client.until('Z');
    client.send(execute('p', 0), sync);
    expect(await client.until('Z')).toEqual([
      'DataRow 2',
      'DataRow 3',
      'CommandComplete SELECT 2',
      'ReadyForQuery T',
    ]);
  });

  test('an error skips to Sync and undoes the pipeline', async () => {
    const client = await open();
    client.send(parse('INSERT INTO t VALUES (1)', 'i'), bind({ statement: 'i' }), execute());
    client.send(
      bind({ statement: 'missing' }),
      execute(),
      query("SELECT 'skipped'"),
      parse('SELECT 1/0'),
      sync,
    );
    expect(await client.until('Z')).toEqual([
      'ParseComplete',
      'BindComplete',
      'NoticeResponse NOTICE 00000 inserted',
      'CommandComplete INSERT 0 1',
      'ErrorResponse ERROR 26000 prepared statement "missing" does not exist',
      'ReadyForQuery I',
    ]);
    expect(executor.log).toEqual(['rollback 1']);
  });

  test('statements before one Sync are one transaction', async () => {
    const client = await open();
    client.send(parse('INSERT INTO t VALUES (1)', 'i'));
    for (let index = 0; index < 3; index++) client.send(bind({ statement: 'i' }), execute());
    client.send(sync);
    await client.until('Z');
    expect(executor.log).toEqual(['commit 3']);
  });

  test('an Execute whose Sync comes later', async () => {
    const client = await open();
    client.send(parse('SELECT n FROM numbers(1)'), bind(), execute());
    client.send(flush);
    expect((await client.until('C')).at(-1)).toBe('CommandComplete SELECT 1');
    client.send(sync);
    expect(await client.until('Z')).toEqual(['ReadyForQuery I']);
  });

  test('close, duplicate names, wrong counts, several commands', async () => {
    const client = await open();
    const expectError = async (expected: string, ...messages: Buffer[]): Promise<void> => {
      client.send(...messages, sync);
      expect((await client.until('Z')).find((line) => line.startsWith('ErrorResponse'))).toBe(
        `ErrorResponse ERROR ${expected}`,
      );
    };
    client.send(parse("SELECT 'x'", 's'), sync);
    await client.until('Z');
    await expectError('42P05 prepared statement "s" already exists', parse("SELECT 'x'", 's'));
    await expectError(
      '08P01 bind message supplies 1 parameters, but prepared statement "s" requires 0',
      bind({ statement: 's', values: ['1'] }),
    );
    await expectError(
      '08P01 bind message has 2 result formats but query has 1 columns',
      bind({ statement: 's', resultFormats: [0, 1] }),
    );
    await expectError(
      '42601 cannot insert multiple commands into a prepared statement',
      parse('SELECT 1; SELECT 2'),
    );
    await expectError('42704 type with OID 99999 does not exist', parse('SELECT $1', '', [99999]));
    client.send(close('S', 's'), close('S', 'never'), close('P'), sync);
    expect(await client.until('Z')).toEqual([
      'CloseComplete',
      'CloseComplete',
      'CloseComplete',
      'ReadyForQuery I',
    ]);
    await expectError('26000 prepared statement "s" does not exist', describe('S', 's'));
  });

  test('an empty statement, a statement without rows', async () => {
    const client = await open();
    client.send(parse(''), bind(), describe('P'), execute(), sync);
    expect(await client.until('Z')).toEqual([
      'ParseComplete',
      'BindComplete',
      'NoData',
      'EmptyQueryResponse',
      'ReadyForQuery I',
    ]);
  });

  test('65,535 parameters', async () => {
    const client = await open();
    client.send(parse("SELECT 'x'"), bind({ values: Array.from({ length: 65_535 }, () => null) }), sync);
    expect(await client.until('Z')).toEqual([
      'ParseComplete',
      'ErrorResponse ERROR 08P01 bind message supplies 65535 parameters, but prepared statement "" requires 0',
      'ReadyForQuery I',
    ]);
  });

  test('messages arrive byte by byte', async () => {
    const client = await open();
    const bytes = Buffer.concat([parse('SELECT n FROM numbers(1)'), bind(), execute(), sync]);
    for (const byte of bytes) client.socket.write(Buffer.from([byte]));
    expect((await client.until('Z')).slice(-3)).toEqual([
      'DataRow 1',
      'CommandComplete SELECT 1',
      'ReadyForQuery I',
    ]);
  });
});

suite('malformed input', () => {
  test.each([
    ['an unknown message type', Buffer.from('!\0\0\0\x04'), '08P01 invalid frontend message type 33'],
    ['a length below 4', Buffer.from('Q\0\0\0\x03'), '08P01 invalid message length 3'],
    ['an oversized message', Buffer.from('Q\x7f\xff\xff\xff', 'latin1'), 'of type "Q" is too long'],
    ['an oversized Sync', Buffer.from('S\0\x10\0\0', 'latin1'), 'of type "S" is too long'],
    ['a string without end', message('Q', Buffer.from('SELECT 1')), '08P01 invalid string in message'],
    ['bytes left over', message('Q', 'SELECT 1', 'more'), '08P01 invalid message format'],
    [
      'a parameter beyond the message',
      message('B', '', '', 0, 1, int32(100), Buffer.from('abc'), 0),
      'insufficient data left',
    ],
    [
      'a negative parameter length',
      message('B', '', '', 0, 1, int32(-2), 0),
      'invalid length of a parameter value',
    ],
    ['a describe of nothing', message('D', Buffer.from('X'), ''), 'invalid message subtype "X"'],
  ])('%s ends the connection', async (_, bytes, expected) => {
    const client = await open();
    client.send(bytes);
    const lines = await client.rest();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('ErrorResponse FATAL 08P01');
    expect(lines[0]).toContain(expected);
  });

  test('text that is not UTF-8 is refused, the connection lives', async () => {
    const client = await open();
    client.send(message('Q', Buffer.from([0x53, 0xff, 0])));
    expect(await client.until('Z')).toEqual([
      'ErrorResponse ERROR 22021 invalid byte sequence for encoding "UTF8"',
      'ReadyForQuery I',
    ]);
  });

  test('random bytes never hurt the server', async () => {
    let seed = 42;
    const random = (): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8;
    for (let round = 0; round < 50; round++) {
      const client = await open();
      client.send(Buffer.from(Array.from({ length: 40 }, () => random() & 0xff)));
      client.socket.end();
      await client.rest();
    }
    const client = await open();
    expect((await client.query("SELECT 'alive'"))[1]).toBe('DataRow alive');
  });
});

suite('transactions', () => {
  test('a failed transaction takes nothing but its end', async () => {
    const client = await open();
    expect(await client.query('BEGIN')).toEqual(['CommandComplete BEGIN', 'ReadyForQuery T']);
    expect((await client.query('SELECT 1/0')).at(-1)).toBe('ReadyForQuery E');
    expect(await client.query("SELECT 'x'")).toEqual([
      'ErrorResponse ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block',
      'ReadyForQuery E',
    ]);
    expect(await client.query('COMMIT')).toEqual(['CommandComplete ROLLBACK', 'ReadyForQuery I']);
  });

  test('warnings as in PostgreSQL', async () => {
    const client = await open();
    expect((await client.query('COMMIT'))[0]).toBe(
      'NoticeResponse WARNING 25P01 there is no transaction in progress',
    );
    await client.query('BEGIN');
    expect((await client.query('BEGIN'))[0]).toBe(
      'NoticeResponse WARNING 25001 there is already a transaction in progress',
    );
  });

  test('DDL in a transaction is told to the executor; sources and sinks among others commit by themselves, with a notice', async () => {
    const client = await open();
    await client.query('BEGIN');
    expect(await client.query('CREATE TABLE t (a int)')).toEqual([
      'CommandComplete CREATE TABLE',
      'ReadyForQuery T',
    ]);
    await client.query('ROLLBACK');
    expect(executor.log).toEqual(['begin ddl']);
    expect(await client.query('INSERT INTO t VALUES (1); CREATE TABLE t (a int)')).toEqual([
      'NoticeResponse NOTICE 00000 inserted',
      'CommandComplete INSERT 0 1',
      'CommandComplete CREATE TABLE',
      'ReadyForQuery I',
    ]);
    expect(executor.log).toEqual(['begin ddl', 'begin ddl', 'commit 1']);
    expect((await client.query('INSERT INTO t VALUES (1); CREATE SOURCE s FROM GENERATOR COUNTER'))[0]).toBe(
      'NoticeResponse NOTICE 00000 these 2 statements are committed one by one D=CREATE SOURCE cannot be part of a larger transaction.',
    );
    expect(executor.log).toEqual(['begin ddl', 'begin ddl', 'commit 1', 'commit 1']);
  });

  test('settings follow the transaction', async () => {
    const client = await open();
    await client.query("BEGIN; SET TimeZone = 'europe/berlin'; SET LOCAL application_name = 'local'");
    expect(client.parameters.get('TimeZone')).toBe('Europe/Berlin');
    expect(client.parameters.get('application_name')).toBe('local');
    await client.query('ROLLBACK');
    expect(client.parameters.get('TimeZone')).toBe('UTC');
    expect(client.parameters.get('application_name')).toBe('');
    await client.query("BEGIN; SET TimeZone = 'Asia/Tokyo'; SET LOCAL application_name = 'local'; COMMIT");
    expect(client.parameters.get('TimeZone')).toBe('Asia/Tokyo');
    expect(client.parameters.get('application_name')).toBe('');
  });

  test('savepoints recover a transaction, and take back what was written after them', async () => {
    const client = await open();
    await client.query('BEGIN; SAVEPOINT a');
    expect((await client.query('SELECT 1/0')).at(-1)).toBe('ReadyForQuery E');
    expect(await client.query('ROLLBACK TO a')).toEqual(['CommandComplete ROLLBACK', 'ReadyForQuery T']);
    await client.query('INSERT INTO t VALUES (1)');
    executor.log.length = 0;
    await client.query('SAVEPOINT b; INSERT INTO t VALUES (2); ROLLBACK TO b; COMMIT');
    expect(executor.log).toContain('commit 1');
  });

  test('serializable only where it is true', async () => {
    const client = await open();
    expect((await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE'))[0]).toContain(
      'ErrorResponse ERROR 0A000',
    );
    expect((await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY'))[0]).toBe(
      'CommandComplete BEGIN',
    );
    expect(await client.query('SHOW transaction isolation level')).toContain('DataRow serializable');
  });
});

suite('settings', () => {
  test.each([
    ['SET nonsense = 1', '42704 unrecognized configuration parameter "nonsense"'],
    [
      'SET timezon = 1',
      '42704 unrecognized configuration parameter "timezon" H=Perhaps you meant "TimeZone".',
    ],
    ['SET server_version = 1', '55P02 parameter "server_version" cannot be changed'],
    ["SET TimeZone = 'Mars/Olympus'", '22023 invalid value for parameter "TimeZone": "Mars/Olympus"'],
    ["SET DateStyle = 'German'", '0A000 DateStyle "German" is not supported'],
    [
      'SET standard_conforming_strings = off',
      '0A000 parameter "standard_conforming_strings" cannot be set to "off"',
    ],
    ['SET extra_float_digits = 0', '0A000 extra_float_digits = 0 is not supported'],
    ["SET statement_timeout = 'soon'", '22023 invalid value for parameter "statement_timeout": "soon"'],
    ['LISTEN x', '0A000 LISTEN is not supported'],
  ])('%s', async (text, expected) => {
    const client = await open();
    expect((await client.query(text))[0]).toContain(`ErrorResponse ERROR ${expected}`);
  });

  test('SET, SHOW, RESET', async () => {
    const client = await open();
    await client.query('SET search_path TO "$user", app, "My Schema"');
    expect(await client.query('SHOW search_path')).toEqual([
      'RowDescription search_path:25/-1/-1/text',
      'DataRow "$user", app, "My Schema"',
      'CommandComplete SHOW',
      'ReadyForQuery I',
    ]);
    expect(await client.query('RESET search_path')).toEqual(['CommandComplete RESET', 'ReadyForQuery I']);
    expect(await client.query('SHOW search_path')).toContain('DataRow "$user", public');
    expect((await client.query('SET rw_streaming_parallelism = 4'))[0]).toBe(
      'NoticeResponse NOTICE 00000 parameter "rw_streaming_parallelism" has no effect here',
    );
    await client.query('SET statement_timeout = 90000');
    expect(await client.query('SHOW statement_timeout')).toContain('DataRow 90s');
    expect((await client.query('SHOW ALL'))[0]).toContain('name:25');
    expect((await client.query('DISCARD ALL'))[0]).toBe('CommandComplete DISCARD ALL');
    expect(await client.query('SHOW statement_timeout')).toContain('DataRow 0');
  });
});

suite('PREPARE and cursors', () => {
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
    expect((await client.query('FETCH BACKWARD 1 FROM c'))[0]).toContain(
      '55000 cursor can only scan forward',
    );
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
});

suite('COPY', () => {
  test('in', async () => {
    const client = await open();
    client.send(query('COPY t FROM STDIN'));
    expect(await client.until('G')).toEqual(['CopyInResponse 2']);
    client.send(copyData('1\ta\n'), copyData('2\tb\n'), message('c'));
    expect(await client.until('Z')).toEqual(['CommandComplete COPY 2', 'ReadyForQuery I']);
  });

  test('in, with all data sent at once', async () => {
    const client = await open();
    client.send(query('COPY t FROM STDIN'), copyData('1\ta\n'), message('c'));
    expect(await client.until('Z')).toEqual([
      'CopyInResponse 2',
      'CommandComplete COPY 1',
      'ReadyForQuery I',
    ]);
  });

  test('in, by the extended protocol, its Sync sent before the data', async () => {
    const client = await open();
    client.send(parse('COPY t FROM STDIN'), bind(), execute(), sync);
    await client.until('G');
    client.send(copyData('1\ta\n'), message('c'), sync);
    expect(await client.until('Z')).toEqual(['CommandComplete COPY 1', 'ReadyForQuery I']);
  });

  test('in, larger than what a socket holds', async () => {
    const client = await open();
    client.send(query('COPY t FROM STDIN'), copyData(`${'x'.repeat(5 << 20)}\n`), message('c'));
    expect(await client.until('Z')).toContain('CommandComplete COPY 1');
  });

  test('CopyFail and bad data', async () => {
    const client = await open();
    client.send(query('COPY t FROM STDIN'), message('f', 'gave up'));
    expect((await client.until('Z')).slice(1)).toEqual([
      'ErrorResponse ERROR 57014 COPY from stdin failed: gave up',
      'ReadyForQuery I',
    ]);
    client.send(query('COPY t FROM STDIN'), copyData('bad\n'), copyData('more\n'), message('c'));
    expect((await client.until('Z')).slice(1)).toEqual([
      'ErrorResponse ERROR 22P04 bad COPY data',
      'ReadyForQuery I',
    ]);
    expect(executor.log).toEqual([
      'copy failed: COPY from stdin failed: gave up',
      'copy failed: bad COPY data',
    ]);
    expect((await client.query("SELECT 'x'"))[1]).toBe('DataRow x');
  });

  test('out', async () => {
    const client = await open();
    expect(await client.query('COPY t TO STDOUT')).toEqual([
      'CopyOutResponse 2',
      'CopyData id\\tname\\n',
      'CopyData 1\\ta\\n',
      'CopyData 2\\tb\\n',
      'CopyDone',
      'CommandComplete COPY 2',
      'ReadyForQuery I',
    ]);
  });
});

suite('streams and cancellation', () => {
  function cancelRequest(client: TranscriptClient): void {
    const canceller = raw();
    canceller.send(int32(16), int32(80877102), int32(client.key!.process), client.key!.secret);
  }

  test('a subscription runs until it is cancelled', async () => {
    const client = await open();
    client.send(query('SUBSCRIBE live'));
    await client.until('T');
    executor.streams.get('live')!.push(1);
    expect(await client.until('D')).toEqual(['DataRow 1']);
    executor.streams.get('live')!.push(2, 3);
    expect(await client.until('D')).toEqual(['DataRow 2']);
    cancelRequest(client);
    expect((await client.until('Z')).slice(-2)).toEqual([
      'ErrorResponse ERROR 57014 canceling statement due to user request',
      'ReadyForQuery I',
    ]);
    expect(executor.streams.get('live')!.closed).toBe(true);
  });

  test('a subscription ends by itself or with its error', async () => {
    const client = await open();
    client.send(query('SUBSCRIBE ends'));
    await client.until('T');
    executor.streams.get('ends')!.push(1);
    executor.streams.get('ends')!.end(null);
    expect(await client.until('Z')).toEqual(['DataRow 1', 'CommandComplete SUBSCRIBE 1', 'ReadyForQuery I']);
    client.send(query('COPY (SUBSCRIBE fails) TO STDOUT'));
    await client.until('H');
    executor.streams.get('fails')!.end(new SqlError({ sqlstate: '53400', message: 'subscription cut off' }));
    expect(await client.until('Z')).toEqual([
      'ErrorResponse ERROR 53400 subscription cut off',
      'ReadyForQuery I',
    ]);
  });

  test('a client that leaves ends its subscription', async () => {
    const client = await open();
    client.send(query('SUBSCRIBE departed'));
    await client.until('T');
    client.send(message('X'));
    await client.rest();
    await expect.poll(() => executor.streams.get('departed')!.closed).toBe(true);
  });

  test('a long statement is cancelled by request and by timeout', async () => {
    const client = await open();
    client.send(query('SELECT pg_sleep(1000)'));
    setImmediate(() => cancelRequest(client));
    const first = await Promise.race([
      client.until('Z'),
      new Promise<null>((resolve) => setTimeout(resolve, 1000, null)),
    ]);
    if (first === null) cancelRequest(client);
    expect(first ?? (await client.until('Z'))).toEqual([
      'ErrorResponse ERROR 57014 canceling statement due to user request',
      'ReadyForQuery I',
    ]);
    await client.query("SET statement_timeout = '20ms'");
    expect(await client.query('SELECT pg_sleep(1000)')).toEqual([
      'ErrorResponse ERROR 57014 canceling statement due to statement timeout',
      'ReadyForQuery I',
    ]);
  });

  test('a wrong key cancels nothing', async () => {
    const client = await open();
    client.send(query('SUBSCRIBE safe'));
    await client.until('T');
    const canceller = raw();
    canceller.send(int32(16), int32(80877102), int32(client.key!.process), Buffer.from([1, 2, 3, 4]));
    expect(await canceller.rest()).toEqual([]);
    executor.streams.get('safe')!.push(7);
    expect(await client.until('D')).toEqual(['DataRow 7']);
  });

  test('idle sessions are ended by their timeouts', async () => {
    const client = await open({ options: '-c idle_in_transaction_session_timeout=20ms' });
    await client.query('BEGIN');
    expect(await client.rest()).toEqual([
      'ErrorResponse FATAL 25P03 terminating connection due to idle-in-transaction timeout',
    ]);
  });
});

test('a stop ends every connection with 57P01, a running one too', async () => {
  const engine = { cancellation: () => ({ cancel() {} }), forgetSession() {}, seedSession() {} };
  const other = new Listener({ executor, engine, log: silentLog, host: '127.0.0.1', port: 0 });
  const otherPort = await other.listen();
  const idle = await TranscriptClient.open(otherPort);
  const busy = await TranscriptClient.open(otherPort);
  busy.send(query('SUBSCRIBE stopped'));
  await busy.until('T');
  await other.stop(SHUTDOWN);
  const expected = ['ErrorResponse FATAL 57P01 terminating connection due to administrator command'];
  expect(await idle.rest()).toEqual(expected);
  expect(await busy.rest()).toEqual(expected);
  expect(executor.streams.get('stopped')!.closed).toBe(true);
});
