/** CREATE CONNECTION … TO KAFKA: which options go together, and whether they let us in. */
import { SqlError } from '../../sql/error.ts';
import type { ConnectionConnector } from '../contract.ts';
import {
  type KafkaConnectionOptions,
  brokersOf,
  kafkaClient,
  kafkaConnectionOptions,
  kafkaError,
} from './client.ts';

export const kafkaConnection: ConnectionConnector<typeof kafkaConnectionOptions> = {
  name: 'kafka',
  options: kafkaConnectionOptions,

  check(options: KafkaConnectionOptions): void {
    for (const broker of brokersOf(options)) {
      const port = Number(/^.+:(\d{1,5})$/.exec(broker)?.[1] ?? NaN);
      if (port > 0 && port < 65_536) continue;
      throw new SqlError({
        sqlstate: '22023',
        message: `"${broker}" is no address of a broker`,
        hint: "BROKERS is host:port, several with commas between them: 'a:9092,b:9092'.",
      });
    }
    const given = options.sasl_username !== undefined || options.sasl_password !== undefined;
    if (options.sasl_mechanism === undefined) {
      if (given) throw missing('sasl_mechanism', 'It is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.');
    } else {
      if (options.sasl_username === undefined) throw missing('sasl_username');
      if (options.sasl_password === undefined) throw missing('sasl_password');
    }
    if ((options.ssl_key === undefined) !== (options.ssl_certificate === undefined)) {
      throw missing(options.ssl_key === undefined ? 'ssl_key' : 'ssl_certificate');
    }
  },

  async validate(options: KafkaConnectionOptions): Promise<void> {
    // What the client warns of comes again as the error.
    const admin = kafkaClient(options, () => undefined, { retries: 1, initialRetryTime: 100 }).admin();
    try {
      await admin.connect();
      await admin.describeCluster();
    } catch (error) {
      throw kafkaError(error, options, `connect to Kafka at ${options.brokers}`);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  },
};

function missing(option: string, hint?: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `connection KAFKA needs the option "${option}" with the others that are given`,
    hint,
  });
}
