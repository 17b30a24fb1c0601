import type { InsertStmt, Node, OverridingKind, SelectStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../../ast/accessors.ts';
import type { CatalogColumn, CatalogRelation } from '../../catalog.ts';
import type { HirColumn, HirRelation, HirScalar, HirWrite } from '../../hir.ts';
import { unknownToText } from '../coerce.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { hasSubquery } from '../../hir/subquery.ts';
import { isVolatile } from '../../hir/volatile.ts';
import { bindWith } from '../cte.ts';
import { completeRows } from '../generated-column.ts';
import { bindExpression } from '../expression.ts';
import { asRelation, prepareSelectStatement } from '../query.ts';
import { oneRow, projectScalars } from '../relation.ts';
import { projectSets, SetCollector } from '../set-returning.ts';
import { and, isNull, isNullable, literal, sameScalar, typeOf } from '../scalar.ts';
import type { Bound } from '../statement.ts';
import { emptyScope, hiddenItem } from '../scope.ts';
import { bindConflict } from './conflict.ts';
import { updatesBySubquery, withSubqueriesBelow } from './conflict-subqueries.ts';
import { withInsertionCheck } from './insertion-check.ts';
import { computedInOrder, numberedRows } from './ordered-rows.ts';
import { withPart } from './parts.ts';
import { bindReturning } from './returning.ts';
import {
  type WriteTarget,
  assign,
  bindTarget,
  columnAs,
  columnNumber,
  defaultValue,
  isDefault,
  withViewChecks,
  writtenColumn,
} from './target.ts';

/** INSERT: the new rows in the table's column order. */
export function bindInsert(node: InsertStmt, outer: QueryContext): HirWrite {
  const { statement } = outer;
  const { context, wrap } = bindWith(node.withClause, outer);
  const target = bindTarget(node.relation!, 'insert into', context);
  const { table: relation } = target;
  const columns = targetColumns(node.cols, target, context, node.override);
  if (target.view !== null) refuseComputedDefaults(node.cols, target, context);
  const select = nodeAs(node.selectStmt, 'SelectStmt');
  const rows = valuesOf(select);
  const answers = node.onConflictClause !== undefined || node.returningClause !== undefined;
  const queried =
    select === undefined || rows !== null
      ? null
      : insertQuery({ select, answers }, relation, columns, context);
  const source =
    queried?.rows ??
    (rows === null ? insertDefaults(relation, context) : insertValues(rows, relation, columns, context));
  const conflict = bindConflict(node.onConflictClause, target, node.relation!, context);
  const returning = bindReturning(
    node.returningClause,
    conflict === null
      ? { target, node: node.relation!, old: null, new: 0 }
      : {
          target,
          node: node.relation!,
          old: 0,
          new: relation.columns.length,
          absent: { old: noRow(relation), new: null },
          others: [hiddenItem('excluded')],
        },
    context,
  );
  // Rows of a VALUES come in their order of themselves, unless they are joined with others for subqueries, or computed each.
  const several = source.kind === 'constant' && source.rows.length > 1 ? source : null;
  const isCalled = several?.rows.some((row) => row.some(isVolatile)) === true;
  const isJoined =
    several !== null &&
    (conflict !== null || returning !== null) &&
    ((conflict !== null && updatesBySubquery(conflict)) || several.rows.some((row) => row.some(hasSubquery)));
  const isNumbered = isJoined || isCalled;
  const ordered = isNumbered || queried?.ordered === true;
  const numbered = several !== null && isNumbered ? calledInOrder(several) : source;
  const complete = completeRows(numbered, 0, relation, statement.environment);
  const parts =
    conflict === null
      ? { relation: withViewChecks(complete, 0, target), conflict }
      : withInsertionCheck(withSubqueriesBelow(complete, conflict, relation, context), target, ordered);
  return {
    operation: 'insert',
    object: relation.id,
    joined: null,
    ...parts,
    ...(ordered ? { ordered } : {}),
    returning,
    relation: wrap(parts.relation),
    parameters: statement.parameters(),
  };
}

/** That the row of the table, which begins at 0, is none: a column that is not NULL tells it, else all do. */
function noRow({ columns }: CatalogRelation): HirScalar {
  const scalars = columns.map(({ type }, index): HirScalar => ({
    kind: 'column',
    index,
    type: { ...type, nullable: true },
  }));
  const required = columns.findIndex(({ type }) => !type.nullable);
  return and((required < 0 ? scalars : [scalars[required]!]).map(isNull));
}

/** Of a row's number. */
const NUMBER = { name: 'int8', typmod: -1, nullable: false } as const;

type Values = Extract<HirRelation, { kind: 'constant' }>;

/** Calls of one column that are written differently, of which no more are told apart by the rows' numbers. */
const MOST_CALLS = 16;

/** What is volatile of a column, and the rows of the VALUES that have it. */
interface Called {
  readonly scalar: HirScalar;
  readonly rows: Set<number>;
}

/**
 * The rows of a VALUES with their number behind them. What is volatile in them is computed over the rows, so that it is when they
 * are in order; where each row has its own, it stays in its row.
 */
function calledInOrder({ kind, columns, rows }: Values): HirRelation {
  const called = columns.map((_, place) => callsOf(rows.map((row) => row[place]!)));
  const isAny = called.some((calls) => calls.length > 0);
  const number = { name: 'number', type: NUMBER };
  const values: HirRelation = {
    kind,
    columns: [
      ...columns.map(({ name, type }, place) => ({
        name,
        type: { ...type, nullable: type.nullable || called[place]!.length > 0 },
      })),
      // Nothing may read the number by which the rows are sorted: whose calls are made is told by another.
      ...(isAny ? [{ name: 'row', type: NUMBER }] : []),
      number,
    ],
    rows: rows.map((row, i) => [
      ...row.map((scalar, place) => {
        const { name, typmod } = columns[place]!.type;
        return called[place]!.some((call) => call.rows.has(i)) ? literal(name, null, typmod) : scalar;
      }),
      ...(isAny ? [literal(NUMBER.name, String(i))] : []),
      literal(NUMBER.name, String(i)),
    ]),
  };
  if (!isAny) return values;
  const column = (index: number): HirScalar => ({ kind: 'column', index, type: values.columns[index]!.type });
  const scalars = columns.map(({ name, type }, place) => {
    const calls = called[place]!;
    const [first] = calls;
    if (first === undefined) return { name, scalar: column(place) };
    if (first.rows.size === rows.length) return { name, scalar: first.scalar };
    const branches = calls.map((call) => {
      const list = [...call.rows].map((row) => literal(NUMBER.name, String(row)));
      const condition: HirScalar = { kind: 'inList', operand: column(columns.length), list };
      return { condition, result: call.scalar };
    });
    const scalar: HirScalar = { kind: 'case', branches, otherwise: column(place), type };
    return { name, scalar };
  });
  return projectScalars(values, [...scalars, { name: number.name, scalar: column(columns.length + 1) }]);
}

function callsOf(values: readonly HirScalar[]): Called[] {
  const calls: Called[] = [];
  for (const [row, scalar] of values.entries()) {
    if (!isVolatile(scalar) || hasSubquery(scalar)) continue;
    const same = calls.find((call) => sameScalar(call.scalar, scalar));
    if (same === undefined) calls.push({ scalar, rows: new Set([row]) });
    else same.rows.add(row);
    if (calls.length > MOST_CALLS) return [];
  }
  return calls;
}

/** The columns that values are given for. */
export interface Columns {
  readonly target: WriteTarget;
  /** Of the table's columns; null where a view computes one. */
  readonly numbers: readonly (number | null)[];
  readonly places: readonly (number | undefined)[];
  /** Where in each column the value goes: `a[1]`, `c.field`; none: it is the column's. */
  readonly steps: readonly (readonly Node[])[];
  /** OVERRIDING SYSTEM VALUE, or USER VALUE. */
  readonly overriding: 'system' | 'user' | null;
}

/** Column numbers in the order in which values come. */
export function targetColumns(
  cols: readonly Node[] | undefined,
  target: WriteTarget,
  context: QueryContext,
  override: OverridingKind | undefined,
): Columns {
  const overriding =
    override === 'OVERRIDING_SYSTEM_VALUE' ? 'system' : override === 'OVERRIDING_USER_VALUE' ? 'user' : null;
  if (cols === undefined) {
    const numbers = target.named.columns.map((_, i) =>
      target.view === null ? i : target.view.columns[i]!.place,
    );
    return { target, numbers, places: [], steps: [], overriding };
  }
  const numbers: number[] = [];
  const places: (number | undefined)[] = [];
  const steps: (readonly Node[])[] = [];
  for (const node of cols) {
    const column = nodeAs(node, 'ResTarget')!;
    const at = locationOf(column);
    const number = columnNumber(target, column.name!, 'insert into', at, context);
    const within = column.indirection ?? [];
    // Several values may be parts of one column.
    const others = numbers.flatMap((other, i) => (other === number ? [steps[i]!] : []));
    if (others.some((other) => other.length === 0 || within.length === 0)) {
      throw context.statement.error('42701', `column "${column.name}" specified more than once`, at);
    }
    numbers.push(number);
    places.push(at);
    steps.push(within);
  }
  return { target, numbers, places, steps, overriding };
}

/** A view's DEFAULT of a column that it computes goes nowhere. */
function refuseComputedDefaults(
  cols: readonly Node[] | undefined,
  target: WriteTarget,
  context: QueryContext,
): void {
  const given = new Set(cols?.map((node) => nodeAs(node, 'ResTarget')!.name));
  target.named.columns.forEach(({ name, defaultText }, index) => {
    if (defaultText !== null && !given.has(name)) writtenColumn(target, index, 'insert into', context);
  });
}

/** The number of the table's column that the value in this place is for. */
function numberAt({ target, numbers }: Columns, i: number, context: QueryContext): number {
  return numbers[i] ?? writtenColumn(target, i, 'insert into', context);
}

/** The lists of a VALUES that is nothing but that. */
function valuesOf(select: SelectStmt | undefined): readonly Node[] | null {
  if (select?.valuesLists === undefined) return null;
  const bare =
    select.sortClause === undefined &&
    select.limitCount === undefined &&
    select.limitOffset === undefined &&
    select.withClause === undefined;
  return bare ? select.valuesLists : null;
}

function checkCount(
  count: number,
  columns: Columns,
  named: boolean,
  at: number | undefined,
  context: QueryContext,
): void {
  const { statement } = context;
  if (count > columns.numbers.length) {
    throw statement.error('42601', 'INSERT has more expressions than target columns', at);
  }
  if (named && count < columns.numbers.length) {
    throw statement.error('42601', 'INSERT has more target columns than expressions', columns.places[count]);
  }
}

function insertValues(
  lists: readonly Node[],
  relation: CatalogRelation,
  columns: Columns,
  context: QueryContext,
): HirRelation {
  const { statement } = context;
  // One list alone is a SELECT list, which can have sets.
  const sets = lists.length === 1 ? new SetCollector() : null;
  const expression = expressionContext(context, emptyScope, 'VALUES', null, sets);
  let width = -1;
  const rows = lists.map((list): HirScalar[] => {
    const items = nodeAs(list, 'List')?.items ?? [];
    if (width >= 0 && items.length !== width) {
      throw statement.error('42601', 'VALUES lists must all be the same length', locationOfFirst(items));
    }
    width = items.length;
    return insertedValues(items, relation, columns, (item) => bindExpression(item, expression), context);
  });
  const row = rowColumns(relation, rows);
  if (sets === null || sets.calls.length === 0) return { kind: 'constant', columns: row, rows };
  const { relation: spread, place } = projectSets(oneRow, sets.calls, (scalar) => scalar);
  return projectScalars(
    spread,
    rows[0]!.map((scalar, i) => ({ name: row[i]!.name, scalar: place(scalar) })),
  );
}

/** One row's values, DEFAULT among them, as a row of the table. */
export function insertedValues(
  items: readonly Node[],
  relation: CatalogRelation,
  columns: Columns,
  bind: (item: Node) => Bound,
  context: QueryContext,
): HirScalar[] {
  const values = items.map((item) => (isDefault(item) ? null : bind(item)));
  const named = columns.places.length > 0;
  // INSERT DEFAULT VALUES names none.
  if (items.length > 0) {
    const extra = columns.numbers.length;
    checkCount(items.length, columns, named, values[extra]?.at ?? placeOf(items[extra]), context);
  }
  const row: (HirScalar | undefined)[] = relation.columns.map(() => undefined);
  values.forEach((value, i) => {
    const number = numberAt(columns, i, context);
    const column = columnAs(columns.target, number);
    const steps = columns.steps[i] ?? [];
    if (value === null && steps.length > 0) {
      const what = 'A_Indices' in steps[0]! ? 'an array element' : 'a subfield';
      throw context.statement.error('0A000', `cannot set ${what} to DEFAULT`, columns.places[i]);
    }
    if (row[number] !== undefined && steps.length === 0) {
      const { name } = relation.columns[number]!;
      throw context.statement.error('42601', `multiple assignments to same column "${name}"`);
    }
    row[number] =
      value === null || isOverridden(column, columns)
        ? defaultValue(column, context)
        : placed(column, row[number], value, i, columns, context);
  });
  return relation.columns.map((column, i) => row[i] ?? defaultValue(column, context));
}

function locationOfFirst(items: readonly Node[]): number | undefined {
  return placeOf(items[0]);
}

function placeOf(node: Node | undefined): number | undefined {
  if (node === undefined) return undefined;
  return locationOf(Object.values(node)[0] as { location?: number });
}

function rowColumns(relation: CatalogRelation, rows: readonly (readonly HirScalar[])[]): HirColumn[] {
  return relation.columns.map(({ name, type }, i) => ({
    name,
    type: { ...type, nullable: type.nullable && rows.some((row) => isNullable(row[i]!)) },
  }));
}

/** The column's value with the one that the command gives: this, or what is there with another part. */
function placed(
  column: CatalogColumn,
  before: HirScalar | undefined,
  value: Bound,
  i: number,
  columns: Columns,
  context: QueryContext,
): HirScalar {
  const allowed = given(column, value, columns, context);
  const steps = columns.steps[i] ?? [];
  if (steps.length === 0) return assign(column, allowed, context);
  const base = before ?? literal(column.type.name, null, column.type.typmod);
  return withPart(base, column.type, steps, {
    column,
    value: allowed,
    at: columns.places[i],
    context: expressionContext(context, emptyScope, 'VALUES'),
  });
}

/** OVERRIDING USER VALUE: an identity column takes no value but its own. */
function isOverridden({ identity }: CatalogColumn, { overriding }: Columns): boolean {
  return identity !== undefined && overriding === 'user';
}

/** A value that is not DEFAULT, which a column GENERATED ALWAYS refuses. */
function given(column: CatalogColumn, value: Bound, { overriding }: Columns, context: QueryContext): Bound {
  if (column.generated !== undefined) {
    const message = `cannot insert a non-DEFAULT value into column "${column.name}"`;
    throw context.statement.error('428C9', message, undefined, {
      detail: `Column "${column.name}" is a generated column.`,
    });
  }
  if (column.identity !== 'always' || overriding === 'system') return value;
  const message = `cannot insert a non-DEFAULT value into column "${column.name}"`;
  throw context.statement.error('428C9', message, undefined, {
    detail: `Column "${column.name}" is an identity column defined as GENERATED ALWAYS.`,
    hint: 'Use OVERRIDING SYSTEM VALUE to override.',
  });
}

function insertDefaults(relation: CatalogRelation, context: QueryContext): HirRelation {
  const rows = [relation.columns.map((column) => defaultValue(column, context))];
  return { kind: 'constant', columns: rowColumns(relation, rows), rows };
}

/** The query's rows as rows of the table; `ordered`: with their number behind them. */
function insertQuery(
  { select, answers }: { readonly select: SelectStmt; readonly answers: boolean },
  relation: CatalogRelation,
  columns: Columns,
  context: QueryContext,
): { readonly rows: HirRelation; readonly ordered: boolean } {
  const prepared = prepareSelectStatement(select, context);
  const { targets } = prepared;
  checkCount(
    targets.length,
    columns,
    columns.places.length > 0,
    targets[columns.numbers.length]?.bound.at,
    context,
  );
  // Untyped literals take the column's type; what has a type is cast behind the query, so that DISTINCT and set
  // operations work on what the query says.
  const isUntyped = targets.map(({ bound }) => typeOf(bound.scalar).name === 'unknown');
  const typed = targets.map(({ bound }, i) => {
    if (!isUntyped[i]!) return bound.scalar;
    const inPart = (columns.steps[i]?.length ?? 0) > 0;
    return inPart
      ? unknownToText(context.statement, bound)
      : assign(columnAs(columns.target, numberAt(columns, i, context)), bound, context);
  });
  const bound = prepared.finish(typed);
  const inOrder = computedInOrder(select, typed, bound.order);
  const defaults = relation.columns.map((column, number) =>
    columns.numbers.slice(0, targets.length).includes(number) && !isOverridden(column, columns)
      ? null
      : defaultValue(column, context),
  );
  const isNumbered = defaults.some((value) => value !== null && isVolatile(value)) || inOrder.size > 0;
  const ordered = bound.order.length > 0 && (answers || isNumbered);
  const nulls = typed.map((scalar, i) => {
    const { name, typmod } = typeOf(scalar);
    return inOrder.has(i) ? literal(name, null, typmod) : scalar;
  });
  const source = ordered
    ? numberedRows(inOrder.size === 0 ? bound : prepared.finish(nulls))
    : asRelation(bound);
  const row: (HirScalar | undefined)[] = relation.columns.map(() => undefined);
  targets.forEach(({ bound }, i) => {
    const number = numberAt(columns, i, context);
    const column = columnAs(columns.target, number);
    if (isOverridden(column, columns)) return;
    // An untyped literal is what its place makes of it.
    const isLiteral = isUntyped[i]! && bound.scalar.kind === 'literal' && (columns.steps[i]?.length ?? 0) > 0;
    const scalar: HirScalar = isLiteral
      ? bound.scalar
      : ordered && inOrder.has(i)
        ? typed[i]!
        : { kind: 'column', index: i, type: source.columns[i]!.type };
    const domain = context.statement.domainOf(bound.scalar);
    if (domain !== undefined) context.statement.ofDomain(scalar, domain);
    row[number] = placed(column, row[number], { scalar, at: bound.at }, i, columns, context);
  });
  const values = relation.columns.map(({ name }, number) => ({
    name,
    scalar: row[number] ?? defaults[number]!,
  }));
  const number: HirScalar = { kind: 'column', index: targets.length, type: NUMBER };
  const rows = projectScalars(source, ordered ? [...values, { name: 'number', scalar: number }] : values);
  return { rows, ordered };
}
