/** FORMAT CSV: its options for reading and writing. */
import type { DecodeFormat } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';

export const csvOptions = {
  header: { type: 'boolean', default: false },
  delimiter: { type: 'character', default: ',' },
  /** An unquoted field with this text is NULL. */
  null: { type: 'string', default: '' },
  quote: { type: 'character', default: '"' },
  /** Before a quote in a quoted field; the quote itself unless given. */
  escape: { type: 'character' },
} as const satisfies OptionSpecs;

export type CsvOptions = ParsedOptions<typeof csvOptions>;

/** Checks what options must not be together (as PostgreSQL's COPY does) and gives the engine's format. */
export function csvFormat(options: CsvOptions): DecodeFormat & { kind: 'csv' } {
  const { delimiter, quote } = options;
  const refuse = (message: string): SqlError => new SqlError({ sqlstate: '22023', message });
  for (const [name, value] of Object.entries({ delimiter, quote })) {
    if (value === '\n' || value === '\r') throw refuse(`CSV ${name} cannot be a line break`);
  }
  if (delimiter === quote) throw refuse('CSV delimiter and quote must be different');
  if (/[\r\n]/.test(options.null))
    throw refuse('CSV null representation cannot use newline or carriage return');
  if (options.null.includes(delimiter))
    throw refuse('CSV delimiter must not appear in the null representation');
  if (options.null.includes(quote)) throw refuse('CSV quote must not appear in the null representation');
  return {
    kind: 'csv',
    delimiter,
    nullText: options.null,
    quote,
    escape: options.escape ?? quote,
    header: options.header,
    headerByName: options.header,
    skipBlankLines: true,
  };
}

/**
 * The column names of a CSV header, from the first bytes of a stream; null when they hold no whole line. Names are
 * taken as they stand, without surrounding blanks.
 */
export function headerNames(sample: Buffer, options: CsvOptions): string[] | null {
  const text = sample.toString('utf8').replace(/^\uFEFF/, '');
  const escape = options.escape ?? options.quote;
  const names: string[] = [];
  let name = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c === escape && text[i + 1] === options.quote) {
        name += options.quote;
        i++;
      } else if (c === options.quote) quoted = false;
      else name += c;
    } else if (c === options.quote) quoted = true;
    else if (c === options.delimiter) {
      names.push(name.trim());
      name = '';
    } else if (c === '\n' || c === '\r') {
      names.push(name.trim());
      return names;
    } else name += c;
  }
  return null;
}
