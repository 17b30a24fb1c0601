/** pg_cancel_backend(pid), pg_terminate_backend(pid [, timeout]). */
import { SqlError } from '../../../sql/error.ts';
import type { LiveSession } from '../sessions.ts';
import type { Session } from '../session.ts';
import type { SessionFunction } from './session-functions.ts';

/** The session that a number means; of one that means none a WARNING tells. */
function find(session: Session, process: string | null): LiveSession | null {
  const found = session.sessions.find(Number(process));
  if (!found) {
    const message = `PID ${process} is not a PostgreSQL backend process`;
    session.notice({ severity: 'WARNING', sqlstate: '01000', message });
  }
  return found;
}

const cancel: SessionFunction = {
  arguments: [['int4']],
  result: 'bool',
  strict: true,
  act(session, [process = null]) {
    const found = find(session, process);
    found?.cancel();
    // It may be this statement.
    session.scope.check();
    return found ? 't' : 'f';
  },
};

const terminate: SessionFunction = {
  arguments: [['int4'], ['int4', 'int8']],
  result: 'bool',
  strict: true,
  // It is over when it has been told, so there is nothing to wait for.
  act(session, [process = null, timeout]) {
    if (Number(timeout ?? 0) < 0) {
      throw new SqlError({ sqlstate: '22003', message: '"timeout" must not be negative' });
    }
    const found = find(session, process);
    found?.terminate();
    session.scope.check();
    return found ? 't' : 'f';
  },
};

export const backendFunctions = { pg_cancel_backend: cancel, pg_terminate_backend: terminate };
