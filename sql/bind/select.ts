/** SELECT … FROM …: the clauses in the order in which PostgreSQL looks at them. */
import type { Node, SelectStmt } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirAggregate, HirOrder, HirRelation, HirScalar } from '../hir.ts';
import { liftScalar, mapScalarParts } from '../hir/traverse.ts';
import { unknownToText } from './coerce.ts';
import { requireEquality, requireOrder } from './comparable.ts';
import { columnName } from './column-name.ts';
import { expressionContext } from './context.ts';
import type { AggregateCollector, ExpressionContext, QueryContext } from './context.ts';
import { bindCondition, bindExpression } from './expression.ts';
import { bindFrom } from './from.ts';
import { bindGroupBy, group } from './grouping.ts';
import { checkLocked, checkLockedQueries } from './locking.ts';
import { bindLimit, bindListItem, sortDirection } from './order.ts';
import type { ListItem, SortDirection } from './order.ts';
import type { PreparedSelect, Target } from './query.ts';
import { expanded } from './record.ts';
import { columnOf, filter, map, projectScalars, topK } from './relation.ts';
import { sameScalar, scalarKey, typeOf } from './scalar.ts';
import { allColumns, findItem, outward, qualifiedName } from './scope.ts';
import type { Scope } from './scope.ts';
import type { Bound } from './statement.ts';
import { projectSets, SetCollector, setArguments } from './set-returning.ts';
import type { SetCall } from './set-returning.ts';
import { projectWindows, WindowCollector, windowScalars } from './window.ts';

/** Prepares a plain SELECT. */
export function prepareSelect(select: SelectStmt, context: QueryContext): PreparedSelect {
  const { statement } = context;
  const from = bindFrom(select.fromClause, context);
  const scope: Scope = { items: from.items, outer: context.outer };
  const aggregates: HirAggregate[] = [];
  const groupings: (readonly Bound[])[] = [];
  const follows = from.order ?? [];
  const order = follows.map(({ column, ...direction }) => ({
    scalar: columnOf(from.relation, column),
    ...direction,
  }));
  const collector: AggregateCollector = {
    ...{ width: from.relation.columns.length, aggregates, groupings },
    ...{ places: [], direct: [], order },
  };
  const sets = new SetCollector();
  const setsIn = (clause: ExpressionContext['clause']): SetCollector | null =>
    ['SELECT', 'GROUP BY', 'ORDER BY', 'DISTINCT ON'].includes(clause) ? sets : null;
  const definitions = (select.windowClause ?? []).map((node) => nodeAs(node, 'WindowDef')!);
  const windows = new WindowCollector(statement, definitions);
  const windowsIn = (clause: ExpressionContext['clause']): WindowCollector | null =>
    clause === 'GROUP BY' || setsIn(clause) === null ? null : windows;
  const inClause = (clause: ExpressionContext['clause'], aggregated: boolean): ExpressionContext =>
    expressionContext(
      context,
      scope,
      clause,
      aggregated ? collector : null,
      setsIn(clause),
      windowsIn(clause),
    );

  const targets = bindTargets(select.targetList ?? [], inClause('SELECT', true));
  const where =
    select.whereClause === undefined
      ? null
      : bindCondition(select.whereClause, inClause('WHERE', false), 'WHERE');
  const having =
    select.havingClause === undefined
      ? null
      : bindCondition(select.havingClause, inClause('HAVING', true), 'HAVING');
  const sort = (select.sortClause ?? []).map((node): SortItem => {
    const sortBy = nodeAs(node, 'SortBy')!;
    const item = bindListItem(sortBy.node!, targets, inClause('ORDER BY', true), 'ORDER BY');
    const sorted = item.kind === 'target' ? targets[item.index]!.bound : item.bound;
    requireOrder(statement, typeOf(sorted.scalar).name, item.at);
    return { item, ...sortDirection(statement, sortBy) };
  });
  const groupBy = bindGroupBy(
    select.groupClause,
    targets,
    inClause('GROUP BY', false),
    select.groupDistinct === true,
  );
  const distinct = bindDistinct(select, targets, sort, inClause('DISTINCT ON', true));
  windows.bindNamed(inClause('SELECT', true));
  const limit = bindLimit(select, context, scope);
  const uses = {
    aggregates: aggregates.length + groupings.length > 0,
    windows: windows.calls.length > 0,
    sets: sets.calls.length > 0,
  };
  checkLocked(select, uses, statement);
  checkLockedQueries(select, context);
  const grouped = groupBy !== null || having !== null || aggregates.length + groupings.length > 0;

  const distinctOn = distinct === null || distinct === 'all' ? [] : distinct;

  // A query that leaves the rows as they come leaves their order too.
  const inherits = sort.length === 0 && distinct === null && !grouped && windows.keepsOrder;
  if (!grouped) windows.follow(order);

  const finish = (final: readonly HirScalar[]) => {
    const extras = sort.flatMap(({ item }) =>
      item.kind === 'expression' ? [unknownToText(statement, item.bound)] : [],
    );
    const inherited = inherits ? order.map(({ scalar }) => scalar) : [];
    let relation: HirRelation = where === null ? from.relation : filter(from.relation, where);
    let scalars = [...final, ...extras, ...inherited];
    let calls: readonly SetCall[] = sets.calls;
    let rewrite = (scalar: HirScalar): HirScalar => scalar;
    // Sets that windows are made of are rows before there are windows.
    const early = readOutside(sets, groupBy?.keys ?? [], windowScalars(windows));
    if (grouped) {
      // Sets that are keys are rows before there are groups.
      const keyed = sets.readBy(groupBy?.keys ?? []);
      const spread = keyed.length === 0 ? null : projectSets(relation, keyed, (scalar) => scalar);
      calls = remaining(sets, groupBy?.keys ?? [], scalars);
      const inner = [...setArguments([...calls, ...early]), ...windowScalars(windows)];
      const computed = [...scalars, ...inner, ...(having === null ? [] : [having])];
      const grouping = group(relation, groupBy, collector, computed, scope, context, spread);
      relation = having === null ? grouping.relation : filter(grouping.relation, grouping.rewrite(having));
      rewrite = grouping.rewrite;
      scalars = scalars.map(grouping.rewriteTarget);
    }
    if (early.length > 0) {
      const spread = projectSets(relation, early, rewrite);
      const before = rewrite;
      relation = spread.relation;
      scalars = scalars.map((scalar) => spread.place(scalar));
      rewrite = (scalar) => spread.place(before(scalar));
      calls = calls.filter((call) => !early.includes(call));
    }
    if (windows.calls.length > 0) {
      const { relation: projected, place } = projectWindows(relation, windows, rewrite);
      const before = rewrite;
      relation = projected;
      scalars = scalars.map(place);
      rewrite = (scalar) => place(before(scalar));
    }
    const firstRows = (of: HirRelation, placeOfKey: (item: ListItem) => number): HirRelation =>
      topK(of, {
        partition: distinctOn.map(placeOfKey),
        order: sort.map(({ item, ...direction }) => ({ ...direction, column: placeOfKey(item) })),
        limit: { kind: 'literal', type: { name: 'int8', typmod: -1 }, text: '1' },
        offset: null,
      });
    const placed = (item: ListItem): number => placeOf(item, sort, targets.length);
    // As in PostgreSQL, sets that rows are neither sorted nor told apart by come after both.
    const items = [...sort.map(({ item }) => item), ...distinctOn];
    const keys = items.map((item) => scalars[placed(item)]!);
    const postponed =
      calls.length > 0 &&
      distinctOn.length > 0 &&
      select.sortClause !== undefined &&
      calls.length === sets.calls.length &&
      sets.readBy(keys).length === 0;
    if (postponed) {
      const width = relation.columns.length;
      const keyed = map(
        relation,
        keys.map((scalar) => ({ name: '?column?', scalar })),
      );
      relation = firstRows(keyed, (item) => width + items.indexOf(item));
    }
    if (calls.length > 0) {
      const projected = projectSets(relation, calls, rewrite);
      relation = projected.relation;
      scalars = scalars.map((scalar) => projected.place(scalar));
    }
    relation = projectScalars(
      relation,
      scalars.map((scalar, i) => ({ name: targets[i]?.name ?? '?column?', scalar })),
    );
    const sorted = inherits
      ? follows.map((key, i) => ({ ...key, column: targets.length + extras.length + i }))
      : sortOrder(sort, targets.length);
    if (distinct === 'all') relation = { kind: 'distinct', columns: relation.columns, input: relation };
    else if (distinctOn.length > 0 && !postponed) {
      relation = firstRows(relation, placed);
    }
    return { relation, projection: targets.map((_, i) => i), order: sorted, ...limit };
  };
  return { targets, finish };
}

/** The sets that run over the groups. */
function remaining(
  sets: SetCollector,
  keys: readonly HirScalar[],
  scalars: readonly HirScalar[],
): readonly SetCall[] {
  return keys.length === 0 ? sets.calls : readOutside(sets, keys, scalars);
}

/** The sets that expressions read outside of the keys of GROUP BY. */
function readOutside(
  sets: SetCollector,
  keys: readonly HirScalar[],
  scalars: readonly HirScalar[],
): readonly SetCall[] {
  const known = new Set(keys.map(scalarKey));
  const outside: HirScalar[] = [];
  const visit = (scalar: HirScalar): HirScalar => {
    if (known.has(scalarKey(scalar))) return scalar;
    if (scalar.kind === 'column') outside.push(scalar);
    return mapScalarParts(scalar, { scalar: visit, relation: (relation) => relation });
  };
  scalars.forEach(visit);
  return sets.readBy(outside);
}

interface SortItem extends SortDirection {
  readonly item: ListItem;
}

/** Sort keys as columns: targets where they are, other expressions behind them in their order. */
function sortOrder(sort: readonly SortItem[], width: number): HirOrder[] {
  return sort.map(({ item, descending, nullsFirst }) => ({
    column: placeOf(item, sort, width),
    descending,
    nullsFirst,
  }));
}

function placeOf(item: ListItem, sort: readonly SortItem[], width: number): number {
  if (item.kind === 'target') return item.index;
  const extras = sort.flatMap((key) => (key.item.kind === 'expression' ? [key.item] : []));
  return width + extras.findIndex((extra) => sameScalar(extra.bound.scalar, item.bound.scalar));
}

/** The SELECT list, stars expanded. */
export function bindTargets(nodes: readonly Node[], context: ExpressionContext): Target[] {
  return nodes.flatMap((node) => {
    const target = nodeAs(node, 'ResTarget')!;
    const star = expandStar(target.val, context);
    if (star !== null) return star;
    const bound = bindExpression(target.val!, context);
    return [{ name: target.name ?? columnName(target.val!, context.statement.subqueryColumns), bound }];
  });
}

/** What `*`, `relation.*` or `(row).*` stands for; null: it is another expression. */
export function expandStar(node: Node | undefined, context: ExpressionContext): Target[] | null {
  const reference = nodeAs(node, 'ColumnRef');
  if (reference === undefined) {
    const fields = expanded(node, context);
    return fields?.map(({ name, scalar }) => ({ name, bound: { scalar, at: undefined } })) ?? null;
  }
  const parts = nameParts(reference.fields);
  if (parts[parts.length - 1] !== '*') return null;
  const { statement, scope } = context;
  const at = locationOf(reference);
  if (parts.length === 1 && scope.items.length === 0) {
    throw statement.error('42601', 'SELECT * with no tables specified is not valid', at);
  }
  const item = parts.length === 1 ? null : findItem(statement, scope, parts.slice(0, -1), at);
  const columns = item === null ? allColumns(scope) : item.item.columns;
  return columns.map((column) => {
    const scalar = { ...liftScalar(column.scalar, item?.level ?? 0) };
    const owner = item?.item ?? scope.items.find((other) => other.columns.includes(column));
    const around = outward(scope)[item?.level ?? 0]!;
    statement.origins.set(scalar, { at, qualified: qualifiedName(around, owner, column) });
    if (column.domain !== undefined) statement.ofDomain(scalar, column.domain);
    return { name: column.name, bound: { scalar, at } };
  });
}

/** DISTINCT ('all'), DISTINCT ON (its items), or neither. */
function bindDistinct(
  select: SelectStmt,
  targets: readonly Target[],
  sort: readonly SortItem[],
  context: ExpressionContext,
): 'all' | ListItem[] | null {
  const { statement } = context;
  const nodes = select.distinctClause;
  if (nodes === undefined) return null;
  const on = nodes.filter((node) => Object.keys(node).length > 0);
  if (on.length === 0) {
    const outside = sort.find(({ item }) => item.kind === 'expression');
    if (outside !== undefined) {
      const message = 'for SELECT DISTINCT, ORDER BY expressions must appear in select list';
      throw statement.error('42P10', message, outside.item.at);
    }
    for (const { bound } of targets) requireEquality(statement, typeOf(bound.scalar).name, bound.at);
    return 'all';
  }
  const items = on.map((node) => bindListItem(node, targets, context, 'DISTINCT ON'));
  for (const item of items) {
    const { scalar } = item.kind === 'target' ? targets[item.index]!.bound : item.bound;
    requireEquality(statement, typeOf(scalar).name, item.at);
  }
  const same = (a: ListItem, b: ListItem): boolean =>
    a.kind === 'target' ? b.kind === 'target' && a.index === b.index : sameExpression(a, b);
  // The first sort keys must be the items, in any order; what is not sorted by comes to the front.
  const sorted = sort.map(({ item }) => items.some((other) => same(item, other)));
  const firstOther = sorted.indexOf(false);
  const late = firstOther < 0 ? -1 : sorted.indexOf(true, firstOther);
  const missing = items.find((item) => !sort.some((key) => same(key.item, item)));
  const mismatch =
    late >= 0 ? items.find((item) => same(sort[late]!.item, item)) : firstOther >= 0 ? missing : undefined;
  if (mismatch !== undefined) {
    throw statement.error(
      '42P10',
      'SELECT DISTINCT ON expressions must match initial ORDER BY expressions',
      mismatch.at,
    );
  }
  for (const item of items) {
    if (item.kind === 'expression' && !sort.some((key) => same(key.item, item))) {
      // It must be there to partition by: as a sort key it is.
      (sort as SortItem[]).push({ item, descending: false, nullsFirst: false });
    }
  }
  return items;
}

function sameExpression(a: ListItem, b: ListItem): boolean {
  return a.kind === 'expression' && b.kind === 'expression' && sameScalar(a.bound.scalar, b.bound.scalar);
}
