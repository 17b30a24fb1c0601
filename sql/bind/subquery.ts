/** Subqueries in expressions. */
import type { RowExpr, SubLink } from '@pgsql/types';
import { findLocation, locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirAggregate, HirRelation, HirScalar } from '../hir.ts';
import { liftScalar } from '../hir/traverse.ts';
import { isVolatileRelation } from '../hir/volatile.ts';
import { displayType } from '../types/format.ts';
import { arrayType, elementType, plain } from '../types/table.ts';
import type { Clause, ExpressionContext, QueryContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { equalityOperands, findOperator, operand } from './operator.ts';
import { callFunction } from './body.ts';
import { bindQueryNode, bindSubquery } from './query.ts';
import { computedOnce } from './once.ts';
import { fieldOf, makeRecord, rowValues } from './record.ts';
import { compareRows } from './row-comparison.ts';
import { columnOf, filter, project, projectScalars, topK, withFreshBindings } from './relation.ts';
import { and, columnType, isNullable, literal, not, or, typeOf } from './scalar.ts';
import { refuseSets } from './set-returning.ts';
import type { Bound, Statement } from './statement.ts';

/** Clauses in which there are none, as errors call them. */
const WITHOUT_SUBQUERIES: Partial<Record<Clause, string>> = {
  'check constraints': 'check constraint',
  'column generation expressions': 'column generation expression',
  'DEFAULT expressions': 'DEFAULT expression',
  'EXECUTE parameters': 'EXECUTE parameter',
  'COPY FROM WHERE conditions': 'COPY FROM WHERE condition',
  'index expressions': 'index expression',
  'index predicates': 'index predicate',
  'transform expressions': 'transform expression',
};

/** `(SELECT …)`, EXISTS, IN, op ANY, op ALL. */
export function bindSubLink(node: SubLink, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const place = WITHOUT_SUBQUERIES[context.clause];
  if (place !== undefined) throw statement.error('0A000', `cannot use subquery in ${place}`, at);
  const inner = around(context);
  const relation = (): HirRelation => bindSubquery(node.subselect!, inner);
  switch (node.subLinkType) {
    case 'EXISTS_SUBLINK':
      return { scalar: { kind: 'exists', relation: relation() }, at };
    case 'EXPR_SUBLINK': {
      const bound = oneColumn(relation(), context, at);
      const [column] = bound.columns;
      statement.subqueryColumns.set(node, column!.name);
      const { name, typmod } = column!.type;
      const scalar: HirScalar = { kind: 'scalarSubquery', relation: bound, type: { name, typmod } };
      return {
        scalar: column!.domain === undefined ? scalar : statement.ofDomain(scalar, column!.domain),
        at,
      };
    }
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
      return quantified(node, relation, context, at);
    case 'ARRAY_SUBLINK':
      return arraySubquery(node, inner, context, at);
    default:
      throw statement.unsupported('this kind of subquery', at);
  }
}

/** What a subquery in an expression sees. */
export function around(context: ExpressionContext): QueryContext {
  const { clause, collector, insideAggregate } = context;
  const site = { clause, collector, insideAggregate };
  return { ...context.query, outer: { ...context.scope, site } };
}

/**
 * The values of the row that `(a, b) = (SELECT x, y …)` assigns. What is volatile is computed once, as one value: `kept` says where
 * that is read.
 */
export function bindAssignedRow(
  node: SubLink,
  count: number,
  context: ExpressionContext,
  kept: (row: HirScalar) => HirScalar,
): readonly Bound[] {
  const { statement } = context;
  const at = locationOf(node);
  const row = bindSubquery(node.subselect!, around(context));
  if (row.columns.length !== count) {
    throw statement.error('42601', 'number of columns does not match number of values', at);
  }
  const value = isVolatileRelation(row) ? kept(rowOf(row)) : null;
  const columns = columnsOf(statement, row, at);
  const { targetList = [] } = nodeAs(node.subselect, 'SelectStmt') ?? {};
  return columns.map(({ scalar }, i) => ({
    scalar: value === null ? scalar : fieldOf(value, i),
    // Errors are at what the SELECT list says.
    at: targetList.length === count ? findLocation(nodeAs(targetList[i], 'ResTarget')?.val) : at,
  }));
}

/** Each column of a relation of one row as a subquery of its own. */
function columnsOf(statement: Statement, row: HirRelation, at: number | undefined): Bound[] {
  return row.columns.map(({ type: { name, typmod } }, i) => {
    const relation = withFreshBindings(statement, project(row, [i]));
    return { scalar: { kind: 'scalarSubquery', relation, type: { name, typmod } }, at };
  });
}

/** The row of a relation of one as a record. */
function rowOf(row: HirRelation): HirScalar {
  const record = makeRecord(row.columns.map(({ name }, i) => ({ name, scalar: columnOf(row, i) })));
  const relation = projectScalars(row, [{ name: 'row', scalar: record }]);
  return { kind: 'scalarSubquery', relation, type: plain(typeOf(record).name) };
}

/** What is made of the values of a subquery's one row, which is computed once. `at` is the operator's place. */
export function overSubqueryRow(
  node: SubLink,
  count: number,
  context: ExpressionContext,
  at: number | undefined,
  made: (values: readonly Bound[]) => HirScalar,
): HirScalar {
  const { statement } = context;
  const row = bindSubquery(node.subselect!, around(context));
  if (row.columns.length !== count) {
    throw statement.error(
      '42601',
      `subquery has too ${row.columns.length > count ? 'many' : 'few'} columns`,
      at,
    );
  }
  if (!isVolatileRelation(row)) return made(columnsOf(statement, row, locationOf(node)));
  return computedOnce(statement, { scalar: rowOf(row), at: locationOf(node) }, (value) =>
    made(row.columns.map((_, i) => ({ scalar: fieldOf(value.scalar, i), at: value.at }))),
  );
}

/** ARRAY(SELECT …): array_agg in the subquery's order, and the empty array for no rows. */
function arraySubquery(
  node: SubLink,
  inner: QueryContext,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  const query = bindQueryNode(node.subselect!, inner);
  if (query.projection.length !== 1) {
    throw statement.error('42601', 'subquery must return only one column', at);
  }
  const limited = query.limit !== null || query.offset !== null;
  const input = limited ? topK(query.relation, query) : query.relation;
  const value = columnOf(input, query.projection[0]!);
  const order = query.order.map(({ column, descending, nullsFirst }) => ({
    scalar: columnOf(input, column),
    descending,
    nullsFirst,
  }));
  return { scalar: arrayOf(statement, input, value, order, at), at };
}

/** The array of a relation's values. */
export function arrayOf(
  statement: Statement,
  input: HirRelation,
  value: HirScalar,
  order: HirAggregate['order'],
  at: number | undefined,
): HirScalar {
  const { name } = typeOf(value);
  const array = elementType(name) === null ? arrayType(name) : name;
  if (array === null) throw statement.unsupported(`arrays of type ${displayType(name)}`, at);
  const aggregate: HirAggregate = {
    function: 'arrayAgg',
    arguments: [value],
    distinct: false,
    order,
    filter: null,
    type: { ...plain(array), nullable: true },
  };
  const relation: HirRelation = {
    kind: 'aggregate',
    columns: [{ name: 'array', type: aggregate.type }],
    input,
    keys: [],
    aggregates: [aggregate],
    global: true,
    groupingSets: null,
  };
  const type = plain(array);
  const subquery: HirScalar = { kind: 'scalarSubquery', relation, type };
  return { kind: 'coalesce', operands: [subquery, literal(array, '{}')], type };
}

function oneColumn(relation: HirRelation, context: ExpressionContext, at: number | undefined): HirRelation {
  if (relation.columns.length !== 1) {
    throw context.statement.error('42601', 'subquery must return only one column', at);
  }
  return relation;
}

function quantified(
  node: SubLink,
  bindRelation: () => HirRelation,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  const row = nodeAs(node.testexpr, 'RowExpr');
  if (row !== undefined) return rowMembership(node, row, bindRelation(), context, at);
  // Without a name it is IN.
  const written = node.operName === undefined ? '=' : nameParts(node.operName).pop()!;
  const name = written === '!=' ? '<>' : written;
  const relation = bindRelation();
  const left = bindExpression(node.testexpr!, context);
  if (relation.columns.length !== 1) {
    const many = relation.columns.length > 1;
    throw statement.error('42601', `subquery has too ${many ? 'many' : 'few'} columns`, at);
  }
  const right: Bound = { scalar: columnOf(relation, 0), at };
  const quantifier = node.subLinkType === 'ALL_SUBLINK' ? 'all' : 'any';
  const place = leftmost(at, left.at);
  // x <> ALL (…) is NOT (x = ANY (…)), which is better known.
  const negatedEquality = name === '<>' && quantifier === 'all';
  const equality = name === '=' || negatedEquality;
  const sides = equality
    ? equalityOperands(context, left, right, at)
    : otherOperands(name, left, right, context, at);
  const value = sides.right;
  const compared = projectScalars(relation, [{ name: relation.columns[0]!.name, scalar: value }]);
  const comparison = callFunction(
    context,
    sides.operator.function,
    [
      { kind: 'column', index: 0, type: columnType(sides.left) },
      { kind: 'column', index: 1, type: columnType(value) },
    ],
    sides.operator.name,
  );
  if (typeOf(comparison).name !== 'bool') {
    const result = displayType(typeOf(comparison).name);
    throw statement.error('42804', `operator ${name} must return type boolean, not type ${result}`, at);
  }
  refuseSets(sides.left, 'row comparison operator', context, at);
  const scalar: HirScalar = {
    kind: 'quantified',
    quantifier: negatedEquality ? 'any' : quantifier,
    left: sides.left,
    comparison,
    equality: equality && (quantifier === 'any' || negatedEquality),
    relation: compared,
  };
  return { scalar: negatedEquality ? not(scalar) : scalar, at: place };
}

function otherOperands(
  name: string,
  left: Bound,
  right: Bound,
  context: ExpressionContext,
  at: number | undefined,
): ReturnType<typeof equalityOperands> {
  const operator = findOperator(context, name, typeOf(left.scalar).name, typeOf(right.scalar).name, at, {
    left,
    right,
  });
  return {
    left: operand(context, left, operator.left!),
    right: operand(context, right, operator.right),
    operator,
  };
}

/**
 * `(a, b) op ANY|ALL (SELECT x, y …)`: ANY is true if it holds for some row, else NULL if for some row that is unknown; ALL
 * is that no row is otherwise.
 */
function rowMembership(
  node: SubLink,
  row: RowExpr,
  relation: HirRelation,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  // Without a name it is IN.
  const written = node.operName === undefined ? '=' : nameParts(node.operName).pop()!;
  const name = written === '!=' ? '<>' : written;
  const all = node.subLinkType === 'ALL_SUBLINK';
  const lefts = rowValues(row, context);
  if (relation.columns.length !== lefts.length) {
    const many = relation.columns.length > lefts.length;
    throw statement.error('42601', `subquery has too ${many ? 'many' : 'few'} columns`, at);
  }
  // In the subquery's row the outer values are one level out.
  const lifted = lefts.map((left) => ({ ...left, scalar: liftScalar(left.scalar, 1) }));
  const rights = lefts.map((_, i): Bound => ({ scalar: columnOf(relation, i), at }));
  const holds = compareRows(context, name, lifted, rights, at);
  const wanted = all ? not(holds) : holds;
  const matches: HirScalar = { kind: 'exists', relation: filter(relation, wanted) };
  const unknown: HirScalar = {
    kind: 'exists',
    relation: filter(relation, { kind: 'isNull', operand: wanted }),
  };
  const some = isNullable(wanted) ? or([matches, and([unknown, literal('bool', null)])]) : matches;
  return { scalar: all ? not(some) : some, at: leftmost(at, ...lefts.map((left) => left.at)) };
}
