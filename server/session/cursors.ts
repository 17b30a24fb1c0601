/** Cursors of DECLARE: results that wait to be fetched in portions. */
import type { ResultCursor } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { ScrollRows } from './scroll-rows.ts';
import type { ResultColumn } from './statement.ts';
import type { StreamReader } from './stream-reader.ts';

/** The rows of a cursor in other formats, from the first on. */
type Again = (formats: readonly number[]) => Promise<ResultCursor>;

/** Where a cursor's rows come from. */
export type CursorSource =
  | { readonly kind: 'rows'; readonly cursor: ResultCursor; readonly again: Again }
  | { readonly kind: 'scroll'; readonly rows: ScrollRows; readonly again: Again }
  | { readonly kind: 'stream'; readonly reader: StreamReader };

export class SqlCursor {
  readonly name: string;
  readonly columns: readonly ResultColumn[];
  readonly hold: boolean;
  readonly binary: boolean;
  /** The statement that declared it. */
  readonly statement: string;
  /** Milliseconds since 1970. */
  readonly since = Date.now();
  source: CursorSource;
  /** One for each column: the formats that `source` encodes. */
  formats: readonly number[];
  /** Rows fetched or skipped, where it only goes forward. */
  position = 0;
  ended = false;

  constructor(options: {
    name: string;
    columns: readonly ResultColumn[];
    hold: boolean;
    binary: boolean;
    statement: string;
    source: CursorSource;
  }) {
    this.name = options.name;
    this.columns = options.columns;
    this.hold = options.hold;
    this.binary = options.binary;
    this.statement = options.statement;
    this.source = options.source;
    this.formats = options.columns.map(() => (options.binary ? 1 : 0));
  }

  /** Makes the rows come in these formats, those passed already left out. */
  async encode(formats: readonly number[]): Promise<void> {
    if (formats.every((format, index) => format === this.formats[index])) return;
    const { source } = this;
    if (source.kind === 'stream') {
      throw new SqlError({
        sqlstate: '0A000',
        message: `cursor "${this.name}" has its rows in ${this.binary ? 'binary' : 'text'} format only`,
        hint: this.binary ? undefined : 'DECLARE it as BINARY CURSOR to fetch in binary format.',
      });
    }
    const cursor = await source.again(formats);
    this.close();
    this.formats = formats;
    if (source.kind === 'scroll') {
      const rows = new ScrollRows(cursor);
      rows.stand(source.rows.position);
      this.source = { ...source, rows };
      return;
    }
    this.source = { ...source, cursor };
    let left = this.position;
    while (left > 0) {
      await cursor.fill();
      const { rows, done } = cursor.next(left);
      left -= rows;
      if (done) break;
    }
  }

  get isScrollable(): boolean {
    return this.source.kind === 'scroll';
  }

  close(): void {
    const { source } = this;
    if (source.kind === 'rows') source.cursor.close();
    else if (source.kind === 'scroll') source.rows.close();
    else source.reader.close();
  }
}

export class Cursors {
  readonly #cursors = new Map<string, SqlCursor>();
  /** Made in the current transaction. */
  readonly #recent = new Set<string>();

  has(name: string): boolean {
    return this.#cursors.has(name);
  }

  names(): ReadonlySet<string> {
    return new Set(this.#cursors.keys());
  }

  all(): readonly SqlCursor[] {
    return [...this.#cursors.values()];
  }

  add(cursor: SqlCursor): void {
    this.#cursors.set(cursor.name, cursor);
    this.#recent.add(cursor.name);
  }

  get(name: string): SqlCursor {
    const cursor = this.#cursors.get(name);
    if (cursor) return cursor;
    throw new SqlError({ sqlstate: '34000', message: `cursor "${name}" does not exist` });
  }

  close(name: string): void {
    this.get(name).close();
    this.#cursors.delete(name);
    this.#recent.delete(name);
  }

  closeAll(): void {
    for (const name of this.names()) this.close(name);
  }

  /** Closes what was not there at a savepoint. */
  closeAllBut(names: ReadonlySet<string>): void {
    for (const name of this.names()) if (!names.has(name)) this.close(name);
  }

  /** WITH HOLD cursors outlive the transaction that made them, if it commits. */
  endTransaction(committed: boolean): void {
    if (this.#cursors.size === 0) return;
    for (const [name, cursor] of this.#cursors) {
      if (this.#recent.has(name) && !(committed && cursor.hold)) this.close(name);
    }
    this.#recent.clear();
  }
}
