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
  /** FROM: what stands for a column's default; null: nothing does. */
  readonly defaultText: string | null;
  readonly freeze: boolean;
  /** FROM: rows with a value that is none of its type are left out. */
  readonly skipsErrors: boolean;
  /** At most so many of them. */
  readonly rejectLimit: number | null;
  /** How many there were is told. */
  readonly saysSkipped: boolean;
}

/** Columns by name, or all of them. */
export type ColumnList = readonly string[] | '*';

const known = [
  ...['format', 'delimiter', 'null', 'header', 'quote', 'escape', 'encoding', 'default', 'freeze'],
  ...['on_error', 'log_verbosity', 'reject_limit'],
  ...['force_null', 'force_not_null', 'force_quote'],
];

export function readCopyOptions(parsed: ParsedStatement, statement: CopyStmt): CopyOptions {
  const given = new Map<string, { value: Node | undefined; location: number | undefined }>();
  for (const node of statement.options ?? []) {
    const option = nodeAs(node, 'DefElem');
    const name = option?.defname ?? '';
    const position = positionOf(parsed, option?.location);
    if (given.has(name)) refuse('42601', 'conflicting or redundant options', position);
    if (!known.includes(name)) refuse('42601', `option "${name}" not recognized`, position);
    given.set(name, { value: option?.arg, location: option?.location });
  }
  const text = (name: string): string | null => optionText(given.get(name)?.value);
  const position = (name: string): number | undefined => positionOf(parsed, given.get(name)?.location);
  const from = statement.is_from === true;
  const format = text('format') ?? 'text';
  const policy = errorPolicy(given, from, position);
  if (format === 'binary') {
    for (const name of ['delimiter', 'null', 'default']) {
      if (given.has(name)) refuse('42601', `cannot specify ${name.toUpperCase()} in BINARY mode`);
    }
    if (policy.skipsErrors) refuse('42601', 'only ON_ERROR STOP is allowed in BINARY mode');
    refuse('0A000', 'COPY BINARY is not supported yet', position('format'));
  }
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
  const defaultText = text('default');
  if (defaultText !== null && /[\r\n]/.test(defaultText)) {
    refuse('22023', 'COPY default representation cannot use newline or carriage return');
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
  if (from && given.has('force_quote')) refuse('0A000', 'COPY FORCE_QUOTE cannot be used with COPY FROM');
  for (const name of from ? [] : ['force_not_null', 'force_null']) {
    if (given.has(name)) refuse('22023', `COPY ${name.toUpperCase()} cannot be used with COPY TO`);
  }
  const freeze = given.has('freeze') && flagOf('freeze', given.get('freeze')?.value);
  if (freeze && !from) refuse('0A000', 'COPY FREEZE cannot be used with COPY TO');
  if (nullText.includes(delimiter)) {
    refuse('22023', 'COPY delimiter character must not appear in the NULL specification');
  }
  if (csv && nullText.includes(quote)) {
    refuse('22023', 'CSV quote character must not appear in the NULL specification');
  }
  if (defaultText !== null) {
    if (!from) refuse('0A000', 'COPY DEFAULT cannot be used with COPY TO');
    if (defaultText.includes(delimiter)) {
      refuse('0A000', 'COPY delimiter character must not appear in the DEFAULT specification');
    }
    if (csv && defaultText.includes(quote)) {
      refuse('0A000', 'CSV quote character must not appear in the DEFAULT specification');
    }
    if (defaultText === nullText) {
      refuse('0A000', 'NULL specification and DEFAULT specification cannot be the same');
    }
  }
  if (policy.rejectLimit !== null && !policy.skipsErrors) {
    refuse('22023', 'COPY REJECT_LIMIT requires ON_ERROR to be set to IGNORE');
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
    defaultText,
    freeze,
    ...policy,
  };
}

type Given = ReadonlyMap<string, { readonly value: Node | undefined }>;

/** ON_ERROR, REJECT_LIMIT and LOG_VERBOSITY. */
function errorPolicy(
  given: Given,
  from: boolean,
  position: (name: string) => number | undefined,
): Pick<CopyOptions, 'skipsErrors' | 'rejectLimit' | 'saysSkipped'> {
  const choice = (name: string, choices: readonly string[]): string | null => {
    if (!given.has(name)) return null;
    const written = optionText(given.get(name)?.value) ?? '';
    const option = `COPY ${name.toUpperCase()}`;
    if (choices.includes(written.toLowerCase())) return written.toLowerCase();
    return refuse('22023', `${option} "${written}" not recognized`, position(name));
  };
  if (given.has('on_error') && !from) {
    refuse('22023', 'COPY ON_ERROR cannot be used with COPY TO', position('on_error'));
  }
  const onError = choice('on_error', ['stop', 'ignore']);
  const verbosity = choice('log_verbosity', ['silent', 'default', 'verbose']);
  if (verbosity === 'verbose' && onError === 'ignore') {
    refuse('0A000', 'COPY LOG_VERBOSITY verbose is not supported', position('log_verbosity'));
  }
  const limit = given.has('reject_limit') ? Number(numberText(given.get('reject_limit')?.value)) : null;
  if (limit !== null && !Number.isInteger(limit)) {
    refuse(
      '22P02',
      `invalid input syntax for type bigint: "${numberText(given.get('reject_limit')?.value)}"`,
    );
  }
  if (limit !== null && limit <= 0) refuse('22023', `REJECT_LIMIT (${limit}) must be greater than zero`);
  return { skipsErrors: onError === 'ignore', rejectLimit: limit, saysSkipped: verbosity !== 'silent' };
}

/** A number as written, in quotes or without. */
function numberText(value: Node | undefined): string {
  const integer = nodeAs(value, 'Integer');
  if (integer !== undefined) return String(integer.ival ?? 0);
  return nodeAs(value, 'Float')?.fval ?? optionText(value) ?? '';
}

/** A switch; on where it says nothing. */
function flagOf(name: string, value: Node | undefined): boolean {
  if (value === undefined) return true;
  const flag = booleanOf(value);
  if (flag !== undefined) return flag;
  const word = (nodeAs(value, 'Integer') ? numberText(value) : (optionText(value) ?? '')).toLowerCase();
  if (['true', 'on', '1'].includes(word)) return true;
  if (['false', 'off', '0'].includes(word)) return false;
  return refuse('42601', `${name} requires a Boolean value`);
}

/** Numbers of the columns that an option lists among those that are copied, of a relation where it is one that is. */
export function listedColumns(
  option: string,
  list: ColumnList,
  names: readonly string[],
  relation?: { readonly name: string; readonly columns: readonly { readonly name: string }[] },
): number[] {
  if (list === '*') return names.map((_, index) => index);
  return list.map((name) => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    if (relation?.columns.some((column) => column.name === name) === true) {
      return refuse('42P10', `${option} column "${name}" not referenced by COPY`);
    }
    const of = relation === undefined ? '' : ` of relation "${relation.name}"`;
    return refuse('42703', `column "${name}"${of} does not exist`);
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
