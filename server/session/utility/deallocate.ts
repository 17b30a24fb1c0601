/** DEALLOCATE name | ALL. */
import type { DeallocateStmt } from '@pgsql/types';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { utility } from './utility.ts';

export function prepareDeallocate(
  session: Session,
  parsed: ParsedStatement,
  statement: DeallocateStmt,
): Prepared {
  const { name } = statement;
  return utility(parsed, () => {
    if (name === undefined || name === '') {
      session.statements.clear();
      return 'DEALLOCATE ALL';
    }
    session.statement(name);
    session.closeStatement(name);
    return 'DEALLOCATE';
  });
}
