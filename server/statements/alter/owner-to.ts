/**
 * ALTER … OWNER TO. There is one role: to it, everything belongs already; another is not there, as PostgreSQL would say
 * of a role that nobody made.
 */
import type { AlterOwnerStmt } from '@pgsql/types';
import type { Alter } from '../../../sql/ast/alter.ts';
import { commandName } from '../../../sql/ast/command-name.ts';
import type { ObjectKind as NamedKind } from '../../../sql/ast/object-kind.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { positionOf } from '../../catalog/names.ts';
import type { ObjectKind } from '../../catalog/objects.ts';
import { requireRole, requireRoleSpec } from '../../catalog/roles.ts';
import type { System } from '../../system.ts';
import { type Runnable, command } from '../prepared.ts';
import { requireNamed } from '../require-named.ts';
import { alterObject } from './object.ts';

/** As in PostgreSQL, ALTER TABLE takes views, indexes and sequences too. */
const KINDS: Readonly<Record<Exclude<NamedKind, 'schema'>, readonly ObjectKind[]>> = {
  table: ['table', 'view', 'materializedView', 'sequence', 'index', 'source'],
  view: ['view'],
  'materialized view': ['materializedView'],
  sequence: ['sequence'],
  index: ['index'],
  source: ['source'],
  sink: ['sink'],
  connection: ['connection'],
  secret: ['secret'],
};

/** Names that are not those of roles, unless they are quoted. */
const SELF = ['current_role', 'current_user', 'session_user'];

export function prepareAlterOwner(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action, objectKind, name } = statement;
  if (action.kind !== 'owner_to') throw new Error('OWNER TO');
  const { role } = action;
  if (objectKind === 'schema') {
    return command(async (session) => {
      const written = name.parts.join('.');
      if (!system.catalog.schema(written)) {
        const position = positionOf(parsed, name.location);
        throw new SqlError({ sqlstate: '3F000', message: `schema "${written}" does not exist`, position });
      }
      if (!SELF.includes(role.name)) requireRole(session, role.name);
      return 'ALTER SCHEMA';
    });
  }
  return alterObject(system, parsed, statement, KINDS[objectKind], async (_object, session) => {
    if (!SELF.includes(role.name)) requireRole(session, role.name);
  });
}

/** ALTER FUNCTION, TYPE, DOMAIN or DATABASE … OWNER TO. */
export function prepareAlterOtherOwner(
  system: System,
  parsed: ParsedStatement,
  statement: AlterOwnerStmt,
): Runnable {
  const { objectType, object, newowner } = statement;
  const kind = (objectType ?? '').replace('OBJECT_', '').replaceAll('_', ' ');
  return command(async (session) => {
    requireRoleSpec(session, newowner, false);
    if (!requireNamed(system, session, parsed, objectType, object)) {
      const message = `${commandName({ AlterOwnerStmt: statement })} is not supported`;
      throw new SqlError({ sqlstate: '0A000', message });
    }
    return `ALTER ${kind}`;
  });
}
