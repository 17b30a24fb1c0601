/** EXPLAIN: the stages of a query's compilation, for a statement or for a view that exists. */
import type { Node } from '@pgsql/types';
import { nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import type { Explain } from '../../sql/ast/explain.ts';
import type { ParsedStatement, Statement } from '../../sql/ast/statement.ts';
import type { Compiled, Purpose } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { parse } from '../../sql/parse/parse.ts';
import { requireObject } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { isWrite } from './write.ts';
import { catalogKinds } from './drop.ts';
import { prepareInternal, quoteIdentifier, quoteLiteral } from './internal-query.ts';
import type { Runnable } from './prepared.ts';

export function prepareExplain(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Explain,
): Runnable {
  const stage = statement.stage ?? 'physical';
  if (stage !== 'raw' && stage !== 'decorrelated' && stage !== 'optimized' && stage !== 'physical') {
    throw new SqlError({ sqlstate: '0A000', message: `EXPLAIN ${stage.toUpperCase()} is not supported yet` });
  }
  const format = explainFormat(statement.options);
  const text = compileTarget(system, session, parsed, statement).explain(stage, format);
  const lines = format === 'json' ? [text] : text.split('\n');
  const rows = lines.map((line, index) => `(${index}, ${quoteLiteral(line)})`).join(', ');
  const sql = `SELECT t.line AS ${quoteIdentifier('QUERY PLAN')} FROM (VALUES ${rows}) AS t (number, line) ORDER BY t.number`;
  return prepareInternal(system, session, sql, 'EXPLAIN');
}

function explainFormat(options: readonly Node[]): 'text' | 'json' {
  let format: 'text' | 'json' = 'text';
  for (const node of options) {
    const option = nodeAs(node, 'DefElem');
    const value = stringOf(option?.arg).toLowerCase();
    if (option?.defname === 'format' && (value === 'text' || value === 'json')) format = value;
    else if (option?.defname === 'costs' || option?.defname === 'verbose') continue;
    else {
      const what = `${option?.defname ?? ''}${value === '' ? '' : ` ${value}`}`.toUpperCase();
      throw new SqlError({ sqlstate: '0A000', message: `EXPLAIN option ${what} is not supported` });
    }
  }
  return format;
}

function compileTarget(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Explain,
): Compiled {
  const { target } = statement;
  if (target.kind === 'object') {
    const object = requireObject(
      system.catalog,
      session,
      parsed,
      target.name,
      catalogKinds(target.objectKind),
    );
    if (object.kind !== 'view' && object.kind !== 'materializedView') {
      throw new SqlError({ sqlstate: '42809', message: `"${object.name}" is not a view` });
    }
    const definition = parse(object.query)[0]!;
    const viewSession = {
      user: session.user,
      database: session.database,
      searchPath: object.searchPath,
      timeZone: object.timeZone,
    };
    return compileNode(system, viewSession, definition, (definition.statement as { node: Node }).node, {
      kind: 'subscribe',
      name: object.name,
    });
  }
  return compileStatement(system, session, parsed, target.statement);
}

function compileStatement(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Statement,
): Compiled {
  if (statement.kind === 'create_view') {
    return compileNode(system, session, parsed, statement.query.node, { kind: 'subscribe', name: 'view' });
  }
  if (statement.kind === 'subscribe' && statement.target.kind === 'query') {
    return compileNode(system, session, parsed, statement.target.query.node, {
      kind: 'subscribe',
      name: 'subscription',
    });
  }
  if (statement.kind === 'postgres') {
    const { node } = statement;
    if ('SelectStmt' in node) return compileNode(system, session, parsed, node, { kind: 'rows' });
    if (isWrite(node)) {
      return system.planning.compileWrite(session, parsed, node, {});
    }
  }
  throw new SqlError({ sqlstate: '0A000', message: 'EXPLAIN of this statement is not supported' });
}

function compileNode(
  system: System,
  session: Pick<SessionContext, 'user' | 'database' | 'searchPath' | 'timeZone'>,
  parsed: ParsedStatement,
  node: Node,
  purpose: Purpose,
): Compiled {
  const source = { ...parsed, node };
  const query =
    purpose.kind === 'rows'
      ? system.planning.bindQuery(session, source)
      : system.planning.bindMaintained(session, source);
  return system.planning.compileQuery(session, query, purpose);
}
