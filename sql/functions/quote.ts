import { FUNCTION_NAMES_ONLY, RESERVED } from '../parse/keywords.ts';

/** A text as a SQL string literal. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A name as SQL writes it: quoted only where it must be. */
export function quoteIdentifier(name: string): string {
  const plain = /^[a-z_][a-z0-9_$]*$/.test(name) && !RESERVED.has(name) && !FUNCTION_NAMES_ONLY.has(name);
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}
