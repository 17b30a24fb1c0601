/** COPY table FROM STDIN: raw bytes go to the native decoder, rows to the transaction; the statement is atomic. */
import type { CopyStmt } from '@pgsql/types';
import type { DecodeFormat, RowDecoder } from '../../engine/index.ts';
import { nameParts, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { bindDecodedRow } from '../../sql/bind/bind.ts';
import { compileRow } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { lookUp, positionOf, requireObject } from '../catalog/names.ts';
import type { TableObject } from '../catalog/objects.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import { requireWritable } from '../session/access-mode.ts';
import type { SessionContext, StatementResult } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type CopyOptions, listedColumns, readCopyOptions } from './copy-options.ts';
import type { Runnable } from './prepared.ts';
import { deferredForeignKeys } from './set-constraints.ts';

export function prepareCopyFrom(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CopyStmt,
): Runnable {
  if (statement.filename || statement.is_program) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'COPY FROM a file or program of the server is not supported',
      hint: 'Use COPY FROM STDIN (psql: \\copy), or CREATE SOURCE … FROM FILE.',
    });
  }
  if (statement.whereClause)
    throw new SqlError({ sqlstate: '0A000', message: 'COPY FROM … WHERE is not supported' });
  const options = readCopyOptions(parsed, statement);
  const name = rangeName(statement.relation);
  if (!lookUp(system.catalog, session, parsed, name)) {
    throw new SqlError({
      sqlstate: '42P01',
      message: `relation "${name.parts.join('.')}" does not exist`,
      position: positionOf(parsed, name.location),
    });
  }
  requireObject(system.catalog, session, parsed, name, ['table']);
  return {
    parameterTypes: [],
    columns: null,
    run: async (session): Promise<StatementResult> => {
      const table = requireObject(system.catalog, session, parsed, name, ['table']) as TableObject;
      if (!isTemporarySchema(table.schema)) requireWritable(session.transaction, 'COPY FROM');
      return copyIn(system, session, parsed, table, nameParts(statement.attlist), options);
    },
  };
}

function copyIn(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  table: TableObject,
  columnNames: readonly string[],
  options: CopyOptions,
): StatementResult {
  // `fields`: columns of the table that the data has; `scalars`: the table's columns over them, defaults filled in.
  const environment = system.planning.bindEnvironment(session, parsed);
  const relation = environment.catalog.relation(table.id);
  const { fields, scalars, generated } = bindDecodedRow(relation, columnNames, environment, session.number);
  const fieldTypes = fields.map((index) => ({ ...table.columns[index]!.type, nullable: true }));
  const decoder: RowDecoder = system.engine.decoder({
    arrangement: table.arrangement,
    format: decodeFormat(
      options,
      fields.map((index) => table.columns[index]!.name),
    ),
    columns: fields.map((index, field) => ({
      name: table.columns[index]!.name,
      type: toColumnType(fieldTypes[field]!),
    })),
    metadata: 0,
    mfp: compileRow(scalars, fieldTypes, generated),
    timeZone: session.timeZone,
  });
  let rows = 0;
  let failure: Error | null = null;
  const decode = (chunk: Buffer, end: boolean): void => {
    if (failure) return;
    const result = decoder.decode(chunk, {
      end,
      diff: 1,
      transaction: session.transaction.writes,
      metadata: [],
    });
    rows += result.rows;
    const first = result.errors[0];
    if (first) {
      failure = new SqlError({
        sqlstate: first.sqlstate,
        message: first.message,
        detail: first.detail,
        where: `COPY ${table.name}, line ${first.line}: "${first.bytes.toString('utf8').slice(0, 100)}"`,
      });
    }
  };
  return {
    kind: 'copyIn',
    columnCount: fields.length,
    push: (chunk) => decode(chunk, false),
    end: async () => {
      decode(Buffer.alloc(0), true);
      decoder.close();
      if (failure) {
        if (!session.transaction.explicit) session.transaction.writes.clear();
        throw failure;
      }
      if (!session.transaction.explicit) {
        await system.sequencer.commit(session.transaction.writes);
        session.transaction.writes.clear();
      } else if (table.foreignKeys.length > 0) {
        const left = deferredForeignKeys(system.catalog, session.transaction);
        system.engine.checkReferences(session.transaction.writes, left);
      }
      return `COPY ${rows}`;
    },
    fail: () => {
      decoder.close();
      if (!session.transaction.explicit) session.transaction.writes.clear();
    },
  };
}

function decodeFormat(options: CopyOptions, names: readonly string[]): DecodeFormat {
  const { delimiter, nullText, header, headerMatch, quote, escape } = options;
  if (options.format === 'text') return { kind: 'copyText', delimiter, nullText, header, headerMatch };
  const forceNull = listedColumns(options.forceNull, names);
  const forceNotNull = listedColumns(options.forceNotNull, names);
  const format = { kind: 'csv', delimiter, nullText, quote, escape } as const;
  return { ...format, header, headerMatch, forceNull, forceNotNull };
}
