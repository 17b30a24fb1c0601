/** Calls of functions, native or written as an expression over $1, $2… */
import type { Node } from '@pgsql/types';
import { nodeAs } from '../ast/accessors.ts';
import { changesSequence, ofSession } from '../functions/families/sequence.ts';
import { SqlError } from '../error.ts';
import type { FunctionEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { isGrammarError, parsePostgres } from '../parse/postgres.ts';
import type { SqlType } from '../types/type.ts';
import { plain } from '../types/table.ts';
import { coerce } from './coerce.ts';
import type { BodyTemplate } from './body-templates.ts';
import { argumentsKey, instantiate, placeholders } from './body-templates.ts';
import { STORED_EXPRESSIONS, expressionContext } from './context.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { call, literal } from './scalar.ts';
import { emptyScope } from './scope.ts';
import { Statement } from './statement.ts';

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
  const template = templateOf(context, entry, args, body);
  if (template === null) return bindInPlace(context, entry, args, body);
  const { catalog } = context.statement.environment;
  for (const { schema, name } of template.relations) catalog.findRelation(schema, name);
  return instantiate(template, args);
}

function bindInPlace(
  context: ExpressionContext,
  entry: FunctionEntry,
  args: readonly HirScalar[],
  body: string,
): HirScalar {
  const { statement } = context;
  const bound = statement.withoutPositions(() =>
    bindExpression(parseExpression(body), {
      ...context,
      scope: emptyScope,
      query: { ...context.query, ctes: [], outer: null, bodyArguments: args, ofPostgres: true },
      collector: null,
    }),
  );
  return coerce(statement, bound, entry.result, 'assignment')!;
}

/** What an argument names depends on the search path, and on what there is. */
const LOOKS_UP = /\$[0-9]::reg|to_reg/;

/** The body, bound for such arguments; null where it has to be bound in its place. */
function templateOf(
  context: ExpressionContext,
  entry: FunctionEntry,
  args: readonly HirScalar[],
  body: string,
): BodyTemplate | null {
  const { environment } = context.statement;
  const { bodies, inView } = environment;
  if (bodies === undefined || inView === true || STORED_EXPRESSIONS.has(context.clause)) return null;
  if (LOOKS_UP.test(body)) return null;
  const key = argumentsKey(args);
  if (key === null) return null;
  const signature = `${entry.result} ${key}`;
  let template = bodies.get(body, signature);
  if (template === undefined) {
    template = makeTemplate(new Statement(environment), entry, placeholders(args), body);
    bodies.set(body, signature, template);
  }
  return template;
}

function makeTemplate(
  statement: Statement,
  entry: FunctionEntry,
  args: readonly HirScalar[],
  body: string,
): BodyTemplate | null {
  const query = { statement, ctes: [], outer: null };
  try {
    const scalar = bindInPlace(expressionContext(query, emptyScope, 'SELECT'), entry, args, body);
    // Numbers of bindings are the statement's.
    return statement.hasBindings ? null : { scalar, relations: statement.relations };
  } catch (error) {
    // It is refused where it is called, or has what only a query can collect.
    if (error instanceof SqlError) return null;
    throw error;
  }
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
  const mode = changesSequence.has(entry.opcode) ? [accessMode(context, args[0]!)] : [];
  return call(entry, [...args, session, ...mode], name, type);
}

/** Whether a sequence may not be changed: one that is temporary may always be. */
function accessMode({ statement }: ExpressionContext, sequence: HirScalar): HirScalar {
  const { catalog } = statement.environment;
  const named = sequence.kind === 'literal' && sequence.text !== null;
  const schema = named ? catalog.classNamed(Number(sequence.text))?.schema : undefined;
  if (schema !== undefined && schema === catalog.temporarySchema) return literal('bool', 'f');
  return { kind: 'session', value: 'readOnly', type: plain('bool') };
}
