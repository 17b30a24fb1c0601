/**
 * Views that are written through: their rows are rows of one table, so that INSERT, UPDATE and DELETE of the view are those
 * of the table (PostgreSQL's automatically updatable views).
 */
import type { SelectStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../../ast/accessors.ts';
import type { CatalogRelation } from '../../catalog.ts';
import type { HirRelation, HirScalar } from '../../hir.ts';
import { liftScalar, mapReferences } from '../../hir/traverse.ts';
import { parseAgain } from '../../parse/memo.ts';
import { sameScalar } from '../scalar.ts';

/** A condition of a view: which rows of its table are in it, or what rows must satisfy to be written through it. */
export interface ViewCondition {
  readonly view: string;
  readonly condition: HirScalar;
}

export interface UpdatableView {
  readonly table: CatalogRelation;
  /** The view's columns, over a row of the table; `place`: the table's column that one is, null where it is computed. */
  readonly columns: readonly { readonly scalar: HirScalar; readonly place: number | null }[];
  /** Which rows of the table are in the view: the conditions of the views beneath first, each under the name of its view. */
  readonly conditions: readonly ViewCondition[];
  /** WITH CHECK OPTION, its own and those of the views beneath, these first. */
  readonly checks: readonly ViewCondition[];
  /** The view that computes a column, this one or one beneath, and what the column is called there. */
  computes(column: number): { readonly view: string; readonly column: string };
}

/** Why a view is not written through, as PostgreSQL's detail says it. */
export class NotUpdatable {
  readonly view: string;
  readonly detail: string;

  constructor(view: string, why: string) {
    this.view = view;
    this.detail = `Views ${why} are not automatically updatable.`;
  }
}

const NOT_ONE_TABLE = 'that do not select from a single table or view';

/** What a view is made of, if it can be written through. `deletes`: rows are deleted only, so columns do not matter. */
export function updatableView(view: CatalogRelation, deletes = false): UpdatableView | NotUpdatable {
  const { definition, boundView } = view;
  if (definition === undefined || boundView === undefined) return new NotUpdatable(view.name, NOT_ONE_TABLE);
  const query = parseAgain(definition.query)[0]?.statement;
  const select = query?.kind === 'postgres' ? nodeAs(query.node, 'SelectStmt') : undefined;
  if (select === undefined) return new NotUpdatable(view.name, NOT_ONE_TABLE);
  const hindrance = whyNot(select);
  const from = nodeAs(select.fromClause?.[0], 'RangeVar');
  const base = from && definition.relationAt(locationOf(from) ?? 0);
  if (hindrance !== null) return new NotUpdatable(view.name, hindrance);
  if (select.fromClause?.length !== 1 || base == null) return new NotUpdatable(view.name, NOT_ONE_TABLE);
  if (base.kind !== 'table' && base.kind !== 'view') return new NotUpdatable(view.name, NOT_ONE_TABLE);
  const beneath = base.kind === 'table' ? null : updatableView(base, deletes);
  if (beneath instanceof NotUpdatable) return beneath;
  const table = beneath?.table ?? base;
  const simple = simpleRows(boundView());
  if (typeof simple === 'string') return new NotUpdatable(view.name, RETURNING[simple] ?? NOT_ONE_TABLE);
  const columns = simple.scalars.map((scalar) => ({ scalar, place: placeOf(scalar) }));
  const places = columns.map(({ place }) => place);
  if (!deletes && columns.every(({ place }) => place === null)) {
    return new NotUpdatable(view.name, 'that have no updatable columns');
  }
  const under = beneath?.conditions ?? [];
  const own = simple.conditions.slice(under.length).map((condition) => ({ view: view.name, condition }));
  const option = definition.checkOption;
  const checked = option === 'cascaded' ? under : (beneath?.checks ?? []);
  return {
    table: withDefaultsOf(view, places, table),
    columns,
    conditions: [...under, ...own],
    checks: option === null ? checked : [...checked, ...own],
    computes: (column) => {
      const { scalar } = columns[column]!;
      const same = beneath?.columns.findIndex((other) => sameScalar(other.scalar, scalar)) ?? -1;
      if (beneath !== null && same >= 0) return beneath.computes(same);
      return { view: view.name, column: view.columns[column]!.name };
    },
  };
}

/** The table with the DEFAULTs of the view's columns, where these have some. */
function withDefaultsOf(
  view: CatalogRelation,
  places: readonly (number | null)[],
  table: CatalogRelation,
): CatalogRelation {
  if (view.columns.every(({ defaultText }) => defaultText === null)) return table;
  const columns = table.columns.map((column, number) => {
    const defaultText = view.columns[places.indexOf(number)]?.defaultText ?? null;
    return defaultText === null ? column : { ...column, defaultText };
  });
  return { ...table, columns };
}

/** What can be written through a view, as information_schema tells it. */
export interface WritableView {
  /** INSERT is 8, UPDATE 4, DELETE 16. */
  readonly events: number;
  /** Which columns can be given values. */
  readonly columns: readonly boolean[];
}

const ALL_EVENTS = 28;
const DELETE_ONLY = 16;

export function writableView(view: CatalogRelation): WritableView | undefined {
  const found = updatableView(view);
  if (!(found instanceof NotUpdatable)) {
    return { events: ALL_EVENTS, columns: found.columns.map(({ place }) => place !== null) };
  }
  if (updatableView(view, true) instanceof NotUpdatable) return undefined;
  return { events: DELETE_ONLY, columns: view.columns.map(() => false) };
}

function placeOf(scalar: HirScalar): number | null {
  return scalar.kind === 'column' && scalar.level === undefined ? scalar.index : null;
}

/** What of a query's text hinders, in PostgreSQL's order. */
function whyNot(select: SelectStmt): string | null {
  if (select.distinctClause !== undefined) return 'containing DISTINCT';
  if (select.groupClause !== undefined) return 'containing GROUP BY';
  if (select.havingClause !== undefined) return 'containing HAVING';
  if (select.op !== undefined && select.op !== 'SETOP_NONE') return 'containing UNION, INTERSECT, or EXCEPT';
  if (select.withClause !== undefined) return 'containing WITH';
  if (select.limitCount !== undefined || select.limitOffset !== undefined)
    return 'containing LIMIT or OFFSET';
  return null;
}

/** What of its SELECT list hinders, by the node that it comes to. */
const RETURNING: Readonly<Partial<Record<HirRelation['kind'], string>>> = {
  aggregate: 'that return aggregate functions',
  window: 'that return window functions',
  join: 'that return set-returning functions',
};

interface SimpleRows {
  readonly scalars: readonly HirScalar[];
  readonly conditions: readonly HirScalar[];
}

/** A relation's columns and conditions over the row of the one relation that it reads; else the node that hinders. */
function simpleRows(relation: HirRelation): SimpleRows | HirRelation['kind'] {
  switch (relation.kind) {
    case 'get': {
      const scalars = relation.columns.map(({ type }, index): HirScalar => ({ kind: 'column', index, type }));
      return { scalars, conditions: [] };
    }
    case 'filter': {
      const input = simpleRows(relation.input);
      if (typeof input === 'string') return input;
      const condition = over(relation.condition, input.scalars);
      return { ...input, conditions: [...input.conditions, condition] };
    }
    case 'map': {
      const input = simpleRows(relation.input);
      if (typeof input === 'string') return input;
      const computed = relation.scalars.map((scalar) => over(scalar, input.scalars));
      return { ...input, scalars: [...input.scalars, ...computed] };
    }
    case 'project': {
      const input = simpleRows(relation.input);
      if (typeof input === 'string') return input;
      return { ...input, scalars: relation.indexes.map((index) => input.scalars[index]!) };
    }
    default:
      return relation.kind;
  }
}

/** The scalar over a row that begins at `offset`. */
export function shifted(scalar: HirScalar, offset: number): HirScalar {
  if (offset === 0) return scalar;
  return mapReferences(scalar, (column, depth) =>
    (column.level ?? 0) === depth ? { ...column, index: column.index + offset } : column,
  );
}

/** The scalar with these in the places of the columns of its row. */
export function over(scalar: HirScalar, row: readonly HirScalar[]): HirScalar {
  return mapReferences(scalar, (column, depth) =>
    (column.level ?? 0) === depth ? liftScalar(row[column.index]!, depth) : column,
  );
}
