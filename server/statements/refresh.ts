/** REFRESH MATERIALIZED VIEW: a view is always up to date, so that there is nothing to do. */
import type { RefreshMatViewStmt } from '@pgsql/types';
import { rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { lookUp, positionOf } from '../catalog/names.ts';
import type { System } from '../system.ts';
import { hasNoEffect } from './no-effect.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareRefresh(
  system: System,
  parsed: ParsedStatement,
  { relation, skipData, concurrent }: RefreshMatViewStmt,
): Runnable {
  const name = rangeName(relation);
  return command(async (session) => {
    const object = lookUp(system.catalog, session, parsed, name);
    const position = positionOf(parsed, name.location);
    if (!object) {
      const message = `relation "${name.parts.join('.')}" does not exist`;
      throw new SqlError({ sqlstate: '42P01', message, position });
    }
    if (object.kind !== 'materializedView') {
      throw new SqlError({ sqlstate: '0A000', message: `"${object.name}" is not a materialized view` });
    }
    if (skipData === true && concurrent === true) {
      const message = 'CONCURRENTLY and WITH NO DATA options cannot be used together';
      throw new SqlError({ sqlstate: '42601', message });
    }
    if (skipData === true) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'REFRESH MATERIALIZED VIEW … WITH NO DATA is not supported',
        hint: 'A materialized view is always up to date; DROP MATERIALIZED VIEW frees what it keeps.',
      });
    }
    hasNoEffect(session, 'REFRESH MATERIALIZED VIEW', 'A materialized view is always up to date.');
    return 'REFRESH MATERIALIZED VIEW';
  });
}
