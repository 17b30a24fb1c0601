/** Names that PostgreSQL chooses for what has none: as long as they may be. */

/** An identifier has no more bytes. */
const MOST_BYTES = 63;

/**
 * `first_second_label`, PostgreSQL's makeObjectName: what is too long loses its end, the longer of the two first. `second` is
 * empty where there is none.
 */
export function objectName(first: string, second: string, label: string): string {
  let [firstBytes, secondBytes] = [Buffer.byteLength(first), Buffer.byteLength(second)];
  const rest = MOST_BYTES - Buffer.byteLength(label) - 1 - (second === '' ? 0 : 1);
  while (firstBytes + secondBytes > rest) {
    if (firstBytes > secondBytes) firstBytes--;
    else secondBytes--;
  }
  const parts = [clipped(first, firstBytes), ...(second === '' ? [] : [clipped(second, secondBytes)]), label];
  return parts.join('_');
}

/** The first such name that is free: PostgreSQL puts a number behind the label. */
export function freeObjectName(
  first: string,
  second: string,
  label: string,
  isTaken: (name: string) => boolean,
): string {
  for (let number = 0; ; number++) {
    const name = objectName(first, second, number === 0 ? label : `${label}${number}`);
    if (!isTaken(name)) return name;
  }
}

/** The start of a text that has at most so many bytes, without half a character. */
function clipped(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && (buffer[end]! & 0xc0) === 0x80) end--;
  return buffer.toString('utf8', 0, end);
}
