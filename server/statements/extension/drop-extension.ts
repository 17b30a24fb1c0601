/** DROP EXTENSION: its functions go with it, and with CASCADE what calls them. */
import type { DropStmt } from '@pgsql/types';
import { stringOf } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { inOneCommit } from '../../catalog/staged-ddl.ts';
import type { System } from '../../system.ts';
import { dropWithExpressions } from '../drop-function.ts';
import { hasNoEffect } from '../no-effect.ts';
import { type Runnable, command } from '../prepared.ts';
import { requireExtension } from './create-extension.ts';
import { WITHOUT_EFFECT } from '../../catalog/known-extensions.ts';

/** The refusal to drop an extension's functions, as one to drop the extension. */
function ofExtension(error: unknown, name: string): unknown {
  if (!(error instanceof SqlError) || error.sqlstate !== '2BP01') return error;
  const { sqlstate, detail, hint } = error;
  const message = `cannot drop extension ${name} because other objects depend on it`;
  return new SqlError({ sqlstate, message, detail, hint });
}

export function prepareDropExtension(
  system: System,
  parsed: ParsedStatement,
  { objects = [], missing_ok: missingOk, behavior }: DropStmt,
): Runnable {
  return command((session) =>
    inOneCommit(system, session, async (system) => {
      const ids = objects.flatMap((node) => {
        const name = stringOf(node);
        const nothing = WITHOUT_EFFECT.get(name);
        if (nothing !== undefined) {
          hasNoEffect(session, `extension "${name}"`, nothing);
          return [];
        }
        if (missingOk === true && !system.catalog.extension(name)) {
          const message = `extension "${name}" does not exist, skipping`;
          session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
          return [];
        }
        const { id } = requireExtension(system, name);
        return [id, ...system.catalog.dependents(id).map((member) => member.id)];
      });
      try {
        await dropWithExpressions(system, session, parsed, ids, behavior === 'DROP_CASCADE');
      } catch (error) {
        throw objects.length === 1 ? ofExtension(error, stringOf(objects[0])) : error;
      }
      return 'DROP EXTENSION';
    }),
  );
}
