/** Statements that the session carries out itself, by kind. */
import { nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { SqlType } from '../../../sql/types/type.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { prepareCloseCursor } from './close-cursor.ts';
import { prepareCreateSchemaElements } from './create-schema-elements.ts';
import { prepareDeallocate } from './deallocate.ts';
import { prepareDeclareCursor } from './declare-cursor.ts';
import { prepareDiscard } from './discard.ts';
import { prepareDo } from './do.ts';
import { prepareExecute, prepareExplainExecute, prepareCreateTableAsExecute } from './execute-prepared.ts';
import { prepareFetch } from './fetch.ts';
import { prepareFlush } from './flush.ts';
import { preparePrepare } from './prepare.ts';
import { prepareSessionFunctions } from './session-functions.ts';
import { prepareSet } from './set.ts';
import { prepareShow } from './show.ts';
import { prepareTransaction } from './transaction.ts';
import { refuseUnsupported } from './unsupported.ts';

/** Null: the statement is the executor's. Throws 0A000 for what nobody carries out. */
export function prepareUtility(
  session: Session,
  parsed: ParsedStatement,
  types: readonly (SqlType | null)[],
): Prepared | null {
  const { statement } = parsed;
  switch (statement.kind) {
    case 'show_setting':
      return prepareShow(session, parsed, statement);
    case 'declare_cursor':
      return prepareDeclareCursor(session, parsed, statement, types);
    case 'fetch':
      return prepareFetch(session, parsed, statement);
    case 'flush':
      return prepareFlush(session, parsed);
    case 'explain':
      return prepareExplainExecute(session, parsed, statement);
    case 'postgres':
      break;
    default:
      return null;
  }
  const { node } = statement;
  const select = nodeAs(node, 'SelectStmt');
  if (select) return prepareSessionFunctions(session, parsed, select, types);
  const transaction = nodeAs(node, 'TransactionStmt');
  if (transaction) return prepareTransaction(session, parsed, transaction);
  const set = nodeAs(node, 'VariableSetStmt');
  if (set) return prepareSet(session, parsed, set);
  const prepare = nodeAs(node, 'PrepareStmt');
  if (prepare) return preparePrepare(session, parsed, prepare);
  const execute = nodeAs(node, 'ExecuteStmt');
  if (execute) return prepareExecute(session, parsed, execute);
  const created = nodeAs(node, 'CreateTableAsStmt');
  if (created) return prepareCreateTableAsExecute(session, parsed, created);
  const deallocate = nodeAs(node, 'DeallocateStmt');
  if (deallocate) return prepareDeallocate(session, parsed, deallocate);
  const discard = nodeAs(node, 'DiscardStmt');
  if (discard) return prepareDiscard(session, parsed, discard);
  const close = nodeAs(node, 'ClosePortalStmt');
  if (close) return prepareCloseCursor(session, parsed, close);
  const block = nodeAs(node, 'DoStmt');
  if (block) return prepareDo(session, parsed, block);
  const schema = nodeAs(node, 'CreateSchemaStmt');
  if (schema) return prepareCreateSchemaElements(session, parsed, schema);
  return refuseUnsupported(parsed, node);
}
