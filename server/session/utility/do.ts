/** DO: a block of PL/pgSQL without variables, for what migrations make only where it is not there. */
import type { DoStmt } from '@pgsql/types';
import { nodeAs, stringOf } from '../../../sql/ast/accessors.ts';
import type { Block, PlStatement } from '../../../sql/ast/plpgsql.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { EngineError } from '../../../engine/index.ts';
import { SqlError } from '../../../sql/error.ts';
import { mayNameSecret, parse } from '../../../sql/parse/parse.ts';
import { parsePlpgsql } from '../../../sql/parse/plpgsql.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { compound, runInner } from './inner-statement.ts';
import { returnTo } from './transaction.ts';

export function prepareDo(session: Session, parsed: ParsedStatement, statement: DoStmt): Prepared {
  const options = (statement.args ?? []).map((arg) => nodeAs(arg, 'DefElem'));
  const named = (name: string) => options.find((option) => option?.defname === name)?.arg;
  const language = named('language') ? stringOf(named('language')) : 'plpgsql';
  if (language !== 'plpgsql') {
    const isKnown = ['sql', 'c', 'internal'].includes(language);
    throw new SqlError({
      sqlstate: isKnown ? '0A000' : '42704',
      message: isKnown
        ? `language "${language}" does not support inline code execution`
        : `language "${language}" does not exist`,
    });
  }
  const block = readBlock(parsed, stringOf(named('as')));
  return compound(parsed, async () => {
    await runBlock(session, block);
    return 'DO';
  });
}

/** An error of the block stands where it is in the whole text, as far as the block is written as it is. */
function readBlock({ source, offset, text }: ParsedStatement, body: string): Block {
  try {
    return parsePlpgsql(body);
  } catch (error) {
    if (!(error instanceof SqlError) || error.position === undefined) throw error;
    const before = source.text.indexOf(body, offset);
    const isWritten = before >= 0 && before < offset + text.length;
    const { sqlstate, message, detail, hint, where } = error;
    const position = isWritten ? source.codePointOfUtf16(before) + error.position : undefined;
    throw new SqlError({ sqlstate, message, detail, hint, where, position });
  }
}

/** True: RETURN, which ends all of it. */
async function runBlock(session: Session, { body, handlers }: Block): Promise<boolean> {
  if (handlers.length === 0) return runAll(session, body);
  const before = session.savepointState();
  try {
    return await runAll(session, body);
  } catch (error) {
    // What ends the statement from outside is nobody's to handle.
    session.scope.check();
    if (!(error instanceof SqlError || error instanceof EngineError)) throw error;
    const code = error.sqlstate;
    const handler = handlers.find(({ conditions }) => conditions.some((wanted) => matches(wanted, code)));
    if (!handler) throw error;
    returnTo(session, before);
    return runAll(session, handler.body);
  }
}

/** `others` is all but what asserts or cancels. */
function matches(wanted: string | null, code: string): boolean {
  if (wanted === null) return code !== '57014' && code !== 'P0004';
  return wanted === code || (wanted.endsWith('000') && wanted.slice(0, 2) === code.slice(0, 2));
}

async function runAll(session: Session, statements: readonly PlStatement[]): Promise<boolean> {
  for (const statement of statements) if (await runOne(session, statement)) return true;
  return false;
}

async function runOne(session: Session, statement: PlStatement): Promise<boolean> {
  const at = (what: string) => `PL/pgSQL function inline_code_block line ${statement.line} at ${what}`;
  switch (statement.kind) {
    case 'block':
      return runBlock(session, statement);
    case 'null':
      return false;
    case 'return':
      return true;
    case 'if': {
      for (const { condition, body } of statement.branches) {
        const value = await compute(session, `CAST((${condition}) AS boolean)`, condition, at('IF'));
        if (value === 't') return runAll(session, body);
      }
      return runAll(session, statement.otherwise);
    }
    case 'raise': {
      const { level, pieces, expressions } = statement;
      const [start = '', ...rest] = pieces;
      let message = start;
      for (const [index, expression] of expressions.entries()) {
        const value = await compute(session, `CAST((${expression}) AS text)`, expression, at('RAISE'));
        message += `${value ?? '<NULL>'}${rest[index]!}`;
      }
      if (level === 'exception') throw new SqlError({ sqlstate: 'P0001', message, where: at('RAISE') });
      if (level === 'debug' || level === 'log') return false;
      const severity = level === 'info' ? 'INFO' : level === 'notice' ? 'NOTICE' : 'WARNING';
      session.notice({ severity, sqlstate: severity === 'WARNING' ? '01000' : '00000', message });
      return false;
    }
    case 'sql':
      await runTexts(session, statement.text, at('SQL statement'), true);
      return false;
    case 'perform':
      await runTexts(session, `SELECT ${statement.text}`, at('PERFORM'));
      return false;
    case 'execute': {
      const where = at('EXECUTE');
      const text = await compute(session, `CAST((${statement.text}) AS text)`, statement.text, where);
      if (text === null) {
        const message = 'query string argument of EXECUTE is null';
        throw new SqlError({ sqlstate: '22004', message, where });
      }
      await runTexts(session, text, where);
      return false;
    }
  }
}

/** The value of an expression, as a text. */
async function compute(
  session: Session,
  expression: string,
  shown: string,
  where: string,
): Promise<string | null> {
  return inside(contextOf('PL/pgSQL expression', shown, where), async () => {
    const [parsed] = parse(`SELECT ${expression}`);
    const row = await runInner(session, parsed!);
    const field = row?.[0] ?? null;
    return field === null ? null : Buffer.from(field).toString();
  });
}

async function runTexts(session: Session, text: string, where: string, isOwn = false): Promise<void> {
  const parsed = await inside(contextOf('SQL statement', text, where), async () => parse(text));
  for (const each of parsed) {
    if (isOwn && each.statement.kind === 'postgres' && 'SelectStmt' in each.statement.node) {
      throw new SqlError({
        sqlstate: '42601',
        message: 'query has no destination for result data',
        hint: 'If you want to discard the results of a SELECT, use PERFORM instead.',
        where,
      });
    }
    await inside(contextOf('SQL statement', text, where), () => runInner(session, each));
  }
}

/** What could hold a secret is shown to nobody. */
function contextOf(what: string, text: string, where: string): string {
  return mayNameSecret(text) ? where : `${what} "${text}"\n${where}`;
}

/** An error of an inner text says where it comes from: its position would be one of that text. */
async function inside<T>(where: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SqlError || error instanceof EngineError)) throw error;
    const { sqlstate, message, detail, hint, about } = error;
    const outer = error.where === undefined ? where : `${error.where}\n${where}`;
    throw new SqlError({ sqlstate, message, detail, hint, about, where: outer });
  }
}
