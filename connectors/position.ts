/**
 * How far a database's changes were applied, beside the offset of the messages that carry them. Both are one text, so that they are
 * committed as one, and the reader gets the offset alone.
 */

/** The offset with the position behind it. */
export function withPosition(offset: string, position: string | undefined): string {
  return position === undefined ? offset : `${offset} ${position}`;
}

/** The parts of what `withPosition` made. An offset with a position has no blanks itself. */
export function splitPosition(value: string): { readonly offset: string; readonly position?: string } {
  const blank = value.indexOf(' ');
  if (blank < 0) return { offset: value };
  return { offset: value.slice(0, blank), position: value.slice(blank + 1) };
}
