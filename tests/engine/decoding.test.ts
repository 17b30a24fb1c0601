/** Messages on their way to commits: decoded on several threads, given on in their order. */
import { createRequire } from 'node:module';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MessagesBatch } from '../../connectors/contract.ts';
import { Decoding } from '../../connectors/decoding.ts';
import { type Engine, type RowDecoder, startEngine } from '../../engine/index.ts';

// kafkajs encodes the batches.
const require = createRequire(import.meta.url);
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => unknown;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>;
};
const CHUNKS = 12;
const RECORDS = 5000;
const TASKS = '/proc/self/task';

let engine: Engine;
beforeAll(() => {
  engine = startEngine({
    workers: 2,
    events: {
      completed: () => undefined,
      changes: () => undefined,
      subscriptionEnded: () => undefined,
    } as unknown as Parameters<typeof startEngine>[0]['events'],
  });
});
afterAll(() => engine?.stop());

const int8 = { scalar: 'int8', typmod: -1, nullable: true } as const;

function decoder(): RowDecoder {
  return engine.decoder({
    arrangement: 1,
    format: { kind: 'json' },
    columns: [{ name: 'n', type: int8 }],
    metadata: 0,
    messages: [{ kind: 'offset' }],
    mfp: { expressions: [], predicates: [], projection: [0, 1] },
    timeZone: 'UTC',
  });
}

async function batches(): Promise<MessagesBatch[]> {
  return Promise.all(
    Array.from({ length: CHUNKS }, async (_, chunk): Promise<MessagesBatch> => {
      const records = Array.from({ length: RECORDS }, (_, offsetDelta) =>
        Record({ offsetDelta, value: Buffer.from(`{"n": ${offsetDelta}, "rest": "${'x'.repeat(100)}"}`) }),
      );
      // A record that does not decode, in the last.
      if (chunk === CHUNKS - 1)
        records.push(Record({ offsetDelta: RECORDS, value: Buffer.from('{"n": "x"}') }));
      const { buffer } = await RecordBatch({ records, lastOffsetDelta: records.length - 1 });
      const place = { topic: 't', partition: chunk % 3, from: 0 };
      return {
        ...{
          kind: 'messages',
          table: 0,
          stream: `t/${chunk % 3}`,
          bytes: buffer,
          diff: 1,
          metadata: {},
          commit: true,
        },
        ...place,
        offset: { partition: String(chunk % 3), value: String(chunk) },
      };
    }),
  );
}

/** How long each thread has run, in milliseconds. */
function threads(): Map<string, number> {
  const ran = (task: string): number =>
    Number(readFileSync(`${TASKS}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  return new Map(readdirSync(TASKS).map((task) => [task, ran(task)]));
}

test.skipIf(!existsSync(TASKS))('chunks are decoded on two threads and come in their order', async () => {
  const all = await batches();
  async function* given(): AsyncGenerator<MessagesBatch> {
    yield* all;
  }
  const target = { lanes: engine.workers, decoder, learn: async () => true };
  const decoding = new Decoding(given(), target, null);
  const transaction = engine.beginTransaction();
  const before = threads();
  const outcomes: string[] = [];
  for (;;) {
    const { done, value } = await decoding.next();
    if (done) break;
    const { rows, errorCount, errors } = value.staged!.write({ transaction });
    const { offset } = value.batch as MessagesBatch;
    outcomes.push(`${offset.value} ${rows} ${errorCount} ${errors[0]?.offset ?? ''}`.trim());
  }
  const expected = Array.from({ length: CHUNKS }, (_, chunk) => `${chunk} ${RECORDS} 0`);
  expected[CHUNKS - 1] = `${CHUNKS - 1} ${RECORDS} 1 ${RECORDS}`;
  expect(outcomes).toEqual(expected);
  const busy = [...threads()]
    .filter(([task]) => task !== String(process.pid))
    .map(([task, ran]) => ran - (before.get(task) ?? 0))
    .sort((a, b) => b - a);
  // The second thread did a good part of what the first did.
  expect(busy[1]! / busy[0]!, `the busiest threads ran ${busy.slice(0, 4).join(', ')} ms`).toBeGreaterThan(
    0.3,
  );
  transaction.close();
  decoding.close();
});

test('a batch that cannot be read is an error of its own, behind what came before', async () => {
  const [whole, other] = await batches();
  const broken = Buffer.from(other!.bytes);
  broken[broken.length - 2]! ^= 1;
  async function* given(): AsyncGenerator<MessagesBatch> {
    yield whole!;
    yield { ...other!, bytes: broken };
  }
  const decoding = new Decoding(given(), { lanes: 2, decoder, learn: async () => true }, null);
  await expect(decoding.next()).resolves.toMatchObject({ done: false });
  await expect(decoding.next()).rejects.toMatchObject({
    sqlstate: 'XX001',
    message: 'the batch at offset 0 cannot be read: its checksum is wrong',
  });
});
