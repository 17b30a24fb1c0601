/** FLUSH (RisingWave): every commit is visible when it is acknowledged, so there is nothing to wait for. */
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { utility } from './utility.ts';

export function prepareFlush(session: Session, parsed: ParsedStatement): Prepared {
  return utility(parsed, () => {
    session.notice({
      severity: 'NOTICE',
      sqlstate: '00000',
      message: 'FLUSH has no effect here',
      detail: 'A commit is visible to every reader when it is acknowledged.',
    });
    return 'FLUSH';
  });
}
