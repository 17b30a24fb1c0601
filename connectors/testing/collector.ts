/**
 * A target for ingestion in tests: decodes newline-separated records into a bag, and sees commits whole. Production
 * decodes natively; a test of a connector needs no engine.
 */
import type { Rejects, RowDecoder, Transaction } from '../../engine/index.ts';
import type { IngestTarget, Rejected } from '../ingest.ts';

interface Changes {
  rows: Map<string, number>;
}

/** Rows and offsets as of a commit. */
export interface CollectorState {
  readonly rows: ReadonlyMap<string, number>;
  readonly offsets: Readonly<Record<string, string>>;
  /** The rows with all their columns, where those of `rows` are not all. */
  readonly lines?: readonly string[];
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

  decoder(): RowDecoder {
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
        return {
          rows: count,
          errorCount: errors.length,
          errors,
          skipped: 0,
          pending: Buffer.byteLength(tail),
        };
      },
      stage: () => Promise.reject(new Error('these are no messages')),
      learnSchema: () => undefined,
      close: () => undefined,
    };
  }

  /** A schema that is not known yet, of the messages that have `marker` in them. */
  schema: { readonly marker: string; known: boolean; readonly answer: Promise<boolean> } | null = null;
  /** How often it was asked for. */
  asked = 0;

  async learn(): Promise<boolean> {
    if (this.schema === null) return true;
    this.asked++;
    this.schema.known = await this.schema.answer;
    return this.schema.known;
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
    await this.apply(transaction);
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

  protected async apply(transaction: Transaction): Promise<void> {
    for (const [row, diff] of (transaction as unknown as Changes).rows) {
      const count = (this.rows.get(row) ?? 0) + diff;
      if (count < 0) throw new Error(`row taken back that is not there: ${row}`);
      this.#size += count - (this.rows.get(row) ?? 0);
      if (count === 0) this.rows.delete(row);
      else this.rows.set(row, count);
    }
  }

  /** These rows are there now, and no others. */
  protected show(rows: readonly string[]): void {
    this.rows.clear();
    for (const row of rows) this.rows.set(row, (this.rows.get(row) ?? 0) + 1);
    this.#size = rows.length;
  }

  /** Where it stands, for another one. */
  state(): CollectorState {
    return { rows: new Map(this.rows), offsets: { ...this.offsets } };
  }

  /** Stands where another one stood. */
  async restore({ rows, offsets }: CollectorState): Promise<void> {
    this.show([...rows].flatMap(([row, count]) => Array.from({ length: count }, () => row)));
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
