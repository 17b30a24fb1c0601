/** docker-compose.yml is read as Docker reads it: its services, what they open, and what the server is started with. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../support/tidewire.ts';

interface Service {
  readonly build?: string;
  readonly network_mode?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8'), {
  strict: true,
  uniqueKeys: true,
}) as Compose;

test('the services are the server, a Kafka broker and PostgreSQL', () => {
  expect(Object.keys(compose.services)).toEqual(['tidewire', 'kafka', 'postgres']);
  for (const { build, image } of Object.values(compose.services))
    expect([build, image].join('')).not.toBe('');
  // A name without a tag would be another broker every month.
  for (const { image } of Object.values(compose.services))
    expect(image ?? 'built:here').toMatch(/^.+:[^:]+$/);
});

test('only the loopback of the host is opened', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  expect(ports).toEqual(['127.0.0.1:9092:9092', '127.0.0.1:5432:5432']);
});

test('the server starts as its command line wants it', () => {
  const { command, build, network_mode: network } = compose.services['tidewire']!;
  expect(command).toEqual(['serve', '--data', '/var/lib/tidewire', '--host', '127.0.0.1', '--port', '7432']);
  // From a bridge's address the server would refuse every client.
  expect(network).toBe('host');
  expect(existsSync(join(projectRoot, build!, 'Dockerfile'))).toBe(true);
});

test('every named volume is declared, every mounted folder is there', () => {
  const mounts = Object.values(compose.services).flatMap((service) => service.volumes ?? []);
  expect(mounts).not.toEqual([]);
  for (const mount of mounts) {
    const from = mount.split(':')[0]!;
    if (from.startsWith('.')) expect(existsSync(join(projectRoot, from))).toBe(true);
    else expect(Object.keys(compose.volumes)).toContain(from);
  }
});
