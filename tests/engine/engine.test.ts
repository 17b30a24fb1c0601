import { type Socket, connect, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineError, idleDescriptor, startEngine } from '../../engine/index.ts';
import type {
  ColumnType,
  DecodeFormat,
  Engine,
  ExecuteOptions,
  Expr,
  Layout,
  Plan,
  SubscribeOptions,
  SubscriptionChunk,
  Transaction,
} from '../../engine/index.ts';

// A table t (id int4 primary key, v int8, note text), written through a JSON decoder.

const int4: ColumnType = { scalar: 'int4', typmod: -1, nullable: false };
const int8: ColumnType = { scalar: 'int8', typmod: -1, nullable: true };
const text: ColumnType = { scalar: 'text', typmod: -1, nullable: true };
const columns = [int4, int8, text];
const layout: Layout = {
  key: [{ expr: { kind: 'column', index: 0 }, column: int4 }],
  value: [1, 2],
  restore: [
    { in: 'key', index: 0 },
    { in: 'value', index: 0 },
    { in: 'value', index: 1 },
  ],
};
const TABLE = 10;

interface Ended {
  readonly subscription: number;
  readonly error: EngineError | null;
}

let engine: Engine;
let time = 0;
let completed: (() => void)[] = [];
const chunks: SubscriptionChunk[] = [];
const ended: Ended[] = [];
let changed: (() => void)[] = [];

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}

beforeAll(() => {
  engine = startEngine({
    workers: 2,
    events: {
      completed: () => wake(completed),
      changes: (chunk) => {
        chunks.push(chunk);
        wake(changed);
      },
      subscriptionEnded: (subscription, error) => {
        ended.push({ subscription, error });
        wake(changed);
      },
      panic: (message) => {
        throw new Error(message);
      },
    },
  });
  engine.createCollection(TABLE, 'public.t', columns, layout, true, {
    constraint: 't_key',
    columns: ['id', 'v', 'note'],
  });
});

afterAll(() => engine.stop());

async function computed(timestamp: number): Promise<void> {
  while (!engine.awaitComputed(timestamp)) await new Promise<void>((resolve) => completed.push(resolve));
}

async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => changed.push(resolve));
  }
}

function decode(transaction: Transaction, rows: readonly object[], diff: 1 | -1 = 1) {
  const decoder = engine.decoder({
    arrangement: TABLE,
    format: { kind: 'json' },
    columns: [
      { name: 'id', type: int4 },
      { name: 'v', type: int8 },
      { name: 'note', type: text },
    ],
    metadata: 0,
    mfp: { expressions: [], predicates: [], projection: [0, 1, 2] },
    timeZone: 'UTC',
  });
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return decoder.decode(Buffer.from(lines), { end: true, diff, transaction, metadata: [] });
}

async function commit(...transactions: Transaction[]) {
  const errors = await engine.commit(++time, transactions);
  await computed(time);
  return errors;
}

async function insert(...rows: readonly object[]) {
  const transaction = engine.beginTransaction();
  expect(decode(transaction, rows)).toMatchObject({ rows: rows.length, errorCount: 0, pending: 0 });
  return commit(transaction);
}

async function change(old: object, row: object) {
  const transaction = engine.beginTransaction();
  decode(transaction, [old], -1);
  decode(transaction, [row]);
  expect(await commit(transaction)).toEqual([null]);
}

const importTable = (id = TABLE) =>
  ({
    label: 'import t',
    columns,
    operator: { kind: 'import', arrangement: id, layout },
  }) as const;

function plan(parts: Partial<Plan> & Pick<Plan, 'nodes' | 'output'>): Plan {
  return { formatVersion: 1, name: 'test', parameters: [], ...parts };
}

function select(projection: number[], extra: Partial<Plan> = {}): Plan {
  return plan({
    nodes: [importTable()],
    output: {
      kind: 'rows',
      node: 0,
      finishing: {
        order: [{ column: 0, descending: false, nullsFirst: false }],
        limit: null,
        offset: null,
        withTies: false,
        projection,
      },
    },
    ...extra,
  });
}

function options(extra: Partial<ExecuteOptions> = {}): ExecuteOptions {
  return {
    timestamp: time,
    parameters: [],
    timeZone: 'UTC',
    transaction: null,
    encoding: { kind: 'copyText', nullText: '\\N', delimiter: '\t' },
    ...extra,
  };
}

/** The lines of CopyData messages, or the fields of DataRow messages. */
function messages(chunk: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < chunk.length;) {
    const length = chunk.readUInt32BE(at + 1);
    const body = chunk.subarray(at + 5, at + 1 + length);
    if (chunk[at] === 0x64) {
      lines.push(body.toString().trimEnd());
    } else {
      const fields: string[] = [];
      for (let field = 0, position = 2; field < body.readUInt16BE(0); field++) {
        const size = body.readInt32BE(position);
        position += 4;
        fields.push(size < 0 ? 'NULL' : body.toString('utf8', position, position + size));
        position += Math.max(size, 0);
      }
      lines.push(fields.join('|'));
    }
    at += 1 + length;
  }
  return lines;
}

async function query(prepared: Plan, extra: Partial<ExecuteOptions> = {}): Promise<string[]> {
  const cursor = await engine.execute(engine.prepare(prepared), options(extra));
  const lines: string[] = [];
  for (;;) {
    await cursor.fill();
    const { chunk, done } = cursor.next(0);
    lines.push(...messages(chunk));
    if (done) break;
  }
  cursor.close();
  return lines;
}

const sumPlan = (): Plan =>
  plan({
    nodes: [
      importTable(),
      {
        label: 'reduce',
        columns: [text, { scalar: 'int8', typmod: -1, nullable: false }],
        operator: {
          kind: 'reduce',
          input: 0,
          key: [{ expr: { kind: 'column', index: 2 }, column: text }],
          class: {
            class: 'accumulable',
            aggregates: [{ function: 'countAll', arguments: [], filter: null, result: int8 }],
          },
          layout: {
            key: [{ expr: { kind: 'column', index: 0 }, column: text }],
            value: [1],
            restore: [
              { in: 'key', index: 0 },
              { in: 'value', index: 0 },
            ],
          },
        },
      },
    ],
    output: { kind: 'subscription', node: 1 },
  });

test('small groups that nobody waits for are begun with at the latest when that is told late twice', async () => {
  for (let round = 0; round < 20; round++) {
    const transaction = engine.beginTransaction();
    await decode(transaction, [{ id: 1_000_000 + round, v: 1, note: null }], 1);
    expect(await engine.commit(++time, [transaction])).toEqual([null]);
    if (round % 2 === 0) await computed(time);
  }
  // The last is waited for by nobody; workers that are awake by themselves may have computed it.
  let calls = 0;
  while (engine.tellLate()) expect(++calls, 'calls').toBeLessThan(2);
  const limit = performance.now() + 10_000;
  while (engine.computed() < time) {
    expect(performance.now(), 'computed').toBeLessThan(limit);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (let round = 0; round < 20; round++) {
    const transaction = engine.beginTransaction();
    await decode(transaction, [{ id: 1_000_000 + round, v: 1, note: null }], -1);
    await commit(transaction);
  }
});

test('rows that were decoded and committed are selected', async () => {
  expect(await insert({ id: 1, v: 10, note: 'a' }, { id: 2, v: null, note: 'b' })).toEqual([null]);
  expect(engine.prepare(select([0])).immediate).toBe(true);
  expect(await query(select([0, 1, 2]))).toEqual(['1\t10\ta', '2\t\\N\tb']);
  expect(await query(select([2, 0]), { encoding: { kind: 'dataRow', formats: [0, 0] } })).toEqual([
    'a|1',
    'b|2',
  ]);
  expect(engine.size(TABLE).rows).toBeGreaterThanOrEqual(2);
});

test('parameters come as text or binary', async () => {
  const lookUp = select([2], {
    parameters: ['int4'],
    nodes: [
      {
        label: 'lookup',
        columns,
        operator: { kind: 'lookup', arrangement: TABLE, layout, keys: [[{ kind: 'parameter', index: 0 }]] },
      },
    ],
  });
  const binary = Buffer.alloc(4);
  binary.writeInt32BE(2);
  expect(await query(lookUp, { parameters: [{ format: 0, value: Buffer.from('1') }] })).toEqual(['a']);
  expect(await query(lookUp, { parameters: [{ format: 1, value: binary }] })).toEqual(['b']);
  expect(await query(lookUp, { parameters: [{ format: 0, value: null }] })).toEqual([]);
  const refused = query(lookUp, { parameters: [{ format: 0, value: Buffer.from('x') }] });
  await expect(refused).rejects.toMatchObject({
    sqlstate: '22P02',
    message: 'invalid input syntax for type integer: "x"',
  });
});

test('a second row of a key is a duplicate', async () => {
  const [error] = await insert({ id: 1, v: 11, note: 'again' });
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({
    sqlstate: '23505',
    message: 'duplicate key value violates unique constraint "t_key"',
    detail: 'Key (id)=(1) already exists.',
  });
  const gone = engine.beginTransaction();
  decode(gone, [{ id: 99, v: 1, note: 'never' }], -1);
  const [conflict] = await commit(gone);
  expect(conflict).toMatchObject({ sqlstate: '40001' });
});

test('a maintained plan is read like a table', async () => {
  const subscription = sumPlan();
  const node = subscription.nodes[1]!;
  if (node.operator.kind !== 'reduce') throw new Error('a reduce');
  const view: Plan = {
    ...subscription,
    output: { kind: 'arrangement', node: 1, arrangement: 20, layout: node.operator.layout },
  };
  await engine.install(view, time);
  const read = plan({
    nodes: [
      {
        label: 'import',
        columns: node.columns,
        operator: { kind: 'import', arrangement: 20, layout: node.operator.layout },
      },
    ],
    output: {
      kind: 'rows',
      node: 0,
      finishing: { order: [], limit: null, offset: null, withTies: false, projection: [0, 1] },
    },
  });
  expect(await query(read)).toEqual(['a\t1', 'b\t1']);
  await insert({ id: 3, v: 3, note: 'a' });
  expect(await query(read)).toEqual(['a\t2', 'b\t1']);
  engine.drop(20);
});

test('a plan with state runs in a dataflow', async () => {
  const counts = sumPlan();
  const prepared: Plan = {
    ...counts,
    output: {
      kind: 'rows',
      node: 1,
      finishing: { order: [], limit: null, offset: null, withTies: false, projection: [0, 1] },
    },
  };
  expect(engine.prepare(prepared).immediate).toBe(false);
  expect(await query(prepared)).toEqual(['a\t2', 'b\t1']);
  const cancel = engine.cancellation();
  cancel.cancel();
  await expect(query(prepared, { cancel })).rejects.toMatchObject({ sqlstate: '57014' });
});

test('a write plan writes into its transaction, which sees it', async () => {
  const literal = (scalar: 'int4' | 'int8' | 'text', value: string | null): Expr => ({
    kind: 'literal',
    scalar,
    text: value,
  });
  const insertion = (id: string) =>
    plan({
      nodes: [
        {
          label: 'values',
          columns,
          operator: { kind: 'constant', rows: [{ values: [id, '5', 'new'], diff: 1 }] },
        },
      ],
      output: {
        kind: 'write',
        arrangement: TABLE,
        deleted: null,
        inserted: 0,
        returned: null,
        returning: { expressions: [literal('text', 'made')], predicates: [], projection: [0, 3] },
        conflict: null,
      },
    });
  const transaction = engine.beginTransaction();
  const result = await engine.write(engine.prepare(insertion('50')), { ...options(), transaction });
  expect(result.affected).toBe(1);
  expect(messages(result.returning!.next(0).chunk)).toEqual(['50\tmade']);
  expect(transaction.arrangements()).toEqual([TABLE]);
  expect(transaction.byteLength()).toBeGreaterThan(0);
  expect(await query(select([0]), { transaction })).toContain('50');
  expect(await query(select([0]))).not.toContain('50');
  const again = engine.write(engine.prepare(insertion('50')), { ...options(), transaction });
  await expect(again).rejects.toMatchObject({ sqlstate: '23505', detail: 'Key (id)=(50) already exists.' });
  expect(await commit(transaction)).toEqual([null]);
  transaction.close();
  expect(await query(select([0]))).toContain('50');
});

function subscribe(id: number, extra: Partial<SubscribeOptions> = {}): void {
  engine.subscribe(id, plan({ nodes: [importTable()], output: { kind: 'subscription', node: 0 } }), {
    asOf: time,
    snapshot: true,
    progress: false,
    upTo: null,
    envelope: { kind: 'diff' },
    order: [],
    encoding: { kind: 'dataRow', formats: [] },
    timeZone: 'UTC',
    ...extra,
  });
}

const linesOf = (id: number): string[] =>
  chunks.filter((chunk) => chunk.subscription === id).flatMap((chunk) => messages(chunk.chunk));

const textOf = (id: number): string[] =>
  chunks
    .filter((chunk) => chunk.subscription === id)
    .flatMap((chunk) => chunk.chunk.toString().split('\n'))
    .filter((line) => line !== '');

test('a subscription gives a snapshot and then changes', async () => {
  const start = time;
  subscribe(100);
  await until(() => (linesOf(100).length >= 4 ? true : undefined));
  expect(linesOf(100).sort()).toEqual([
    `${start}|1|1|10|a`,
    `${start}|1|2|NULL|b`,
    `${start}|1|3|3|a`,
    `${start}|1|50|5|new`,
  ]);
  await change({ id: 2, v: null, note: 'b' }, { id: 2, v: 22, note: 'b' });
  await until(() => (linesOf(100).length >= 6 ? true : undefined));
  expect(linesOf(100).slice(4).sort()).toEqual([`${time}|-1|2|NULL|b`, `${time}|1|2|22|b`]);
  engine.drop(100);
});

test('a subscription without a snapshot shows progress and ends at UP TO', async () => {
  const start = time;
  subscribe(101, { snapshot: false, progress: true, upTo: start + 3 });
  await insert({ id: 60, v: 1, note: 'p' });
  engine.advance((time += 2));
  const end = await until(() => ended.find((event) => event.subscription === 101));
  expect(end.error).toBe(null);
  const lines = linesOf(101);
  expect(lines.filter((line) => line.includes('|f|'))).toEqual([`${start + 1}|f|1|60|1|p`]);
  expect(lines.at(-1)).toBe(`${start + 3}|t|NULL|NULL|NULL|NULL`);
});

test('subscriptions end at UP TO when time moves on while they start', async () => {
  for (let id = 1_000; id < 1_400; id++) {
    subscribe(id, { snapshot: false, upTo: time + 1 });
    engine.advance(++time);
    const end = await until(() => ended.find((event) => event.subscription === id));
    expect(end.error, `subscription ${id}`).toBe(null);
  }
});

test('envelopes show one change for each key and time', async () => {
  subscribe(102, { snapshot: false, envelope: { kind: 'upsert', key: [0] } });
  subscribe(103, { snapshot: false, envelope: { kind: 'debezium', key: [0] } });
  subscribe(104, {
    snapshot: false,
    envelope: { kind: 'upsert', key: [0] },
    encoding: { kind: 'jsonLines', columns: ['id', 'v', 'note'] },
  });
  await change({ id: 60, v: 1, note: 'p' }, { id: 60, v: 2, note: 'q' });
  const updated = time;
  const removal = engine.beginTransaction();
  decode(removal, [{ id: 60, v: 2, note: 'q' }], -1);
  expect(await commit(removal)).toEqual([null]);
  await until(() =>
    linesOf(102).length >= 2 && linesOf(103).length >= 2 && textOf(104).length >= 2 ? true : undefined,
  );
  expect(linesOf(102)).toEqual([`${updated}|upsert|60|2|q`, `${time}|delete|60|NULL|NULL`]);
  expect(linesOf(103)).toEqual([`${updated}|upsert|60|1|p|2|q`, `${time}|delete|60|2|q|NULL|NULL`]);
  expect(textOf(104)).toEqual([
    '{"key":{"id":60},"value":{"id":60,"v":2,"note":"q"}}',
    '{"key":{"id":60},"value":null}',
  ]);
  for (const id of [102, 103, 104]) engine.drop(id);
});

test('a paused subscription delivers when it resumes', async () => {
  subscribe(105, { snapshot: false });
  engine.pauseSubscription(105, true);
  await insert({ id: 70, v: 7, note: 'z' });
  engine.pauseSubscription(105, false);
  await until(() => (linesOf(105).length > 0 ? true : undefined));
  expect(linesOf(105)).toEqual([`${time}|1|70|7|z`]);
  engine.drop(105);
});

test('a subscription with a lent socket sends there itself, and no more when it is taken back', async () => {
  const listener = createServer();
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const client = connect((listener.address() as { port: number }).port, '127.0.0.1');
  let received = Buffer.alloc(0);
  client.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  const socket = await accepted;

  subscribe(107, { snapshot: false });
  expect(engine.lendSocket(107, -1)).toBe(false);
  expect(engine.lendSocket(107, idleDescriptor(socket))).toBe(true);
  expect(engine.lendSocket(107, idleDescriptor(socket)), 'it is lent').toBe(false);
  await insert({ id: 90, v: 8, note: 'there' });
  await expect.poll(() => messages(received)).toEqual([`${time}|1|90|8|there`]);
  expect(engine.takeSocketBack(107), 'rows').toBe(1);
  expect(engine.takeSocketBack(107), 'rows of no loan').toBe(0);
  expect(linesOf(107)).toEqual([]);

  await insert({ id: 91, v: 8, note: 'here' });
  await until(() => (linesOf(107).length > 0 ? true : undefined));
  expect(linesOf(107)).toEqual([`${time}|1|91|8|here`]);
  expect(messages(received)).toHaveLength(1);
  expect(engine.lendSocket(107, idleDescriptor(socket)), 'a chunk is not taken').toBe(false);
  engine.drop(107);
  expect(engine.lendSocket(107, idleDescriptor(socket)), 'it is gone').toBe(false);
  socket.destroy();
  listener.close();
});

test('a subscription ends with the error of its relation', async () => {
  const divide: Expr = {
    kind: 'call',
    opcode: 'int8div',
    arguments: [
      { kind: 'literal', scalar: 'int8', text: '1' },
      { kind: 'column', index: 1 },
    ],
    scalar: 'int8',
  };
  const nodes: Plan['nodes'] = [
    importTable(),
    {
      label: 'divide',
      columns: [int8],
      operator: { kind: 'mfp', input: 0, mfp: { expressions: [divide], predicates: [], projection: [3] } },
    },
  ];
  engine.subscribe(106, plan({ nodes, output: { kind: 'subscription', node: 1 } }), {
    asOf: time,
    snapshot: false,
    progress: false,
    upTo: null,
    envelope: { kind: 'diff' },
    order: [],
    encoding: { kind: 'dataRow', formats: [] },
    timeZone: 'UTC',
  });
  await insert({ id: 80, v: 0, note: 'zero' });
  const end = await until(() => ended.find((event) => event.subscription === 106));
  expect(end.error).toMatchObject({ sqlstate: '22012', message: 'division by zero' });
});

test('constants are evaluated', () => {
  const sum: Expr = {
    kind: 'call',
    opcode: 'int4pl',
    arguments: [
      { kind: 'literal', scalar: 'int4', text: '1' },
      { kind: 'literal', scalar: 'int4', text: '2' },
    ],
    scalar: 'int4',
  };
  expect(engine.evaluate(sum, 'UTC')).toBe('3');
  expect(() =>
    engine.evaluate(
      { ...sum, opcode: 'int4div', arguments: [sum, { kind: 'literal', scalar: 'int4', text: '0' }] },
      'UTC',
    ),
  ).toThrow(expect.objectContaining({ sqlstate: '22012', message: 'division by zero' }));
  expect(() => engine.evaluate({ kind: 'logicalNow' } as Expr, 'Nowhere/City')).toThrow(
    expect.objectContaining({ sqlstate: '22023' }),
  );
  expect(engine.opcodes()).toContain('int4pl');
});

test('what costs much is not evaluated while a statement is planned', () => {
  const count = (text: string): Expr => ({ kind: 'literal', scalar: 'int8', text });
  const factorial = (of: string): Expr => ({
    kind: 'call',
    opcode: 'numeric_fac',
    arguments: [count(of)],
    scalar: 'numeric',
  });
  expect(engine.fold(factorial('10'), 'UTC')).toBe('3628800');
  expect(() => engine.fold(factorial('32177'), 'UTC')).toThrow(
    expect.objectContaining({ sqlstate: '57014' }),
  );
});

test('records that do not decode are counted and located', () => {
  const transaction = engine.beginTransaction();
  const format: DecodeFormat = {
    kind: 'csv',
    delimiter: ',',
    nullText: '',
    quote: '"',
    escape: '"',
    header: false,
  };
  const decoder = engine.decoder({
    arrangement: TABLE,
    format,
    columns: [
      { name: 'id', type: int4 },
      { name: 'v', type: int8 },
    ],
    metadata: 1,
    mfp: { expressions: [], predicates: [], projection: [0, 1, 2] },
    timeZone: 'UTC',
  });
  const result = decoder.decode(Buffer.from('1,2\nx,3\n4,5\n6,'), {
    end: false,
    diff: 1,
    transaction,
    metadata: ['file'],
  });
  expect(result).toMatchObject({ rows: 2, errorCount: 1, pending: 2 });
  expect(result.errors[0]).toMatchObject({
    sqlstate: '22P02',
    offset: 4,
    line: 2,
    bytes: Buffer.from('x,3'),
  });
  expect(() => decoder.decode(Buffer.alloc(0), { end: true, diff: 1, transaction, metadata: [] })).toThrow(
    EngineError,
  );
});

test('generators write events', () => {
  const transaction = engine.beginTransaction();
  expect(engine.generate({ kind: 'counter' }, 0, 5, [TABLE], transaction)).toEqual({ rows: 5 });
  transaction.clear();
  expect(engine.generate({ kind: 'nexmark', seed: 1 }, 0, 100, [null, null, 12], transaction)).toEqual({
    rows: 92,
  });
  expect(transaction.arrangements()).toEqual([12]);
});

test('what is refused says why and harms nothing', async () => {
  const unknown = select([0], { nodes: [importTable(999)] });
  await expect(query(unknown)).rejects.toMatchObject({ sqlstate: '42P01' });
  expect(() => engine.prepare({ ...select([0]), formatVersion: 99 })).toThrow(/format version 99/);
  await expect(engine.install(select([0]), time)).rejects.toBeInstanceOf(EngineError);
  const view = plan({
    nodes: [importTable(999)],
    output: { kind: 'arrangement', node: 0, arrangement: 21, layout },
  });
  await expect(engine.install(view, time)).rejects.toBeInstanceOf(EngineError);
  await expect(engine.commit(0, [])).rejects.toMatchObject({ sqlstate: 'XX000' });
  const hold = engine.hold(time);
  hold.release();
  expect(engine.since([TABLE])).toBeLessThanOrEqual(time);
});
