/** What fetching uses of kafkajs is there, in the version that is pinned; a broker's batches come as they are. */
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fetching } from '../../connectors/kafka/fetching.ts';
import { recordsOf } from '../../connectors/testing/record-batches.ts';
import { recordBatches } from '../../engine/index.ts';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';

describeWith(kafkaMissing(), 'fetching', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka();
  });
  afterAll(() => broker?.stop());

  test('batches of partitions, by who leads them', async () => {
    await broker.createTopic('a', 2);
    const producer = broker.client().producer();
    await producer.connect();
    await producer.send({
      topic: 'a',
      messages: [1, 2, 3].map((n) => ({ value: String(n), partition: n % 2 })),
    });
    await producer.disconnect();
    const fetching = await Fetching.connect(broker.client(), ['a']);
    try {
      const leaders = [...fetching.leaders()];
      expect(leaders.map(([node, led]) => [node, led.length])).toEqual([['1', 2]]);
      const wanted = [0, 1].map((partition) => ({ topic: 'a', partition, offset: 0 }));
      const fetched = await fetching.fetch('1', wanted, { bytes: 1 << 20, wait: 1000 });
      const read = fetched.map(({ topic, partition, error, end, aborted, batches }) => {
        const values = [...recordsOf(batches)].map(({ offset, value }) => `${offset} ${value.toString()}`);
        const portions = recordBatches.portions(batches, 0, aborted, 1 << 20);
        return { topic, partition, error, end, values, next: portions.map(({ next }) => next) };
      });
      expect(read.sort((a, b) => a.partition - b.partition)).toEqual([
        { topic: 'a', partition: 0, error: null, end: 1, values: ['0 2'], next: [1] },
        { topic: 'a', partition: 1, error: null, end: 2, values: ['0 1', '1 3'], next: [2] },
      ]);
      const behind = [{ topic: 'a', partition: 0, offset: 7 }];
      const [refused] = await fetching.fetch('1', behind, { bytes: 1 << 20, wait: 100 });
      expect(refused?.error).toMatchObject({ type: 'OFFSET_OUT_OF_RANGE' });
    } finally {
      fetching.close();
    }
  });

  test('a client of another version is refused by name', async () => {
    class Other extends kafkajs.Kafka {}
    const other = Object.create(Other.prototype) as InstanceType<typeof Other>;
    await expect(Fetching.connect(other, ['a'])).rejects.toThrow('kafkajs makes no cluster');
  });
});
