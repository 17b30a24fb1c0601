/** COPY table | (query) | (SUBSCRIBE …) TO STDOUT: the same plans, encoded as COPY lines. */
import type { CopyStmt, Node } from '@pgsql/types';
import type { RowEncoding } from '../../engine/index.ts';
import { nameParts, nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { CopySubscribe } from '../../sql/ast/copy-subscribe.ts';
import { intoClauseOf } from '../../sql/ast/select-into.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogRelation } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { SYSTEM_SCHEMAS } from '../catalog/catalog.ts';
import type { StatementCatalog } from '../catalog/reader.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type CopyOptions, listedColumns, readCopyOptions } from './copy-options.ts';
import type { Runnable } from './prepared.ts';
import { CompiledSelect } from './select.ts';
import { CompiledSubscribe, selectAll } from './subscribe.ts';
import { isWrite, prepareWrite } from './write.ts';

export function prepareCopyTo(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CopyStmt,
): Runnable {
  refuseFile(statement);
  const options = readCopyOptions(parsed, statement);
  const { query } = statement;
  if (query !== undefined && isWrite(query)) return copyReturning(system, session, parsed, query, options);
  const selected = nodeAs(query, 'SelectStmt');
  if (selected !== undefined && intoClauseOf(selected) !== undefined) {
    throw new SqlError({ sqlstate: '0A000', message: 'COPY (SELECT INTO) is not supported' });
  }
  const node: Node = statement.query ?? selectColumns(system.planning.catalogFor(session), statement);
  const select = new CompiledSelect(system, session, parsed, node, []);
  const names = select.compiled.columns.map((column) => column.name);
  return {
    parameterTypes: [],
    columns: null,
    run: async (session) => ({
      kind: 'copyOut',
      columnCount: names.length,
      cursor: await select.run(session, { parameters: [], formats: [] }, copyEncoding(options, names)),
      header: header(options, names),
    }),
  };
}

/** COPY (INSERT … RETURNING …): the command runs, and the rows that it returns are copied. */
function copyReturning(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  query: Node,
  options: CopyOptions,
): Runnable {
  const [fields] = Object.values(query) as { readonly returningClause?: unknown }[];
  if (fields?.returningClause === undefined) {
    throw new SqlError({ sqlstate: '0A000', message: 'COPY query must have a RETURNING clause' });
  }
  const { columns, run } = prepareWrite(system, session, parsed, query, []);
  const names = (columns ?? []).map(({ name }) => name);
  return {
    parameterTypes: [],
    columns: null,
    run: async (session) => {
      const encoding = copyEncoding(options, names);
      const result = await run(session, { parameters: [], formats: [], encoding });
      if (result.kind !== 'rows') throw new Error('a command that returns rows');
      const { cursor } = result;
      return { kind: 'copyOut', columnCount: names.length, cursor, header: header(options, names) };
    },
  };
}

export function prepareCopySubscribe(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CopySubscribe,
): Runnable {
  refuseFile(statement.copy);
  const options = readCopyOptions(parsed, statement.copy);
  const subscribe = new CompiledSubscribe(system, session, parsed, statement.subscribe);
  const names = subscribe.columns.map((column) => column.name);
  return {
    parameterTypes: [],
    columns: null,
    run: async (session) => ({
      kind: 'copyStream',
      columnCount: subscribe.columns.length,
      stream: await subscribe.start(session, copyEncoding(options, names)),
      header: header(options, names),
    }),
  };
}

function refuseFile(statement: CopyStmt): void {
  if (!statement.filename && !statement.is_program) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: 'COPY TO a file or program of the server is not supported',
    hint: 'Use COPY TO STDOUT (psql: \\copy), or CREATE SINK … INTO FILE.',
  });
}

function copyEncoding(options: CopyOptions, names: readonly string[]): RowEncoding {
  const { nullText, delimiter, quote, escape } = options;
  if (options.format === 'text') return { kind: 'copyText', nullText, delimiter };
  const forceQuote = listedColumns('FORCE_QUOTE', options.forceQuote, names);
  return { kind: 'copyCsv', nullText, delimiter, header: null, quote, escape, forceQuote };
}

function header(options: CopyOptions, names: readonly string[]): Buffer | null {
  if (!options.header) return null;
  const { delimiter, quote, escape } = options;
  const written = names.map((name) => {
    if (options.format === 'text') return escapeText(name, delimiter);
    const special = [delimiter, quote, '\r', '\n'].some((character) => name.includes(character));
    if (!special && name !== options.nullText) return name;
    const inside = [...name].map((c) => (c === quote || c === escape ? escape + c : c)).join('');
    return quote + inside + quote;
  });
  return Buffer.from(`${written.join(delimiter)}\n`);
}

/** A name as a field of the text format. */
function escapeText(name: string, delimiter: string): string {
  const letters: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r', '\\': '\\' };
  return [...name].map((c) => (letters[c] ? `\\${letters[c]}` : c === delimiter ? `\\${c}` : c)).join('');
}

/** `SELECT columns FROM relation` for the table form. */
/** A view is a query, and has no rows of its own; the catalog's views are tables of PostgreSQL's. */
function refuseCopied({ kind, schema, name }: CatalogRelation): void {
  if (kind === 'sequence') {
    throw new SqlError({ sqlstate: '42809', message: `cannot copy from sequence "${name}"` });
  }
  if (kind !== 'view' || (SYSTEM_SCHEMAS as readonly string[]).includes(schema)) return;
  throw new SqlError({
    sqlstate: '42809',
    message: `cannot copy from view "${name}"`,
    hint: 'Try the COPY (SELECT ...) TO variant.',
  });
}

function selectColumns(catalog: StatementCatalog, statement: CopyStmt): Node {
  const name = rangeName(statement.relation);
  const relation = catalog.findRelation(name.parts.at(-2) ?? null, name.parts.at(-1)!);
  if (relation !== null) refuseCopied(relation);
  for (const column of nameParts(statement.attlist)) {
    const found = relation?.columns.find((other) => other.name === column);
    if (found?.generated !== undefined) {
      throw new SqlError({
        sqlstate: '42P10',
        message: `column "${column}" is a generated column`,
        detail: 'Generated columns cannot be used in COPY.',
      });
    }
    if (relation === null || found !== undefined) continue;
    const message = `column "${column}" of relation "${relation.name}" does not exist`;
    throw new SqlError({ sqlstate: '42703', message });
  }
  const select = selectAll(name);
  const given = relation?.columns.filter(({ generated }) => generated === undefined) ?? [];
  const all = relation === null || given.length === relation.columns.length;
  const listed = nameParts(statement.attlist);
  const columns = listed.length > 0 || all ? listed : given.map((column) => column.name);
  if (columns.length === 0) return select;
  return {
    SelectStmt: {
      ...select.SelectStmt,
      targetList: columns.map((column) => ({
        ResTarget: {
          val: { ColumnRef: { fields: [{ String: { sval: column } }], location: name.location } },
        },
      })),
    },
  };
}
