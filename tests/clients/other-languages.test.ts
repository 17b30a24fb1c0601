/**
 * Drivers of other languages, unmodified, against the server. A driver's program prints `ok STEP` or `failed STEP` with
 * the reason, one step after the other.
 */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { describeWith } from '../support/left-out.ts';
import { testServer } from '../support/test-server.ts';
import { java, python } from './setup.ts';

const withPython = python();
const withJava = java();
const server = testServer();

/** The steps that a program has passed; its whole output when one failed. */
function steps([program, ...args]: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, [...args, String(server.port)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`it ended with ${code}:\n${out}${err}`));
      else resolve([...out.matchAll(/^ok (.*)$/gm)].map((match) => match[1]!));
    });
  });
}

describeWith(withPython.missing, 'Python', () => {
  test.each([
    ['psycopg 3', 'psycopg3_program.py', 11],
    ['psycopg2', 'psycopg2_program.py', 4],
    ['asyncpg', 'asyncpg_program.py', 5],
    ['SQLAlchemy over psycopg 3', 'sqlalchemy_program.py', 4],
  ])('%s', async (_name, program, count) => {
    expect(await steps(withPython.command(program))).toHaveLength(count);
  });
});

describeWith(withJava.missing, 'Java', () => {
  test('JDBC', async () => {
    expect(await steps(withJava.command('Jdbc.java'))).toHaveLength(9);
  });
});
