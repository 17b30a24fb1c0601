/** CLOSE name | ALL. */
import type { ClosePortalStmt } from '@pgsql/types';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { utility } from './utility.ts';

export function prepareCloseCursor(
  session: Session,
  parsed: ParsedStatement,
  statement: ClosePortalStmt,
): Prepared {
  const name = statement.portalname;
  return utility(parsed, () => {
    if (name === undefined || name === '') {
      session.cursors.closeAll();
      return 'CLOSE CURSOR ALL';
    }
    session.cursors.close(name);
    return 'CLOSE CURSOR';
  });
}
