/**
 * Calls of functions in SQL: the body stands where the call stood. Its parameters are a scope around it, so that columns come
 * before them, as in PostgreSQL; `$1` is the same value.
 */
import type { FuncCall, Node } from '@pgsql/types';
import { isVolatile, isVolatileThroughout } from '../hir/volatile.ts';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { CatalogFunction, FunctionResult, ObjectId } from '../catalog.ts';
import { SqlError } from '../error.ts';
import { placementOf } from '../functions/placement.ts';
import type { Given, Placement } from '../functions/placement.ts';
import { resolveAmong } from '../functions/resolve.ts';
import { functionsNamed } from '../functions/table.ts';
import type { HirColumn, HirRelation, HirScalar } from '../hir.ts';
import { hasSubquery, readsLocalWithin } from '../hir/subquery.ts';
import { liftScalar } from '../hir/traverse.ts';
import { signatureOf } from '../types/format.ts';
import { variadicElement } from '../types/polymorphic.ts';
import { recordFields } from '../types/record.ts';
import { arrayType, elementType, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { bindArguments, callText } from './call-arguments.ts';
import { coerce, coerceToType } from './coerce.ts';
import { STORED_EXPRESSIONS, expressionContext } from './context.ts';
import type { Clause, ExpressionContext, QueryContext } from './context.ts';
import { asDomain } from './domain.ts';
import { bindExpression } from './expression.ts';
import { checkColumns, columnsOfBody } from './function-result.ts';
import type { BodyColumn } from './function-result.ts';
import { allComputedOnce } from './once.ts';
import { operand } from './operator.ts';
import { asOrderedRelation, asRelation, bindQueryNode } from './query.ts';
import type { BoundSelect, OrderedRelation } from './query.ts';
import { postgresSqlFunctions } from './postgres-sql-functions.ts';
import { fieldOf, fieldsOf, makeRecord } from './record.ts';
import { columnOf, filter, oneRow, project, projectScalars, topK } from './relation.ts';
import { and, isNull, isNullable, literal, not, or, typeOf, relabel } from './scalar.ts';
import { emptyScope, itemFor } from './scope.ts';
import type { Scope } from './scope.ts';
import { bindElements, misplaced } from './set-returning.ts';
import type { Bound, Statement } from './statement.ts';
import { arrayOf } from './subquery.ts';

/** A function with the arguments of a call in place. */
export interface BoundCall {
  /** Its result is the call's: polymorphic types are decided. */
  readonly called: CatalogFunction;
  /** One for each parameter, over the row that the call stands in. */
  readonly operands: readonly HirScalar[];
  readonly at: number | undefined;
  /** The columns of the result are those that the call defines: what the body gives is to be looked at. */
  readonly definesColumns?: boolean;
}

/** A function as a call could mean it. */
interface Overload extends Placement {
  readonly arguments: readonly TypeName[];
  readonly columns: readonly { readonly type: TypeName }[];
  readonly called: CatalogFunction;
}

interface BuiltIn {
  readonly arguments: readonly string[];
  readonly called: null;
}

/** Those whose expressions are computed for a row as it is written, where there is nothing else to read. */
const OF_ONE_ROW: ReadonlySet<Clause> = new Set(['check constraints', 'column generation expressions']);

/** The function in SQL that a call means; null if it means another, or none. */
export function bindSqlCall(node: FuncCall, context: ExpressionContext): BoundCall | null {
  const { statement } = context;
  const { catalog } = statement.environment;
  const [name, schema = null] = nameParts(node.funcname).reverse() as [string, string?];
  const at = locationOf(node);
  const place = statement.placeOf(at);
  // In a kept text the plain names are PostgreSQL's: no function that comes later can take them. So they are in its functions.
  const isKept = STORED_EXPRESSIONS.has(context.clause) && !statement.isUserText;
  const onlyPostgres =
    schema === 'pg_catalog' || (schema === null && (isKept || context.query.ofPostgres === true));
  const known = postgresSqlFunctions(schema, name, catalog);
  const own = onlyPostgres ? known : [...known, ...catalog.findFunctions(schema, name, place)];
  if (own.length === 0) return null;
  const given = bindArguments(node, context);
  const { values: args, names, spreads } = given;
  const placed = own.flatMap((called) => overloadOf(called, given));
  // Of those that take the same arguments, the earlier schema's come first, and then what needs not gather them.
  const preferred = placed.filter((each) =>
    placed.every(
      (other) =>
        !takesSame(each, other) ||
        (each.called.schema === other.called.schema
          ? each.collectsFrom === null || other.collectsFrom !== null
          : placed.indexOf(each) < placed.indexOf(other)),
    ),
  );
  const rivals = preferred.filter((each) =>
    preferred.some((other) => other !== each && takesSame(each, other)),
  );
  const overloads = preferred.filter(
    (each) => !rivals.slice(rivals.indexOf(each) + 1).some((other) => takesSame(each, other)),
  );
  const types = args.map((argument) => typeOf(argument.scalar).name);
  const isPlain = !spreads && names.every((each) => each === null);
  const builtIn = schema === null && isPlain ? functionsNamed(name) : [];
  // Of one signature, PostgreSQL's own comes first.
  const shadowed = (overload: Overload): boolean =>
    builtIn.some((entry) => entry.arguments.join() === overload.arguments.join());
  const candidates: (Overload | BuiltIn)[] = [
    ...overloads.filter((overload) => !shadowed(overload)),
    ...builtIn.map((entry): BuiltIn => ({ arguments: entry.arguments, called: null })),
  ];
  const chosen = resolveAmong(candidates, types);
  const isRival = rivals.some((each) => typeof chosen !== 'string' && takesSame(each, chosen));
  const found = isRival ? 'ambiguous' : chosen;
  if (typeof found === 'string') {
    if (found === 'none' && isPlain) return null;
    const signature = callText(statement, node, given);
    const casts = 'You might need to add explicit type casts.';
    throw found === 'ambiguous'
      ? statement.error('42725', `function ${signature} is not unique`, at, {
          hint: `Could not choose a best candidate function. ${casts}`,
        })
      : statement.error('42883', `function ${signature} does not exist`, at, {
          hint: `No function matches the given name and argument types. ${casts}`,
        });
  }
  if (found.called === null) return null;
  refuseDecoration(node, context);
  const { called, places, collectsFrom } = found;
  const operands = called.parameters.map((parameter, i): HirScalar => {
    const argument = places[i] ?? null;
    const value = (at: number): HirScalar => operand(context, args[at]!, found.arguments[at]!);
    if (argument !== null) return value(argument);
    if (parameter.variadic && collectsFrom !== null) {
      const elements = args.slice(collectsFrom).map((_, at) => value(collectsFrom + at));
      const type = plain(arrayType(found.arguments[collectsFrom]!)!);
      return { kind: 'array', elements, nested: false, type };
    }
    const defaults = expressionContext({ ...context.query, outer: null }, emptyScope, 'DEFAULT expressions');
    const bound = statement.withoutPositions(() => bindExpression(parameter.defaultValue!, defaults));
    return coerce(statement, bound, parameter.type, 'assignment')!;
  });
  const checked = operands.map((value, i): HirScalar => {
    const { domain } = called.parameters[i]!;
    return domain === undefined ? value : asDomain(catalog.domain(domain), value, context.query);
  });
  if (!known.includes(called)) catalog.useFunction(called, place);
  return { called: { ...called, result: resultOf(called, found.columns) }, operands: checked, at };
}

function takesSame(one: { readonly arguments: readonly string[] }, other: typeof one): boolean {
  return one.arguments.join() === other.arguments.join();
}

function overloadOf(called: CatalogFunction, given: Given): Overload[] {
  const { parameters, result } = called;
  const placement = placementOf(
    {
      types: parameters.map(({ type }) => type),
      names: parameters.map(({ name }) => name),
      defaults: parameters.filter(({ defaultValue }) => defaultValue !== null).length,
      variadic: variadicElement(called),
    },
    given,
  );
  if (placement === null) return [];
  const columns = result.kind === 'value' ? [{ type: result.type }] : result.columns;
  return [{ ...placement, arguments: placement.arguments as TypeName[], columns, called }];
}

function resultOf(
  { result }: CatalogFunction,
  columns: readonly { readonly type: TypeName }[],
): CatalogFunction['result'] {
  if (result.kind === 'value') return { ...result, type: columns[0]!.type };
  return { ...result, columns: result.columns.map((column, i) => ({ ...column, type: columns[i]!.type })) };
}

function refuseDecoration(node: FuncCall, { statement }: ExpressionContext): void {
  const name = nameParts(node.funcname).join('.');
  const not = (what: string, kind: string): Error =>
    statement.error('42809', `${what} specified, but ${name} is not ${kind}`, locationOf(node));
  if (node.agg_star === true) throw not(`${name}(*)`, 'an aggregate function');
  if (node.agg_distinct === true) throw not('DISTINCT', 'an aggregate function');
  if (node.agg_order !== undefined) throw not('ORDER BY', 'an aggregate function');
  if (node.agg_filter !== undefined) throw not('FILTER', 'an aggregate function');
  if (node.over !== undefined) throw not('OVER', 'a window function nor an aggregate function');
}

/** The body's query at a call. */
function bindFunctionBody(call: BoundCall, context: QueryContext): BoundSelect {
  const { called, at } = call;
  const { statement } = context;
  if (context.calledBy?.includes(called.id) === true) {
    const types = called.parameters.map((parameter) => parameter.type);
    throw statement.unsupported(`recursive function ${signatureOf(called.name, types)}`, at);
  }
  try {
    return statement.withoutPositions(() => functionBody(call, context));
  } catch (error) {
    if (!(error instanceof SqlError) || error.where !== undefined) throw error;
    const { sqlstate, message, detail, hint } = error;
    const where = `SQL function "${called.name}" during inlining`;
    throw new SqlError({ sqlstate, message, detail, hint, where, position: statement.position(at) });
  }
}

/** A function's query with the arguments in place; the row of the call is level 1 in it. */
export function functionBody(
  { called, operands }: BoundCall,
  { statement, calledBy = [] }: QueryContext,
): BoundSelect {
  const parameters = called.parameters.flatMap(({ name }, i) =>
    name === '' ? [] : [{ name, scalar: operands[i]! }],
  );
  const outer: Scope = { items: [itemFor(called.name, null, parameters)], outer: null };
  const bind = (): BoundSelect =>
    bindQueryNode(called.body, {
      statement,
      ctes: [],
      outer,
      bodyArguments: operands,
      calledBy: [...calledBy, called.id],
    });
  const { searchPath } = called;
  return searchPath === undefined ? bind() : statement.environment.catalog.under(searchPath, bind);
}

/** The value of a function in an expression. */
export function sqlFunctionValue(call: BoundCall, context: ExpressionContext): HirScalar {
  const { called, at } = call;
  const { statement, clause } = context;
  const { result } = called;
  if (statement.isUserText) statement.ownCalls.push(at);
  if (result.set) {
    if (STORED_EXPRESSIONS.has(clause)) throw misplaced(statement, context, at);
    const element = bindElements(called.name, arrayOfRows(call, context), context, at);
    const isArray = result.kind === 'value' && elementType(result.type) !== null;
    return isArray ? fieldOf(element, 0) : element;
  }
  return withVolatileOnce(call, statement, (given) => valueAtCall(given, context));
}

/** The value of a function that gives one, where its arguments may be read as often as it wants. */
function valueAtCall(call: BoundCall, context: ExpressionContext): HirScalar {
  const { called, operands, at } = call;
  const { statement, clause } = context;
  const { result } = called;
  const relation = firstRow(bindFunctionBody(call, context.query));
  const columns = columnsOfBody(result, relation.columns);
  const row = columns === null ? valueOf(relation) : recordOf(relation, columns, context.query);
  const value = result.kind === 'columns' ? row : resultValue(context.query, { scalar: row, at }, result);
  if (OF_ONE_ROW.has(clause) && hasSubquery(value)) {
    const message = `calling ${called.name}(), which reads a relation, in ${clause} is not supported`;
    throw statement.error('0A000', message, at);
  }
  const absent = called.strict ? operands.filter(isNullable).map(isNull) : [];
  const { name: type } = typeOf(value);
  const scalar: HirScalar =
    absent.length === 0
      ? value
      : {
          kind: 'case',
          branches: [{ condition: or(absent), result: literal(type, null) }],
          otherwise: value,
          type: plain(type),
        };
  if (called.volatility === 'immutable') statement.immutableCalls.set(scalar, operands);
  return scalar;
}

/**
 * What a function gives as rows, as the elements of an array, in the order of its query. There are no arrays of arrays: of these an
 * element is the record of one.
 */
export function arrayOfRows(call: BoundCall, context: ExpressionContext): HirScalar {
  refuseVolatile(call, context.query);
  const { called, at } = call;
  const { relation, visible, order } = orderedFunctionRows(call, context.query);
  const columns = relation.columns
    .slice(0, visible)
    .map(({ name }, i) => ({ name, scalar: columnOf(relation, i) }));
  const { result } = called;
  const composite = result.kind === 'value' && recordFields(result.type) !== null ? result.type : null;
  const isValue = result.kind === 'value' && composite === null;
  const [first] = columns;
  const isPlain = isValue && elementType(typeOf(first!.scalar).name) === null;
  const row = isPlain ? first!.scalar : makeRecord(columns);
  const value = composite === null ? row : relabel(row, plain(composite));
  const keys = order.map(({ column, descending, nullsFirst }) => ({
    scalar: columnOf(relation, column),
    descending,
    nullsFirst,
  }));
  return arrayOf(context.statement, relation, value, keys, at);
}

/** What a function gives is of the type that it says, without a modifier, and of its domain. */
function resultValue(
  context: QueryContext,
  bound: Bound,
  { type, domain, typmod }: { readonly type: TypeName; readonly domain?: ObjectId; readonly typmod?: number },
): HirScalar {
  const { statement } = context;
  if (typmod !== undefined) {
    return coerceToType(statement, bound, { name: type, typmod }, 'assignment') ?? bound.scalar;
  }
  const value = relabel(coerce(statement, bound, type, 'assignment') ?? bound.scalar, plain(type));
  return domain === undefined
    ? value
    : asDomain(statement.environment.catalog.domain(domain), value, context);
}

/** The one row of a function with several columns. */
function recordOf(relation: HirRelation, columns: readonly BodyColumn[], context: QueryContext): HirScalar {
  const record = makeRecord(
    columns.map((column, i) => {
      const bound: Bound = { scalar: columnOf(relation, i), at: undefined };
      return { name: column.name, scalar: resultValue(context, bound, column) };
    }),
  );
  const { name, typmod } = typeOf(record);
  return {
    kind: 'scalarSubquery',
    relation: projectScalars(relation, [{ name: 'row', scalar: record }]),
    type: { name, typmod },
  };
}

/** The body as a relation of at most one row. */
function firstRow(body: BoundSelect): HirRelation {
  if (isOneRow(body.relation)) return asRelation(body);
  const limited = body.limit !== null || body.offset !== null;
  const relation = limited ? topK(body.relation, body) : body.relation;
  return asRelation({ ...body, relation, limit: literal('int8', '1'), offset: null, withTies: false });
}

/** Whether it has one row, whatever there is. */
function isOneRow(relation: HirRelation): boolean {
  switch (relation.kind) {
    case 'map':
    case 'project':
    case 'window':
      return isOneRow(relation.input);
    case 'constant':
      return relation.rows.length === 1;
    case 'aggregate':
      return relation.global && relation.groupingSets === null;
    default:
      return false;
  }
}

/** The one column of a query: as it is where the query reads nothing, else as a subquery. */
function valueOf(relation: HirRelation): HirScalar {
  if (relation.kind === 'map' && relation.columns.length === 1) return liftScalar(relation.scalars[0]!, -1);
  const { name, typmod } = relation.columns[0]!.type;
  return { kind: 'scalarSubquery', relation, type: { name, typmod } };
}

/** The rows of a function in FROM, whose arguments read the row around it. */
export function sqlFunctionRows(call: BoundCall, context: QueryContext): HirRelation {
  refuseVolatile(call, context);
  const { relation, visible } = orderedFunctionRows(call, context);
  return project(
    relation,
    relation.columns.slice(0, visible).map((_, i) => i),
  );
}

/** They, with what the function's query orders them by. */
function orderedFunctionRows(call: BoundCall, context: QueryContext): OrderedRelation {
  const { called, operands } = call;
  const { result } = called;
  const body = bindFunctionBody(call, context);
  const ordered: OrderedRelation = result.set
    ? asOrderedRelation(body)
    : { relation: firstRow(body), visible: body.projection.length, order: [] };
  const given = ordered.relation;
  const shown = given.columns.slice(0, ordered.visible);
  if (call.definesColumns === true) checkColumns(called, shown, context.statement.environment.catalog);
  const columns = columnsOfBody(result, shown);
  const ofColumn = (column: Parameters<typeof resultValue>[2], i: number): HirScalar =>
    resultValue(context, { scalar: columnOf(given, i), at: undefined }, column);
  const values = (): { name: string; scalar: HirScalar }[] => {
    if (columns !== null)
      return columns.map((column, i) => ({ name: column.name, scalar: ofColumn(column, i) }));
    const value = ofColumn(result as Extract<FunctionResult, { kind: 'value' }>, 0);
    return recordFields(typeOf(value).name) === null
      ? [{ name: called.name, scalar: value }]
      : fieldsOf(value);
  };
  const row = values();
  const hidden = [...new Set(ordered.order.map(({ column }) => column))];
  const converted = projectScalars(given, [
    ...row,
    ...hidden.map((column) => ({ name: given.columns[column]!.name, scalar: columnOf(given, column) })),
  ]);
  const present = called.strict
    ? operands.filter(isNullable).map((argument) => not(isNull(liftScalar(argument, 1))))
    : [];
  const rows = present.length === 0 ? converted : filter(converted, and(present));
  const visible = row.length;
  const order = ordered.order.map((key) => ({ ...key, column: visible + hidden.indexOf(key.column) }));
  if (result.set) return { relation: rows, visible, order };
  // A function that is no set has a row in any case.
  const nullable = rows.columns.map((column): HirColumn => ({
    ...column,
    type: { ...column.type, nullable: true },
  }));
  const relation: HirRelation = {
    kind: 'join',
    columns: nullable,
    type: 'left',
    left: oneRow,
    right: rows,
    on: null,
  };
  return { relation, visible, order };
}

/**
 * Arguments that are volatile are computed once, in their order, as PostgreSQL does where the body does not read each of them just
 * once. One that no body reads is not computed, nor is it there.
 */
function withVolatileOnce(
  call: BoundCall,
  statement: Statement,
  made: (call: BoundCall) => HirScalar,
): HirScalar {
  const { called, operands, at } = call;
  const isPlain = operands.every(
    (argument, i) => !isVolatileThroughout(argument) || (!called.strict && isReadAtMostOnce(called, i)),
  );
  if (isPlain) return made(call);
  const given = operands.map((scalar): Bound => ({ scalar, at: undefined }));
  return allComputedOnce(statement, given, (values) => {
    const scalar = made({ ...call, operands: values.map((value) => value.scalar) });
    if (readsLocalWithin(scalar)) throw unsupportedVolatile(called, statement, at);
    return scalar;
  });
}

/** An argument that is volatile must be computed once: rows are made by a query that reads it exactly once. */
function refuseVolatile({ called, operands, at }: BoundCall, { statement }: QueryContext): void {
  operands.forEach((argument, i) => {
    if (!isVolatile(argument) || (!readsRelations(called) && usesOf(called.body, i, called) === 1)) return;
    throw unsupportedVolatile(called, statement, at);
  });
}

function unsupportedVolatile(called: CatalogFunction, statement: Statement, at: number | undefined): Error {
  return statement.unsupported(`a volatile argument to function ${called.name}()`, at);
}

function isReadAtMostOnce(called: CatalogFunction, parameter: number): boolean {
  return !readsRelations(called) && usesOf(called.body, parameter, called) <= 1;
}

/** Whether the body is more than an expression. */
function readsRelations(called: CatalogFunction): boolean {
  return nodeAs(called.body, 'SelectStmt')?.fromClause !== undefined;
}

function usesOf(body: Node, index: number, called: CatalogFunction): number {
  let uses = 0;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === 'object') {
      for (const [kind, child] of Object.entries(value)) {
        if (kind === 'ParamRef' && (child as { number?: number }).number === index + 1) uses += 1;
        if (kind === 'ColumnRef') {
          const parts = nameParts((child as { fields?: Node[] }).fields);
          if (parts[parts.length - 1] === called.parameters[index]!.name) uses += 1;
        }
        walk(child);
      }
    }
  };
  walk(body);
  return uses;
}
