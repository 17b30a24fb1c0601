/** Statements that another statement runs in its own transaction: DO, and CREATE SCHEMA with elements. */
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { rowFields } from '../../results/messages.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { utility } from './utility.ts';

/** A statement that is carried out as several; it has a transaction that they share. */
export function compound(parsed: ParsedStatement, run: () => Promise<string>): Prepared {
  return utility(parsed, run, { managesTransaction: false });
}

/** Runs a statement to its end; gives the fields of its first row, if it has rows. */
export async function runInner(
  session: Session,
  parsed: ParsedStatement,
): Promise<readonly (Uint8Array | null)[] | null> {
  const prepared = session.prepare(parsed, []);
  if (prepared.managesTransaction && prepared.parsed?.statement.kind === 'postgres') {
    if ('TransactionStmt' in prepared.parsed.statement.node) {
      throw new SqlError({ sqlstate: '2D000', message: 'invalid transaction termination' });
    }
  }
  if (prepared.ddl !== null) await prepared.beginDdl?.();
  for (const notice of parsed.notices) session.notice(notice);
  const result = await prepared.run(
    [],
    (prepared.columns ?? []).map(() => 0),
  );
  switch (result.kind) {
    case 'command':
      return null;
    case 'rows':
      try {
        let first: readonly (Uint8Array | null)[] | null = null;
        for (;;) {
          await result.cursor.fill();
          const { chunk, rows, done } = result.cursor.next(first === null ? 1 : 0);
          if (first === null && rows > 0)
            first = rowFields(chunk).map((field) => field && Uint8Array.from(field));
          if (done) return first;
          session.scope.check();
        }
      } finally {
        result.cursor.close();
      }
    default: {
      if (result.kind === 'copyIn') result.fail('COPY is not supported here');
      if (result.kind === 'copyOut') result.cursor.close();
      throw new SqlError({
        sqlstate: '0A000',
        message: 'a statement that copies or streams is not supported here',
      });
    }
  }
}
