/** DROP of kinds of objects that there are none of: none is there, which is what the statement is told. */
import type { DropRoleStmt, DropStmt, DropdbStmt, Node } from '@pgsql/types';
import { nameParts, nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import { insteadOf } from '../../sql/ast/command-name.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { lookUp } from '../catalog/names.ts';
import { OWNER_NAME } from '../catalog/system/schemas.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';

/** What belongs to a relation, which is named last. */
const OF_RELATIONS: Readonly<Record<string, string>> = {
  OBJECT_TRIGGER: 'table',
  OBJECT_POLICY: 'table',
  OBJECT_RULE: 'relation',
};

/** Those that PostgreSQL has none of either, unless somebody makes one. */
const NOUNS: Readonly<Record<string, string>> = {
  OBJECT_EVENT_TRIGGER: 'event trigger',
  OBJECT_FDW: 'foreign-data wrapper',
  OBJECT_FOREIGN_SERVER: 'server',
  OBJECT_FOREIGN_TABLE: 'foreign table',
  OBJECT_PUBLICATION: 'publication',
  OBJECT_STATISTIC_EXT: 'statistics object',
};

/** Null: it is not known of the kind that there is none. */
export function prepareDropAbsent(
  system: System,
  parsed: ParsedStatement,
  tag: string,
  { objects = [], removeType = 'OBJECT_TABLE', missing_ok: ifExists = false }: DropStmt,
): Runnable | null {
  const of = OF_RELATIONS[removeType];
  const noun = NOUNS[removeType];
  if (of === undefined && noun === undefined) return null;
  return command(async (session) => {
    for (const node of objects) {
      const parts = partsOf(node);
      const relation = of === undefined ? null : missingRelation(system, session, parsed, parts.slice(0, -1));
      const kind = of === undefined ? '' : removeType.replace('OBJECT_', '').toLowerCase();
      const message =
        relation !== null
          ? `relation "${relation}" does not exist`
          : of === undefined
            ? `${noun} "${parts.join('.')}" does not exist`
            : `${kind} "${parts.at(-1)}" for ${ifExists ? 'relation' : of} "${parts.at(-2)}" does not exist`;
      tell(session, { ifExists, sqlstate: relation === null ? '42704' : '42P01', message });
    }
    return tag;
  });
}

function partsOf(node: Node): string[] {
  const items = nodeAs(node, 'List')?.items;
  return items === undefined ? [stringOf(node)] : nameParts(items);
}

/** The name of a relation as it was written, if there is none. */
function missingRelation(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  parts: string[],
): string | null {
  return lookUp(system.catalog, session, parsed, { parts, location: 0, end: 0 }) === null
    ? parts.join('.')
    : null;
}

function tell(
  session: SessionContext,
  {
    ifExists,
    sqlstate,
    message,
  }: { readonly ifExists: boolean; readonly sqlstate: string; readonly message: string },
): void {
  if (!ifExists) throw new SqlError({ sqlstate, message });
  session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
}

/** DROP ROLE: there is one role, and it stays. */
export function prepareDropRole({ roles = [], missing_ok: ifExists = false }: DropRoleStmt): Runnable {
  return command(async (session) => {
    for (const node of roles) {
      const role = nodeAs(node, 'RoleSpec');
      const name = role?.rolename;
      if (name === undefined || name === session.user || name === OWNER_NAME) {
        throw new SqlError({ sqlstate: '55006', message: 'current user cannot be dropped' });
      }
      tell(session, { ifExists, sqlstate: '42704', message: `role "${name}" does not exist` });
    }
    return 'DROP ROLE';
  });
}

/** DROP DATABASE: there is one database, and the session is in it. */
export function prepareDropDatabase({
  dbname: name = '',
  missing_ok: ifExists = false,
}: DropdbStmt): Runnable {
  return command(async (session) => {
    if (name === session.database) {
      throw new SqlError({
        sqlstate: '55006',
        message: 'cannot drop the currently open database',
        hint: insteadOf('DROP DATABASE'),
      });
    }
    tell(session, { ifExists, sqlstate: '3D000', message: `database "${name}" does not exist` });
    return 'DROP DATABASE';
  });
}
