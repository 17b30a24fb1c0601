/** EXPLAIN: the stages of a query's compilation, for a statement or for a view that exists. */
import type { Node } from '@pgsql/types';
import { integerOf, nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import type { Explain } from '../../sql/ast/explain.ts';
import type { ParsedStatement, Statement } from '../../sql/ast/statement.ts';
import type { Compiled, Purpose } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { requireObject } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { isWrite } from './write.ts';
import { catalogKinds } from './drop.ts';
import { explainMemory } from './explain-memory.ts';
import { prepareInternal, quoteIdentifier, quoteLiteral } from './internal-query.ts';
import type { Runnable } from './prepared.ts';
import { readTimestamp } from './snapshot.ts';

export function prepareExplain(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Explain,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  const stage = statement.stage ?? 'physical';
  const { format, arrangements, summary, genericPlan } = explainOptions(statement.options);
  if (stage === 'memory' && statement.target.kind === 'object') {
    const { name, objectKind } = statement.target;
    const object = requireObject(system.catalog, session, parsed, name, catalogKinds(objectKind));
    const asked = (): Runnable => answer(system, session, explainMemory(system, object, format), format, []);
    return {
      ...asked(),
      planLength: undefined,
      // What is held changes under a statement that is prepared, and is there when the last commit is computed.
      run: async (running, execution) => {
        await readTimestamp(system, running);
        return asked().run(running, execution);
      },
    };
  }
  if (stage !== 'raw' && stage !== 'decorrelated' && stage !== 'optimized' && stage !== 'physical') {
    throw new SqlError({ sqlstate: '0A000', message: `EXPLAIN ${stage.toUpperCase()} is not supported yet` });
  }
  if (arrangements && stage !== 'physical') {
    throw new SqlError({
      sqlstate: '22023',
      message: 'EXPLAIN option ARRANGEMENTS requires the physical plan',
      hint: 'EXPLAIN PHYSICAL PLAN WITH (ARRANGEMENTS) FOR … shows it.',
    });
  }
  if (summary && format === 'json') {
    throw new SqlError({ sqlstate: '0A000', message: 'EXPLAIN option SUMMARY is not supported in JSON' });
  }
  const start = performance.now();
  const compiled = compileTarget(system, session, parsed, statement, parameterTypes);
  const time = performance.now() - start;
  const text = compiled.explain(stage, format, { arrangements });
  // A plan is for whatever values parameters have. They are asked for all the same, and read.
  const types = genericPlan ? [] : compiled.parameters;
  if (!summary) return answer(system, session, text, format, types);
  const timed = answer(system, session, `${text}\nPlanning Time: ${time.toFixed(3)} ms`, format, types);
  // A plan that is kept would show the time of its making again.
  return { ...timed, planLength: undefined };
}

function answer(
  system: System,
  session: SessionContext,
  text: string,
  format: 'text' | 'json',
  parameterTypes: readonly SqlType[],
): Runnable {
  const lines = format === 'json' ? [text] : text.split('\n');
  const rows = lines.map((line, index) => `(${index}, ${quoteLiteral(line)})`).join(', ');
  const sql = `SELECT t.line AS ${quoteIdentifier('QUERY PLAN')} FROM (VALUES ${rows}) AS t (number, line) ORDER BY t.number`;
  return prepareInternal(system, session, sql, 'EXPLAIN', { parameterTypes });
}

interface Options {
  readonly format: 'text' | 'json';
  readonly arrangements: boolean;
  /** How long planning took. */
  readonly summary: boolean;
  /** Parameters may stand in it that nobody gives values. */
  readonly genericPlan: boolean;
}

/** Options that are on or off, under PostgreSQL's names. */
const FLAGS: Readonly<Record<string, 'arrangements' | 'summary' | 'genericPlan'>> = {
  arrangements: 'arrangements',
  summary: 'summary',
  generic_plan: 'genericPlan',
};

function explainOptions(options: readonly Node[]): Options {
  let result: Options = { format: 'text', arrangements: false, summary: false, genericPlan: false };
  for (const node of options) {
    const option = nodeAs(node, 'DefElem');
    const value = stringOf(option?.arg).toLowerCase();
    const flag = FLAGS[option?.defname ?? ''];
    if (option?.defname === 'format' && (value === 'text' || value === 'json')) {
      result = { ...result, format: value };
    } else if (flag !== undefined) {
      const isOff = value === 'false' || value === 'off' || integerOf(option?.arg) === 0;
      result = { ...result, [flag]: !isOff };
    } else if (option?.defname === 'costs' || option?.defname === 'verbose') continue;
    else {
      const what = `${option?.defname ?? ''}${value === '' ? '' : ` ${value}`}`.toUpperCase();
      throw new SqlError({ sqlstate: '0A000', message: `EXPLAIN option ${what} is not supported` });
    }
  }
  return result;
}

function compileTarget(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Explain,
  parameterTypes: readonly (SqlType | null)[],
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
    const { searchPath, timeZone } = object;
    const { user, database } = session;
    const setting: SessionContext['setting'] = (name) => session.setting(name);
    const viewSession = { user, database, searchPath, timeZone, setting };
    const purpose: Purpose =
      object.kind === 'view'
        ? { kind: 'subscribe', name: object.name }
        : { kind: 'maintain', arrangement: object.arrangement, name: object.name, view: object.id };
    const query = system.planning.bindDefinition(object);
    return system.planning.compileQuery(viewSession, query, purpose);
  }
  return compileStatement(system, session, parsed, target.statement, parameterTypes);
}

function compileStatement(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Statement,
  parameterTypes: readonly (SqlType | null)[],
): Compiled {
  if (statement.kind === 'create_view') {
    const purpose: Purpose = statement.materialized
      ? { kind: 'maintain', arrangement: system.catalog.allocateArrangement(), name: 'view' }
      : { kind: 'subscribe', name: 'view' };
    return compileNode(system, session, parsed, statement.query.node, purpose);
  }
  if (statement.kind === 'subscribe' && statement.target.kind === 'query') {
    return compileNode(system, session, parsed, statement.target.query.node, {
      kind: 'subscribe',
      name: 'subscription',
    });
  }
  if (statement.kind === 'postgres') {
    const { node } = statement;
    if ('SelectStmt' in node)
      return compileNode(system, session, parsed, node, { kind: 'rows' }, parameterTypes);
    if (isWrite(node)) {
      return system.planning.compileWrite(session, parsed, node, { parameterTypes });
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
  parameterTypes: readonly (SqlType | null)[] = [],
): Compiled {
  const source = { ...parsed, node };
  const query =
    purpose.kind === 'rows'
      ? system.planning.bindQuery(session, source, { parameterTypes })
      : system.planning.bindMaintained(session, source);
  const now = parsed.extensions.asOf === undefined;
  return system.planning.compileQuery(
    session,
    query,
    purpose.kind === 'rows' ? { ...purpose, now } : purpose,
  );
}
