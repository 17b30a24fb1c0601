/** COPY table | (query) | (SUBSCRIBE …) TO STDOUT: the same plans, encoded as COPY lines. */
import type { CopyStmt, Node } from '@pgsql/types';
import type { RowEncoding } from '../../engine/index.ts';
import { nameParts, rangeName } from '../../sql/ast/accessors.ts';
import type { CopySubscribe } from '../../sql/ast/copy-subscribe.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type CopyOptions, readCopyOptions } from './copy-options.ts';
import type { Runnable } from './prepared.ts';
import { CompiledSelect } from './select.ts';
import { CompiledSubscribe, selectAll } from './subscribe.ts';

export function prepareCopyTo(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CopyStmt,
): Runnable {
  refuseFile(statement);
  const options = readCopyOptions(parsed, statement);
  const node: Node = statement.query ?? selectColumns(statement);
  const select = new CompiledSelect(system, session, parsed, node, []);
  const names = select.compiled.columns.map((column) => column.name);
  return {
    parameterTypes: [],
    columns: null,
    run: async (session) => ({
      kind: 'copyOut',
      columnCount: names.length,
      cursor: await select.run(session, { parameters: [], formats: [] }, copyEncoding(options)),
      header: header(options, names),
    }),
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
  return {
    parameterTypes: [],
    columns: null,
    run: async (session) => ({
      kind: 'copyStream',
      columnCount: subscribe.columns.length,
      stream: await subscribe.start(session, copyEncoding(options)),
      header: header(
        options,
        subscribe.columns.map((column) => column.name),
      ),
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

function copyEncoding(options: CopyOptions): RowEncoding {
  if (options.format === 'csv' && (options.quote !== '"' || options.escape !== '"')) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'COPY TO with another QUOTE or ESCAPE than " is not supported yet',
    });
  }
  if (options.forceNull.length > 0) {
    throw new SqlError({ sqlstate: '0A000', message: 'COPY FORCE_NULL cannot be used with COPY TO' });
  }
  const { nullText, delimiter } = options;
  return options.format === 'text'
    ? { kind: 'copyText', nullText, delimiter }
    : { kind: 'copyCsv', nullText, delimiter, header: null };
}

function header(options: CopyOptions, names: readonly string[]): Buffer | null {
  if (!options.header) return null;
  const quoted = names.map((name) =>
    options.format === 'csv' && /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name,
  );
  return Buffer.from(`${quoted.join(options.delimiter)}\n`);
}

/** `SELECT columns FROM relation` for the table form. */
function selectColumns(statement: CopyStmt): Node {
  const name = rangeName(statement.relation);
  const select = selectAll(name);
  const columns = nameParts(statement.attlist);
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
