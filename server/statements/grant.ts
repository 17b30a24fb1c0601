/**
 * GRANT, REVOKE and ALTER DEFAULT PRIVILEGES. There is one role, and it may do everything: what is granted to it, or to
 * everybody, it has; what is revoked, it goes on having, as a superuser of PostgreSQL does, and that is said.
 */
import type { AlterDefaultPrivilegesStmt, GrantRoleStmt, GrantStmt, Node } from '@pgsql/types';
import { nodeAs, rangeName, stringOf } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { lookUp, positionOf } from '../catalog/names.ts';
import { requireRole, requireRoleSpec } from '../catalog/roles.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { hasNoEffect } from './no-effect.ts';
import { type Runnable, command } from './prepared.ts';
import { requireNamed, requireSchema } from './require-named.ts';

/** GRANT and REVOKE of privileges on objects. */
export function prepareGrant(system: System, parsed: ParsedStatement, statement: GrantStmt): Runnable {
  const name = statement.is_grant === true ? 'GRANT' : 'REVOKE';
  return command(async (session) => {
    requireObjects(system, session, parsed, statement);
    requireGrantees(session, statement);
    if (name === 'REVOKE') revokesNothing(session);
    return name;
  });
}

/** GRANT and REVOKE of roles: one cannot be a member of itself. */
export function prepareGrantRole(statement: GrantRoleStmt): Runnable {
  const name = statement.is_grant === true ? 'GRANT' : 'REVOKE';
  return command(async (session) => {
    for (const node of statement.granted_roles ?? []) {
      requireRole(session, nodeAs(node, 'AccessPriv')?.priv_name ?? '');
    }
    for (const node of statement.grantee_roles ?? []) {
      requireRoleSpec(session, nodeAs(node, 'RoleSpec'), false);
    }
    if (name === 'REVOKE') {
      revokesNothing(session);
      return 'REVOKE ROLE';
    }
    const message = `role "${session.user}" is a member of role "${session.user}"`;
    throw new SqlError({ sqlstate: '0LP01', message });
  });
}

/** ALTER DEFAULT PRIVILEGES: of objects that are to come. */
export function prepareDefaultPrivileges(system: System, statement: AlterDefaultPrivilegesStmt): Runnable {
  return command(async (session) => {
    for (const node of statement.options ?? []) {
      const { defname, arg } = nodeAs(node, 'DefElem') ?? {};
      for (const item of nodeAs(arg, 'List')?.items ?? []) {
        if (defname === 'roles') requireRoleSpec(session, nodeAs(item, 'RoleSpec'), false);
        if (defname === 'schemas') requireSchema(system, stringOf(item));
      }
    }
    const { action } = statement;
    if (action) requireGrantees(session, action);
    if (action?.is_grant !== true) revokesNothing(session);
    return 'ALTER DEFAULT PRIVILEGES';
  });
}

function revokesNothing(session: SessionContext): void {
  hasNoEffect(session, 'REVOKE', 'There is one role, which may do everything.');
}

function requireGrantees(session: SessionContext, { grantees = [], grantor }: GrantStmt): void {
  for (const node of grantees) requireRoleSpec(session, nodeAs(node, 'RoleSpec'), true);
  if (grantor) requireRoleSpec(session, grantor, false);
}

function requireObjects(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { targtype, objtype, objects = [] }: GrantStmt,
): void {
  for (const node of objects) {
    if (targtype === 'ACL_TARGET_ALL_IN_SCHEMA' || objtype === 'OBJECT_SCHEMA') {
      requireSchema(system, stringOf(node));
    } else requireObject(system, session, parsed, objtype ?? '', node);
  }
}

function requireObject(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  kind: string,
  node: Node,
): void {
  if (kind === 'OBJECT_TABLE' || kind === 'OBJECT_SEQUENCE') {
    const name = rangeName(nodeAs(node, 'RangeVar'));
    if (lookUp(system.catalog, session, parsed, name)) return;
    throw new SqlError({
      sqlstate: '42P01',
      message: `relation "${name.parts.join('.')}" does not exist`,
      position: positionOf(parsed, name.location),
    });
  }
  if (requireNamed(system, session, parsed, kind, node)) return;
  const what = kind.replace('OBJECT_', '').replaceAll('_', ' ');
  throw new SqlError({ sqlstate: '0A000', message: `GRANT … ON ${what} is not supported` });
}
