/** The command line: `tidewire serve` and `tidewire tail`. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { tail } from '../clients/typescript/tail.ts';
import { DataDirectoryError } from './data-directory.ts';
import { type LogLevel, createLog } from './log.ts';
import { type StartSystem, serve } from './serve.ts';

const USAGE = `usage: tidewire serve [--data DIR] [--host HOST] [--port PORT] [--workers N]
                      [--log-format json|pretty] [--log-level debug|info|warn|error]
       tidewire tail QUERY [--url postgres://tidewire@127.0.0.1:7432/tidewire] [--format text|json]
                           [--no-snapshot] [--progress]
       tidewire --version
`;

/** A mistake on the command line. */
class UsageError extends Error {}

/** Runs a command; resolves with the exit code. */
export async function run(args: readonly string[], startSystem: StartSystem): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'serve':
        return await runServe(rest, startSystem);
      case 'tail':
        return await runTail(rest);
      case '--version':
        process.stdout.write(`tidewire ${version()}\n`);
        return 0;
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        process.stdout.write(USAGE);
        return command === undefined ? 2 : 0;
      default:
        throw new UsageError(`unknown command "${command}"`);
    }
  } catch (error) {
    if (error instanceof UsageError || isArgumentError(error)) {
      process.stderr.write(`tidewire: ${error.message}\n${USAGE}`);
      return 2;
    }
    if (error instanceof DataDirectoryError || isListenError(error)) {
      process.stderr.write(`tidewire: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

async function runServe(args: readonly string[], startSystem: StartSystem): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string', default: 'tidewire-data' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '7432' },
      workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
      'log-format': { type: 'string', default: process.stderr.isTTY ? 'pretty' : 'json' },
      'log-level': { type: 'string', default: 'info' },
    },
  });
  const log = createLog({
    format: oneOf('--log-format', values['log-format'], ['json', 'pretty']),
    level: oneOf<LogLevel>('--log-level', values['log-level'], ['debug', 'info', 'warn', 'error']),
  });
  const options = {
    data: values.data,
    host: values.host,
    port: wholeNumber('--port', values.port, 0, 65_535),
    workers: wholeNumber('--workers', values.workers, 1, 256),
    version: version(),
  };
  return serve(options, startSystem, log);
}

async function runTail(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'postgres://tidewire@127.0.0.1:7432/tidewire' },
      format: { type: 'string', default: process.stdout.isTTY ? 'text' : 'json' },
      'no-snapshot': { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
    },
  });
  const [query] = positionals;
  if (query === undefined || positionals.length > 1) throw new UsageError('tail takes one query');
  return tail(query, {
    url: values.url,
    format: oneOf('--format', values.format, ['text', 'json']),
    snapshot: !values['no-snapshot'],
    progress: values.progress,
  });
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} takes one of ${allowed.join(', ')}`);
}

function wholeNumber(option: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new UsageError(`${option} takes a number from ${minimum} to ${maximum}, not "${text}"`);
}

/** From package.json, beside the sources or above the build. */
function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        version: string;
      };
      return version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
}

function isListenError(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === 'listen';
}
