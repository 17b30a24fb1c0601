/** BEGIN, COMMIT, ROLLBACK, savepoints. */
import type { Node, TransactionStmt } from '@pgsql/types';
import { constantOf, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import type { SavepointState } from '../savepoints.ts';
import { asDeclared } from '../statement.ts';
import { parseBoolean } from '../settings/definition.ts';
import { utility } from './utility.ts';

export function prepareTransaction(
  session: Session,
  parsed: ParsedStatement,
  statement: TransactionStmt,
): Prepared {
  switch (statement.kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return utility(parsed, () => {
        begin(session, parsed, statement.options ?? []);
        return statement.kind === 'TRANS_STMT_START' ? 'START TRANSACTION' : 'BEGIN';
      });
    case 'TRANS_STMT_COMMIT':
      return utility(parsed, () => commit(session, statement.chain ?? false));
    case 'TRANS_STMT_ROLLBACK':
      return utility(parsed, () => rollback(session, statement.chain ?? false));
    case 'TRANS_STMT_SAVEPOINT':
      return utility(parsed, () => {
        requireBlock(session, 'SAVEPOINT');
        session.savepoints.define(statement.savepoint_name ?? '', session.savepointState());
        session.transactions.currentOrNull?.fresh.clear();
        return 'SAVEPOINT';
      });
    case 'TRANS_STMT_RELEASE':
      return utility(parsed, () => {
        requireBlock(session, 'RELEASE SAVEPOINT');
        const { settings } = session.savepoints.release(statement.savepoint_name ?? '');
        // The access mode belongs to the subtransaction.
        session.settings.setForTransaction(ACCESS_MODE, settings.effective.get(ACCESS_MODE) ?? 'off');
        followAccessMode(session);
        return 'RELEASE';
      });
    case 'TRANS_STMT_ROLLBACK_TO':
      return utility(parsed, () => rollbackTo(session, statement.savepoint_name ?? ''));
    default:
      throw new SqlError({
        sqlstate: '0A000',
        message: 'prepared transactions (two-phase commit) are not supported',
      });
  }
}

function begin(session: Session, parsed: ParsedStatement, options: readonly Node[]): void {
  if (session.transactions.isExplicit) {
    session.notice({
      severity: 'WARNING',
      sqlstate: '25001',
      message: 'there is already a transaction in progress',
    });
    setModes(session, parsed, options);
    return;
  }
  const modes = readModes(parsed, options);
  const readOnly = modes.readOnly ?? session.settings.get(ACCESS_MODE) === 'on';
  session.transactions.begin(readOnly);
  applyModes(session, modes);
}

async function commit(session: Session, chain: boolean): Promise<string> {
  if (!session.transactions.isExplicit) {
    warnNoTransaction(session, chain, 'COMMIT');
    await session.endImplicit();
    return 'COMMIT';
  }
  const modes = chain ? currentModes(session) : null;
  const committed = await session.commit();
  if (modes) restart(session, modes);
  return committed ? 'COMMIT' : 'ROLLBACK';
}

function rollback(session: Session, chain: boolean): string {
  if (!session.transactions.isExplicit) warnNoTransaction(session, chain, 'ROLLBACK');
  const modes = chain ? currentModes(session) : null;
  session.rollback();
  if (modes) restart(session, modes);
  return 'ROLLBACK';
}

function rollbackTo(session: Session, name: string): string {
  requireBlock(session, 'ROLLBACK TO SAVEPOINT');
  returnTo(session, session.savepoints.rollbackTo(name));
  return 'ROLLBACK';
}

/** What the transaction has done since is taken back. */
export function returnTo(session: Session, state: SavepointState): void {
  const transaction = session.transactions.currentOrNull;
  transaction?.writes.rollbackTo(state.writes ?? []);
  transaction?.ddl?.rollbackTo(state.ddl);
  transaction?.fresh.clear();
  if (transaction) transaction.constraintModes = state.constraintModes ?? asDeclared;
  session.settings.restore(state.settings);
  followAccessMode(session);
  session.cursors.closeAllBut(state.cursors);
  session.transactions.recover();
}

const ACCESS_MODE = 'transaction_read_only';

/** The transaction is as read-only as its setting says. */
function followAccessMode({ settings, transactions }: Session): void {
  const { currentOrNull } = transactions;
  if (currentOrNull) currentOrNull.readOnly = settings.get(ACCESS_MODE) === 'on';
}

function requireBlock(session: Session, what: string): void {
  if (session.transactions.isBlock) return;
  throw new SqlError({ sqlstate: '25P01', message: `${what} can only be used in transaction blocks` });
}

function warnNoTransaction(session: Session, chain: boolean, what: string): void {
  if (chain) {
    throw new SqlError({
      sqlstate: '25P01',
      message: `${what} AND CHAIN can only be used in transaction blocks`,
    });
  }
  session.notice({ severity: 'WARNING', sqlstate: '25P01', message: 'there is no transaction in progress' });
}

/** The characteristics of a transaction, where they were given. */
export interface TransactionModes {
  readonly isolation: string | undefined;
  readonly readOnly: boolean | undefined;
  readonly deferrable: boolean | undefined;
}

export function readModes(parsed: ParsedStatement, options: readonly Node[]): TransactionModes {
  const strict = parsed.extensions.strictSerializable !== undefined;
  let isolation: string | undefined;
  let readOnly: boolean | undefined;
  let deferrable: boolean | undefined;
  for (const option of options) {
    const element = nodeAs(option, 'DefElem');
    const constant = constantOf(nodeAs(element?.arg, 'A_Const') ?? {});
    const flag = constant.kind === 'integer' ? constant.value !== 0 : undefined;
    if (element?.defname === 'transaction_isolation' && constant.kind === 'string')
      isolation = constant.value;
    else if (element?.defname === 'transaction_read_only') readOnly = flag;
    else if (element?.defname === 'transaction_deferrable') deferrable = flag;
  }
  return { isolation: strict ? 'strict serializable' : isolation, readOnly, deferrable };
}

/** A level can be changed until something was read. */
export function requireUnread(session: Session, level: string): void {
  const { settings, transactions } = session;
  const isSame = level === settings.get('transaction_isolation');
  if (isSame || transactions.currentOrNull?.timestamp == null) return;
  throw new SqlError({
    sqlstate: '25001',
    message: 'SET TRANSACTION ISOLATION LEVEL must be called before any query',
  });
}

/** SET TRANSACTION in an open transaction. */
export function setModes(session: Session, parsed: ParsedStatement, options: readonly Node[]): void {
  const modes = readModes(parsed, options);
  const { transactions } = session;
  if (modes.isolation !== undefined) requireUnread(session, modes.isolation);
  if (modes.readOnly !== undefined) transactions.setReadOnly(modes.readOnly, session.savepoints.any);
  applyModes(session, modes);
}

function applyModes(session: Session, modes: TransactionModes): void {
  const { settings } = session;
  if (modes.isolation !== undefined) settings.setForTransaction('transaction_isolation', modes.isolation);
  const flag = (value: boolean): string => (value ? 'on' : 'off');
  if (modes.readOnly !== undefined) settings.setForTransaction(ACCESS_MODE, flag(modes.readOnly));
  if (modes.deferrable !== undefined) {
    settings.setForTransaction('transaction_deferrable', flag(modes.deferrable));
  }
}

function currentModes(session: Session): TransactionModes {
  return {
    isolation: session.settings.get('transaction_isolation'),
    readOnly: parseBoolean(session.settings.get(ACCESS_MODE)),
    deferrable: parseBoolean(session.settings.get('transaction_deferrable')),
  };
}

/** AND CHAIN: another transaction with the same characteristics. */
function restart(session: Session, modes: TransactionModes): void {
  session.transactions.begin(modes.readOnly ?? false);
  applyModes(session, modes);
}
