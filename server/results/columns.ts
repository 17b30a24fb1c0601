/** Result columns as the protocol describes them. */
import { SqlError } from '../../sql/error.ts';
import { plain, typeLength, typeOid } from '../../sql/types/table.ts';
import type { RowField } from '../pgwire/writer.ts';
import type { ResultColumn } from '../session/statement.ts';

/** RowDescription's fields. `formats` has one entry for each column, or none before a Bind. */
export function rowFieldsOf(columns: readonly ResultColumn[], formats: readonly number[]): RowField[] {
  return columns.map((column, index) => ({
    name: column.name,
    relationOid: column.origin?.relation ?? 0,
    columnNumber: column.origin?.number ?? 0,
    typeOid: typeOid(column.type.name),
    typeLength: typeLength(column.type.name),
    typmod: column.type.typmod,
    format: formats[index] ?? 0,
  }));
}

/** One format for each column from what Bind sent: none (text), one for all, or each. */
export function expandFormats(sent: readonly number[], columnCount: number): number[] {
  if (sent.length <= 1) return Array.from({ length: columnCount }, () => sent[0] ?? 0);
  if (sent.length !== columnCount) {
    throw new SqlError({
      sqlstate: '08P01',
      message: `bind message has ${sent.length} result formats but query has ${columnCount} columns`,
    });
  }
  return [...sent];
}

/** Columns of type text. */
export function textColumns(...names: string[]): ResultColumn[] {
  return names.map((name) => ({ name, type: plain('text') }));
}
