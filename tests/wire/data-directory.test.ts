import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataDirectory } from '../../server/data-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidewire-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('one owner at a time, and again after a release', () => {
  const first = openDataDirectory(directory);
  expect(() => openDataDirectory(directory)).toThrow(`is in use by process ${process.pid}`);
  first.release();
  openDataDirectory(directory).release();
});

test('a lock that a dead process left is taken over', () => {
  const { pid } = spawnSync('true');
  writeFileSync(join(directory, 'tidewire.lock'), JSON.stringify({ pid, started: null }));
  openDataDirectory(directory).release();
});

test('a lock of a process that has our number but began at another time is left over', () => {
  writeFileSync(
    join(directory, 'tidewire.lock'),
    JSON.stringify({ pid: process.pid, started: 'earlier boot/1' }),
  );
  openDataDirectory(directory).release();
});

test('a newer format and a foreign directory are refused', () => {
  writeFileSync(join(directory, 'FORMAT_VERSION'), '99\n');
  expect(() => openDataDirectory(directory)).toThrow('has format version 99');
  rmSync(join(directory, 'FORMAT_VERSION'));
  writeFileSync(join(directory, 'letters.txt'), 'mine');
  expect(() => openDataDirectory(directory)).toThrow('no Tidewire data directory');
});
