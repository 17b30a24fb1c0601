/**
 * Statements that answer with a query of ours: SHOW lists and EXPLAIN's text go the way of every SELECT.
 */
import type { Node } from '@pgsql/types';
import { nodeAs } from '../../sql/ast/accessors.ts';
import { parse } from '../../sql/parse/parse.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Runnable } from './prepared.ts';
import { prepareSelect } from './select.ts';

/** A condition that the user wrote, with the statement that it stands in. */
export interface UserCondition {
  readonly node: Node;
  readonly parsed: ParsedStatement;
}

/**
 * Prepares `sql`, a SELECT; `tag` is the command tag that the client sees. `where` becomes its WHERE; errors in it have
 * their place in the user's text.
 */
export function prepareInternal(
  system: System,
  session: SessionContext,
  sql: string,
  tag: string,
  where: UserCondition | null = null,
): Runnable {
  const [own] = parse(sql);
  const select = own?.statement.kind === 'postgres' ? nodeAs(own.statement.node, 'SelectStmt') : undefined;
  if (!own || !select) throw new Error('an internal query is a SELECT');
  const parsed = where?.parsed ?? own;
  const node: Node = { SelectStmt: where ? { ...select, whereClause: where.node } : select };
  const runnable = prepareSelect(system, session, parsed, node, []);
  return {
    ...runnable,
    run: async (session, execution) => {
      const result = await runnable.run(session, execution);
      return result.kind === 'rows' ? { ...result, tag } : result;
    },
  };
}

export function quoteLiteral(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? ` E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
