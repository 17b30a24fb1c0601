/** Calls of functions, native or written as an expression over $1, $2… */
import type { Node } from '@pgsql/types';
import { nodeAs } from '../ast/accessors.ts';
import { ofSession } from '../functions/families/sequence.ts';
import type { FunctionEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { isGrammarError, parsePostgres } from '../parse/postgres.ts';
import type { SqlType } from '../types/type.ts';
import { plain } from '../types/table.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { call } from './scalar.ts';
import { emptyScope } from './scope.ts';

const parsed = new Map<string, Node>();

/** The expression that a body text is, parsed once. */
export function parseExpression(text: string): Node {
  let node = parsed.get(text);
  if (node === undefined) {
    const answer = parsePostgres(/^select /i.test(text) ? text : `${EXPRESSION_PREFIX}${text}`);
    if (isGrammarError(answer)) throw new Error(`${answer.message} in ${text}`);
    const target = nodeAs(nodeAs(answer.stmts?.[0]?.stmt, 'SelectStmt')?.targetList?.[0], 'ResTarget');
    if (target?.val === undefined) throw new Error(`no expression in ${text}`);
    node = target.val;
    if (parsed.size < 10_000) parsed.set(text, node);
  }
  return node;
}

/** The query that a text is, parsed once. */
export function parseQuery(text: string): Node {
  let node = parsed.get(text);
  if (node === undefined) {
    const answer = parsePostgres(text);
    if (isGrammarError(answer)) throw new Error(`${answer.message} in ${text}`);
    node = answer.stmts?.[0]?.stmt;
    if (node === undefined) throw new Error(`no query in ${text}`);
    parsed.set(text, node);
  }
  return node;
}

/** What stands before an expression's text where it is parsed. */
export const EXPRESSION_PREFIX = 'SELECT ';

/** The call of a SQL-language function: its body with the arguments in place. */
export function bindBody(
  context: ExpressionContext,
  entry: FunctionEntry,
  args: readonly HirScalar[],
  body: string = entry.body!,
): HirScalar {
  const { statement } = context;
  const bound = statement.withoutPositions(() =>
    bindExpression(parseExpression(body), {
      ...context,
      scope: emptyScope,
      query: { ...context.query, ctes: [], outer: null, bodyArguments: args },
      collector: null,
    }),
  );
  return coerce(statement, bound, entry.result, 'assignment')!;
}

/** The call of a native function. */
export function callFunction(
  context: ExpressionContext,
  entry: FunctionEntry,
  args: readonly HirScalar[],
  name = entry.name,
  at?: number,
  type: SqlType = plain(entry.result),
): HirScalar {
  if (!entry.native) throw context.statement.unsupported(`function ${entry.name}()`, at);
  if (entry.volatility === 'volatile' && context.statement.environment.inView === true) {
    throw context.statement.unsupported(`volatile function ${entry.name}() in a view`, at);
  }
  if (!ofSession.has(entry.opcode)) return call(entry, args, name, type);
  const session: HirScalar = { kind: 'session', value: 'sessionNumber', type: plain('int8') };
  return call(entry, [...args, session], name, type);
}
