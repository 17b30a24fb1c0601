/**
 * VACUUM, ANALYZE, REINDEX, CLUSTER and CHECKPOINT: what they ask for is always so. They are accepted with a NOTICE, since
 * scripts have them everywhere. Which relations they name is not looked at.
 */
import type { Node } from '@pgsql/types';
import { nodeAs, nodeKind } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { utility } from './utility.ts';

const DETAILS: Readonly<Record<string, string>> = {
  VACUUM: 'What is deleted is freed as it goes.',
  ANALYZE: 'How many rows relations have is always known.',
  REINDEX: 'Indexes are kept in order as they change.',
  CLUSTER: 'Rows have no place of their own.',
  CHECKPOINT: 'Nothing is kept on disk.',
};

/** The statement's name; null: it is another. */
function nameOf(node: Node): string | null {
  switch (nodeKind(node)) {
    case 'VacuumStmt':
      return nodeAs(node, 'VacuumStmt')!.is_vacuumcmd === true ? 'VACUUM' : 'ANALYZE';
    case 'ReindexStmt':
      return 'REINDEX';
    case 'ClusterStmt':
      return 'CLUSTER';
    case 'CheckPointStmt':
      return 'CHECKPOINT';
    default:
      return null;
  }
}

/** Null: the statement is another. */
export function prepareMaintenance(session: Session, parsed: ParsedStatement, node: Node): Prepared | null {
  const name = nameOf(node);
  if (name === null) return null;
  const run = (): string => {
    if (name === 'VACUUM' && session.transactions.isBlock) {
      throw new SqlError({ sqlstate: '25001', message: 'VACUUM cannot run inside a transaction block' });
    }
    session.notice({
      severity: 'NOTICE',
      sqlstate: '00000',
      message: `${name} has no effect here`,
      detail: DETAILS[name],
    });
    return name;
  };
  return utility(parsed, run, { managesTransaction: false });
}
