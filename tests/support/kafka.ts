/**
 * A real Apache Kafka: one broker that is its own controller, from Maven Central into .cache/kafka-VERSION, started on free
 * loopback ports with a small heap. It has a listener for each way in: open, SASL (PLAIN, SCRAM), TLS with and without a
 * client's certificate.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';
import { CACHE, type Missing, kept, run, setUp } from './set-up.ts';
import { freePort } from './ports.ts';

/** 4.4.0 lacks its tools. */
const NEWEST = '4.3.1';
/** The version to test with: `npm run kafka` takes older ones, too. */
export const KAFKA_VERSION = process.env.TIDEWIRE_KAFKA_VERSION ?? NEWEST;
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
const FOLDER = `kafka-${KAFKA_VERSION}`;
const HEAP = '256m';
/** Who may come in by SASL. */
export const KAFKA_USER = { name: 'alice', password: 'alice-pa55-w0rd' };

/** What is missing for a broker; downloads it once. */
export function kafkaMissing(): Missing {
  return setUp(() => {
    run('Java 17 or newer is not installed', 'java', ['-version']);
    run('openssl is not installed', 'openssl', ['version']);
    kept(FOLDER, (folder) => {
      run('Maven is not installed', 'mvn', ['--version']);
      const dependencies = ['kafka_2.13', 'kafka-tools'].map(
        (artifact) =>
          `<dependency><groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${KAFKA_VERSION}</version></dependency>`,
      );
      const pom = join(folder, 'pom.xml');
      writeFileSync(
        pom,
        `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('')}</dependencies></project>\n`,
      );
      const libraries = `-DoutputDirectory=${join(folder, 'libs')}`;
      run('Apache Kafka could not be fetched', 'mvn', [
        ...['-q', '-B', '-f', pom, COPY, '-DincludeScope=runtime', libraries],
      ]);
    });
  });
}

export interface KafkaBroker {
  /** `host:port` of the listeners. */
  readonly open: string;
  readonly sasl: string;
  readonly tls: string;
  /** PEM texts: who signed the broker's certificate, and a client's own. */
  readonly ca: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** A client for the open listener. */
  client(): Kafka;
  createTopic(topic: string, partitions?: number): Promise<void>;
  /** Ends the process at once; `start` brings it back with what it had. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a broker with nothing in it. */
export async function startKafka(): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-kafka-'));
  const at = (name: string): string => join(folder, name);
  const [open, sasl, tls, controller] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  certificates(folder);
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const { name, password } = KAFKA_USER;
  writeFileSync(
    at('server.properties'),
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=OPEN://127.0.0.1:${open},SASL://127.0.0.1:${sasl},TLS://127.0.0.1:${tls},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=OPEN://127.0.0.1:${open},SASL://127.0.0.1:${sasl},TLS://127.0.0.1:${tls}
controller.listener.names=CONTROLLER
inter.broker.listener.name=OPEN
listener.security.protocol.map=OPEN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config=${plain} required user_${name}="${password}";
listener.name.sasl.scram-sha-256.sasl.jaas.config=${scram} required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=${scram} required;
ssl.keystore.type=PEM
ssl.keystore.location=${at('broker.pem')}
ssl.truststore.type=PEM
ssl.truststore.location=${at('ca.crt')}
ssl.client.auth=requested
log.dirs=${at('logs')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
auto.create.topics.enable=false
num.network.threads=1
num.io.threads=2
log.cleaner.dedupe.buffer.size=8388608
`,
  );
  writeFileSync(
    at('log4j2.xml'),
    `<Configuration status="WARN"><Appenders><Console name="o"><PatternLayout pattern="%d %p %c %m%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="o"/></Root></Loggers></Configuration>\n`,
  );
  const java = [
    ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', `-Xmx${HEAP}`],
    ...[`-Dlog4j2.configurationFile=${at('log4j2.xml')}`, '-cp', join(CACHE, FOLDER, 'libs/*')],
  ];
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${name},password=${password}]`,
  ]);
  run('Kafka could not format its logs', 'java', [
    ...[...java, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg'],
    ...['-c', at('server.properties'), ...users],
  ]);
  let broker: ChildProcess | undefined;
  const client = (): Kafka =>
    new kafkajs.Kafka({
      brokers: [`127.0.0.1:${open}`],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 120, initialRetryTime: 100, maxRetryTime: 500 },
    });
  const start = async (): Promise<void> => {
    const log = openSync(at('broker.log'), 'a');
    const process = spawn('java', [...java, 'kafka.Kafka', at('server.properties')], {
      stdio: ['ignore', log, log],
    });
    broker = process;
    const admin = client().admin();
    try {
      await Promise.race([
        admin.connect().then(() => admin.describeCluster()),
        new Promise((_, reject) => process.once('exit', () => reject(new Error('the broker ended')))),
      ]);
    } catch (error) {
      process.kill('SIGKILL');
      throw new Error(`Kafka did not start: ${readFileSync(at('broker.log'), 'utf8').slice(-2000)}`, {
        cause: error,
      });
    } finally {
      await admin.disconnect();
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const process = broker;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill(signal);
    await ended;
  };
  await start();
  const text = (file: string): string => readFileSync(at(file), 'utf8');
  return {
    open: `127.0.0.1:${open}`,
    sasl: `127.0.0.1:${sasl}`,
    tls: `127.0.0.1:${tls}`,
    ca: text('ca.crt'),
    clientCertificate: text('client.crt'),
    clientKey: text('client.key'),
    client,
    async createTopic(topic, partitions = 1) {
      const admin = client().admin();
      await admin.connect();
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
      });
      await admin.disconnect();
    },
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An authority, and certificates that it signed: the broker's for 127.0.0.1, and a client's. */
function certificates(folder: string): void {
  const openssl = (...args: string[]): string => run('openssl failed', 'openssl', args, folder);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=authority',
  );
  for (const name of ['broker', 'client']) {
    writeFileSync(join(folder, `${name}.ext`), 'subjectAltName=IP:127.0.0.1\n');
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.crt`, '-days', '2', '-sha256', '-extfile', `${name}.ext`],
    );
  }
  const pem = ['broker.key', 'broker.crt'].map((file) => readFileSync(join(folder, file), 'utf8')).join('');
  writeFileSync(join(folder, 'broker.pem'), pem);
}
