/** What the session must know of a statement before it runs: whether it ends transactions, whether it is DDL, and of which kind. */
import { nodeAs, nodeKind } from '../../sql/ast/accessors.ts';
import { intoClauseOf } from '../../sql/ast/select-into.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';

/** May run in a failed transaction: COMMIT, ROLLBACK and ROLLBACK TO. */
export function endsTransaction(parsed: ParsedStatement): boolean {
  const { statement } = parsed;
  if (statement.kind !== 'postgres') return false;
  switch (nodeAs(statement.node, 'TransactionStmt')?.kind) {
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_ROLLBACK':
    case 'TRANS_STMT_ROLLBACK_TO':
      return true;
    default:
      return false;
  }
}

/** Node kinds of PostgreSQL's grammar that do not change the catalog. */
const NOT_DDL = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'TruncateStmt',
  'CopyStmt',
  'ExplainStmt',
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'PrepareStmt',
  'ExecuteStmt',
  'DeallocateStmt',
  'DiscardStmt',
  'DeclareCursorStmt',
  'FetchStmt',
  'ClosePortalStmt',
  'ListenStmt',
  'NotifyStmt',
  'UnlistenStmt',
  'LockStmt',
  'CallStmt',
  'DoStmt',
  'ConstraintsSetStmt',
  'CheckPointStmt',
  'ClusterStmt',
  'ReindexStmt',
  'VacuumStmt',
  'LoadStmt',
]);

/** The name of a statement that changes the catalog, as its first words; null for any other. */
export function ddlName(parsed: ParsedStatement): string | null {
  const { statement } = parsed;
  switch (statement.kind) {
    case 'postgres':
      if (makesTable(parsed)) return 'SelectStmt' in statement.node ? 'SELECT INTO' : 'CREATE TABLE AS';
      return NOT_DDL.has(nodeKind(statement.node)) ? null : firstWords(parsed.text);
    case 'copy_subscribe':
    case 'declare_cursor':
    case 'explain':
    case 'fetch':
    case 'flush':
    case 'show_create':
    case 'show_objects':
    case 'show_setting':
    case 'subscribe':
    case 'validate_connection':
      return null;
    default:
      return firstWords(parsed.text);
  }
}

/** CREATE TABLE AS, DO, CREATE SCHEMA with elements…: a transaction of several parts, though alone. */
export function isComposite(parsed: ParsedStatement): boolean {
  if (makesTable(parsed)) return true;
  const { statement } = parsed;
  if (statement.kind !== 'postgres') return false;
  const { node } = statement;
  return 'DoStmt' in node || (nodeAs(node, 'CreateSchemaStmt')?.schemaElts?.length ?? 0) > 0;
}

/** CREATE TABLE AS and SELECT INTO make a table and write its rows. */
function makesTable({ statement }: ParsedStatement): boolean {
  if (statement.kind !== 'postgres') return false;
  const select = nodeAs(statement.node, 'SelectStmt');
  return select === undefined ? 'CreateTableAsStmt' in statement.node : intoClauseOf(select) !== undefined;
}

/** Whether a transaction can take the statement back: what reads or writes outside of the server it cannot. */
export function isTransactional({ statement }: ParsedStatement): boolean {
  switch (statement.kind) {
    case 'create_source':
    case 'create_sink':
    case 'create_connection':
    case 'create_secret':
    case 'create_table_from_source':
      return false;
    case 'alter':
    case 'drop':
      return !['source', 'sink', 'connection', 'secret'].includes(statement.objectKind);
    default:
      return true;
  }
}

function firstWords(text: string): string {
  const words = /^\s*(\w+)(?:\s+(?:or\s+replace\s+)?(materialized\s+\w+|\w+))?/i.exec(text);
  return `${words?.[1] ?? ''} ${words?.[2] ?? ''}`.trim().replaceAll(/\s+/g, ' ').toUpperCase();
}
