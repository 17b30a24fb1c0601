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
  /** FROM: the header must be the columns' names. */
  readonly headerMatch: boolean;
  readonly quote: string;
  readonly escape: string;
  readonly forceNull: ColumnList;
  readonly forceNotNull: ColumnList;
  readonly forceQuote: ColumnList;
}

/** Columns by name, or all of them. */
export type ColumnList = readonly string[] | '*';

/** Options that PostgreSQL has and this COPY has not. */
const foreign = ['default', 'on_error', 'log_verbosity', 'reject_limit', 'freeze'];
const known = [
  ...['format', 'delimiter', 'null', 'header', 'quote', 'escape', 'encoding'],
  ...['force_null', 'force_not_null', 'force_quote'],
];

export function readCopyOptions(parsed: ParsedStatement, statement: CopyStmt): CopyOptions {
  const given = new Map<string, { value: Node | undefined; location: number | undefined }>();
  for (const node of statement.options ?? []) {
    const option = nodeAs(node, 'DefElem');
    const name = option?.defname ?? '';
    const position = positionOf(parsed, option?.location);
    if (given.has(name)) refuse('42601', 'conflicting or redundant options', position);
    if (foreign.includes(name)) refuse('0A000', `COPY ${name.toUpperCase()} is not supported`, position);
    if (!known.includes(name)) refuse('42601', `option "${name}" not recognized`, position);
    given.set(name, { value: option?.arg, location: option?.location });
  }
  const text = (name: string): string | null => optionText(given.get(name)?.value);
  const position = (name: string): number | undefined => positionOf(parsed, given.get(name)?.location);
  const format = text('format') ?? 'text';
  if (format === 'binary') refuse('0A000', 'COPY BINARY is not supported yet', position('format'));
  if (format !== 'text' && format !== 'csv') {
    refuse('22023', `COPY format "${format}" not recognized`, position('format'));
  }
  const csv = format === 'csv';
  const single = (name: string, fallback: string): string => {
    const value = text(name) ?? fallback;
    if (Buffer.byteLength(value) === 1) return value;
    return refuse('0A000', `COPY ${name} must be a single one-byte character`);
  };
  const delimiter = single('delimiter', csv ? ',' : '\t');
  const nullText = text('null') ?? (csv ? '' : '\\N');
  if (/[\r\n]/.test(delimiter)) refuse('22023', 'COPY delimiter cannot be newline or carriage return');
  if (/[\r\n]/.test(nullText)) {
    refuse('22023', 'COPY null representation cannot use newline or carriage return');
  }
  if (!csv && /[\\.a-z0-9]/.test(delimiter)) refuse('22023', `COPY delimiter cannot be "${delimiter}"`);
  for (const name of ['quote', 'escape', 'force_quote', 'force_not_null', 'force_null']) {
    if (!csv && given.has(name)) {
      refuse('0A000', `COPY ${name.toUpperCase()} requires CSV mode`);
    }
  }
  const quote = csv ? single('quote', '"') : '"';
  const escape = csv ? single('escape', quote) : quote;
  if (csv && delimiter === quote) refuse('22023', 'COPY delimiter and quote must be different');
  const from = statement.is_from === true;
  for (const name of from ? ['force_quote'] : ['force_not_null', 'force_null']) {
    if (!given.has(name)) continue;
    refuse('22023', `COPY ${name.toUpperCase()} cannot be used with COPY ${from ? 'FROM' : 'TO'}`);
  }
  if (nullText.includes(delimiter)) {
    refuse('22023', 'COPY delimiter character must not appear in the NULL specification');
  }
  if (csv && nullText.includes(quote)) {
    refuse('22023', 'CSV quote character must not appear in the NULL specification');
  }
  const encoding = text('encoding');
  if (encoding !== null && !/^utf-?8$/i.test(encoding)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `encoding "${encoding}" is not supported`,
      hint: 'Use UTF8.',
    });
  }
  const header = given.has('header') ? headerChoice(given.get('header')?.value) : false;
  if (header === 'match' && !from) refuse('0A000', 'cannot use "match" with HEADER in COPY TO');
  return {
    format,
    delimiter,
    nullText,
    header: header !== false,
    headerMatch: header === 'match',
    quote,
    escape,
    forceNull: columnList(given.get('force_null')?.value),
    forceNotNull: columnList(given.get('force_not_null')?.value),
    forceQuote: columnList(given.get('force_quote')?.value),
  };
}

/** Numbers of the listed columns among those that are copied. */
export function listedColumns(list: ColumnList, names: readonly string[]): number[] {
  if (list === '*') return names.map((_, index) => index);
  return list.map((name) => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    return refuse('42703', `column "${name}" does not exist`);
  });
}

function refuse(sqlstate: string, message: string, position?: number): never {
  throw new SqlError({ sqlstate, message, position });
}

function columnList(value: Node | undefined): ColumnList {
  if (value === undefined) return [];
  return nodeAs(value, 'A_Star') === undefined ? nameParts(nodeAs(value, 'List')?.items) : '*';
}

function headerChoice(value: Node | undefined): boolean | 'match' {
  if (value === undefined) return true;
  const flag = booleanOf(value);
  if (flag !== undefined && flag !== null) return flag;
  const word = (optionText(value) ?? '').toLowerCase();
  if (['true', 'on', '1'].includes(word)) return true;
  if (['false', 'off', '0'].includes(word)) return false;
  if (word === 'match') return 'match';
  return refuse('42601', 'header requires a Boolean value or "match"');
}

function optionText(value: Node | undefined): string | null {
  if (value === undefined) return null;
  const type = nodeAs(value, 'TypeName');
  if (type) return typeReference(type).names.at(-1) ?? null;
  return stringOf(value);
}
