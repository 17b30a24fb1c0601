/** Statements of PostgreSQL that neither the session nor the executor carries out, refused by name. */
import type { Node } from '@pgsql/types';
import { type NodeKind, nodeKind } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { Prepared } from '../prepared.ts';
import { utility } from './utility.ts';

const REFUSED: Partial<Record<NodeKind, { readonly name: string; readonly hint?: string }>> = {
  ListenStmt: { name: 'LISTEN', hint: 'Use SUBSCRIBE to follow the changes of a relation or query.' },
  NotifyStmt: { name: 'NOTIFY', hint: 'Use SUBSCRIBE to follow the changes of a relation or query.' },
  CallStmt: { name: 'CALL', hint: 'Call a function in SQL with SELECT.' },
  LoadStmt: { name: 'LOAD' },
};

/** Null: the statement is the executor's. */
export function refuseUnsupported(parsed: ParsedStatement, node: Node): Prepared | null {
  const kind = nodeKind(node);
  // Nobody listens: connection pools send UNLISTEN * all the same.
  if (kind === 'UnlistenStmt') return utility(parsed, () => 'UNLISTEN');
  const refused = REFUSED[kind];
  if (!refused) return null;
  throw new SqlError({ sqlstate: '0A000', message: `${refused.name} is not supported`, hint: refused.hint });
}
