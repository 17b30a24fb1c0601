/**
 * Statements that answer with a query of ours: SHOW lists and EXPLAIN's text go the way of every SELECT.
 */
import { parse } from '../../sql/parse/parse.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Runnable } from './prepared.ts';
import { prepareSelect } from './select.ts';

/** Prepares `sql`, a SELECT; `tag` is the command tag that the client sees. */
export function prepareInternal(system: System, session: SessionContext, sql: string, tag: string): Runnable {
  const parsed = parse(sql)[0] as ParsedStatement;
  if (parsed.statement.kind !== 'postgres') throw new Error('an internal query is a SELECT');
  const runnable = prepareSelect(system, session, parsed, parsed.statement.node, []);
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
