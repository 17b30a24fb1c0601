/** The relations of a source, chosen with FOR TABLES where its connector has several. */
import type { UpstreamTable } from '../../connectors/contract.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import type { TypeName } from '../../sql/types/type.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import { optionText } from './with-options.ts';

/** One relation of a source. */
export interface DefinedTable {
  /** The connector's number of the table. */
  readonly number: number;
  /** Its own name; null for the source's. */
  readonly name: QualifiedName | string | null;
  /** Columns that records give; of keyed messages, their values. */
  readonly fields: readonly CatalogColumn[];
  /** The fields, and metadata columns behind them; of keyed messages, as the envelope places them. */
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: readonly number[] | null;
  /** The key is checked at each commit; upstream does not guarantee it. */
  readonly checked: boolean;
}

/** The relations of a connector that has a schema itself. */
export function tablesOfUpstream(
  parsed: ParsedStatement,
  statement: CreateSource,
  upstream: readonly UpstreamTable[],
  chosen: { readonly value: Parameters<typeof optionText>[0]; readonly valueLocation: number } | null,
  what: string,
): { readonly several: boolean; readonly tables: readonly DefinedTable[] } {
  const { elements, tables } = statement;
  if (upstream.length === 1 || chosen !== null) {
    const number =
      chosen === null ? 0 : tableNumber(parsed, upstream, optionText(chosen.value), chosen, what);
    if (tables) {
      throw new SqlError({
        sqlstate: '22023',
        message: `${what} has one table`,
        hint: 'Leave out FOR TABLES.',
        position: parsed.source.positionOfByte(tables.location),
      });
    }
    // Another system's statement lists the columns all the same.
    if (elements !== undefined && !statement.connectorInWith) throw refuseElements(parsed, statement, what);
    return { several: false, tables: [definedTable(upstream[number]!, number, null)] };
  }
  if (elements !== undefined) throw refuseElements(parsed, statement, what);
  if (tables?.kind === 'all') {
    return {
      several: true,
      tables: upstream.map((table, number) => definedTable(table, number, table.name)),
    };
  }
  if (tables?.kind === 'tables') {
    const defined = tables.tables.map(({ name, alias }) => {
      const wanted = name.parts.at(-1) ?? '';
      const number = tableNumber(parsed, upstream, wanted, { valueLocation: name.location }, what);
      return definedTable(upstream[number]!, number, alias ?? name);
    });
    const numbers = defined.map(({ number }) => number);
    if (new Set(numbers).size < numbers.length) {
      throw new SqlError({
        sqlstate: '42712',
        message: 'a table is named more than once',
        position: parsed.source.positionOfByte(tables.location),
      });
    }
    return { several: true, tables: defined };
  }
  throw new SqlError({
    sqlstate: '22023',
    message: `${what} has several tables: ${upstream.map(({ name }) => name).join(', ')}`,
    hint: 'Add FOR ALL TABLES, or FOR TABLES (name, …).',
  });
}

function refuseElements(parsed: ParsedStatement, statement: CreateSource, what: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `${what} has its own columns`,
    hint: 'Leave out the list of columns.',
    position: parsed.source.positionOfByte(statement.name.location),
  });
}

function tableNumber(
  parsed: ParsedStatement,
  upstream: readonly UpstreamTable[],
  wanted: string,
  at: { readonly valueLocation: number },
  what: string,
): number {
  const number = upstream.findIndex(({ name }) => name === wanted.toLowerCase());
  if (number >= 0) return number;
  const names = upstream.map(({ name }) => name);
  const near = nearestName(wanted, names);
  throw new SqlError({
    sqlstate: '42P01',
    message: `${what} has no table "${wanted}"`,
    hint: near === undefined ? `It has ${names.join(', ')}.` : `Perhaps you meant "${near}".`,
    position: parsed.source.positionOfByte(at.valueLocation),
  });
}

function definedTable(table: UpstreamTable, number: number, name: DefinedTable['name']): DefinedTable {
  const columns = table.columns.map((column): CatalogColumn => ({
    name: column.name,
    type: { name: column.type as TypeName, typmod: -1, nullable: column.nullable },
    defaultText: null,
  }));
  const key = table.primaryKey.map((wanted) => columns.findIndex((column) => column.name === wanted));
  return {
    number,
    name,
    fields: columns,
    columns,
    primaryKey: key.length > 0 ? key : null,
    checked: false,
  };
}
