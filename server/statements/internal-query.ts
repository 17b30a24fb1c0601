/**
 * Statements that answer with a query of ours: SHOW lists and EXPLAIN's text go the way of every SELECT.
 */
import type { Node } from '@pgsql/types';
import { nodeAs } from '../../sql/ast/accessors.ts';
import { parse } from '../../sql/parse/parse.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { rowFields } from '../results/messages.ts';
import { hasWritten } from '../session/statement.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { SYSTEM_SESSION } from './planning.ts';
import type { Runnable } from './prepared.ts';
import { prepareSelect } from './select.ts';

/** A condition that the user wrote, with the statement that it stands in. */
export interface UserCondition {
  readonly node: Node;
  readonly parsed: ParsedStatement;
}

/** What is the user's about a query of ours. */
interface Given {
  /** It becomes the WHERE; errors in it have their place in the user's text. */
  readonly where?: UserCondition | null;
  /** Parameters that the statement has. */
  readonly parameterTypes?: readonly SqlType[];
}

/** Prepares `sql`, a SELECT; `tag` is the command tag that the client sees. */
export function prepareInternal(
  system: System,
  session: SessionContext,
  sql: string,
  tag: string,
  { where = null, parameterTypes = [] }: Given = {},
): Runnable {
  const [own] = parse(sql);
  const select = own?.statement.kind === 'postgres' ? nodeAs(own.statement.node, 'SelectStmt') : undefined;
  if (!own || !select) throw new Error('an internal query is a SELECT');
  const parsed = where?.parsed ?? own;
  const node: Node = { SelectStmt: where ? { ...select, whereClause: where.node } : select };
  const runnable = prepareSelect(system, session, parsed, node, parameterTypes);
  return {
    ...runnable,
    // It would say SELECT.
    direct: () => null,
    run: async (session, execution) => {
      const result = await runnable.run(session, { ...execution, parsed });
      return result.kind === 'rows' ? { ...result, tag } : result;
    },
  };
}

/** The first row of a query whose columns are texts, as of now and with the transaction's own writes; null: there is none. */
export async function firstRow(
  system: System,
  session: Pick<SessionContext, 'cancel'> & {
    readonly transaction: Pick<SessionContext['transaction'], 'writes'>;
  },
  sql: string,
): Promise<(string | null)[] | null> {
  const [own] = parse(sql);
  if (own?.statement.kind !== 'postgres') throw new Error('an internal query is a SELECT');
  const ownWrites = hasWritten(session.transaction);
  const catalog = system.planning.catalogFor(SYSTEM_SESSION, { ownWrites });
  const source = { ...own, node: own.statement.node };
  const query = system.planning.bindQuery(SYSTEM_SESSION, source, { catalog });
  const compiled = system.planning.compileQuery(SYSTEM_SESSION, query, { kind: 'rows' }, catalog);
  const plan = system.engine.prepare(compiled.plan);
  const timestamp = system.sequencer.last;
  try {
    await system.sequencer.whenComputed(timestamp);
    const cursor = await system.engine.execute(plan, {
      timestamp,
      parameters: [],
      timeZone: 'UTC',
      transaction: ownWrites ? session.transaction.writes : null,
      encoding: { kind: 'dataRow', formats: compiled.columns.map(() => 0) },
      cancel: session.cancel,
    });
    const { chunk, rows } = cursor.next(1);
    cursor.close();
    return rows === 0 ? null : rowFields(chunk).map((value) => value && value.toString());
  } finally {
    plan.close();
  }
}

export function quoteLiteral(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? ` E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
