/** The options of COPY, checked as PostgreSQL checks them. */
import type { CopyStmt, Node } from '@pgsql/types';
import { booleanOf, nameParts, nodeAs, stringOf, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf } from '../catalog/names.ts';

export interface CopyOptions {
  readonly format: 'text' | 'csv';
  readonly delimiter: string;
  readonly nullText: string;
  readonly header: boolean;
  readonly quote: string;
  readonly escape: string;
  readonly forceNull: readonly string[];
}

export function readCopyOptions(parsed: ParsedStatement, statement: CopyStmt): CopyOptions {
  const given = new Map<string, { value: Node | undefined; location: number | undefined }>();
  for (const node of statement.options ?? []) {
    const option = nodeAs(node, 'DefElem');
    const name = option?.defname ?? '';
    if (given.has(name)) {
      throw new SqlError({
        sqlstate: '42601',
        message: 'conflicting or redundant options',
        position: positionOf(parsed, option?.location),
      });
    }
    given.set(name, { value: option?.arg, location: option?.location });
  }
  const format = optionText(given.get('format')?.value) ?? 'text';
  if (format !== 'text' && format !== 'csv') {
    const message =
      format === 'binary' ? 'COPY BINARY is not supported yet' : `COPY format "${format}" not recognized`;
    const position = positionOf(parsed, given.get('format')?.location);
    throw new SqlError({ sqlstate: format === 'binary' ? '0A000' : '22023', message, position });
  }
  const csv = format === 'csv';
  const known = [
    'format',
    'delimiter',
    'null',
    'header',
    'quote',
    'escape',
    'encoding',
    'freeze',
    'force_null',
  ];
  for (const [name, { location }] of given) {
    if (known.includes(name)) continue;
    throw new SqlError({
      sqlstate: '42601',
      message: `option "${name}" not recognized`,
      position: positionOf(parsed, location),
    });
  }
  const single = (name: string, fallback: string): string => {
    const text = optionText(given.get(name)?.value) ?? fallback;
    if (Buffer.byteLength(text) !== 1) {
      throw new SqlError({ sqlstate: '0A000', message: `COPY ${name} must be a single one-byte character` });
    }
    return text;
  };
  for (const name of ['quote', 'escape', 'force_null']) {
    if (!csv && given.has(name)) {
      throw new SqlError({ sqlstate: '0A000', message: `COPY ${name.toUpperCase()} requires CSV mode` });
    }
  }
  const encoding = optionText(given.get('encoding')?.value);
  if (encoding !== null && !/^utf-?8$/i.test(encoding)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `encoding "${encoding}" is not supported`,
      hint: 'Use UTF8.',
    });
  }
  const quote = csv ? single('quote', '"') : '"';
  return {
    format,
    delimiter: single('delimiter', csv ? ',' : '\t'),
    nullText: optionText(given.get('null')?.value) ?? (csv ? '' : '\\N'),
    header: given.has('header') && optionFlag(given.get('header')?.value),
    quote,
    escape: csv ? single('escape', quote) : quote,
    forceNull: nameParts(nodeAs(given.get('force_null')?.value, 'List')?.items),
  };
}

function optionText(value: Node | undefined): string | null {
  if (value === undefined) return null;
  const type = nodeAs(value, 'TypeName');
  if (type) return typeReference(type).names.at(-1) ?? null;
  return stringOf(value);
}

function optionFlag(value: Node | undefined): boolean {
  if (value === undefined) return true;
  return booleanOf(value) ?? !['false', 'off', '0'].includes(stringOf(value).toLowerCase());
}
