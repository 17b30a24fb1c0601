/** A client of kafkajs for a connection's options. */
import type { ConnectionOptions } from 'node:tls';
import kafkajs from 'kafkajs';
import type { Kafka, KafkaConfig, LogEntry, RetryOptions, SASLOptions } from 'kafkajs';
import { ConnectorError } from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { withoutSecrets } from '../secret.ts';
import './codecs.ts';

/** Options of CREATE CONNECTION … TO KAFKA (…). */
export const kafkaConnectionOptions = {
  /** `host:port`, several with commas between them. */
  brokers: { type: 'string', required: true },
  client_id: { type: 'string', default: 'tidewire' },
  sasl_mechanism: { type: 'choice', values: ['plain', 'scram-sha-256', 'scram-sha-512'] },
  sasl_username: { type: 'string' },
  sasl_password: { type: 'secret' },
  /** TLS; any of the options below means it too. */
  ssl: { type: 'boolean', default: false },
  /** PEM of who signed the brokers' certificates; without it those that Node knows. */
  ssl_ca: { type: 'secret', literal: true },
  ssl_certificate: { type: 'secret', literal: true },
  ssl_key: { type: 'secret' },
} as const satisfies OptionSpecs;

export type KafkaConnectionOptions = ParsedOptions<typeof kafkaConnectionOptions>;

/** `host:port` of each broker. */
export function brokersOf({ brokers }: KafkaConnectionOptions): string[] {
  return brokers.split(',').map((broker) => broker.trim());
}

function tlsOf(options: KafkaConnectionOptions): ConnectionOptions | undefined {
  const { ssl_ca: ca, ssl_certificate: cert, ssl_key: key } = options;
  if (!options.ssl && ca === undefined && cert === undefined && key === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca: ca.reveal() }),
    ...(cert === undefined ? {} : { cert: cert.reveal() }),
    ...(key === undefined ? {} : { key: key.reveal() }),
  };
}

/** A client; `log` gets what kafkajs warns of, without secrets. */
export function kafkaClient(
  options: KafkaConnectionOptions,
  log: (message: string) => void,
  retry: RetryOptions,
): Kafka {
  const { client_id: clientId, sasl_mechanism: mechanism } = options;
  const ssl = tlsOf(options);
  const config: KafkaConfig = {
    brokers: brokersOf(options),
    clientId,
    connectionTimeout: 3000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry,
    logLevel: kafkajs.logLevel.WARN,
    logCreator:
      () =>
      ({ log: entry, namespace }: LogEntry) =>
        log(withoutSecrets(`kafka ${namespace}: ${entry.message}`, Object.values(options))),
    ...(ssl === undefined ? {} : { ssl }),
    ...(mechanism === undefined
      ? {}
      : {
          sasl: {
            mechanism,
            username: options.sasl_username ?? '',
            password: options.sasl_password?.reveal() ?? '',
          } as SASLOptions,
        }),
  };
  return new kafkajs.Kafka(config);
}

/** The first of several errors that kafkajs gives as one. */
export function firstError(error: unknown): unknown {
  const [first] = (error as { errors?: unknown[] }).errors ?? [];
  return first ?? error;
}

/** What went wrong, to be shown to users. */
export function kafkaMessage(thrown: unknown, options: KafkaConnectionOptions): string {
  const error = firstError(thrown);
  const { message, name } = error as Error;
  // kafkajs wraps what it gave up on; the reason is what helps.
  const inner = (error as { cause?: unknown }).cause;
  const text = name === 'KafkaJSNumberOfRetriesExceeded' && inner instanceof Error ? inner.message : message;
  return withoutSecrets(text, Object.values(options));
}

/** An error of kafkajs as one of ours. */
export function kafkaError(error: unknown, options: KafkaConnectionOptions, doing: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { name } = error as Error;
  const cause = (error as { cause?: { name?: string } }).cause;
  const refused = [name, cause?.name].some((each) => each?.startsWith('KafkaJSSASL') === true);
  return new ConnectorError({
    sqlstate: refused ? '28000' : '08001',
    message: `could not ${doing}: ${kafkaMessage(error, options)}`,
    ...(refused
      ? { hint: 'Look at SASL MECHANISM, SASL USERNAME and SASL PASSWORD of the connection.' }
      : {}),
  });
}
