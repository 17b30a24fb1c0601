/** What a subscriber sees: the tw_ columns, then the relation's; and the clauses that name them. */
import type { SortBy } from '@pgsql/types';
import type { OrderKey } from '../../engine/index.ts';
import { constantOf, findLocation, locationOf, nameParts, nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Subscribe } from '../../sql/ast/subscribe.ts';
import { sortDirection } from '../../sql/bind/order.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import { positionOf } from '../catalog/names.ts';
import type { ResultColumn } from '../session/statement.ts';

/** The columns in their order. `key`: those of ENVELOPE's KEY. */
export function subscriptionColumns(
  columns: readonly ResultColumn[],
  progress: boolean,
  envelope: Subscribe['envelope'],
  key: readonly number[],
): ResultColumn[] {
  const prefix: ResultColumn[] = [{ name: 'tw_timestamp', type: { name: 'numeric', typmod: -1 } }];
  if (progress) prefix.push({ name: 'tw_progressed', type: { name: 'bool', typmod: -1 } });
  if (!envelope) return [...prefix, { name: 'tw_diff', type: { name: 'int8', typmod: -1 } }, ...columns];
  const state: ResultColumn = { name: 'tw_state', type: { name: 'text', typmod: -1 } };
  const keys = key.map((index) => columns[index]!);
  const rest = columns.filter((_, index) => !key.includes(index));
  if (envelope.name === 'upsert') return [...prefix, state, ...keys, ...rest];
  return [
    ...prefix,
    state,
    ...keys,
    ...rest.map((column) => ({ ...column, name: `before_${column.name}` })),
    ...rest.map((column) => ({ ...column, name: `after_${column.name}` })),
  ];
}

/** The relation's columns that ENVELOPE … (KEY (…)) names. */
export function envelopeKey(
  parsed: ParsedStatement,
  envelope: Subscribe['envelope'],
  columns: readonly ResultColumn[],
): number[] {
  const key: number[] = [];
  for (const { name, location } of envelope?.key ?? []) {
    const index = columnNamed(parsed, columns, name, location);
    if (key.includes(index)) {
      throw new SqlError({
        sqlstate: '42701',
        message: `column "${name}" appears twice in the key of the envelope`,
        position: positionOf(parsed, location),
      });
    }
    key.push(index);
  }
  return key;
}

/** WITHIN TIMESTAMP ORDER BY: names or positions of the columns that the subscriber sees. */
export function orderWithinTimestamp(
  parsed: ParsedStatement,
  clause: Subscribe['withinTimestampOrderBy'],
  shown: readonly ResultColumn[],
): OrderKey[] {
  const statement = {
    error: (sqlstate: string, message: string, at: number | undefined, more: { hint?: string } = {}) =>
      new SqlError({ sqlstate, message, position: positionOf(parsed, at), ...more }),
  };
  return (clause?.sort ?? []).map((item) => {
    const sort = nodeAs(item, 'SortBy')!;
    return { column: orderColumn(parsed, sort, shown), ...sortDirection(statement, sort) };
  });
}

function orderColumn(parsed: ParsedStatement, sort: SortBy, shown: readonly ResultColumn[]): number {
  const node = sort.node!;
  const reference = nodeAs(node, 'ColumnRef');
  const parts = nameParts(reference?.fields);
  if (reference && parts.length === 1 && parts[0] !== '*') {
    return columnNamed(parsed, shown, parts[0]!, locationOf(reference));
  }
  const constant = nodeAs(node, 'A_Const');
  const value = constant && constantOf(constant);
  if (value?.kind === 'integer') {
    if (value.value >= 1 && value.value <= shown.length) return value.value - 1;
    throw new SqlError({
      sqlstate: '42P10',
      message: `WITHIN TIMESTAMP ORDER BY position ${value.value} is not a column of the subscription`,
      position: positionOf(parsed, findLocation(node)),
    });
  }
  throw new SqlError({
    sqlstate: '0A000',
    message: 'WITHIN TIMESTAMP ORDER BY takes columns of the subscription, not expressions',
    hint: 'Give the expression a name in the query: SUBSCRIBE (SELECT …, expression AS name FROM …).',
    position: positionOf(parsed, findLocation(node)),
  });
}

function columnNamed(
  parsed: ParsedStatement,
  columns: readonly ResultColumn[],
  name: string,
  location: number | undefined,
): number {
  const names = columns.map((column) => column.name);
  const index = names.indexOf(name);
  const position = positionOf(parsed, location);
  if (index < 0) {
    const near = nearestName(name, names);
    throw new SqlError({
      sqlstate: '42703',
      message: `column "${name}" of the subscription does not exist`,
      hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
      position,
    });
  }
  if (names.includes(name, index + 1)) {
    throw new SqlError({
      sqlstate: '42702',
      message: `column "${name}" of the subscription is ambiguous`,
      position,
    });
  }
  return index;
}
