/** COPY table FROM STDIN: raw bytes go to the native decoder, rows to the transaction; the statement is atomic. */
import type { CopyStmt } from '@pgsql/types';
import type { DecodeFormat, RowDecoder } from '../../engine/index.ts';
import { nameParts, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { bindCopyCondition, bindDecodedRow } from '../../sql/bind/bind.ts';
import { compileRow } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { lookUp, positionOf, requireObject } from '../catalog/names.ts';
import { type TableObject, kindName } from '../catalog/objects.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import { requireWritable } from '../session/access-mode.ts';
import type { SessionContext, StatementResult } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type CopyOptions, listedColumns, readCopyOptions } from './copy-options.ts';
import { hasNoEffect } from './no-effect.ts';
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
  const options = readCopyOptions(parsed, statement);
  const name = rangeName(statement.relation);
  if (!lookUp(system.catalog, session, parsed, name)) {
    throw new SqlError({
      sqlstate: '42P01',
      message: `relation "${name.parts.join('.')}" does not exist`,
      position: positionOf(parsed, name.location),
    });
  }
  requireCopied(system, session, parsed, statement);
  return {
    parameterTypes: [],
    columns: null,
    run: async (session): Promise<StatementResult> => {
      const table = requireCopied(system, session, parsed, statement);
      if (!isTemporarySchema(table.schema)) requireWritable(session.transaction, 'COPY FROM');
      if (options.freeze) freeze(session, table);
      return copyIn(system, session, parsed, statement, table, options);
    },
  };
}

/** The table that the rows are for. */
function requireCopied(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { relation }: CopyStmt,
): TableObject {
  const name = rangeName(relation);
  const found = lookUp(system.catalog, session, parsed, name);
  if (found?.kind === 'view') {
    throw new SqlError({
      sqlstate: '42809',
      message: `cannot copy to view "${found.name}"`,
      hint: 'To enable copying to a view, provide an INSTEAD OF INSERT trigger.',
      position: positionOf(parsed, name.location),
    });
  }
  if (found?.kind === 'materializedView' || found?.kind === 'sequence') {
    throw new SqlError({
      sqlstate: '42809',
      message: `cannot copy to ${kindName(found.kind)} "${found.name}"`,
      position: positionOf(parsed, name.location),
    });
  }
  return requireObject(system.catalog, session, parsed, name, ['table']) as TableObject;
}

/** FREEZE: allowed as in PostgreSQL where nobody else has seen the table, and without effect. */
function freeze(session: SessionContext, table: TableObject): void {
  const { transaction } = session;
  if (!transaction.fresh.has(table.id)) {
    throw new SqlError({
      sqlstate: '55000',
      message:
        'cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction',
    });
  }
  hasNoEffect(session, 'FREEZE', 'Rows are kept in one form, and are not vacuumed.');
}

function copyIn(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CopyStmt,
  table: TableObject,
  options: CopyOptions,
): StatementResult {
  // `fields`: columns of the table that the data has; `scalars`: the table's columns over them, defaults filled in.
  const environment = system.planning.bindEnvironment(session, parsed);
  const relation = environment.catalog.relation(table.id);
  const { whereClause, attlist } = statement;
  const marksDefaults = options.defaultText !== null;
  const bound = bindDecodedRow(relation, nameParts(attlist), environment, session.number, { marksDefaults });
  const { fields, scalars, generated } = bound;
  const condition = whereClause === undefined ? null : bindCopyCondition(whereClause, relation, environment);
  const fieldTypes = fields.map((index) => ({ ...table.columns[index]!.type, nullable: true }));
  const marks = marksDefaults
    ? fields.map(() => ({ name: 'bool', typmod: -1, nullable: false }) as const)
    : [];
  const decoder: RowDecoder = system.engine.decoder({
    arrangement: table.arrangement,
    format: decodeFormat(options, table, fields),
    columns: fields.map((index, field) => ({
      name: table.columns[index]!.name,
      type: toColumnType(fieldTypes[field]!),
    })),
    metadata: 0,
    mfp: compileRow(scalars, [...fieldTypes, ...marks], generated, condition),
    timeZone: session.timeZone,
    skipUnreadable: options.skipsErrors,
  });
  let rows = 0;
  let skipped = 0;
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
    skipped += result.skipped;
    const first = result.errors[0];
    if (first) {
      // The line is told, with its column's value in it.
      const isPlace = first.column !== undefined && first.detail === `Column "${first.column}".`;
      failure = new SqlError({
        sqlstate: first.sqlstate,
        message: first.message,
        detail: isPlace ? undefined : first.detail,
        where: `COPY ${table.name}, line ${first.line}: "${first.bytes.toString('utf8').slice(0, 100)}"`,
      });
    } else if (options.rejectLimit !== null && skipped > options.rejectLimit) {
      const message = `skipped more than REJECT_LIMIT (${options.rejectLimit}) rows due to data type incompatibility`;
      failure = new SqlError({ sqlstate: '22P02', message });
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
      if (skipped > 0 && options.saysSkipped) {
        const were = skipped === 1 ? '1 row was' : `${skipped} rows were`;
        const message = `${were} skipped due to data type incompatibility`;
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
      }
      return `COPY ${rows}`;
    },
    fail: () => {
      decoder.close();
      if (!session.transaction.explicit) session.transaction.writes.clear();
    },
  };
}

function decodeFormat(options: CopyOptions, table: TableObject, fields: readonly number[]): DecodeFormat {
  const { delimiter, nullText, header, headerMatch, quote, escape, defaultText } = options;
  const { columns } = table;
  const names = fields.map((index) => columns[index]!.name);
  const withDefault = fields.flatMap((index, field) => (columns[index]!.defaultText === null ? [] : [field]));
  const marker = defaultText === null ? {} : { default: { text: defaultText, fields: withDefault } };
  if (options.format === 'text') {
    return { kind: 'copyText', delimiter, nullText, header, headerMatch, ...marker };
  }
  const forceNull = listedColumns('FORCE_NULL', options.forceNull, names, table);
  const forceNotNull = listedColumns('FORCE_NOT_NULL', options.forceNotNull, names, table);
  const format = { kind: 'csv', delimiter, nullText, quote, escape } as const;
  return { ...format, header, headerMatch, forceNull, forceNotNull, ...marker };
}
