/** The one role, which may do everything. */
import type { RoleSpec } from '@pgsql/types';
import { SqlError } from '../../sql/error.ts';
import type { SessionContext } from '../session/statement.ts';
import { OWNER_NAME } from './system/schemas.ts';

/** 42704 for the name of another role than the one that there is. */
export function requireRole(session: SessionContext, name: string): void {
  if (name === session.user || name === OWNER_NAME) return;
  throw new SqlError({
    sqlstate: '42704',
    message: `role "${name}" does not exist`,
    hint: `There is one role, ${OWNER_NAME}; pg_dump --no-owner --no-privileges leaves out others.`,
  });
}

/** A role as a statement names it; PUBLIC where `allowPublic` says so. */
export function requireRoleSpec(
  session: SessionContext,
  role: RoleSpec | undefined,
  allowPublic: boolean,
): void {
  switch (role?.roletype) {
    case 'ROLESPEC_CURRENT_ROLE':
    case 'ROLESPEC_CURRENT_USER':
    case 'ROLESPEC_SESSION_USER':
      return;
    case 'ROLESPEC_PUBLIC':
      if (!allowPublic) throw new SqlError({ sqlstate: '42704', message: 'role "public" does not exist' });
      return;
    default:
      requireRole(session, role?.rolename ?? '');
  }
}

/** The name of a role that a statement names; the session's own where it is not said. */
export function roleName({ user }: Pick<SessionContext, 'user'>, role: RoleSpec | undefined): string {
  return role?.roletype === 'ROLESPEC_CSTRING' ? (role.rolename ?? user) : user;
}
