/** `tidewire tail`: prints the changes of a relation or query until it is interrupted. */
import { once } from 'node:events';
import { type Change, type Progress, type Row, connect } from './index.ts';

export interface TailOptions {
  readonly url: string;
  readonly format: 'text' | 'json';
  readonly snapshot: boolean;
  readonly progress: boolean;
}

/** Resolves with the exit code. */
export async function tail(query: string, options: TailOptions): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A reader that has seen enough, such as head, closes the pipe.
  process.stdout.once('error', stop);
  const print = options.format === 'json' ? jsonLine : textLine;
  try {
    for await (const change of clientChanges(query, options, controller.signal)) {
      if (!process.stdout.write(print(change))) {
        await Promise.race([once(process.stdout, 'drain'), once(controller.signal, 'abort')]);
      }
    }
    return 0;
  } catch (error) {
    if (controller.signal.aborted) return 0;
    process.stderr.write(`tidewire tail: ${describe(error)}\n`);
    return 1;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function* clientChanges(
  query: string,
  options: TailOptions,
  signal: AbortSignal,
): AsyncGenerator<Change<Row> | Progress> {
  const client = await connect(options.url);
  try {
    const { snapshot, progress } = options;
    yield* client.subscribe(query, { snapshot, progress, signal });
  } finally {
    client.close();
  }
}

function jsonLine(change: Change<Row> | Progress): string {
  const { timestamp } = change;
  const shown = change.progressed
    ? { timestamp, progressed: true }
    : { timestamp, ...(change.state ? { state: change.state } : { diff: change.diff }), row: change.row };
  const text = JSON.stringify(shown, (_, value: unknown) =>
    typeof value === 'bigint' ? exactNumber(value) : value,
  );
  return `${text}\n`;
}

/** A number where JSON's readers keep it exact, else its text. */
function exactNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function textLine(change: Change<Row> | Progress): string {
  const time = new Date(change.timestamp / 1000).toISOString().replace('T', ' ').replace('Z', '');
  if (change.progressed) return `${time}  progressed\n`;
  const { diff, state, row } = change;
  const fields = Object.values(row).map((value) => {
    if (value === null) return '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
  return `${time}  ${state ?? `${diff > 0 ? '+' : ''}${diff}`}  ${fields.join('\t')}\n`;
}

/** The server's message with its code and hint. */
function describe(error: unknown): string {
  const { code, hint, message } = error as { code?: string; hint?: string; message?: string };
  return `${message ?? String(error)}${code === undefined ? '' : ` (${code})`}${hint === undefined ? '' : `\nHINT: ${hint}`}`;
}
