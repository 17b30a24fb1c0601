import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';

/** The error that a source cannot do something yet, which stands at a place. */
export function unsupported(
  parsed: ParsedStatement,
  what: string,
  location: number,
  hint?: string,
): SqlError {
  return new SqlError({
    sqlstate: '0A000',
    message: `${what} is not supported yet`,
    hint,
    position: parsed.source.positionOfByte(location),
  });
}
