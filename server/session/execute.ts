/**
 * How statements run: start here. Both protocols meet in `start`, which puts a statement into its transaction and
 * executes it; the portal sends the result.
 */
import { tokenize } from '../../sql/parse/lexer.ts';
import { SqlError } from '../../sql/error.ts';
import { parseAgain } from '../../sql/parse/memo.ts';
import { type Instance, instanceOf, refuse } from '../../sql/parse/template.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { elementType, isRegistered } from '../../sql/types/table.ts';
import { requireWritable } from './access-mode.ts';
import { Portal } from './portal.ts';
import type { Session } from './session.ts';
import { ddlName, isComposite, isTransactional } from './statement-class.ts';

/** A statement has an implicit transaction for itself, or shares it with its neighbours. */
type Company = 'single' | 'group';

/** All statements of one Query message. */
export async function runQuery(session: Session, text: string, instance: Instance | null): Promise<void> {
  const { client } = session;
  session.closePortal('');
  if (instance && (await runInstance(session, instance, () => parseAgain(text)[0]!, 'single', true))) return;
  const statements = parseAgain(text);
  if (statements.length === 0) {
    client.emptyQuery();
    return;
  }
  const company = companyOf(session, statements);
  for (const [index, parsed] of statements.entries()) {
    const ends = company === 'single' || index === statements.length - 1;
    const own = statements.length > 1 ? instanceOf(parsed.text) : null;
    if (own && (await runInstance(session, own, () => parsed, company, ends))) continue;
    const portal = prepareSimple(session, parsed);
    // With its constants it can be compiled: those of its shape go on so.
    const refused = own ?? instance;
    if (refused) refuse(refused.template);
    await runStatement(session, portal, company, ends);
  }
}

/** Runs a statement with the plan of those of its shape; false when it has to be compiled for itself. */
async function runInstance(
  session: Session,
  instance: Instance,
  parsed: () => ParsedStatement,
  company: Company,
  ends: boolean,
): Promise<boolean> {
  const portal = prepareInstance(session, instance);
  if (!portal) return false;
  try {
    await runStatement(session, portal, company, ends);
  } catch (error) {
    // A constant that is no value of its type is refused at its place, as in PostgreSQL.
    if (isDataError(error)) prepareSimple(session, parsed());
    throw error;
  }
  return true;
}

/** One statement of a Query message; `ends`: an implicit transaction ends with it. */
async function runStatement(
  session: Session,
  portal: Portal,
  company: Company,
  ends: boolean,
): Promise<void> {
  const { client } = session;
  await start(session, portal, company);
  if (portal.columns) client.describeRows(portal.columns, portal.formats);
  const outcome = await portal.pour(client, 0, session.scope);
  // The commit comes before the last CommandComplete: that promises it.
  if (ends) await session.endImplicit();
  if (outcome.kind === 'complete') client.complete(outcome.tag);
}

/** One Execute message: runs a portal or goes on with it. */
export async function runPortal(
  session: Session,
  portal: Portal,
  maxRows: number,
  alone: boolean,
): Promise<void> {
  const { client } = session;
  const { prepared } = portal;
  if (prepared.parsed === null) {
    client.emptyQuery();
    return;
  }
  let company: Company | null = null;
  if (!portal.started) {
    company =
      !session.transactions.inUse &&
      (alone || !isTransactional(prepared.parsed)) &&
      !isComposite(prepared.parsed)
        ? 'single'
        : 'group';
    await start(session, portal, company);
  }
  const outcome = await portal.pour(client, maxRows, session.scope);
  if (outcome.kind === 'suspended') {
    client.suspended();
    return;
  }
  // As PostgreSQL after a command that cannot be in a pipeline: committed at once, what follows is on its own.
  if (company === 'single' && prepared.ddl !== null) await session.endImplicit();
  client.complete(outcome.tag);
}

/** Puts a statement into its transaction and executes it. */
async function start(session: Session, portal: Portal, company: Company): Promise<void> {
  const { prepared } = portal;
  session.checkNotFailed(prepared.endsTransaction);
  if (!prepared.managesTransaction) {
    session.transactions.enter(company);
    if (prepared.ddl !== null) {
      requireWritable(session.transactions.current, prepared.ddl);
      if (session.transactions.isBlock) await prepared.beginDdl?.();
    }
  }
  for (const notice of prepared.parsed?.notices ?? []) session.notice(notice);
  portal.start(await prepared.run(portal.parameters, portal.formats));
}

/** A statement that shares its plan with others of its shape; null when it has to be compiled for itself. */
function prepareInstance(session: Session, { template, values }: Instance): Portal | null {
  try {
    const prepared = session.prepare(template.parsed, template.types);
    // A constant that names an object is looked up as the statement is bound.
    if (prepared.parameterTypes.some(({ name }) => isRegistered(elementType(name) ?? name))) return null;
    session.instances.set(template, prepared);
    return new Portal(
      prepared,
      values.map((value) => ({ format: 0, value: Buffer.from(value) })),
      (prepared.columns ?? []).map(() => 0),
    );
  } catch {
    // Compiled with its constants it will say why, or be right.
    return null;
  }
}

function isDataError(error: unknown): boolean {
  const { sqlstate } = error as { readonly sqlstate?: unknown };
  return typeof sqlstate === 'string' && sqlstate.startsWith('22');
}

function prepareSimple(session: Session, parsed: ParsedStatement): Portal {
  const prepared = session.prepare(parsed, []);
  if (prepared.parameterTypes.length > 0) {
    const { source, offset, text } = parsed;
    const parameter = tokenize(source, offset, offset + text.length).find(({ kind }) => kind === 'parameter');
    throw new SqlError({
      sqlstate: '42P02',
      message: `there is no parameter ${parameter?.text ?? '$1'}`,
      position: parameter === undefined ? undefined : source.codePointOfUtf16(parameter.start) + 1,
    });
  }
  const format = prepared.simpleFormat ?? 0;
  return new Portal(
    prepared,
    [],
    (prepared.columns ?? []).map(() => format),
  );
}

/**
 * Several statements of one text are one transaction. With one among them that no transaction can take back (a source or
 * a sink), each commits on its own; the client is told.
 */
function companyOf(session: Session, statements: readonly ParsedStatement[]): Company {
  if (session.transactions.isExplicit) return 'single';
  if (statements.length === 1) return isComposite(statements[0]!) ? 'group' : 'single';
  const outside = statements.find((parsed) => !isTransactional(parsed));
  if (outside === undefined) return 'group';
  if (!statements.some((parsed) => /^(begin|start)\b/i.test(parsed.text))) {
    session.notice({
      severity: 'NOTICE',
      sqlstate: '00000',
      message: `these ${statements.length} statements are committed one by one`,
      detail: `${ddlName(outside)} cannot be part of a larger transaction.`,
    });
  }
  return 'single';
}
