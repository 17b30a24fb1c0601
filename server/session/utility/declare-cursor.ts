/** DECLARE name CURSOR FOR query | SUBSCRIBE …. */
import type { ParameterValue, ResultCursor } from '../../../engine/index.ts';
import { nodeAs } from '../../../sql/ast/accessors.ts';
import type { DeclareCursor } from '../../../sql/ast/declare-cursor.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { strengthOf } from '../../../sql/bind/locking.ts';
import { SqlError } from '../../../sql/error.ts';
import type { SqlType } from '../../../sql/types/type.ts';
import { type CursorSource, SqlCursor } from '../cursors.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { ScrollRows } from '../scroll-rows.ts';
import { StreamReader } from '../stream-reader.ts';
import type { PreparedStatement } from '../statement.ts';

export function prepareDeclareCursor(
  session: Session,
  parsed: ParsedStatement,
  statement: DeclareCursor,
  types: readonly (SqlType | null)[],
): Prepared {
  const { body } = statement;
  if (statement.scroll === true && body.kind !== 'query') {
    throw new SqlError({ sqlstate: '0A000', message: 'a cursor over a subscription cannot be SCROLL' });
  }
  refuseLocks(statement);
  const inner = session.executor.prepare(
    session,
    {
      ...parsed,
      statement: body.kind === 'query' ? { kind: 'postgres', node: body.query.node } : body,
      notices: [],
    },
    types,
  );
  return {
    parsed,
    text: parsed.text,
    parameterTypes: inner.parameterTypes,
    columns: null,
    endsTransaction: false,
    ddl: null,
    managesTransaction: false,
    run: async (parameters) => {
      await declare(session, parsed, statement, inner, parameters);
      return { kind: 'command', tag: 'DECLARE CURSOR' };
    },
  };
}

/** PostgreSQL's refusals of cursors that lock rows and outlive or pass them. */
function refuseLocks({ body, hold, scroll, insensitive }: DeclareCursor): void {
  const select = body.kind === 'query' ? nodeAs(body.query.node, 'SelectStmt') : undefined;
  const clause = nodeAs(select?.lockingClause?.[0], 'LockingClause');
  if (clause === undefined) return;
  const strength = strengthOf(clause);
  const refused = (sqlstate: string, cursor: string, verdict: string, kind: string) =>
    new SqlError({
      sqlstate,
      message: `DECLARE ${cursor} ... ${strength} is not ${verdict}`,
      detail: `${kind} cursors must be READ ONLY.`,
    });
  if (hold) throw refused('0A000', 'CURSOR WITH HOLD', 'supported', 'Holdable');
  if (scroll === true) throw refused('0A000', 'SCROLL CURSOR', 'supported', 'Scrollable');
  if (insensitive) throw refused('42P11', 'INSENSITIVE CURSOR', 'valid', 'Insensitive');
}

async function declare(
  session: Session,
  { text }: ParsedStatement,
  statement: DeclareCursor,
  inner: PreparedStatement,
  parameters: readonly ParameterValue[],
): Promise<void> {
  const { name, hold, binary } = statement;
  if (!hold && !session.transactions.isBlock) {
    throw new SqlError({
      sqlstate: '25P01',
      message: 'DECLARE CURSOR can only be used in transaction blocks',
      hint: 'BEGIN a transaction first, or declare the cursor WITH HOLD.',
    });
  }
  if (session.cursors.has(name)) {
    throw new SqlError({ sqlstate: '42P03', message: `cursor "${name}" already exists` });
  }
  const run = (formats: readonly number[]) => session.executor.execute(session, inner, parameters, formats);
  const result = await run((inner.columns ?? []).map(() => (binary ? 1 : 0)));
  if (result.kind !== 'rows' && result.kind !== 'stream') {
    throw new SqlError({ sqlstate: '0A000', message: 'a cursor needs a statement that returns rows' });
  }
  const columns = result.kind === 'rows' ? result.columns : result.stream.columns;
  const source = (): CursorSource => {
    if (result.kind === 'stream') return { kind: 'stream', reader: new StreamReader(result.stream) };
    const again = rerun(session, run);
    if (statement.scroll === true) return { kind: 'scroll', rows: new ScrollRows(result.cursor), again };
    return { kind: 'rows', cursor: result.cursor, again };
  };
  session.cursors.add(new SqlCursor({ name, columns, hold, binary, statement: text, source: source() }));
}

/** Runs the query again, while its transaction is open and has written nothing since: then it gives the same rows. */
function rerun(
  session: Session,
  run: (formats: readonly number[]) => ReturnType<Session['executor']['execute']>,
): (formats: readonly number[]) => Promise<ResultCursor> {
  const { transaction } = session;
  const written = transaction.writes.byteLength();
  return async (formats) => {
    const same =
      transaction.explicit &&
      session.transactions.currentOrNull === transaction &&
      transaction.writes.byteLength() === written;
    if (!same) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'the format of a cursor cannot change after its transaction wrote or ended',
        hint: 'DECLARE it as BINARY CURSOR to fetch in binary format.',
      });
    }
    const result = await run(formats);
    if (result.kind !== 'rows') throw new SqlError({ sqlstate: 'XX000', message: 'the cursor gave no rows' });
    return result.cursor;
  };
}
