/** What a session does, as pg_stat_activity shows it. Times are milliseconds since 1970. */

/** As PostgreSQL's track_activity_query_size, its end included. */
const QUERY_BYTES = 1023;

/** What a statement waits for, in PostgreSQL's words. */
export interface WaitEvent {
  readonly type: 'Client' | 'Lock' | 'Timeout';
  readonly event: 'ClientRead' | 'advisory' | 'PgSleep';
}

export class Activity {
  readonly begun = Date.now();
  /** The text of the statement that runs, or ran last. */
  query = '';
  queryStart: number | null = null;
  transactionStart: number | null = null;
  stateChange = this.begun;
  isActive = false;
  wait: WaitEvent | null = null;

  /** A statement begins. */
  begin(query: string): void {
    this.ran(query);
    this.isActive = true;
    this.transactionStart ??= this.queryStart;
  }

  /** A statement was begun and ended in one. */
  ran(query: string): void {
    this.query = query;
    this.queryStart = this.stateChange = Date.now();
  }

  /** The statement has ended; `inTransaction`: its transaction goes on. */
  end(inTransaction: boolean): void {
    this.isActive = false;
    this.stateChange = Date.now();
    if (!inTransaction) this.transactionStart = null;
  }

  /** While it waits for something, that is seen. */
  async waitingFor<T>(wait: WaitEvent, waited: Promise<T>): Promise<T> {
    this.wait = wait;
    try {
      return await waited;
    } finally {
      this.wait = null;
    }
  }

  /** The text as it is shown: its beginning. */
  get shownQuery(): string {
    if (this.query.length <= QUERY_BYTES / 4) return this.query;
    const bytes = Buffer.from(this.query);
    let end = Math.min(bytes.length, QUERY_BYTES);
    // Not within a character.
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end -= 1;
    return bytes.toString('utf8', 0, end);
  }
}
