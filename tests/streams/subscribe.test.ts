/** SUBSCRIBE and its clauses over the real wire. */
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorRaisedBy } from '../support/answers.ts';
import { type Live, live } from '../support/live.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
const open: Live[] = [];

const server = testServer({}, async () => {
  client = await server.connect();
});

beforeEach(async () => {
  await client.query(
    `CREATE TABLE t (k int, v text, n numeric);
     INSERT INTO t VALUES (1, 'one', 1.0), (2, 'two', 2.0), (3, 'three', 3.0)`,
  );
});
afterEach(async () => {
  for (const stream of open.splice(0)) await stream.close();
  await client.query('DROP TABLE t CASCADE');
});

async function subscribe(text: string): Promise<Live> {
  const stream = await live(server, text);
  open.push(stream);
  return stream;
}

const errorOf = (sql: string): Promise<pg.DatabaseError> => errorRaisedBy(client, sql);

const [NUMERIC, BOOL, INT8, INT4, TEXT] = [1700, 16, 20, 23, 25];

describe('columns and options', () => {
  test('tw_timestamp numeric, tw_diff int8, then the relation', async () => {
    const stream = await subscribe('SUBSCRIBE t');
    await stream.until((rows) => rows.length === 3);
    expect(stream.columns).toEqual([
      { name: 'tw_timestamp', typeOid: NUMERIC },
      { name: 'tw_diff', typeOid: INT8 },
      { name: 'k', typeOid: INT4 },
      { name: 'v', typeOid: TEXT },
      { name: 'n', typeOid: NUMERIC },
    ]);
    expect(new Set(stream.rows.map(([timestamp]) => timestamp)).size).toBe(1);
  });

  test('PROGRESS adds tw_progressed bool; a progress row has no other values, and nothing comes before it later', async () => {
    const stream = await subscribe('TAIL t WITH (PROGRESS, SNAPSHOT = false)');
    await stream.until((rows) => rows.length >= 1);
    expect(stream.columns.slice(0, 3)).toEqual([
      { name: 'tw_timestamp', typeOid: NUMERIC },
      { name: 'tw_progressed', typeOid: BOOL },
      { name: 'tw_diff', typeOid: INT8 },
    ]);
    expect(stream.rows[0]?.slice(1)).toEqual(['t', null, null, null, null]);
    await client.query("INSERT INTO t VALUES (4, 'four', 4)");
    await stream.until((rows) => {
      const change = rows.findIndex((row) => row[1] === 'f');
      return change >= 0 && rows.slice(change).some((row) => row[1] === 't');
    });
    let progressed = 0;
    for (const [timestamp, isProgress] of stream.rows) {
      expect(Number(timestamp), 'a row that is older than the progress before it').toBeGreaterThanOrEqual(
        progressed,
      );
      if (isProgress === 't') progressed = Number(timestamp);
    }
    expect(stream.rows.filter((row) => row[1] === 'f').map((row) => row.slice(2))).toEqual([
      ['1', '4', 'four', '4'],
    ]);
  });

  test('time goes on for a reader with PROGRESS while nothing changes', async () => {
    const stream = await subscribe('SUBSCRIBE t WITH (SNAPSHOT = false, PROGRESS = true)');
    await stream.until((rows) => rows.length >= 3);
    const times = stream.rows.map(([timestamp]) => Number(timestamp));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });

  test.each([
    ['SUBSCRIBE t WITH (SNAPSHT)', '22023', 'unrecognized SUBSCRIBE option "snapsht"'],
    ['SUBSCRIBE t WITH (SNAPSHOT, SNAPSHOT = false)', '42601', 'conflicting or redundant options'],
    [
      'SUBSCRIBE t WITH (PROGRESS = maybe)',
      '22023',
      'invalid value for SUBSCRIBE option "progress": "maybe"',
    ],
    ['SUBSCRIBE t WITH (DURABLE)', '0A000', 'SUBSCRIBE option "durable" is not supported'],
    ['SUBSCRIBE t UP TO 9 UP TO 9', '42601', 'UP TO is given more than once'],
    ['SUBSCRIBE nothing', '42P01', 'relation "nothing" does not exist'],
    ['SUBSCRIBE t ENVELOPE UPSERT (KEY (q))', '42703', 'column "q" of the subscription does not exist'],
    [
      'SUBSCRIBE t ENVELOPE UPSERT (KEY (k, k))',
      '42701',
      'column "k" appears twice in the key of the envelope',
    ],
    [
      'SUBSCRIBE (SELECT k, v AS k FROM t) ENVELOPE UPSERT (KEY (k))',
      '42702',
      'column "k" of the subscription is ambiguous',
    ],
    ['SUBSCRIBE t WITHIN TIMESTAMP ORDER BY q', '42703', 'column "q" of the subscription does not exist'],
    [
      'SUBSCRIBE t WITHIN TIMESTAMP ORDER BY 6',
      '42P10',
      'WITHIN TIMESTAMP ORDER BY position 6 is not a column of the subscription',
    ],
    [
      'SUBSCRIBE t WITHIN TIMESTAMP ORDER BY k + 1',
      '0A000',
      'WITHIN TIMESTAMP ORDER BY takes columns of the subscription, not expressions',
    ],
    ['SUBSCRIBE t AS OF 1', '22023', 'AS OF 1 is no longer readable'],
    ['SUBSCRIBE t AS OF 9000000000000000', '22023', 'AS OF 9000000000000000 is in the future'],
    [
      "SUBSCRIBE t AS OF 'yesterday-ish'",
      '22007',
      'invalid input syntax for type timestamp with time zone: "yesterday-ish"',
    ],
    ['SUBSCRIBE t AS OF NULL', '22004', 'argument of AS OF must not be null'],
    ['SUBSCRIBE t AS OF -1', '22008', 'AS OF timestamp out of range: "-1"'],
    ['SUBSCRIBE t UP TO 1', '22023', /^UP TO 1 is before the subscription's start, \d+$/],
    ['SUBSCRIBE (SELECT k, 1 / 0 AS e FROM t)', '22012', 'division by zero'],
  ])('%s', async (sql, code, message) => {
    const error = await errorOf(sql);
    expect({ code: error.code, message: error.message }).toEqual({
      code,
      message: message instanceof RegExp ? expect.stringMatching(message) : message,
    });
  });

  test('DURABLE = false is what there is', async () => {
    const stream = await subscribe('SUBSCRIBE t WITH (DURABLE = false)');
    await stream.until((rows) => rows.length === 3);
  });
});

describe('WITHIN TIMESTAMP ORDER BY', () => {
  test('orders the rows of each timestamp, by the columns that are shown', async () => {
    const stream = await subscribe('SUBSCRIBE t WITHIN TIMESTAMP ORDER BY v DESC');
    expect((await stream.take(3)).map((row) => row[2])).toEqual(['two', 'three', 'one']);
    await client.query(
      `BEGIN; UPDATE t SET n = n + 10; INSERT INTO t VALUES (9, 'zero', 0), (0, NULL, 0); COMMIT`,
    );
    expect((await stream.take(8)).map(([diff, , v]) => [v, diff])).toEqual([
      [null, '1'],
      ['zero', '1'],
      ['two', '-1'],
      ['two', '1'],
      ['three', '-1'],
      ['three', '1'],
      ['one', '-1'],
      ['one', '1'],
    ]);
  });

  test('by tw_diff, positions, NULLS FIRST; numbers in their own order', async () => {
    const stream = await subscribe(
      'SUBSCRIBE t WITH (SNAPSHOT = false) WITHIN TIMESTAMP ORDER BY tw_diff DESC, 5 NULLS FIRST',
    );
    await client.query('BEGIN; UPDATE t SET n = CASE k WHEN 1 THEN 100 WHEN 2 THEN 20 END; COMMIT');
    expect((await stream.take(6)).map(([diff, , , n]) => [diff, n])).toEqual([
      ['1', null],
      ['1', '20'],
      ['1', '100'],
      ['-1', '1.0'],
      ['-1', '2.0'],
      ['-1', '3.0'],
    ]);
  });

  test('with an envelope and PROGRESS, over a snapshot of many chunks', async () => {
    await client.query('CREATE SOURCE counting FROM GENERATOR COUNTER (EVENTS 20000)');
    const stream = await subscribe(
      `SUBSCRIBE (SELECT counter, repeat('x', 60) AS pad FROM counting) WITH (PROGRESS)
       WITHIN TIMESTAMP ORDER BY counter DESC ENVELOPE UPSERT (KEY (counter))`,
    );
    await stream.until((rows) => rows.filter((row) => row[1] === 'f').length === 20_000);
    const byTime = new Map<string, number[]>();
    for (const [time, progressed, , counter] of stream.rows) {
      if (progressed === 't') continue;
      byTime.set(time!, [...(byTime.get(time!) ?? []), Number(counter)]);
    }
    for (const numbers of byTime.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    await client.query('DROP SOURCE counting');
  });
});

describe('envelopes', () => {
  test('UPSERT: the newest values of a key that changed', async () => {
    const stream = await subscribe('SUBSCRIBE t ENVELOPE UPSERT (KEY (k))');
    expect(await stream.take(3)).toEqual([
      ['upsert', '1', 'one', '1.0'],
      ['upsert', '2', 'two', '2.0'],
      ['upsert', '3', 'three', '3.0'],
    ]);
    expect(stream.columns.map(({ name }) => name)).toEqual(['tw_timestamp', 'tw_state', 'k', 'v', 'n']);
    expect(stream.columns[1]?.typeOid).toBe(TEXT);
    await client.query("UPDATE t SET v = 'uno' WHERE k = 1");
    expect(await stream.take(1)).toEqual([['upsert', '1', 'uno', '1.0']]);
    await client.query('DELETE FROM t WHERE k = 2');
    expect(await stream.take(1)).toEqual([['delete', '2', null, null]]);
    await client.query(
      "BEGIN; DELETE FROM t WHERE k = 3; INSERT INTO t VALUES (3, 'drei', 3), (5, 'f', 5); COMMIT",
    );
    expect(await stream.take(2)).toEqual([
      ['upsert', '3', 'drei', '3'],
      ['upsert', '5', 'f', '5'],
    ]);
  });

  test('DEBEZIUM: the values before and after', async () => {
    const stream = await subscribe('SUBSCRIBE t ENVELOPE DEBEZIUM (KEY (k)) WITH (SNAPSHOT = false)');
    await client.query("INSERT INTO t VALUES (4, 'four', NULL)");
    expect(await stream.take(1)).toEqual([['insert', '4', null, null, 'four', null]]);
    expect(stream.columns.map(({ name }) => name)).toEqual([
      ...['tw_timestamp', 'tw_state', 'k', 'before_v', 'before_n', 'after_v', 'after_n'],
    ]);
    await client.query("UPDATE t SET v = 'vier' WHERE k = 4");
    expect(await stream.take(1)).toEqual([['upsert', '4', 'four', null, 'vier', null]]);
    await client.query('DELETE FROM t WHERE k = 4');
    expect(await stream.take(1)).toEqual([['delete', '4', 'vier', null, null, null]]);
  });

  test.each(['UPSERT', 'DEBEZIUM'])(
    '%s: a key with more than one row is a key violation without values',
    async (envelope) => {
      await client.query("INSERT INTO t VALUES (2, 'again', 2)");
      const stream = await subscribe(`SUBSCRIBE t ENVELOPE ${envelope} (KEY (k))`);
      const nothing = envelope === 'UPSERT' ? [null, null] : [null, null, null, null];
      const first = await stream.take(3);
      expect(first.map(([state, k]) => [state, k])).toEqual([
        [envelope === 'UPSERT' ? 'upsert' : 'insert', '1'],
        ['key_violation', '2'],
        [envelope === 'UPSERT' ? 'upsert' : 'insert', '3'],
      ]);
      expect(first[1]).toEqual(['key_violation', '2', ...nothing]);
      await client.query('DELETE FROM t WHERE k = 2');
      expect(await stream.take(1)).toEqual([['key_violation', '2', ...nothing]]);
      await client.query("BEGIN; INSERT INTO t VALUES (7, 'a', 0), (7, 'a', 0); COMMIT");
      expect(await stream.take(1)).toEqual([['key_violation', '7', ...nothing]]);
    },
  );

  test('keys that SQL holds equal are one; a key may be several columns, or all', async () => {
    const stream = await subscribe(
      'SUBSCRIBE (SELECT n, v, k FROM t WHERE k = 1) WITH (SNAPSHOT = false) ENVELOPE UPSERT (KEY (n))',
    );
    await client.query('UPDATE t SET n = 1.00 WHERE k = 1');
    expect(await stream.take(1)).toEqual([['upsert', '1.00', 'one', '1']]);
    const several = await subscribe('SUBSCRIBE (SELECT k, v FROM t) ENVELOPE DEBEZIUM (KEY (v, k))');
    expect((await several.take(3)).toSorted()).toEqual([
      ['insert', 'one', '1'],
      ['insert', 'three', '3'],
      ['insert', 'two', '2'],
    ]);
  });
});

describe('AS OF and UP TO', () => {
  /** The commit's timestamp, as a subscription tells it. */
  async function commitTime(sql: string): Promise<number> {
    const stream = await subscribe('SUBSCRIBE t WITH (SNAPSHOT = false)');
    await client.query(sql);
    await stream.until((rows) => rows.length > 0);
    return Number(stream.rows[0]![0]);
  }

  test.each(['', 'WITH (SNAPSHOT = false)', 'WITH (PROGRESS)', 'WITH (SNAPSHOT = false, PROGRESS)'])(
    'AS OF and UP TO %s: the contents as they were, the changes between, and the end',
    async (options) => {
      const first = await commitTime("INSERT INTO t VALUES (4, 'four', 4)");
      const second = await commitTime('DELETE FROM t WHERE k = 1');
      const clauses = [options, `AS OF ${first}`, `UP TO ${second + 1}`, 'WITHIN TIMESTAMP ORDER BY k'];
      for (const order of [clauses, clauses.toReversed()]) {
        const stream = await subscribe(`SUBSCRIBE t ${order.join(' ')}`);
        await expect.poll(() => stream.ended, { timeout: 10_000 }).toBe(null);
        const progress = options.includes('PROGRESS');
        const changes = stream.rows.filter((row) => !progress || row[1] === 'f');
        const at = progress ? 3 : 2;
        const seen = changes.map((row) => [Number(row[0]), row[at - 1], row[at]]);
        const snapshot = options.includes('SNAPSHOT') ? [] : ['1', '2', '3', '4'];
        expect(seen).toEqual([...snapshot.map((k) => [first, '1', k]), [second, '-1', '1']]);
        if (progress) expect(stream.rows.at(-1)?.slice(0, 3)).toEqual([`${second + 1}`, 't', null]);
      }
    },
  );

  test('AS OF AT LEAST begins at the oldest time that can be read', async () => {
    const stream = await subscribe('SUBSCRIBE t AS OF AT LEAST 1 UP TO 9007199254740991');
    const rows = await stream.until((seen) => seen.length >= 1);
    expect(Number(rows[0]![0])).toBeGreaterThan(1e15);
  });

  test('a timestamp with time zone, exact to the microsecond', async () => {
    const at = await commitTime("INSERT INTO t VALUES (4, 'four', 4)");
    const text = `${new Date(Math.floor(at / 1000)).toISOString().slice(0, 23)}${String(at % 1000).padStart(3, '0')}+00`;
    const stream = await subscribe(
      `SUBSCRIBE t AS OF '${text}' UP TO timestamptz '${text}' + interval '1 microsecond'`,
    );
    await expect.poll(() => stream.ended, { timeout: 10_000 }).toBe(null);
    expect(new Set(stream.rows.map(([time]) => Number(time)))).toEqual(new Set([at]));
    expect(stream.rows).toHaveLength(4);
  });

  test('UP TO the start gives nothing and ends', async () => {
    const at = await commitTime("INSERT INTO t VALUES (4, 'four', 4)");
    const stream = await subscribe(`SUBSCRIBE t AS OF ${at} UP TO ${at}`);
    await expect.poll(() => stream.ended, { timeout: 10_000 }).toBe(null);
    expect(stream.rows).toEqual([]);
  });
});

test('an error in the relation ends it at its time, and not before', async () => {
  const stream = await subscribe('SUBSCRIBE (SELECT k, 6 / k AS q FROM t) WITHIN TIMESTAMP ORDER BY k');
  expect(await stream.take(3)).toEqual([
    ['1', '1', '6'],
    ['1', '2', '3'],
    ['1', '3', '2'],
  ]);
  await client.query("INSERT INTO t VALUES (6, 'six', 6)");
  expect(await stream.take(1)).toEqual([['1', '6', '1']]);
  await client.query("INSERT INTO t VALUES (0, 'zero', 0)");
  await expect.poll(() => stream.ended).toMatchObject({ code: '22012', message: 'division by zero' });
});

test('in a transaction: it needs no snapshot of its own, and none with writes', async () => {
  await client.query('BEGIN');
  await client.query('DECLARE c CURSOR FOR SUBSCRIBE t');
  expect((await client.query("FETCH 3 FROM c WITH (TIMEOUT = '10 s')")).rows).toHaveLength(3);
  const other = await server.connect();
  await other.query("INSERT INTO t VALUES (4, 'four', 4)");
  await other.end();
  expect((await client.query("FETCH 1 FROM c WITH (TIMEOUT = '10 s')")).rows).toMatchObject([{ k: 4 }]);
  // A query of the same transaction sees what the subscription has shown.
  expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([{ count: '4' }]);
  await client.query('COMMIT');
  await client.query("BEGIN; INSERT INTO t VALUES (5, 'five', 5)");
  expect(await errorOf('SUBSCRIBE t')).toMatchObject({ code: '0A000' });
  await client.query('ROLLBACK');
});
