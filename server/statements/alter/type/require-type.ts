import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import { SqlError } from '../../../../sql/error.ts';
import { findType } from '../../../../sql/types/table.ts';
import type { TypeObject } from '../../../catalog/objects.ts';
import { schemasOf } from '../../../catalog/temporary.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';

/** The type that users declared under this name. */
export function findOwnType(
  system: System,
  session: SessionContext,
  parts: readonly string[],
): TypeObject | null {
  const name = parts[parts.length - 1]!;
  for (const schema of schemasOf(system.catalog, session, parts.at(-2))) {
    const found = system.catalog.type(schema, name);
    if (found) return found;
  }
  return null;
}

/** As `findOwnType`; 42704 where there is none. */
export function requireType(
  system: System,
  session: SessionContext,
  _parsed: ParsedStatement,
  parts: readonly string[],
): TypeObject {
  const found = findOwnType(system, session, parts);
  if (found) return found;
  const written = parts.join('.');
  if (parts.length === 1 && findType(written) !== undefined) {
    throw new SqlError({ sqlstate: '42501', message: `must be owner of type ${written}` });
  }
  throw new SqlError({ sqlstate: '42704', message: `type "${written}" does not exist` });
}
