/** READ ONLY: what a transaction may not do. */
import { SqlError } from '../../sql/error.ts';
import type { OpenTransaction } from './statement.ts';

/** Refuses a statement in a transaction that is READ ONLY. */
export function requireWritable({ readOnly }: Pick<OpenTransaction, 'readOnly'>, statement: string): void {
  if (!readOnly) return;
  const message = `cannot execute ${statement} in a read-only transaction`;
  throw new SqlError({ sqlstate: '25006', message });
}
