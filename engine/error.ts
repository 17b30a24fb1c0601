/** The table, column, domain or constraint that an error is about. */
export interface ErrorSubject {
  readonly schema: string;
  readonly table?: string | null;
  readonly datatype?: string | null;
  readonly column?: string | null;
  readonly constraint?: string | null;
}

/** A data error: what PostgreSQL would report. */
export class EngineError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** PostgreSQL's CONTEXT. */
  readonly where: string | undefined;
  readonly about: ErrorSubject | undefined;
  constructor(options: {
    sqlstate: string;
    message: string;
    detail?: string;
    hint?: string;
    where?: string;
    about?: ErrorSubject;
  }) {
    super(options.message);
    this.name = 'EngineError';
    this.sqlstate = options.sqlstate;
    this.detail = options.detail;
    this.hint = options.hint;
    this.where = options.where;
    this.about = options.about;
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
      where: string | null;
      about: ErrorSubject | null;
    };
    return new EngineError({
      sqlstate: fields.sqlstate,
      message: fields.message,
      ...(fields.detail === null ? {} : { detail: fields.detail }),
      ...(fields.hint === null ? {} : { hint: fields.hint }),
      ...(fields.where === null ? {} : { where: fields.where }),
      ...(fields.about ? { about: fields.about } : {}),
    });
  } catch {
    return new EngineError({ sqlstate: 'XX000', message: text });
  }
}
