/** DISCARD ALL | PLANS | SEQUENCES | TEMP: what connection pools send between two users of a connection. */
import type { DiscardStmt } from '@pgsql/types';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { utility } from './utility.ts';

export function prepareDiscard(session: Session, parsed: ParsedStatement, statement: DiscardStmt): Prepared {
  const discardTemporary = (): Promise<void> => session.executor.dropTemporary(session, false);
  return utility(
    parsed,
    async () => {
      switch (statement.target) {
        case 'DISCARD_PLANS':
          return 'DISCARD PLANS';
        case 'DISCARD_SEQUENCES':
          session.forgetSequences();
          return 'DISCARD SEQUENCES';
        case 'DISCARD_TEMP':
          await discardTemporary();
          return 'DISCARD TEMP';
        default:
          break;
      }
      if (session.transactions.isBlock) {
        throw new SqlError({
          sqlstate: '25001',
          message: 'DISCARD ALL cannot run inside a transaction block',
        });
      }
      session.cursors.closeAll();
      session.statements.clear();
      session.settings.resetAll();
      session.forgetSequences();
      session.advisoryLocks.giveAll(session.number, ['session']);
      await discardTemporary();
      return 'DISCARD ALL';
    },
    { managesTransaction: false },
  );
}
