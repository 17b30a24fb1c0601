/** Statements that stand on their own. */
import { SqlError } from '../../sql/error.ts';
import type { SessionContext } from '../session/statement.ts';

/** 25001 between BEGIN and COMMIT. */
export function refuseInBlock({ transaction }: SessionContext, name: string): void {
  if (!transaction.explicit) return;
  const message = `${name} cannot run inside a transaction block`;
  throw new SqlError({ sqlstate: '25001', message });
}
