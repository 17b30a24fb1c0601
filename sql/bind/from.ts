/** FROM: relations, subqueries, joins. */
import type { Alias, Node, RangeSubselect, RangeVar } from '@pgsql/types';
import { locationOf, nodeAs, nodeKind, stringOf } from '../ast/accessors.ts';
import type { CatalogRelation } from '../catalog.ts';
import { isPostgresRelation } from '../functions/postgres-names.ts';
import { quoteLiteral } from '../functions/quote.ts';
import type { HirColumn, HirOrder, HirRelation, HirScalar } from '../hir.ts';
import { freeOfRelation, withoutLevel } from '../hir/traverse.ts';
import { nearestName } from '../nearest-name.ts';
import { rowTypeOf } from '../types/record.ts';
import type { TypeName } from '../types/type.ts';
import { parseExpression } from './body.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { catalogElsewhere } from './elsewhere.ts';
import { bindExpression } from './expression.ts';
import { bindJoin, crossJoin } from './join.ts';
import { bindJsonTable } from './json-table.ts';
import { bindOrderedSubquery } from './query.ts';
import type { OrderedRelation } from './query.ts';
import { columnOf, filter, oneRow, withFreshBindings } from './relation.ts';
import { columnType } from './scalar.ts';
import { emptyScope, isLeftOfSameFrom, itemFor, settled, withoutLateral } from './scope.ts';
import type { Scope, ScopeColumn, ScopeItem } from './scope.ts';
import { bindTableFunction } from './table-function.ts';

/** A relation and the names that it brings; columns are numbered from 0. */
export interface BoundFrom {
  readonly relation: HirRelation;
  readonly items: readonly ScopeItem[];
  /** A subquery's ORDER BY, where nothing is joined to it. */
  readonly order?: readonly HirOrder[];
}

/** The whole FROM clause; none is one row without columns. */
export function bindFrom(nodes: readonly Node[] | undefined, context: QueryContext): BoundFrom {
  if (nodes === undefined || nodes.length === 0) return { relation: oneRow, items: [] };
  const [first, ...rest] = nodes;
  return rest.reduce(
    (left, node) => crossJoin(left, bindRightItem(node, left.items, context), context),
    bindFromItem(first!, context),
  );
}

/** An item of FROM that stands to the right of others. */
export interface RightFrom extends BoundFrom {
  /** It reads the row to its left: that is its level 1. */
  readonly lateral: boolean;
}

/**
 * An item to the right of `left`. LATERAL subqueries and functions in it see what is to their left, as a level of its
 * own; where none does, that level goes.
 */
export function bindRightItem(
  node: Node,
  left: readonly ScopeItem[],
  context: QueryContext,
  lateral: 'seen' | 'refused' = 'seen',
): RightFrom {
  return beside(left, lateral, context, (inner) => bindFromItem(node, inner));
}

/** What FROM or USING names beside a table that is written, to which it may not refer. */
export function bindBesideWritten(
  nodes: readonly Node[],
  written: readonly ScopeItem[],
  context: QueryContext,
): RightFrom {
  return beside(written, 'written', context, (inner) => bindFrom(nodes, inner));
}

function beside(
  left: readonly ScopeItem[],
  lateral: NonNullable<Scope['lateral']>,
  context: QueryContext,
  bind: (context: QueryContext) => BoundFrom,
): RightFrom {
  const { outer } = context;
  const continues = outer !== null && isLeftOfSameFrom(outer);
  const scope: Scope = { items: left, outer, lateral, ...(continues ? { continues } : {}) };
  const bound = bind({ ...context, outer: scope });
  const { columns } = freeOfRelation(bound.relation);
  if (columns.some(({ level }) => level === 1)) return { ...bound, lateral: true };
  if (columns.length === 0) return { ...bound, lateral: false };
  return { ...bound, relation: withoutLevel(bound.relation, 1), lateral: false };
}

/** One item of FROM. */
export function bindFromItem(node: Node, context: QueryContext): BoundFrom {
  const kind = nodeKind(node);
  switch (kind) {
    case 'RangeVar':
      return bindRangeVar(nodeAs(node, 'RangeVar')!, context);
    case 'RangeSubselect':
      return bindRangeSubselect(nodeAs(node, 'RangeSubselect')!, context);
    case 'JoinExpr':
      return bindJoin(nodeAs(node, 'JoinExpr')!, context);
    case 'RangeFunction':
      return bindTableFunction(nodeAs(node, 'RangeFunction')!, context);
    case 'JsonTable':
      return bindJsonTable(nodeAs(node, 'JsonTable')!, context);
    case 'RangeTableSample':
      throw context.statement.unsupported('TABLESAMPLE');
    default:
      throw context.statement.unsupported(`${kind.replace(/^Range/, '')} in FROM`);
  }
}

/** A relation by its name: a CTE, or an object of the catalog. */
export function bindRangeVar(node: RangeVar, context: QueryContext): BoundFrom {
  const { statement } = context;
  const at = locationOf(node);
  const name = node.relname!;
  if (node.schemaname === undefined) {
    const cte = context.ctes.find((entry) => entry.name === name);
    if (cte !== undefined) {
      if (cte.refusal !== null) throw statement.unsupported(cte.refusal, at);
      cte.used = true;
      const relation: HirRelation = { kind: 'getLet', columns: cte.columns, binding: cte.binding };
      return ordered({ relation, ...cte }, name, node.alias, context, at);
    }
  }
  const found = findRelation(node, context);
  const relation = shownToSession(found, relationOf(found, context), context);
  const primaryKey = found.primaryKeyName === null ? undefined : found.keys[0];
  const bound = aliased(relation, name, found.schema, node.alias, context, primaryKey, at);
  // What a view shows are rows of others, but PostgreSQL's catalog is of tables.
  const isTable = found.kind !== 'view' || found.schema === 'pg_catalog';
  const item = hidden(bound.items[0]!, name, node.alias);
  const columns =
    found.visibleColumns === undefined ? item.columns : item.columns.slice(0, found.visibleColumns);
  const rowType = (): TypeName =>
    rowTypeOf({ ...found, columns: found.columns.slice(0, found.visibleColumns) });
  const ofTable = isTable ? { object: found.id } : {};
  const ofCatalog = found.schema === 'pg_catalog' ? { xmin: () => catalogXmin(context) } : {};
  return { relation, items: [{ ...item, columns, rowType, ...ofTable, ...ofCatalog }] };
}

/**
 * Which transaction wrote a row of the catalog is not kept. Tools look by it for what has changed: it is the one that asks, so that they
 * find everything. There is no type xid; where the catalog has such columns they are of oid.
 */
function catalogXmin(context: QueryContext): HirScalar {
  const scope = expressionContext({ ...context, ctes: [], outer: null }, emptyScope, 'functions in FROM');
  const number = parseExpression('(txid_current() % 4294967296)::oid');
  return context.statement.withoutPositions(() => bindExpression(number, scope).scalar);
}

/** The catalog's relation of this name, or PostgreSQL's refusal. */
export function findRelation(node: RangeVar, context: QueryContext): CatalogRelation {
  const { statement } = context;
  const { catalog } = statement.environment;
  const schema = node.schemaname ?? null;
  const name = node.relname!;
  const at = locationOf(node);
  if (node.catalogname !== undefined && node.catalogname !== catalog.database) {
    const full = `${node.catalogname}.${schema}.${name}`;
    throw statement.error('0A000', `cross-database references are not implemented: "${full}"`, at);
  }
  statement.relations.push({ schema, name });
  const found = catalog.findRelation(schema, name, statement.placeOf(at));
  if (found !== null) return found;
  if (isPostgresRelation(schema, name)) {
    throw statement.error('0A000', `relation "${schema ?? 'pg_catalog'}.${name}" is not supported`, at, {
      hint: "It is one of PostgreSQL's catalog that is not there yet.",
    });
  }
  const near = statement.isUserText ? nearestName(name, catalog.relationNames()) : undefined;
  const full = schema === null ? name : `${schema}.${name}`;
  if (schema === null && context.laterCtes?.includes(name)) {
    throw statement.error('42P01', `relation "${full}" does not exist`, at, {
      detail: `There is a WITH item named "${name}", but it cannot be referenced from this part of the query.`,
      hint: 'Use WITH RECURSIVE, or re-order the WITH items to remove forward references.',
    });
  }
  const elsewhere = statement.isUserText ? catalogElsewhere(schema, name) : undefined;
  if (elsewhere !== undefined) {
    throw statement.error('42P01', `relation "${full}" does not exist`, at, { hint: elsewhere });
  }
  throw statement.error('42P01', `relation "${full}" does not exist`, at, {
    hint: near === undefined || near === name ? undefined : `Perhaps you meant the relation "${near}".`,
  });
}

/**
 * information_schema shows a session no temporary objects of others. Its views are the same for all sessions, so this is asked
 * where one is named.
 */
function shownToSession(
  { schema }: CatalogRelation,
  relation: HirRelation,
  context: QueryContext,
): HirRelation {
  const { statement } = context;
  if (schema !== 'information_schema' || !statement.isUserText) return relation;
  const at = relation.columns.findIndex(({ name }) => name === 'table_schema' || name === 'sequence_schema');
  if (at < 0) return relation;
  const { temporarySchema } = statement.environment.catalog;
  const own = temporarySchema === null ? '' : ` OR $1 = ${quoteLiteral(temporarySchema)}`;
  const condition = `NOT starts_with($1::text, 'pg_temp_')${own}`;
  const body = { bodyArguments: [columnOf(relation, at)], ofPostgres: true };
  const scope = expressionContext(
    { ...context, ctes: [], outer: null, ...body },
    emptyScope,
    'functions in FROM',
  );
  const { scalar } = statement.withoutPositions(() => bindExpression(parseExpression(condition), scope));
  return filter(relation, scalar);
}

/** The one row of a sequence: its state when the statement runs. */
function sequenceRow({ id, columns }: CatalogRelation, context: QueryContext): HirRelation {
  const { statement } = context;
  const scope = expressionContext({ ...context, ctes: [], outer: null }, emptyScope, 'functions in FROM');
  const state = (index: number, type: string): string =>
    `(tw_sequence_values() -> '${id}' ->> ${index})::${type}`;
  const values = [state(0, 'int8'), '0::int8', state(1, 'bool')];
  const row = values.map((text) =>
    statement.withoutPositions(() => bindExpression(parseExpression(text), scope).scalar),
  );
  const shown = columns.map(({ name }, i): HirColumn => ({ name, type: columnType(row[i]!) }));
  return { kind: 'constant', columns: shown, rows: [row] };
}

/** What reading a catalog's relation is: views stand for their definition. */
export function relationOf(found: CatalogRelation, context: QueryContext): HirRelation {
  if (found.boundView) return withFreshBindings(context.statement, found.boundView());
  if (found.kind === 'view') throw new Error(`view ${found.name} has no definition`);
  if (found.kind === 'sequence') {
    return sequenceRow(found, context);
  }
  let relation = gets.get(found);
  if (relation === undefined) gets.set(found, (relation = getOf(found)));
  return relation;
}

/** What reading relations of the catalog is: they never change. */
const gets = new WeakMap<CatalogRelation, HirRelation>();

function getOf({ id, columns }: CatalogRelation): HirRelation {
  return {
    kind: 'get',
    object: id,
    columns: columns.map(({ name, type, domain }, index): HirColumn => {
      const origin = { relation: id, number: index + 1 };
      return domain === undefined ? { name, type, origin } : { name, type, domain, origin };
    }),
  };
}

function bindRangeSubselect(node: RangeSubselect, context: QueryContext): BoundFrom {
  const outer = node.lateral === true ? settled(context.outer) : withoutLateral(context.outer, 'subquery');
  const inner = { ...context, outer };
  return ordered(bindOrderedSubquery(node.subquery!, inner), null, node.alias, context, undefined);
}

/** A query under its alias; what it shows can be named. */
function ordered(
  { relation, visible, order }: OrderedRelation,
  name: string | null,
  alias: Alias | undefined,
  context: QueryContext,
  at: number | undefined,
): BoundFrom {
  const shown = { ...relation, columns: relation.columns.slice(0, visible) };
  const { items } = aliased(shown, name, null, alias, context, undefined, at);
  return {
    relation,
    items: items.map((item) => hidden(item, name, alias)),
    ...(order.length === 0 ? {} : { order }),
  };
}

/** The columns that relations offer: those of the catalog are named again and again. */
const offered = new WeakMap<HirRelation, readonly ScopeColumn[]>();

function columnsOf(relation: HirRelation): readonly ScopeColumn[] {
  let columns = offered.get(relation);
  if (columns === undefined) {
    columns = relation.columns.map(({ name, domain, origin }, i) => ({
      name,
      scalar: columnOf(relation, i),
      domain,
      origin,
    }));
    offered.set(relation, columns);
  }
  return columns;
}

/** The relation under its alias, whose column names come first. */
export function aliased(
  relation: HirRelation,
  name: string | null,
  schema: string | null,
  alias: Alias | undefined,
  context: QueryContext,
  primaryKey: readonly number[] | undefined,
  at: number | undefined,
): BoundFrom {
  const names = (alias?.colnames ?? []).map(stringOf);
  const itemName = alias?.aliasname ?? name;
  if (names.length > relation.columns.length) {
    const available = relation.columns.length;
    throw context.statement.error(
      '42P10',
      `table "${itemName}" has ${available} columns available but ${names.length} columns specified`,
      at,
    );
  }
  const named = columnsOf(relation);
  const columns =
    names.length === 0 ? named : named.map((column, i) => ({ ...column, name: names[i] ?? column.name }));
  const item = itemFor(itemName, alias === undefined ? schema : null, columns, primaryKey);
  return { relation, items: [item] };
}

/** The entry of a relation, whose own name an alias hides. */
function hidden(item: ScopeItem, name: string | null, alias: Alias | undefined): ScopeItem {
  return alias === undefined || name === null ? item : { ...item, relation: name };
}
