/** A statement with its parameter values, run in portions: the result waits in it between two Executes. */
import type { ParameterValue } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { completionTag } from '../results/command-tag.ts';
import type { CancelScope } from './cancel-scope.ts';
import type { Client } from './client.ts';
import type { Prepared } from './prepared.ts';
import { StreamReader } from './stream-reader.ts';
import type { ResultColumn, StatementResult } from './statement.ts';

/** What is sent before other sessions get a turn. */
/** Room for a chunk of a large result, and a row more. */
const ROOM_BYTES = 128 << 10;
const TURN_BYTES = 1 << 20;

/** How a portal's run ended: with a command tag, or at its row limit. */
export type Outcome = { readonly kind: 'complete'; readonly tag: string } | { readonly kind: 'suspended' };

export class Portal {
  readonly prepared: Prepared;
  readonly parameters: readonly ParameterValue[];
  /** One for each result column. */
  readonly formats: readonly number[];
  #result: StatementResult | null = null;
  #reader: StreamReader | null = null;
  #finished = false;
  /** What a second Execute of a finished portal answers: rows can be asked for again and again, commands cannot. */
  #afterwards: string | null = null;

  constructor(prepared: Prepared, parameters: readonly ParameterValue[], formats: readonly number[]) {
    this.prepared = prepared;
    this.parameters = parameters;
    this.formats = formats;
  }

  get started(): boolean {
    return this.#result !== null || this.#finished;
  }

  /** The columns of a result that has rows. */
  get columns(): readonly ResultColumn[] | null {
    if (this.#result?.kind === 'rows') return this.#result.columns;
    return this.#result?.kind === 'stream' ? this.#result.stream.columns : null;
  }

  /** Takes what execution gave. */
  start(result: StatementResult): void {
    this.#result = result;
    if (result.kind === 'stream' || result.kind === 'copyStream')
      this.#reader = new StreamReader(result.stream);
  }

  /** Sends the result, at most `maxRows` rows of it (0: no limit). */
  async pour(client: Client, maxRows: number, cancel: CancelScope): Promise<Outcome> {
    const result = this.#result;
    if (!result) {
      if (this.#afterwards !== null) return { kind: 'complete', tag: this.#afterwards };
      throw new SqlError({ sqlstate: '55000', message: 'portal cannot be run' });
    }
    if (result.kind === 'rows' || result.kind === 'stream') this.#afterwards = completionTag(result.tag, 0);
    let ended = true;
    try {
      const outcome = await this.#pour(result, client, maxRows, cancel);
      ended = outcome.kind === 'complete';
      return outcome;
    } finally {
      if (ended) this.close();
    }
  }

  close(): void {
    const result = this.#result;
    this.#result = null;
    this.#finished = true;
    this.#reader?.close();
    this.#reader = null;
    if (result?.kind === 'rows' || result?.kind === 'copyOut') result.cursor.close();
    if (result?.kind === 'copyIn') result.fail('the portal was closed');
  }

  async #pour(
    result: StatementResult,
    client: Client,
    maxRows: number,
    cancel: CancelScope,
  ): Promise<Outcome> {
    switch (result.kind) {
      case 'command':
        return { kind: 'complete', tag: result.tag };
      case 'rows': {
        const rows = await pourCursor(result.cursor, client, maxRows, cancel);
        // As in PostgreSQL: at the limit nobody has looked whether there is more.
        if (maxRows > 0 && rows === maxRows) return { kind: 'suspended' };
        return { kind: 'complete', tag: completionTag(result.tag, rows) };
      }
      case 'stream': {
        const { rows, ended } = await pourStream(this.#reader!, client, maxRows, cancel);
        if (!ended) return { kind: 'suspended' };
        return { kind: 'complete', tag: completionTag(result.tag, rows) };
      }
      case 'copyOut': {
        client.startCopyOut(result.columnCount);
        if (result.header) client.copyLine(result.header);
        const rows = await pourCursor(result.cursor, client, 0, cancel);
        client.endCopyOut();
        return { kind: 'complete', tag: completionTag('COPY', rows) };
      }
      case 'copyStream': {
        client.startCopyOut(result.columnCount);
        if (result.header) client.copyLine(result.header);
        const { rows } = await pourStream(this.#reader!, client, 0, cancel);
        client.endCopyOut();
        return { kind: 'complete', tag: completionTag('COPY', rows) };
      }
      case 'copyIn':
        return { kind: 'complete', tag: await this.#receive(result, client, cancel) };
    }
  }

  async #receive(
    result: Extract<StatementResult, { kind: 'copyIn' }>,
    client: Client,
    cancel: CancelScope,
  ): Promise<string> {
    const receiving = client.receiveCopy(result.columnCount, (chunk) => result.push(chunk));
    const release = cancel.onCancel(() => receiving.abort(cancel.reason!));
    try {
      await receiving.done;
    } catch (error) {
      this.#result = null;
      result.fail(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      release();
    }
    this.#result = null;
    return result.end();
  }
}

/** Sends rows that are ready; returns how many. */
async function pourCursor(
  cursor: Extract<StatementResult, { kind: 'rows' }>['cursor'],
  client: Client,
  maxRows: number,
  cancel: CancelScope,
): Promise<number> {
  let sent = 0;
  let turn = 0;
  let room: Buffer | null = null;
  const roomFor = (): Buffer => (room ??= Buffer.allocUnsafeSlow(ROOM_BYTES));
  for (;;) {
    const filled = cursor.fill();
    if (filled) await filled;
    const { chunk, rows, done } = cursor.next(maxRows === 0 ? 0 : maxRows - sent, roomFor);
    sent += rows;
    turn += chunk.length;
    if (!client.messages(chunk)) room = null;
    if (done || (maxRows > 0 && sent >= maxRows)) return sent;
    if (client.congested) await client.drained();
    if (turn >= TURN_BYTES) {
      turn = 0;
      await new Promise(setImmediate);
    }
    cancel.check();
  }
}

/** Sends a stream's rows as they come. */
async function pourStream(
  reader: StreamReader,
  client: Client,
  maxRows: number,
  cancel: CancelScope,
): Promise<{ rows: number; ended: boolean }> {
  let sent = 0;
  // Who wants a number of rows counts them here.
  const borrower = maxRows === 0 ? reader.borrower : undefined;
  // The client may have to wait long for the first row: it learns the columns now.
  client.flush();
  for (;;) {
    if (borrower) client.lend(borrower);
    const portion = await reader.take(maxRows === 0 ? 0 : maxRows - sent, null, cancel);
    if (portion === null) break;
    if (portion === 'timeout') continue;
    sent += portion.rows;
    client.messages(portion.chunk);
    if (maxRows > 0 && sent >= maxRows) return { rows: sent, ended: false };
    client.flush();
    if (client.congested) await client.drained();
  }
  client.takeBack();
  return { rows: sent + (borrower?.rows ?? 0), ended: true };
}
