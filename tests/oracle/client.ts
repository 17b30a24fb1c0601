/** Statements and their results as text, over the wire, from either system. */
import pg from 'pg';
import type { Result, Row } from './bag.ts';

/** An error of the server: its SQLSTATE, and what it says. */
export interface Refusal {
  readonly error: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: string | undefined;
  readonly where?: string | undefined;
}

export type Answer = Result | Refusal;

const asText = { getTypeParser: () => (text: string) => text };

export function failed(answer: Answer): answer is Refusal {
  return 'error' in answer;
}

/**
 * Runs statements in one message, in one round trip; the first that fails ends them, and its error is the answer. The count
 * of rows that each wrote or gave comes with its answer.
 */
export async function askAll(
  client: pg.Client,
  texts: readonly string[],
): Promise<(Exclude<Answer, Refusal> & { readonly count: number | null })[] | Refusal> {
  try {
    const config = { text: texts.join(';\n'), rowMode: 'array', types: asText as never };
    const answer = (await client.query(config)) as unknown as pg.QueryArrayResult | pg.QueryArrayResult[];
    return (Array.isArray(answer) ? answer : [answer]).map((result) => ({
      ...resultOf(result),
      count: result.rowCount,
    }));
  } catch (error) {
    return refusal(error, texts.join(';\n'));
  }
}

/** Runs one statement; an error of the server is an answer, the loss of the connection is thrown. */
export async function ask(client: pg.Client, text: string): Promise<Answer> {
  try {
    return resultOf(await client.query({ text, rowMode: 'array', types: asText as never }));
  } catch (error) {
    return refusal(error, text);
  }
}

function resultOf(result: pg.QueryArrayResult): Exclude<Answer, Refusal> {
  return {
    names: result.fields.map((field) => field.name),
    types: result.fields.map((field) => field.dataTypeID),
    modifiers: result.fields.map((field) => field.dataTypeModifier),
    rows: result.rows as Row[],
  };
}

function refusal(error: unknown, text: string): Refusal {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    const { code, message, detail, hint, position, where } = error;
    return { error: code, message, detail, hint, position, where };
  }
  throw new Error(`no answer to: ${text}\n${String(error)}`, { cause: error });
}

/**
 * A SUBSCRIBE on a connection of its own, folded. Only timestamps that a progress row has closed count; within one
 * timestamp a row may come once, timestamps may not go back, and no row may be there less than zero times.
 */
export class Fold {
  readonly #client: pg.Client;
  readonly #counts = new Map<string, { row: Row; count: number }>();
  #open: { row: Row; diff: number }[] = [];
  #openAt = -1n;
  #closed = -1n;
  /** The last timestamp with changes that has been closed. */
  lastChange = -1n;
  #wake: () => void = () => {};
  /** Timestamps with changes that have been closed. */
  timestamps = 0;
  error: { readonly error: string; readonly message: string } | null = null;
  violation: string | null = null;

  constructor(client: pg.Client, target: string) {
    this.#client = client;
    const query = new pg.Query({
      text: `SUBSCRIBE TO ${target} WITH (PROGRESS)`,
      rowMode: 'array',
      types: asText as never,
    } as never);
    query.on('row', (row: unknown) => this.#take(row as (string | null)[]));
    query.on('error', (error: Error) => {
      this.error ??= { error: (error as { code?: string }).code ?? 'lost', message: error.message };
      this.#wake();
    });
    // A subscription to what can no longer change ends, and its end closes the last timestamp.
    query.on('end', () => {
      this.#close();
      this.#wake();
    });
    client.query(query as never);
  }

  rows(): Row[] {
    return [...this.#counts.values()].flatMap(({ row, count }) => Array.from({ length: count }, () => row));
  }

  /** Waits until `done` holds of the fold, an error came, or the time is over. */
  async until(done: () => boolean, milliseconds: number): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    while (!done()) {
      if (this.error !== null || this.violation !== null || Date.now() > deadline) return done();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, deadline - Date.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  close(): void {
    (this.#client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  #take(row: (string | null)[]): void {
    const [time, progressed, diff, ...values] = row;
    const at = BigInt(time ?? '-1');
    if (at < this.#openAt || at < this.#closed) {
      this.violation ??= `timestamp ${at} came after ${this.#openAt}, with progress at ${this.#closed}`;
    }
    if (at > this.#openAt) this.#close();
    this.#openAt = at;
    if (progressed === 't') {
      this.#closed = at;
      this.#wake();
    } else this.#open.push({ row: values, diff: Number(diff) });
  }

  #close(): void {
    if (this.#open.length === 0) return;
    const seen = new Set<string>();
    for (const { row, diff } of this.#open) {
      const key = JSON.stringify(row);
      if (seen.has(key)) this.violation ??= `timestamp ${this.#openAt} has the row ${key} twice`;
      seen.add(key);
      const count = (this.#counts.get(key)?.count ?? 0) + diff;
      if (count < 0) this.violation ??= `the row ${key} is there ${count} times at ${this.#openAt}`;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, { row, count });
    }
    this.#open = [];
    this.lastChange = this.#openAt;
    this.timestamps++;
    this.#wake();
  }
}
