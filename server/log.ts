/** Structured logs on standard error: lines of JSON, or readable ones on a terminal. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LogOptions {
  readonly format: 'json' | 'pretty';
  readonly level: LogLevel;
  readonly write?: (line: string) => void;
}

export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const least = LEVELS.indexOf(options.level);
  const format = options.format === 'json' ? jsonLine : prettyLine;
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(level) >= least) write(format(level, message, fields));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log that keeps nothing: for tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function jsonLine(level: LogLevel, message: string, fields: LogFields): string {
  const plain = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
  return `${JSON.stringify({ time: new Date().toISOString(), level, message, ...plain })}\n`;
}

function prettyLine(level: LogLevel, message: string, fields: LogFields): string {
  const rest = Object.entries(fields).map(([key, value]) => {
    const text = plainValue(value);
    return ` ${key}=${typeof text === 'string' && /^\S+$/.test(text) ? text : JSON.stringify(text)}`;
  });
  return `${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${message}${rest.join('')}\n`;
}

function plainValue(value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value;
}
