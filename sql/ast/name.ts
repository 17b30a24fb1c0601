/** A possibly qualified name, folded and unquoted, as written: `[schema, name]` or `[name]`. */
export interface QualifiedName {
  parts: string[];
  /** UTF-8 byte offset in the user's text. */
  location: number;
  /** UTF-8 byte offset behind its last part. */
  end: number;
}

/** One identifier and its place. */
export interface Identifier {
  name: string;
  location: number;
}
