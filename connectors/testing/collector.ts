/**
 * A target for ingestion in tests: decodes newline-separated records into a bag, and sees commits whole. Production
 * decodes natively; a test of a connector needs no engine.
 */
import type { DecodeError, Rejects, RowDecoder, Transaction } from '../../engine/index.ts';
import type { IngestTarget, Rejected } from '../ingest.ts';
import { recordsOf } from './record-batches.ts';

interface Changes {
  rows: Map<string, number>;
}

/** Collects what a source commits. */
export class Collector implements IngestTarget {
  /** Rows with their multiplicities, after all commits so far. */
  readonly rows = new Map<string, number>();
  /** The rows after each commit, while they are few. */
  readonly history: string[][] = [];
  readonly offsets: Record<string, string> = {};
  readonly generated: { from: number; count: number }[] = [];
  readonly refused: Rejected[] = [];
  /** Commits wait for it. */
  gate: Promise<void> = Promise.resolve();
  onError: 'skip' | 'fail' = 'skip';
  /** The commit of this number (from 1) and those after it are lost. */
  fail: { readonly atCommit: number } | null = null;
  #size = 0;
  #waiting: { done: () => boolean; resolve: () => void }[] = [];

  /** Each transaction says that it is large, so that each batch is a commit. */
  begin(): Transaction {
    const changes: Changes = { rows: new Map() };
    return {
      ...changes,
      byteLength: () => 4 << 20,
      close: () => undefined,
    } as unknown as Transaction;
  }

  readonly lanes = 2;
  /** Its sources give messages: a decoder takes Kafka's batches. */
  messages = false;

  decoder(): RowDecoder {
    if (this.messages) return messageDecoder();
    let tail = '';
    let line = 0;
    return {
      decode: (chunk, { end, diff, transaction, metadata }) => {
        const { rows } = transaction as unknown as Changes;
        const lines = (tail + chunk.toString('utf8')).split('\n');
        tail = lines.pop()!;
        if (end && tail !== '') {
          lines.push(tail);
          tail = '';
        }
        const errors = [];
        let count = 0;
        for (const text of lines) {
          line++;
          if (text === '') continue;
          if (text.startsWith('!')) {
            if (diff !== 0) {
              errors.push({ sqlstate: '22P02', message: 'bad', offset: 0, line, bytes: Buffer.from(text) });
            }
            continue;
          }
          if (diff === 0) continue;
          const row = [text, ...metadata].join('|');
          rows.set(row, (rows.get(row) ?? 0) + diff);
          count++;
        }
        return { rows: count, errorCount: errors.length, errors, pending: Buffer.byteLength(tail) };
      },
      stage: () => Promise.reject(new Error('these are no messages')),
      learnSchema: () => undefined,
      close: () => undefined,
    };
  }

  async learn(): Promise<boolean> {
    return true;
  }

  generate(from: number, count: number, transaction: Transaction): number {
    this.generated.push({ from, count });
    const { rows } = transaction as unknown as Changes;
    for (let event = from; event < from + count; event++) rows.set(`event ${event}`, 1);
    return count;
  }

  rejects(): Rejects | undefined {
    return undefined;
  }

  rejected(rejected: Rejected): void {
    if (this.onError === 'fail') throw new Error('record refused');
    this.refused.push(rejected);
  }

  async commit(transaction: Transaction, offsets: Readonly<Record<string, string | null>>): Promise<void> {
    await this.gate;
    if (this.fail !== null && this.history.length + 1 >= this.fail.atCommit) throw new Error('commit lost');
    for (const [row, diff] of (transaction as unknown as Changes).rows) {
      const count = (this.rows.get(row) ?? 0) + diff;
      if (count < 0) throw new Error(`row taken back that is not there: ${row}`);
      this.#size += count - (this.rows.get(row) ?? 0);
      if (count === 0) this.rows.delete(row);
      else this.rows.set(row, count);
    }
    for (const [partition, value] of Object.entries(offsets)) {
      if (value === null) delete this.offsets[partition];
      else this.offsets[partition] = value;
    }
    if (this.#size < 1000) this.history.push(this.list());
    else this.history.push([]);
    this.#waiting = this.#waiting.filter(({ done, resolve }) => {
      if (!done()) return true;
      resolve();
      return false;
    });
  }

  /** Stands where another one stood. */
  restore(rows: ReadonlyMap<string, number>, offsets: Readonly<Record<string, string>>): void {
    for (const [row, count] of rows) {
      this.rows.set(row, count);
      this.#size += count;
    }
    Object.assign(this.offsets, offsets);
  }

  /** How many rows there are. */
  get size(): number {
    return this.#size;
  }

  /** The rows, sorted, each as often as it is there. */
  list(): string[] {
    return [...this.rows].flatMap(([row, count]) => Array.from({ length: count }, () => row)).sort();
  }

  /** Resolves after the commit that makes a condition true. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }
}

/** Each message is a record; its key, place and headers are not looked at. */
function messageDecoder(): RowDecoder {
  return {
    decode: () => {
      throw new Error('these are messages');
    },
    stage: async (chunk, { from }) => {
      const errors: DecodeError[] = [];
      const texts: string[] = [];
      for (const { offset, value } of recordsOf(chunk)) {
        if (offset < from) continue;
        const text = value.toString();
        if (text.startsWith('!')) {
          errors.push({ sqlstate: '22P02', message: 'bad', offset, line: offset, bytes: value });
        } else texts.push(text);
      }
      return {
        unknownSchemas: [],
        position: null,
        write: ({ transaction }) => {
          const { rows } = transaction as unknown as Changes;
          for (const text of texts) rows.set(text, (rows.get(text) ?? 0) + 1);
          return { rows: texts.length, errorCount: errors.length, errors, pending: 0 };
        },
      };
    },
    learnSchema: () => undefined,
    close: () => undefined,
  };
}
