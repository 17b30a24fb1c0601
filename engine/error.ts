/** The table, column, domain or constraint that an error is about. */
export interface ErrorSubject {
  readonly schema: string;
  readonly table?: string | null;
  readonly datatype?: string | null;
  readonly column?: string | null;
  readonly constraint?: string | null;
}

/** Where data raised an error, as far as it is known. */
export interface ErrorOrigin {
  /** `pg_proc.prosrc` of the function. */
  readonly function: string | null;
  /** The row that it was computed for: the relation's arrangement, and the values of that one's key as text. */
  readonly row: { readonly arrangement: number; readonly key: string } | null;
  /** The arrangement of the view that it was computed for. */
  readonly view: number | null;
}

/** A data error: what PostgreSQL would report. */
export class EngineError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** PostgreSQL's CONTEXT. */
  readonly where: string | undefined;
  readonly about: ErrorSubject | undefined;
  readonly origin: ErrorOrigin | undefined;
  constructor(options: {
    sqlstate: string;
    message: string;
    detail?: string;
    hint?: string;
    where?: string;
    about?: ErrorSubject;
    origin?: ErrorOrigin;
  }) {
    super(options.message);
    this.name = 'EngineError';
    this.sqlstate = options.sqlstate;
    this.detail = options.detail;
    this.hint = options.hint;
    this.where = options.where;
    this.about = options.about;
    this.origin = options.origin;
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
      origin: ErrorOrigin;
    };
    return new EngineError({
      sqlstate: fields.sqlstate,
      message: fields.message,
      ...(fields.detail === null ? {} : { detail: fields.detail }),
      ...(fields.hint === null ? {} : { hint: fields.hint }),
      ...(fields.where === null ? {} : { where: fields.where }),
      ...(fields.about ? { about: fields.about } : {}),
      origin: fields.origin,
    });
  } catch {
    return new EngineError({ sqlstate: 'XX000', message: text });
  }
}
