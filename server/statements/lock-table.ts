/**
 * LOCK [TABLE] name, … IN ACCESS SHARE MODE: the relations stay as they are until the transaction ends, as they do for a dump. The
 * other modes keep rows from being written, which nothing does here.
 */
import type { LockStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { lookUp } from '../catalog/names.ts';
import { kindName } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';

/** PostgreSQL's numbers of its modes. */
const MODES = [
  ...['ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE'],
  ...['SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'],
];

export function prepareLockTable(system: System, parsed: ParsedStatement, statement: LockStmt): Runnable {
  return command(async (session) => {
    const { transaction } = session;
    if (!transaction.explicit) {
      const message = 'LOCK TABLE can only be used in transaction blocks';
      throw new SqlError({ sqlstate: '25P01', message });
    }
    const locked = (statement.relations ?? []).flatMap((node) => {
      const range = nodeAs(node, 'RangeVar')!;
      return lockedBy(system, session, parsed, rangeName(range));
    });
    const mode = MODES[(statement.mode ?? 0) - 1]!;
    if (mode !== 'ACCESS SHARE') {
      throw new SqlError({
        sqlstate: '0A000',
        message: `LOCK TABLE in ${mode} mode is not supported`,
        hint: 'Of two transactions that write the same row, the second gets 40001.',
      });
    }
    system.ddl.share(transaction.number, locked);
    return 'LOCK TABLE';
  });
}

/** The relation of the name, and what it is over where it is a view. */
function lockedBy(
  { catalog }: System,
  session: SessionContext,
  parsed: ParsedStatement,
  name: ReturnType<typeof rangeName>,
): ObjectId[] {
  const found = lookUp(catalog, session, parsed, name);
  if (!found) {
    const message = `relation "${name.parts.join('.')}" does not exist`;
    throw new SqlError({ sqlstate: '42P01', message });
  }
  if (!['table', 'systemTable', 'source', 'view'].includes(found.kind)) {
    throw new SqlError({
      sqlstate: '42809',
      message: `cannot lock relation "${found.name}"`,
      detail: `This operation is not supported for ${found.kind === 'index' ? 'indexes' : `${kindName(found.kind)}s`}.`,
    });
  }
  const ids = new Set<ObjectId>();
  const add = (id: ObjectId): void => {
    if (ids.has(id) || !catalog.has(id)) return;
    ids.add(id);
    const object = catalog.object(id);
    if (object.kind === 'view') object.dependsOn.forEach(add);
  };
  add(found.id);
  return [...ids];
}
