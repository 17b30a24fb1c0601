/** GROUP BY: from expressions over FROM's columns to expressions over the Aggregate node's. */
import type { Node } from '@pgsql/types';
import { nodeAs } from '../ast/accessors.ts';
import type { HirAggregate, HirColumn, HirRelation, HirScalar } from '../hir.ts';
import { aggregateNullable } from './aggregate-call.ts';
import { unknownToText } from './coerce.ts';
import type { ExpressionContext, QueryContext } from './context.ts';
import { bindListItem } from './order.ts';
import type { Target } from './query.ts';
import { columnType, mapChildren, relabel, scalarKey } from './scalar.ts';
import type { Scope } from './scope.ts';

/** Binds the GROUP BY list; null if there is none. */
export function bindGroupBy(
  nodes: readonly Node[] | undefined,
  targets: readonly Target[],
  context: ExpressionContext,
): HirScalar[] | null {
  if (nodes === undefined) return null;
  const { statement } = context;
  const keys: HirScalar[] = [];
  for (const node of nodes) {
    const set = nodeAs(node, 'GroupingSet');
    if (set !== undefined) {
      if (set.kind === 'GROUPING_SET_EMPTY') continue;
      throw statement.unsupported('GROUPING SETS, ROLLUP and CUBE', set.location);
    }
    for (const part of nodeAs(node, 'RowExpr')?.args ?? [node]) {
      const item = bindListItem(part, targets, context, 'GROUP BY');
      const bound = item.kind === 'target' ? targets[item.index]!.bound : item.bound;
      if (item.kind === 'target' && readsAggregate(bound.scalar, context)) {
        throw statement.error('42803', 'aggregate functions are not allowed in GROUP BY', bound.at);
      }
      const key = unknownToText(statement, bound);
      if (!keys.some((other) => scalarKey(other) === scalarKey(key))) keys.push(key);
    }
  }
  return keys;
}

function readsAggregate(scalar: HirScalar, context: ExpressionContext): boolean {
  const width = context.scope.items.reduce(
    (widest, item) =>
      item.columns.reduce((most, column) => Math.max(most, lastColumn(column.scalar) + 1), widest),
    0,
  );
  return lastColumn(scalar) >= width;
}

function lastColumn(scalar: HirScalar): number {
  if (scalar.kind === 'column') return scalar.index;
  let last = -1;
  mapChildren(scalar, (child) => {
    last = Math.max(last, lastColumn(child));
    return child;
  });
  return last;
}

/** A grouped query level: the Aggregate node, and how expressions are rewritten to stand above it. */
export interface Grouping {
  readonly relation: HirRelation;
  rewrite(scalar: HirScalar): HirScalar;
}

/**
 * Makes the Aggregate node for all `scalars` that will be computed above it. A column that is neither a key nor inside an
 * aggregate is an error, unless a primary key among the keys decides it: then it becomes a key too.
 */
export function group(
  input: HirRelation,
  given: readonly HirScalar[] | null,
  aggregates: readonly HirAggregate[],
  scalars: readonly HirScalar[],
  scope: Scope,
  context: QueryContext,
): Grouping {
  const width = input.columns.length;
  const keys = [...(given ?? [])];
  const places = new Map(keys.map((key, i) => [scalarKey(key), i]));
  // A column may be read under another type of its representation (varchar as text): it is the same key.
  const columnPlaces = new Map<number, number>();
  keys.forEach((key, i) => key.kind === 'column' && columnPlaces.set(key.index, i));
  const determined = determinedColumns(scope, columnPlaces);

  const collect = (scalar: HirScalar): void => {
    if (places.has(scalarKey(scalar))) return;
    if (scalar.kind === 'column' && scalar.index < width && !columnPlaces.has(scalar.index)) {
      const own = determined.get(scalar.index);
      if (own === undefined) throw ungrouped(scalar, context);
      columnPlaces.set(scalar.index, keys.push(own) - 1);
    }
    mapChildren(scalar, (child) => {
      collect(child);
      return child;
    });
  };
  scalars.forEach(collect);

  const global = keys.length === 0;
  const columns: HirColumn[] = [
    ...keys.map((key): HirColumn => ({ name: keyName(key, input), type: columnType(key) })),
    ...aggregates.map((aggregate): HirColumn => ({
      name: aggregate.function,
      type: { ...aggregate.type, nullable: aggregateNullable(aggregate, global) },
    })),
  ];
  const relation: HirRelation = {
    kind: 'aggregate',
    columns,
    input,
    keys,
    aggregates: aggregates.map((aggregate, i) => ({ ...aggregate, type: columns[keys.length + i]!.type })),
    global,
  };
  const column = (index: number): HirScalar => ({ kind: 'column', index, type: columns[index]!.type });
  const rewrite = (scalar: HirScalar): HirScalar => {
    const place = places.get(scalarKey(scalar));
    if (place !== undefined) return column(place);
    if (scalar.kind === 'column') {
      const key = columnPlaces.get(scalar.index);
      if (key !== undefined) return relabel(column(key), scalar.type);
      return relabel(column(keys.length + scalar.index - width), scalar.type);
    }
    return mapChildren(scalar, rewrite);
  };
  return { relation, rewrite };
}

function keyName(key: HirScalar, input: HirRelation): string {
  return key.kind === 'column' ? input.columns[key.index]!.name : '?column?';
}

/** Columns of FROM items whose whole primary key is among the keys, by number. */
function determinedColumns(
  scope: Scope,
  places: ReadonlyMap<number, number>,
): ReadonlyMap<number, HirScalar & { readonly kind: 'column' }> {
  const determined = new Map<number, HirScalar & { readonly kind: 'column' }>();
  for (const item of scope.items) {
    if (item.primaryKey === undefined) continue;
    const columns = item.columns.map(({ scalar }) => scalar);
    const isKey = (scalar: HirScalar): boolean => scalar.kind === 'column' && places.has(scalar.index);
    if (!item.primaryKey.every((i) => isKey(columns[i]!))) continue;
    for (const scalar of columns) if (scalar.kind === 'column') determined.set(scalar.index, scalar);
  }
  return determined;
}

function ungrouped(column: HirScalar, context: QueryContext): Error {
  const origin = context.statement.origins.get(column);
  const name = origin?.qualified ?? '?column?';
  return context.statement.error(
    '42803',
    `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
    origin?.at,
  );
}
