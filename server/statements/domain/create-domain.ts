/** CREATE DOMAIN: a type with a default and with conditions on its values. */
import type { Constraint, CreateDomainStmt, Node } from '@pgsql/types';
import { nameParts, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import {
  bindDomainBase,
  checkDomainClauses,
  checkSource,
  declaredDimensions,
  defaultSource,
  domainCollation,
} from '../../../sql/bind/bind.ts';
import { SqlError } from '../../../sql/error.ts';
import { isAnonymous } from '../../../sql/types/record.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { positionOf } from '../../catalog/names.ts';
import type { DomainCheckObject, DomainObject } from '../../catalog/objects.ts';
import { showType } from '../../catalog/reader.ts';
import type { System } from '../../system.ts';
import { newTypeName } from '../create-type.ts';
import { type Runnable, command } from '../prepared.ts';

export function prepareCreateDomain(
  system: System,
  parsed: ParsedStatement,
  statement: CreateDomainStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const parts = nameParts(statement.domainname);
      const target = newTypeName(system, session, parsed, { parts, location: 0, end: 0 });
      const catalog = system.planning.catalogFor(session);
      const environment = system.planning.bindEnvironment(session, parsed, { catalog });
      const { type, domain: over } = bindDomainBase(statement.typeName!, environment);
      if (isAnonymous(type.name)) {
        throw new SqlError({
          sqlstate: '42804',
          message: `"${type.name}" is not a valid base type for a domain`,
        });
      }
      const collation = domainCollation(statement.collClause, statement.typeName!, environment);
      const constraints = (statement.constraints ?? []).map((node) => nodeAs(node, 'Constraint')!);
      const said = clausesOf(parsed, constraints);
      const own = new Set(catalog.resolved);
      const { name: called } = target;
      checkDomainClauses(
        { name: called, type },
        { ...noClauses, defaultValue: said.defaultValue },
        environment,
      );
      // A function that a CHECK calls takes the CHECK along when it goes; one that DEFAULT calls, the domain.
      const dependsOn = [...own, ...catalog.resolved];
      const checkNodes = said.checks.map(({ node }) => node);
      checkDomainClauses({ name: called, type }, { ...noClauses, checks: checkNodes }, environment);
      const { text: source } = parsed.source;
      const taken: string[] = [];
      const checks = said.checks.map(({ name, at }): DomainCheckObject => {
        const chosen = name ?? freeName(`${target.name}_check`, taken);
        if (taken.includes(chosen)) throw alreadyThere(chosen, target.name);
        taken.push(chosen);
        const text = checkSource(source, at, catalog);
        return { id: system.catalog.allocateObject(), name: chosen, text, validated: true };
      });
      const object: DomainObject = {
        kind: 'type',
        form: 'domain',
        id: system.catalog.allocateObject(),
        arrayId: system.catalog.allocateObject(),
        ...target,
        dependsOn: [...new Set(dependsOn)],
        statement: parsed.text,
        type,
        over: over?.id ?? null,
        ...declaredDimensions(statement.typeName!),
        ...collation,
        notNull: said.notNull
          ? { id: system.catalog.allocateObject(), name: said.notNullName ?? `${target.name}_not_null` }
          : null,
        defaultText: said.defaultAt === null ? null : defaultSource(source, said.defaultAt, catalog),
        checks,
      };
      showType(object);
      await commitCatalog(system, [{ kind: 'add', object }]);
      return 'CREATE DOMAIN';
    }, session),
  );
}

/** A constraint of this name is there. */
export function alreadyThere(name: string, domain: string): SqlError {
  return new SqlError({
    sqlstate: '42710',
    message: `constraint "${name}" for domain "${domain}" already exists`,
  });
}

/** The name, or with a number behind it where it is taken. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 1;
  while (taken.includes(`${name}${number}`)) number += 1;
  return `${name}${number}`;
}

interface Clauses {
  readonly notNull: boolean;
  readonly notNullName: string | null;
  /** Where it begins in the text (UTF-8 bytes), as the checks. */
  readonly defaultAt: number | null;
  readonly defaultValue: Node | null;
  readonly checks: readonly { readonly name: string | null; readonly at: number; readonly node: Node }[];
}

const noClauses = { checks: [], defaultValue: null };

function clausesOf(parsed: ParsedStatement, constraints: readonly Constraint[]): Clauses {
  let nullable: boolean | null = null;
  let notNullName: string | null = null;
  let defaultAt: number | null = null;
  let defaultValue: Node | null = null;
  const checks: { name: string | null; at: number; node: Node }[] = [];
  for (const constraint of constraints) {
    const { contype, location = 0, conname: name = null } = constraint;
    const refuse = (sqlstate: string, message: string): SqlError =>
      new SqlError({ sqlstate, message, position: positionOf(parsed, location) });
    switch (contype) {
      case 'CONSTR_NULL':
      case 'CONSTR_NOTNULL': {
        const said = contype === 'CONSTR_NULL';
        if (constraint.is_no_inherit === true) {
          throw refuse('42P17', 'not-null constraints for domains cannot be marked NO INHERIT');
        }
        if (nullable !== null && nullable !== said)
          throw refuse('42601', 'conflicting NULL/NOT NULL constraints');
        if (nullable === false) throw refuse('42P17', 'redundant NOT NULL constraint definition');
        nullable = said;
        notNullName ??= name;
        break;
      }
      case 'CONSTR_DEFAULT':
        if (defaultAt !== null) throw refuse('42601', 'multiple default expressions');
        defaultAt = location;
        defaultValue = constraint.raw_expr!;
        break;
      case 'CONSTR_CHECK':
        if (constraint.is_no_inherit === true) {
          throw refuse('42P17', 'check constraints for domains cannot be marked NO INHERIT');
        }
        checks.push({ name, at: location, node: constraint.raw_expr! });
        break;
      case 'CONSTR_UNIQUE':
        throw refuse('42601', 'unique constraints not possible for domains');
      case 'CONSTR_PRIMARY':
        throw refuse('42601', 'primary key constraints not possible for domains');
      case 'CONSTR_EXCLUSION':
        throw refuse('42601', 'exclusion constraints not possible for domains');
      case 'CONSTR_FOREIGN':
        throw refuse('42601', 'foreign key constraints not possible for domains');
      case 'CONSTR_GENERATED':
      case 'CONSTR_IDENTITY':
        throw refuse('0A000', 'specifying GENERATED not supported for domains');
      case 'CONSTR_ATTR_ENFORCED':
      case 'CONSTR_ATTR_NOT_ENFORCED':
        throw refuse('42P17', 'specifying constraint enforceability not supported for domains');
      default:
        throw refuse('0A000', 'specifying constraint deferrability not supported for domains');
    }
  }
  return {
    notNull: nullable === false,
    notNullName,
    defaultAt,
    defaultValue,
    checks,
  };
}
