/** A data error: what PostgreSQL would report. */
export class EngineError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  constructor(options: { sqlstate: string; message: string; detail?: string; hint?: string }) {
    super(options.message);
    this.name = 'EngineError';
    this.sqlstate = options.sqlstate;
    this.detail = options.detail;
    this.hint = options.hint;
  }
}

/** The error that the native side wrote as JSON; any other text is a bug's. */
export function engineError(text: string): EngineError {
  try {
    const fields = JSON.parse(text) as {
      sqlstate: string;
      message: string;
      detail: string | null;
      hint: string | null;
    };
    return new EngineError({
      sqlstate: fields.sqlstate,
      message: fields.message,
      ...(fields.detail === null ? {} : { detail: fields.detail }),
      ...(fields.hint === null ? {} : { hint: fields.hint }),
    });
  } catch {
    return new EngineError({ sqlstate: 'XX000', message: text });
  }
}
