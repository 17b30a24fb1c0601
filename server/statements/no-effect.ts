/** Clauses and statements that ask for what is so anyway, or for what has no meaning here: accepted, with a NOTICE. */
import type { SessionContext } from '../session/statement.ts';

/** `what` is the statement or clause as it is written; `detail` says why nothing is done. */
export function hasNoEffect(session: SessionContext, what: string, detail: string): void {
  session.notice({
    severity: 'NOTICE',
    sqlstate: '00000',
    message: `${what} has no effect here`,
    detail,
  });
}
