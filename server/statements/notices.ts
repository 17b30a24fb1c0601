/** Notices of connectors, as sessions take them. */
import type { Notice } from '../../sql/error.ts';
import type { SessionContext } from '../session/statement.ts';

export function asSessionNotice(notice: Notice): Parameters<SessionContext['notice']>[0] {
  const { sqlstate, message, detail, hint } = notice;
  return {
    severity: notice.severity === 'WARNING' ? 'WARNING' : 'NOTICE',
    sqlstate,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}
