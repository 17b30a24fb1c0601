/** Errors as clients see them. */
import { EngineError } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { ProtocolError } from './protocol-error.ts';
import type { ReportFields } from './writer.ts';

/** The fields of an ErrorResponse; `internal` tells that the error is none that a client could have caused. */
export function reportOf(
  error: unknown,
  severity: 'ERROR' | 'FATAL' = 'ERROR',
): { readonly fields: ReportFields; readonly internal: boolean } {
  if (error instanceof SqlError) {
    const { sqlstate, message, detail, hint, where, position, about } = error;
    return { fields: { severity, sqlstate, message, detail, hint, where, position, about }, internal: false };
  }
  if (error instanceof EngineError || isEngineLike(error)) {
    const { sqlstate, message, detail, hint, where, about } = error;
    return {
      fields: {
        severity,
        sqlstate,
        message,
        detail: detail ?? undefined,
        hint: hint ?? undefined,
        where,
        about,
      },
      internal: sqlstate.startsWith('XX'),
    };
  }
  if (error instanceof ProtocolError) {
    return {
      fields: { severity: 'FATAL', sqlstate: error.sqlstate, message: error.message },
      internal: false,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { fields: { severity, sqlstate: 'XX000', message: `internal error: ${message}` }, internal: true };
}

/** Errors that native code throws carry the fields without being of the class. */
function isEngineLike(error: unknown): error is EngineError {
  const { sqlstate } = (error ?? {}) as { sqlstate?: unknown };
  return error instanceof Error && typeof sqlstate === 'string' && /^[0-9A-Z]{5}$/.test(sqlstate);
}
