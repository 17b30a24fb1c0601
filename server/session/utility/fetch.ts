/**
 * FETCH and MOVE. Of a subscription, FETCH n waits for n rows and FETCH ALL for the first ones, then takes what is
 * there; WITH (TIMEOUT = …) bounds the wait and gives what came until then.
 */
import type { ResultChunk, ResultCursor } from '../../../engine/index.ts';
import type { Fetch } from '../../../sql/ast/fetch.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { CancelScope } from '../cancel-scope.ts';
import type { CursorSource, SqlCursor } from '../cursors.ts';
import type { Prepared } from '../prepared.ts';
import type { Passed, ScrollRows } from '../scroll-rows.ts';
import type { Session } from '../session.ts';
import { intervalMilliseconds } from '../settings/duration.ts';
import type { ResultColumn, RowStream, StatementResult } from '../statement.ts';
import type { StreamReader } from '../stream-reader.ts';
import { utility } from './utility.ts';

export function prepareFetch(session: Session, parsed: ParsedStatement, statement: Fetch): Prepared {
  const { columns, binary } = session.cursors.get(statement.cursor);
  const timeout = timeoutOf(parsed, statement);
  if (statement.move) {
    return utility(parsed, async () => `MOVE ${await move(session, statement, timeout)}`);
  }
  return {
    parsed,
    text: parsed.text,
    parameterTypes: [],
    columns,
    endsTransaction: false,
    ddl: null,
    managesTransaction: true,
    simpleFormat: binary ? 1 : 0,
    run: (_, formats) => fetch(session, statement, timeout, formats),
  };
}

async function fetch(
  session: Session,
  statement: Fetch,
  timeout: number | null,
  formats: readonly number[],
): Promise<StatementResult> {
  const cursor = session.cursors.get(statement.cursor);
  await cursor.encode(formats);
  const { source } = cursor;
  if (source.kind === 'scroll') {
    const given = source.rows.give(await scroll(source.rows, statement, session.scope));
    return { kind: 'rows', columns: cursor.columns, cursor: given, tag: 'FETCH' };
  }
  const { skip, count } = forward(cursor, statement);
  if (skip > 0) await advance(session, cursor, source, skip, timeout);
  if (source.kind === 'stream') {
    const stream = new FetchedStream(session, cursor, source.reader, count, timeout);
    return { kind: 'stream', stream, tag: 'FETCH' };
  }
  const rows = new FetchedRows(cursor, source.cursor, count);
  return { kind: 'rows', columns: cursor.columns, cursor: rows, tag: 'FETCH' };
}

async function move(session: Session, statement: Fetch, timeout: number | null): Promise<number> {
  const cursor = session.cursors.get(statement.cursor);
  const { source } = cursor;
  if (source.kind === 'scroll') return (await scroll(source.rows, statement, session.scope)).count;
  const { skip, count } = forward(cursor, statement);
  const skipped = skip > 0 ? await advance(session, cursor, source, skip, timeout) : 0;
  return skipped + (await advance(session, cursor, source, count, timeout));
}

/** Passes over rows; returns how many there were. */
async function advance(
  session: Session,
  cursor: SqlCursor,
  source: Exclude<CursorSource, { kind: 'scroll' }>,
  count: number,
  timeout: number | null,
): Promise<number> {
  let passed = 0;
  if (source.kind === 'rows') {
    const rows = new FetchedRows(cursor, source.cursor, count);
    for (let done = false; !done;) {
      await rows.fill();
      const next = rows.next(0);
      passed += next.rows;
      ({ done } = next);
    }
    return passed;
  }
  const stream = new FetchedStream(session, cursor, source.reader, count, timeout);
  for (;;) {
    const portion = await stream.next();
    if (portion === null) return passed;
    passed += portion.rows;
  }
}

/** Moves a SCROLL cursor; returns the rows that FETCH gives (PostgreSQL's DoPortalRunFetch). */
async function scroll(rows: ScrollRows, statement: Fetch, scope: CancelScope): Promise<Passed> {
  const { direction } = statement;
  const count = statement.count === 'all' ? Infinity : statement.count;
  switch (direction) {
    case 'forward':
    case 'backward': {
      if (count === 0) return rows.current(scope);
      const ahead = (direction === 'forward') === count > 0;
      return ahead ? rows.forward(Math.abs(count), scope) : rows.backward(Math.abs(count), scope);
    }
    case 'absolute':
      if (count < 0) {
        await rows.forward(Infinity, scope);
        if (count < -1) await rows.backward(-count - 1, scope);
        return rows.backward(1, scope);
      }
      rows.stand(0);
      if (count > 1) await rows.forward(count - 1, scope);
      return rows.forward(Math.min(count, 1), scope);
    case 'relative':
      if (count === 0) return rows.current(scope);
      if (count > 1) await rows.forward(count - 1, scope);
      if (count < -1) await rows.backward(-count - 1, scope);
      return count > 0 ? rows.forward(1, scope) : rows.backward(1, scope);
  }
}

/** The direction as rows to skip and rows to take, from where the cursor stands. */
function forward(cursor: SqlCursor, statement: Fetch): { readonly skip: number; readonly count: number } {
  const { direction } = statement;
  const count = statement.count === 'all' ? Infinity : statement.count;
  if (direction === 'forward' && count > 0) return { skip: 0, count };
  if (direction === 'relative' && count > 0) return { skip: count - 1, count: 1 };
  if (direction === 'absolute' && count > cursor.position) {
    return { skip: count - cursor.position - 1, count: 1 };
  }
  if (direction === 'forward' && count === 0 && (statement.move || cursor.position === 0)) {
    return { skip: 0, count: 0 };
  }
  throw new SqlError({
    sqlstate: '55000',
    message: 'cursor can only scan forward',
    hint: 'Declare it with SCROLL option to enable backward scan.',
  });
}

function timeoutOf(parsed: ParsedStatement, statement: Fetch): number | null {
  if (!statement.timeout) return null;
  const { value, location } = statement.timeout;
  const milliseconds = intervalMilliseconds(value);
  if (milliseconds !== undefined && milliseconds <= 2 ** 31 - 1) return milliseconds;
  throw new SqlError({
    sqlstate: '22023',
    message: `invalid value for FETCH option "timeout": "${value}"`,
    hint: "Give an interval such as '1s' or '500 ms'.",
    position: parsed.source.positionOfByte(location),
  });
}

/** At most `count` rows of a cursor; closing it leaves the cursor where it stands. */
class FetchedRows implements ResultCursor {
  readonly #cursor: SqlCursor;
  readonly #rows: ResultCursor;
  #left: number;

  constructor(cursor: SqlCursor, rows: ResultCursor, count: number) {
    this.#cursor = cursor;
    this.#rows = rows;
    this.#left = count;
  }

  fill(): Promise<void> | null {
    return this.#left === 0 || this.#cursor.ended ? null : this.#rows.fill();
  }

  next(maxRows: number, room?: () => Buffer): ResultChunk {
    const limit = Math.min(this.#left, maxRows === 0 ? Infinity : maxRows);
    if (limit === 0 || this.#cursor.ended) return { chunk: Buffer.alloc(0), rows: 0, done: true };
    const { chunk, rows, done } = this.#rows.next(limit === Infinity ? 0 : limit, room);
    this.#left -= rows;
    this.#cursor.position += rows;
    if (done) this.#cursor.ended = true;
    return { chunk, rows, done: done || this.#left === 0 };
  }

  close(): void {
    this.#left = 0;
  }
}

/** At most `count` rows of a subscription, within the time that FETCH may wait. */
class FetchedStream implements RowStream {
  readonly columns: readonly ResultColumn[];
  readonly #session: Session;
  readonly #cursor: SqlCursor;
  readonly #reader: StreamReader;
  readonly #deadline: number | null;
  #left: number;
  #first = true;

  constructor(
    session: Session,
    cursor: SqlCursor,
    reader: StreamReader,
    count: number,
    timeout: number | null,
  ) {
    this.columns = cursor.columns;
    this.#session = session;
    this.#cursor = cursor;
    this.#reader = reader;
    this.#left = count;
    this.#deadline = timeout === null ? null : performance.now() + timeout;
  }

  async next(): Promise<{ readonly chunk: Buffer; readonly rows: number } | null> {
    if (this.#left === 0) return null;
    const portion = await this.#reader.take(
      this.#left === Infinity ? 0 : this.#left,
      this.#patience(),
      this.#session.scope,
    );
    if (portion === null || portion === 'timeout') {
      this.#left = 0;
      return null;
    }
    this.#first = false;
    this.#left -= portion.rows;
    this.#cursor.position += portion.rows;
    return portion;
  }

  close(): void {
    this.#left = 0;
  }

  /** Milliseconds to wait for the next rows; null: as long as it takes. */
  #patience(): number | null {
    if (this.#deadline !== null) return Math.max(0, this.#deadline - performance.now());
    return this.#left === Infinity && !this.#first ? 0 : null;
  }
}
