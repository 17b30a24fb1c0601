/**
 * Binding: from PostgreSQL's AST to HIR. Names become columns and objects, literals and overloads get their types, every
 * cast becomes a node, and what PostgreSQL refuses is refused with its SQLSTATE, message and position.
 */
import type {
  CollateClause,
  ColumnDef,
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  Node,
  TruncateStmt,
  TypeName as TypeNameNode,
  UpdateStmt,
} from '@pgsql/types';
import type { CatalogColumn } from '../catalog.ts';
import { extensionHint, extensionName } from '../ast/extension.ts';
import { locationOf, nodeAs, nodeKind } from '../ast/accessors.ts';
import type { HirColumn, HirQuery, HirRelation, HirScalar, HirWrite } from '../hir.ts';
import { SqlError } from '../error.ts';
import { displayType } from '../types/format.ts';
import { hasConditions, recordFields } from '../types/record.ts';
import type { RecordField } from '../types/record.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import type { ObjectId } from '../catalog.ts';
import { parseExpression } from './body.ts';
import { bindCheckCondition } from './check-constraint.ts';
import { checkColumnCollation, declaredCollation } from './cast.ts';
import { coerceToType, unknownToText } from './coerce.ts';
import { expressionContext } from './context.ts';
import { bindTypeOrDomain, checkDomainCondition, domainCondition } from './domain.ts';
import type { DeclaredType } from './domain.ts';
import type { Clause, QueryContext } from './context.ts';
import type { BindEnvironment } from './environment.ts';
import { bindExpression } from './expression.ts';
import { pseudoTypeNamed, refusePseudoColumn } from './pseudo-type.ts';
import { asRelation, bindQueryNode, shownColumns } from './query.ts';
import { declaredWithDomain } from './function-definition.ts';
import type { BoundSelect } from './query.ts';
import { readLiteral } from './literal.ts';
import { isShownByName, registeredText } from './registered-text.ts';
import { fieldOf } from './record.ts';
import { map } from './relation.ts';
import { emptyScope, itemFor } from './scope.ts';
import { or, typeOf } from './scalar.ts';
import { Statement } from './statement.ts';
import { bindDefault } from './column-definitions.ts';
import { declaredDimensions } from './type-name.ts';
import { bindDelete } from './write/delete.ts';
import { bindInsert } from './write/insert.ts';
import { bindMerge } from './write/merge.ts';
import { type Truncation, bindTruncate } from './write/truncate.ts';
import { bindUpdate } from './write/update.ts';

export { NotUpdatable, type WritableView, updatableView, writableView } from './write/updatable-view.ts';
export type { BindEnvironment, WorkingTable, WorkingTables } from './environment.ts';
export { withRenamedColumn } from './check-constraint.ts';
export {
  bindColumnDefinitions,
  bindDefault,
  checkSource,
  defaultCasts,
  defaultSource,
} from './column-definitions.ts';
export type {
  BoundCheck,
  BoundNotNull,
  BoundPrimaryKey,
  BoundColumns,
  BoundForeignKey,
  BoundSequence,
  BoundUnique,
} from './column-definitions.ts';
export { bindGeneratedColumn, columnsOfGenerated } from './generated-column.ts';
export { requireCompression, requireStorage } from './column-storage.ts';
export { columnCollation } from './collation-for.ts';
export { declaredDimensions } from './type-name.ts';
export { isSystemColumn, refuseSystemName } from './system-column.ts';
export { bindFunctionDefinition } from './function-definition.ts';
export type { FunctionDefinition } from './function-definition.ts';
export { bindCopyCondition, bindDecodedRow } from './write/copy.ts';
export { type ReferentialAction, bindReferentialAction } from './write/referential.ts';

function begin(environment: BindEnvironment): QueryContext {
  const statement = new Statement(environment);
  for (const extension of environment.extensions?.at.values() ?? []) {
    if (extension.kind === 'session_partition') continue;
    throw statement.unsupported(extensionName(extension), extension.location, extensionHint(extension));
  }
  return { statement, ctes: [], outer: null };
}

/** Binds a `{ SelectStmt }`. In a view ORDER BY and LIMIT are part of the relation and the finishing is empty. */
export function bindQuery(node: Node, environment: BindEnvironment): HirQuery {
  return withinStack(() => bindQueryInner(node, begin(environment)));
}

function bindQueryInner(node: Node, context: QueryContext): HirQuery {
  const { environment } = context.statement;
  const asWritten = bindQueryNode(node, context);
  const bound = environment.inView === true ? asWritten : withNames(asWritten, context);
  const parameters = context.statement.parameters();
  if (environment.inView === true) {
    const relation = asRelation(bound);
    checkNames(relation.columns, context);
    return {
      relation,
      finishing: {
        order: [],
        limit: null,
        offset: null,
        withTies: false,
        projection: relation.columns.map((_, i) => i),
      },
      columns: relation.columns,
      parameters,
    };
  }
  const { relation, projection, order, limit, offset, withTies } = bound;
  return {
    relation,
    finishing: { order, limit, offset, withTies, projection },
    columns: shownColumns(asWritten),
    parameters,
  };
}

/** Values of reg* types are shown as the names that they stand for: the columns that show them are texts. */
function withNames(bound: BoundSelect, context: QueryContext): BoundSelect {
  if (context.statement.environment.registeredAsNumbers === true) return bound;
  const shown = shownColumns(bound);
  if (!shown.some(({ type }) => isShownByName(type.name))) return bound;
  const made: { name: string; scalar: HirScalar }[] = [];
  const width = bound.relation.columns.length;
  const expression = expressionContext(context, emptyScope, 'SELECT');
  const projection = bound.projection.map((index) => {
    const { name, type } = bound.relation.columns[index]!;
    if (!isShownByName(type.name)) return index;
    const scalar = registeredText(expression, { scalar: { kind: 'column', index, type }, at: undefined });
    if (scalar === null) return index;
    made.push({ name, scalar });
    return width + made.length - 1;
  });
  return { ...bound, relation: map(bound.relation, made), projection };
}

/** Expressions nest as deep as the stack is; PostgreSQL has its own limit and this error for it. */
function withinStack<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SqlError({
      sqlstate: '54001',
      message: 'stack depth limit exceeded',
      hint: 'The statement is nested too deeply: write it in several steps.',
    });
  }
}

/** A view's columns must differ in name. */
function checkNames(columns: readonly HirColumn[], context: QueryContext): void {
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) throw context.statement.error('42701', `column "${name}" specified more than once`);
    names.add(name);
  }
}

/** A query as one relation, whatever it was bound for: SUBSCRIBE, sinks, COPY. */
export function bindRelation(node: Node, environment: BindEnvironment): HirRelation {
  return withinStack(() => asRelation(bindQueryNode(node, begin(environment))));
}

/** Binds an `{ InsertStmt }`, `{ UpdateStmt }`, `{ DeleteStmt }` or `{ MergeStmt }`. */
export function bindWrite(node: Node, environment: BindEnvironment): HirWrite {
  return withinStack(() => bindWriteInner(node, begin(environment)));
}

/** Binds TRUNCATE: a write for each table. */
export function bindTruncation(node: TruncateStmt, environment: BindEnvironment): Truncation {
  return bindTruncate(node, begin(environment));
}

function bindWriteInner(node: Node, context: QueryContext): HirWrite {
  switch (nodeKind(node)) {
    case 'InsertStmt':
      return bindInsert(nodeAs(node, 'InsertStmt') as InsertStmt, context);
    case 'UpdateStmt':
      return bindUpdate(nodeAs(node, 'UpdateStmt') as UpdateStmt, context);
    case 'DeleteStmt':
      return bindDelete(nodeAs(node, 'DeleteStmt') as DeleteStmt, context);
    case 'MergeStmt':
      return bindMerge(nodeAs(node, 'MergeStmt') as MergeStmt, context);
    default:
      throw context.statement.unsupported(`${nodeKind(node)} as a write`);
  }
}

/** Binds the text of a CHECK over a table's row. */
export function bindCheckText(
  text: string,
  table: { readonly name: string; readonly columns: readonly CatalogColumn[] },
  environment: BindEnvironment,
): HirScalar {
  const { statement } = begin(environment);
  return statement.withoutPositions(() => bindCheckCondition(parseExpression(text), table, statement));
}

/** That the values of columns of domains are of them, for the row of a table; a condition raises what it finds. */
export function bindDomainConditions(
  columns: readonly CatalogColumn[],
  environment: BindEnvironment,
): HirScalar[] {
  const context = begin(environment);
  return columns.flatMap(({ domain: id, type }, index) => {
    const value: HirScalar = { kind: 'column', index, type: { ...type, nullable: true } };
    const own = id === undefined ? [] : conditionsOf(id, value, context);
    return [...own, ...fieldConditions(value, context)];
  });
}

function conditionsOf(id: ObjectId, value: HirScalar, context: QueryContext): HirScalar[] {
  const domain = context.statement.environment.catalog.domain(id);
  if (!domain.notNull && domain.checks.length === 0) return [];
  return [domainCondition(domain, value, context)];
}

/** The same of the fields of a row; those of no row are none. */
function fieldConditions(row: HirScalar, context: QueryContext): HirScalar[] {
  const { name } = typeOf(row);
  const fields = recordFields(name);
  if (fields === null || !hasConditions(name)) return [];
  const found = fields.flatMap(({ domain }, i) => {
    const value = fieldOf(row, i);
    const own = domain === undefined ? [] : conditionsOf(domain, value, context);
    return [...own, ...fieldConditions(value, context)];
  });
  const absent: HirScalar = { kind: 'isNull', operand: row };
  return found.map((condition) => or([absent, condition]));
}

/** The type that a name means where a domain can stand too, and that domain. */
export function bindDeclaredType(node: TypeNameNode, environment: BindEnvironment): DeclaredType {
  return bindTypeOrDomain(begin(environment).statement, node);
}

/** What a domain is over: a type that columns can have, or another domain. */
export function bindDomainBase(node: TypeNameNode, environment: BindEnvironment): DeclaredType {
  const pseudo = pseudoTypeNamed(node);
  if (pseudo === null) return bindDeclaredType(node, environment);
  const { statement } = begin(environment);
  throw statement.error('42804', `"${pseudo}" is not a valid base type for a domain`, locationOf(node));
}

/** The collation of a domain; refuses those that we do not know, and COLLATE behind a type that has none. */
export function domainCollation(
  clause: CollateClause | undefined,
  type: TypeNameNode,
  environment: BindEnvironment,
): { readonly collation?: string } {
  const { statement } = begin(environment);
  return declaredCollation(statement, clause, bindTypeOrDomain(statement, type), locationOf(type));
}

/** Refuses a collation of an index's key that we do not know, or of a type that has none. */
export function requireIndexCollation(name: Node[], type: SqlType, environment: BindEnvironment): void {
  const { statement } = begin(environment);
  statement.withoutPositions(() => checkColumnCollation(statement, { collname: name }, type));
}

/** The condition of a domain's CHECK is one over VALUE; its DEFAULT a value of its type. */
export function checkDomainClauses(
  domain: { readonly name: string; readonly type: SqlType },
  clauses: { readonly checks: readonly Node[]; readonly defaultValue: Node | null },
  environment: BindEnvironment,
): void {
  const { statement } = begin({ ...environment, forDefault: true });
  for (const check of clauses.checks) checkDomainCondition(check, domain.name, domain.type, statement);
  if (clauses.defaultValue !== null) {
    const column = { name: domain.name, type: { ...domain.type, nullable: true } };
    bindDefault(clauses.defaultValue, column, environment);
  }
}

/** What an expression outside of a query may read, and what it must give. */
export interface ScalarOptions {
  readonly clause?: Clause;
  /** The columns that it may refer to. */
  readonly columns?: readonly HirColumn[];
  /** The type that it is assigned to; null: its own. */
  readonly type?: SqlType | null;
  /** An untyped literal stays one, to become what it is used as. */
  readonly keepsUnknown?: boolean;
}

/** Binds an expression on its own: a DEFAULT, an option's value, a generated column. */
export function bindScalar(node: Node, environment: BindEnvironment, options: ScalarOptions = {}): HirScalar {
  const context = begin(environment);
  const { statement } = context;
  const columns = (options.columns ?? []).map((column, index) => ({
    name: column.name,
    scalar: { kind: 'column', index, type: column.type } as const,
  }));
  const scope = columns.length === 0 ? emptyScope : { items: [itemFor(null, null, columns)], outer: null };
  const bound = bindExpression(node, expressionContext(context, scope, options.clause ?? 'options'));
  if (options.keepsUnknown === true) return bound.scalar;
  if (options.type === undefined || options.type === null) return unknownToText(statement, bound);
  const scalar = coerceToType(statement, bound, options.type, 'assignment');
  if (scalar !== null) return scalar;
  const source = displayType(typeOf(bound.scalar).name);
  const wanted = displayType(options.type.name);
  throw statement.error('42804', `expression is of type ${source} where ${wanted} is wanted`, bound.at);
}

/** Checks that EXECUTE's arguments can be assigned to the parameters. */
export function checkArguments(
  nodes: readonly Node[],
  types: readonly SqlType[],
  environment: BindEnvironment,
): void {
  const context = begin(environment);
  const { statement } = context;
  for (const [index, node] of nodes.entries()) {
    const bound = bindExpression(node, expressionContext(context, emptyScope, 'EXECUTE parameters'));
    const wanted = types[index]!;
    if (coerceToType(statement, bound, { ...wanted, typmod: -1 }, 'assignment') !== null) continue;
    const [given, expected] = [typeOf(bound.scalar), wanted].map(({ name }) => displayType(name));
    const message = `parameter $${index + 1} of type ${given} cannot be coerced to the expected type ${expected}`;
    const hint = 'You will need to rewrite or cast the expression.';
    throw statement.error('42804', message, bound.at, { hint });
  }
}

/** The text of a parameter of a reg* type, or of arrays of one, as numbers: names are looked up. */
export function registeredParameter(text: string, type: TypeName, environment: BindEnvironment): string {
  const { statement } = begin(environment);
  const { text: numbers } = readLiteral(statement, text, type, -1, undefined) as { readonly text: string };
  return numbers;
}

/** The type that a name in a statement means; polymorphic ones too, which signatures have. */
export function bindParameterType(
  node: TypeNameNode,
  environment: BindEnvironment,
): { readonly type: TypeName; readonly domain?: ObjectId; readonly rowOf?: ObjectId } {
  const { domain, ...rest } = declaredWithDomain(begin(environment).statement, node);
  return domain === null ? rest : { ...rest, domain };
}

/** The fields of a composite type. */
export function bindFields(columns: readonly ColumnDef[], environment: BindEnvironment): RecordField[] {
  const { statement } = begin(environment);
  const names = new Set<string>();
  return columns.map((column): RecordField => {
    const name = column.colname!;
    if (names.has(name)) throw statement.error('42701', `column "${name}" specified more than once`);
    names.add(name);
    refusePseudoColumn(statement, name, column.typeName!);
    const of = bindTypeOrDomain(statement, column.typeName!);
    const { type, domain } = of;
    const shown = {
      ...declaredDimensions(column.typeName!),
      ...declaredCollation(statement, column.collClause, of),
    };
    return domain === null ? { name, type, ...shown } : { name, type, domain: domain.id, ...shown };
  });
}
