/** ALTER DOMAIN: default, NOT NULL, checks. Tables with columns of it check what is written before rows are looked at. */
import type { AlterDomainStmt, RenameStmt } from '@pgsql/types';
import { nameParts, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { checkDomainClauses, checkSource } from '../../../sql/bind/bind.ts';
import type { CatalogReader, ObjectId } from '../../../sql/catalog.ts';
import { SqlError } from '../../../sql/error.ts';
import { pinnedOids, withPinnedNames } from '../../../sql/parse/pinned-names.ts';
import { domainType } from '../../../sql/types/enum.ts';
import { mentionsType, ownTypesOf } from '../../../sql/types/mentions.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { constrainAgain } from '../../catalog/constraints.ts';
import type { DomainObject, TableObject } from '../../catalog/objects.ts';
import { describeObject } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';
import { findOwnType } from '../alter/type/require-type.ts';
import { firstRow, quoteIdentifier } from '../internal-query.ts';
import { type Runnable, command } from '../prepared.ts';
import { alreadyThere, freeName } from './create-domain.ts';

export function prepareAlterDomain(
  system: System,
  parsed: ParsedStatement,
  statement: AlterDomainStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const domain = requireDomain(system, session, nameParts(statement.typeName));
      const { changed, verify } = change(system, session, parsed, statement, domain);
      if (changed !== domain) await commitDomain(system, session, changed, verify);
      return 'ALTER DOMAIN';
    }, session),
  );
}

/** ALTER DOMAIN … RENAME CONSTRAINT. */
export function prepareRenameDomainConstraint(
  system: System,
  _parsed: ParsedStatement,
  statement: RenameStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const list = statement.object && 'List' in statement.object ? statement.object.List.items : undefined;
      const named =
        statement.object && 'TypeName' in statement.object ? statement.object.TypeName.names : list;
      const domain = requireDomain(system, session, nameParts(named));
      const { subname: from = '', newname: to = '' } = statement;
      if (namesOf(domain).includes(to)) throw alreadyThere(to, domain.name);
      const checks = domain.checks.map((check) => (check.name === from ? { ...check, name: to } : check));
      const notNull = domain.notNull?.name === from ? { ...domain.notNull, name: to } : domain.notNull;
      if (!namesOf(domain).includes(from)) throw noConstraint(from, domain);
      await commitDomain(system, session, { ...domain, checks, notNull }, null);
      return 'ALTER DOMAIN';
    }, session),
  );
}

function requireDomain(system: System, session: SessionContext, parts: readonly string[]): DomainObject {
  const found = findOwnType(system, session, parts);
  const written = parts.join('.');
  if (!found) throw new SqlError({ sqlstate: '42704', message: `type "${written}" does not exist` });
  if (found.form !== 'domain')
    throw new SqlError({ sqlstate: '42809', message: `${written} is not a domain` });
  return found;
}

function namesOf({ checks, notNull }: DomainObject): string[] {
  return [...checks.map(({ name }) => name), ...(notNull ? [notNull.name] : [])];
}

function noConstraint(name: string, domain: DomainObject): SqlError {
  return new SqlError({
    sqlstate: '42704',
    message: `constraint "${name}" of domain "${domain.name}" does not exist`,
  });
}

/** What the values that are there must be, as a condition on a column; and what is said of one that is not. */
interface Verification {
  readonly violated: (column: string) => string;
  readonly error: (column: string, table: string) => SqlError;
}

interface Change {
  readonly changed: DomainObject;
  readonly verify: Verification | null;
}

const holdsNulls: Verification = {
  violated: (column) => `${column} IS NULL`,
  error: (column, table) =>
    new SqlError({
      sqlstate: '23502',
      message: `column "${column}" of table "${table}" contains null values`,
    }),
};

/** Rows that break a condition, which is written over VALUE: a column of that name. */
function breaks(text: string): Verification {
  return {
    violated: (column) => `(SELECT (${text}) IS FALSE FROM (SELECT ${column} AS value) AS checked)`,
    error: (column, table) =>
      new SqlError({
        sqlstate: '23514',
        message: `column "${column}" of table "${table}" contains values that violate the new constraint`,
      }),
  };
}

/** The text behind SET DEFAULT, which was bound. */
function defaultOf({ text, offset, source }: ParsedStatement, catalog: CatalogReader): string {
  const keywords = /^[\s\S]*?\bset\s+default\b\s*/i.exec(text)?.[0] ?? '';
  const from = offset + keywords.length;
  return withPinnedNames(source.text, from, offset + text.length, (at) => catalog.meaning(at)).trim();
}

/** The domain depends on what its DEFAULT names. */
function withDefault(domain: DomainObject, defaultText: string | null): DomainObject {
  const needed = [domain.over, ...ownTypesOf([domain.type.name])];
  const before = pinnedOids(domain.defaultText).filter((id) => !needed.includes(id));
  const kept = domain.dependsOn.filter((id) => !before.includes(id));
  return { ...domain, defaultText, dependsOn: [...new Set([...kept, ...pinnedOids(defaultText)])] };
}

function change(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: AlterDomainStmt,
  domain: DomainObject,
): Change {
  const { subtype, name = '', missing_ok: missingOk = false } = statement;
  const environment = system.planning.bindEnvironment(session, parsed);
  switch (subtype) {
    case 'T': {
      if (statement.def === undefined) return { changed: withDefault(domain, null), verify: null };
      checkDomainClauses(domain, { checks: [], defaultValue: statement.def }, environment);
      const text = defaultOf(parsed, environment.catalog);
      return { changed: withDefault(domain, /^null$/i.test(text) ? null : text), verify: null };
    }
    case 'N':
      return { changed: domain.notNull ? { ...domain, notNull: null } : domain, verify: null };
    case 'O': {
      if (domain.notNull) return { changed: domain, verify: null };
      const notNull = { id: system.catalog.allocateObject(), name: `${domain.name}_not_null` };
      return { changed: { ...domain, notNull }, verify: holdsNulls };
    }
    case 'C': {
      const constraint = nodeAs(statement.def, 'Constraint')!;
      if (constraint.contype === 'CONSTR_NOTNULL') {
        if (domain.notNull) return { changed: domain, verify: null };
        const named = constraint.conname ?? `${domain.name}_not_null`;
        const notNull = { id: system.catalog.allocateObject(), name: named };
        return { changed: { ...domain, notNull }, verify: holdsNulls };
      }
      if (constraint.contype !== 'CONSTR_CHECK') {
        throw new SqlError({
          sqlstate: '42601',
          message: 'only checks and NOT NULL are constraints of domains',
        });
      }
      checkDomainClauses(domain, { checks: [constraint.raw_expr!], defaultValue: null }, environment);
      const chosen = constraint.conname ?? freeName(`${domain.name}_check`, namesOf(domain));
      if (namesOf(domain).includes(chosen)) throw alreadyThere(chosen, domain.name);
      const text = checkSource(parsed.source.text, constraint.location ?? 0, environment.catalog);
      const validated = constraint.skip_validation !== true;
      const check = { id: system.catalog.allocateObject(), name: chosen, text, validated };
      return {
        changed: { ...domain, checks: [...domain.checks, check] },
        verify: validated ? breaks(text) : null,
      };
    }
    case 'X': {
      const checks = domain.checks.filter((check) => check.name !== name);
      const notNull = domain.notNull?.name === name ? null : domain.notNull;
      if (checks.length === domain.checks.length && notNull === domain.notNull) {
        const error = noConstraint(name, domain);
        if (!missingOk) throw error;
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${error.message}, skipping` });
        return { changed: domain, verify: null };
      }
      return { changed: { ...domain, checks, notNull }, verify: null };
    }
    case 'V': {
      const found = domain.checks.find((check) => check.name === name);
      if (!found) throw noConstraint(name, domain);
      const checks = domain.checks.map((check) => (check === found ? { ...check, validated: true } : check));
      return { changed: { ...domain, checks }, verify: breaks(found.text) };
    }
    default:
      throw new SqlError({ sqlstate: '0A000', message: `this form of ALTER DOMAIN is not supported` });
  }
}

/** Makes it hold, and then true. */
export async function commitDomain(
  system: System,
  session: SessionContext,
  domain: DomainObject,
  verify: Verification | null,
): Promise<void> {
  const before = system.catalog.object(domain.id) as DomainObject;
  refuseMaintained(system, before);
  const changes = [{ kind: 'replace', object: domain }] as const;
  const after = { ...system, planning: system.planning.over(system.catalog.after(changes)) };
  const tables = tablesOf(system, domain.id);
  const undo = (): void => tables.forEach(({ table }) => constrainAgain(system, table.id));
  tables.forEach(({ table }) => constrainAgain(after, table.id));
  try {
    for (const { table, columns } of verify ? tables : []) {
      for (const column of columns) await verifyColumn(system, session, table, column, verify!);
    }
    await commitCatalog(system, changes, { abandoned: undo });
  } catch (error) {
    undo();
    throw error;
  }
}

async function verifyColumn(
  system: System,
  session: SessionContext,
  table: TableObject,
  column: string,
  { violated, error }: Verification,
): Promise<void> {
  const from = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
  const where = violated(quoteIdentifier(column));
  const row = await firstRow(system, session, `SELECT 'x' FROM ${from} WHERE ${where} LIMIT 1`);
  if (row !== null) throw error(column, table.name);
}

/** Tables with columns of the domain, or of one over it. */
function tablesOf(system: System, domain: ObjectId): { table: TableObject; columns: string[] }[] {
  const domains = new Set([domain]);
  for (let found = -1; found !== domains.size;) {
    found = domains.size;
    for (const object of system.catalog.objects()) {
      const isOver = object.kind === 'type' && object.form === 'domain' && domains.has(object.over ?? -1);
      if (isOver) domains.add(object.id);
    }
  }
  return [...system.catalog.objects()].flatMap((table) => {
    if (table.kind !== 'table') return [];
    const within = table.columns.find(({ type }) =>
      [...domains].some((id) => mentionsType(type.name, domainType(id))),
    );
    if (within !== undefined) {
      const name = system.catalog.object(domain).name;
      const message = `cannot alter type "${name}" because column "${table.name}.${within.name}" uses it`;
      throw new SqlError({ sqlstate: '0A000', message });
    }
    const columns = table.columns
      .filter((column) => domains.has(column.domain ?? -1))
      .map(({ name }) => name);
    return columns.length === 0 ? [] : [{ table, columns }];
  });
}

/** What is maintained with casts to the domain was computed with what it said until now. */
function refuseMaintained(system: System, domain: DomainObject): void {
  const seen = new Set<ObjectId>();
  const visit = (id: ObjectId): void => {
    for (const object of system.catalog.dependents(id)) {
      if (seen.has(object.id)) continue;
      seen.add(object.id);
      if (object.kind === 'materializedView' || object.kind === 'sink') {
        throw new SqlError({
          sqlstate: '0A000',
          message: `altering domain ${domain.name}, which ${describeObject(object, system.catalog)} casts to, is not supported`,
          hint: `Drop ${describeObject(object, system.catalog)} first, and create it again afterwards.`,
        });
      }
      visit(object.id);
    }
  };
  visit(domain.id);
}
