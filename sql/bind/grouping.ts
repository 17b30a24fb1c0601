/** GROUP BY: from expressions over FROM's columns to expressions over the Aggregate node's. */
import type { Node } from '@pgsql/types';
import { nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirRelation, HirScalar } from '../hir.ts';
import { directArguments } from '../hir/aggregate.ts';
import { freeOfScalar, liftScalar, mapRelationReferences, mapScalarParts } from '../hir/traverse.ts';
import type { HirColumnReference } from '../hir/traverse.ts';
import { sameRepresentation } from '../types/casts.ts';
import { plain } from '../types/table.ts';
import { aggregateNullable } from './aggregate-call.ts';
import { unknownToText } from './coerce.ts';
import { requireEquality } from './comparable.ts';
import type { AggregateCollector, ExpressionContext, QueryContext } from './context.ts';
import { bindListItem } from './order.ts';
import type { Target } from './query.ts';
import { columnType, relabel, sameScalar, scalarKey, typeOf } from './scalar.ts';
import type { Scope } from './scope.ts';
import { groupingArguments, groupingSets, groupingValue, isGrouping } from './grouping-sets.ts';
import type { BoundGroupBy } from './grouping-sets.ts';
import { isSet } from './set-returning.ts';
import { isWindow } from './window.ts';

/** Binds the GROUP BY list; null if there is none. */
export function bindGroupBy(
  nodes: readonly Node[] | undefined,
  targets: readonly Target[],
  context: ExpressionContext,
  distinct: boolean,
): BoundGroupBy | null {
  if (nodes === undefined) return null;
  const keys: HirScalar[] = [];
  // A key is a column of the SELECT list or an expression: two columns are two keys though they are computed alike.
  const targetsOfKeys: (number | null)[] = [];
  const keyOf = (node: Node): number => {
    const { key, target } = bindKey(node, targets, context);
    const known =
      target === null
        ? keys.findIndex((other, i) => targetsOfKeys[i] === null && sameScalar(other, key))
        : targetsOfKeys.indexOf(target);
    if (known >= 0) return known;
    targetsOfKeys.push(target);
    return keys.push(key) - 1;
  };
  // ROW(…), in this word, is one key; a list in parentheses is several.
  const keysOf = (node: Node): readonly number[] => {
    const row = nodeAs(node, 'RowExpr');
    return (row?.row_format === 'COERCE_IMPLICIT_CAST' ? (row.args ?? []) : [node]).map(keyOf);
  };
  const all = groupingSets(nodes, keysOf, context.statement);
  const sets = distinct && all !== null ? differentSets(all) : all;
  if (sets === null || sets.length === 1) {
    const grouped = sets === null ? keys : sets[0]!.map((index) => keys[index]!);
    const different = grouped.filter((key, i) => grouped.findIndex((other) => sameScalar(other, key)) === i);
    return { keys: different, sets: null, keysOfTargets: new Map() };
  }
  const keysOfTargets = new Map(
    targetsOfKeys.flatMap((target, key) => (target === null ? [] : [[target, key] as const])),
  );
  return { keys, sets, keysOfTargets };
}

/** GROUP BY DISTINCT: a set of the same keys as one before it goes. */
function differentSets(sets: readonly (readonly number[])[]): (readonly number[])[] {
  const byKeys = new Map(sets.map((set) => [set.toSorted((a, b) => a - b).join(), set]));
  return [...byKeys.values()];
}

function bindKey(
  node: Node,
  targets: readonly Target[],
  context: ExpressionContext,
): { readonly key: HirScalar; readonly target: number | null } {
  const { statement } = context;
  const item = bindListItem(node, targets, context, 'GROUP BY');
  const bound = item.kind === 'target' ? targets[item.index]!.bound : item.bound;
  if (freeOfScalar(bound.scalar).columns.some(({ level, index }) => level === 0 && isWindow(index))) {
    throw statement.error('42P20', 'window functions are not allowed in GROUP BY', bound.at);
  }
  if (item.kind === 'target' && readsAggregate(bound.scalar, context)) {
    throw statement.error('42803', 'aggregate functions are not allowed in GROUP BY', bound.at);
  }
  requireEquality(statement, typeOf(bound.scalar).name, item.at);
  return { key: unknownToText(statement, bound), target: item.kind === 'target' ? item.index : null };
}

function readsAggregate(scalar: HirScalar, context: ExpressionContext): boolean {
  const last = (read: HirScalar): number =>
    freeOfScalar(read).columns.reduce(
      (most, { level, index }) => (level === 0 && !isSet(index) ? Math.max(most, index) : most),
      -1,
    );
  const width = context.scope.items.reduce(
    (widest, item) => item.columns.reduce((most, column) => Math.max(most, last(column.scalar) + 1), widest),
    0,
  );
  return last(scalar) >= width;
}

/** A grouped query level: the Aggregate node, and how expressions are rewritten to stand above it. */
export interface Grouping {
  readonly relation: HirRelation;
  rewrite(scalar: HirScalar): HirScalar;
  /** A column of the SELECT list: one that is a key is that key, and no other that is computed alike. */
  rewriteTarget(scalar: HirScalar, target: number): HirScalar;
}

/** The rows with those of the sets that are keys beside them: columns behind their own. */
export interface Spread {
  readonly relation: HirRelation;
  place(scalar: HirScalar): HirScalar;
}

/**
 * Makes the Aggregate node for all `scalars` that will be computed above it. A column that is neither a key nor inside an
 * aggregate is an error, unless a primary key among the keys decides it: then it becomes a key too.
 */
export function group(
  input: HirRelation,
  groupBy: BoundGroupBy | null,
  { aggregates, groupings, direct }: AggregateCollector,
  scalars: readonly HirScalar[],
  scope: Scope,
  context: QueryContext,
  spread: Spread | null = null,
): Grouping {
  const width = input.columns.length;
  const keys = [...(groupBy?.keys ?? [])];
  const given = keys.length;
  const sets = groupBy?.sets ?? null;
  /** Whether a key is one in every set: then it is NULL only where its value is. */
  const isCommon = (index: number): boolean =>
    sets === null || index >= given || sets.every((set) => set.includes(index));
  const keysOfTargets = groupBy?.keysOfTargets ?? new Map<number, number>();
  // Of keys that are computed alike an expression means the first of the SELECT list, as in PostgreSQL; GROUPING() the
  // first of GROUP BY.
  const firstOfSelect = [...keysOfTargets].toSorted(([one], [other]) => one - other).map(([, key]) => key);
  const places = new Map<string, number>();
  // A column may be read under another type of its representation (varchar as text): it is the same key.
  const columnPlaces = new Map<number, number>();
  for (const place of [...firstOfSelect, ...keys.keys()]) {
    const key = keys[place]!;
    if (!places.has(scalarKey(key))) places.set(scalarKey(key), place);
    if (isOwnColumn(key) && !columnPlaces.has(key.index)) columnPlaces.set(key.index, place);
  }
  // So may what is computed, which is known by what it is computed of then.
  const placeOf = (scalar: HirScalar): number | undefined => {
    const place = places.get(scalarKey(scalar));
    if (place !== undefined || scalar.kind === 'column') return place;
    return [...places.values()].find((other) => isRelabelled(scalar, keys[other]!));
  };
  const common = new Map([...columnPlaces].filter(([, place]) => isCommon(place)));
  const determined = determinedColumns(scope, common);

  let detail: string | undefined;
  const collectColumn = (column: HirColumnReference, depth: number): void => {
    const { index } = column;
    if ((column.level ?? 0) !== depth || index >= width || columnPlaces.has(index)) return;
    const own = determined.get(index);
    if (own === undefined) throw ungrouped(column, depth, context, detail);
    columnPlaces.set(index, keys.push(own) - 1);
  };

  // An expression that is a key is one only outside of subqueries, as in PostgreSQL; in them columns are looked at.
  const collect = (scalar: HirScalar): HirScalar => {
    if (placeOf(scalar) !== undefined) return scalar;
    if (scalar.kind === 'column') collectColumn(scalar, 0);
    return mapScalarParts(scalar, { scalar: collect, relation: collectRelation });
  };
  const collectRelation = (inner: HirRelation): HirRelation =>
    mapRelationReferences(
      inner,
      (column, depth) => {
        collectColumn(column, depth);
        return column;
      },
      1,
    );
  scalars.forEach(collect);
  // Direct arguments have one value a group.
  detail = 'Direct arguments of an ordered-set aggregate must use only grouped columns.';
  for (const aggregate of aggregates) {
    aggregate.arguments.slice(0, directArguments(aggregate)).forEach(collect);
  }
  direct.forEach(collect);
  const inEverySet = (scalar: HirScalar): HirScalar => {
    const place = placeOf(scalar) ?? (isOwnColumn(scalar) ? columnPlaces.get(scalar.index) : undefined);
    if (place === undefined)
      return mapScalarParts(scalar, { scalar: inEverySet, relation: (relation) => relation });
    if (isCommon(place)) return scalar;
    const { at } = context.statement.origins.get(scalar) ?? {};
    throw context.statement.unsupported('a key of only some grouping sets in a direct argument', at);
  };
  const directs = aggregates.flatMap((call) => call.arguments.slice(0, directArguments(call)));
  [...directs, ...direct].forEach(inEverySet);

  const global = keys.length === 0 && sets === null;
  const grouped = spread?.relation ?? input;
  const placed = spread ? keys.map((key) => spread.place(key)) : keys;
  const columns: HirColumn[] = [
    ...placed.map((key, index): HirColumn => {
      const type = columnType(key);
      const name = keyName(key, grouped);
      const origin =
        key.kind === 'column' && key.level === undefined ? grouped.columns[key.index]!.origin : undefined;
      return { name, type: isCommon(index) ? type : { ...type, nullable: true }, origin };
    }),
    ...aggregates.map((aggregate): HirColumn => ({
      name: aggregate.function,
      type: { ...aggregate.type, nullable: aggregateNullable(aggregate, global || sets !== null) },
    })),
    ...(sets === null ? [] : [{ name: 'grouping set', type: { ...plain('int4'), nullable: false } }]),
  ];
  const relation: HirRelation = {
    kind: 'aggregate',
    columns,
    input: grouped,
    keys: placed,
    aggregates: aggregates.map((aggregate, i) => ({ ...aggregate, type: columns[keys.length + i]!.type })),
    global,
    // A key that another decides is in every set.
    groupingSets: sets?.map((set) => [...set, ...keys.slice(given).map((_, at) => given + at)]) ?? null,
  };
  const column = (index: number): HirScalar => ({ kind: 'column', index, type: columns[index]!.type });
  const grouping = (index: number, depth: number): HirScalar => {
    const numbers = groupingArguments(groupings, index).map((argument) => {
      const key = argument.scalar;
      // In subqueries PostgreSQL knows columns alone.
      const first =
        depth > 0 && !isOwnColumn(key)
          ? -1
          : keys.slice(0, given).findIndex((other) => sameScalar(other, key));
      if (first >= 0) return first;
      const place = isOwnColumn(key) ? columnPlaces.get(key.index) : undefined;
      if (place !== undefined && place < given) return place;
      const message = 'arguments to GROUPING must be grouping expressions of the associated query level';
      throw context.statement.error('42803', message, argument.at);
    });
    return groupingValue(numbers, sets, column(columns.length - 1));
  };
  const rewriteColumn = (reference: HirColumnReference, depth: number): HirScalar => {
    if ((reference.level ?? 0) === depth && isGrouping(reference.index)) {
      return liftScalar(grouping(reference.index, depth), depth);
    }
    const { index } = reference;
    if ((reference.level ?? 0) !== depth || isSet(index) || isWindow(index)) return reference;
    const key = columnPlaces.get(reference.index);
    const after = column(key ?? keys.length + reference.index - width);
    return liftScalar(relabel(after, reference.type), depth);
  };
  const rewrite = (scalar: HirScalar): HirScalar => {
    const place = placeOf(scalar);
    if (place !== undefined) return relabel(column(place), typeOf(scalar));
    if (scalar.kind === 'column') return rewriteColumn(scalar, 0);
    return mapScalarParts(scalar, {
      scalar: rewrite,
      relation: (inner) => mapRelationReferences(inner, rewriteColumn, 1),
    });
  };
  const rewriteTarget = (scalar: HirScalar, target: number): HirScalar => {
    const place = keysOfTargets.get(target);
    if (place === undefined || places.get(scalarKey(keys[place]!)) === place) return rewrite(scalar);
    const own = keys[place]!;
    // What it is part of may have given it another type.
    const within = (part: HirScalar): HirScalar =>
      sameScalar(part, own) || isRelabelled(part, own)
        ? relabel(column(place), typeOf(part))
        : placeOf(part) !== undefined || part.kind === 'column'
          ? rewrite(part)
          : mapScalarParts(part, {
              scalar: within,
              relation: (inner) => mapRelationReferences(inner, rewriteColumn, 1),
            });
    return within(scalar);
  };
  return { relation, rewrite, rewriteTarget };
}

/** Whether it is the same computation under another type of the same representation. */
function isRelabelled(scalar: HirScalar, key: HirScalar): boolean {
  if (scalar.kind !== key.kind || !('type' in scalar) || !('type' in key)) return false;
  if (!sameRepresentation(scalar.type.name, key.type.name)) return false;
  return scalarKey({ ...scalar, type: key.type } as HirScalar) === scalarKey(key);
}

function isOwnColumn(scalar: HirScalar): scalar is HirColumnReference {
  return scalar.kind === 'column' && scalar.level === undefined;
}

function keyName(key: HirScalar, input: HirRelation): string {
  return isOwnColumn(key) ? input.columns[key.index]!.name : '?column?';
}

/** Columns of FROM items whose whole primary key is among the keys, by number. */
function determinedColumns(
  scope: Scope,
  places: ReadonlyMap<number, number>,
): ReadonlyMap<number, HirColumnReference> {
  const determined = new Map<number, HirColumnReference>();
  for (const item of scope.items) {
    if (item.primaryKey === undefined) continue;
    const columns = item.columns.map(({ scalar }) => scalar);
    const isKey = (scalar: HirScalar): boolean => isOwnColumn(scalar) && places.has(scalar.index);
    if (!item.primaryKey.every((i) => isKey(columns[i]!))) continue;
    for (const scalar of columns) if (isOwnColumn(scalar)) determined.set(scalar.index, scalar);
  }
  return determined;
}

function ungrouped(column: HirScalar, depth: number, context: QueryContext, detail?: string): Error {
  const origin = context.statement.origins.get(column);
  const name = origin?.qualified ?? '?column?';
  const message =
    depth > 0
      ? `subquery uses ungrouped column "${name}" from outer query`
      : `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`;
  return context.statement.error('42803', message, origin?.at, detail === undefined ? {} : { detail });
}
