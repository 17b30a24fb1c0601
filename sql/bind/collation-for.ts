/** COLLATION FOR (x): the name of the collation by which a value is compared. */
import type { FuncCall, Node, SelectStmt, TypeCast } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import { SqlError } from '../error.ts';
import { quoteIdentifier } from '../functions/quote.ts';
import type { CatalogReader } from '../catalog.ts';
import type { ColumnOrigin, HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { elementType, typeRow } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { bindSubquery } from './query.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';
import { around } from './subquery.ts';

/** pg_collation_for(x), which is what COLLATION FOR is in PostgreSQL's grammar; null for another number of arguments. */
export function bindCollationFor(node: FuncCall, context: ExpressionContext): Bound | null {
  const { args = [] } = node;
  if (args.length !== 1) return null;
  const argument = args[0]!;
  const at = locationOf(node);
  return { scalar: collationName(node, argument, context), at };
}

function collationName(node: FuncCall, argument: Node, context: ExpressionContext): HirScalar {
  const type = typeOf(bindExpression(argument, context).scalar).name;
  const usual = type === 'unknown' ? null : usualCollation(type);
  if (usual === null && type !== 'unknown') {
    const message = `collations are not supported by type ${displayType(type)}`;
    throw context.statement.error('42804', message);
  }
  const said = written(argument, context);
  if (said !== null) context.statement.collationsSaid.set(node, said);
  const name = said ?? usual;
  return literal('text', name === null ? null : quoteIdentifier(name));
}

/** The collation that values of a type have, unless it is said; null for types that have none. */
function usualCollation(type: TypeName): string | null {
  const element = elementType(type) ?? type;
  if (typeRow(element).collation === 0) return null;
  return element === 'name' ? 'C' : 'default';
}

/** The collation that an expression says itself, or what it is made of. */
function written(node: Node, context: ExpressionContext): string | null {
  const clause = nodeAs(node, 'CollateClause');
  if (clause !== undefined) return nameParts(clause.collname).pop()!;
  const cast = nodeAs(node, 'TypeCast');
  if (cast !== undefined) return keptByCast(cast, context);
  const subquery = nodeAs(node, 'SubLink');
  if (subquery !== undefined) return ofQuery(nodeAs(subquery.subselect, 'SelectStmt'), context);
  if (nodeAs(node, 'ColumnRef') !== undefined) return declared(node, context);
  return among(node, context);
}

/** The collation of a subquery's first column: what COLLATION FOR says where that is computed. */
function ofQuery(query: SelectStmt | undefined, context: ExpressionContext): string | null {
  if (query === undefined) return null;
  if (query.larg !== undefined) return ofQuery(query.larg, context) ?? ofQuery(query.rarg, context);
  const [row] = query.valuesLists ?? [];
  const [value] = nodeAs(row, 'List')?.items ?? [];
  if (value !== undefined) return written(value, context);
  const target = nodeAs(query.targetList?.[0], 'ResTarget');
  if (target?.val === undefined) return null;
  const asked: FuncCall = { funcname: [{ String: { sval: 'pg_collation_for' } }], args: [target.val] };
  const { withClause, fromClause, groupClause, windowClause } = query;
  const clauses = Object.entries({ withClause, fromClause, groupClause, windowClause });
  const select: SelectStmt = {
    ...Object.fromEntries(clauses.filter(([, clause]) => clause !== undefined)),
    targetList: [{ ResTarget: { val: { FuncCall: asked } } }],
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
  };
  try {
    bindSubquery({ SelectStmt: select }, around(context));
  } catch (error) {
    // A value without a collation, or one that cannot be asked for alone, says none.
    if (!(error instanceof SqlError)) throw error;
  }
  return context.statement.collationsSaid.get(asked) ?? null;
}

/** What the relation's column was declared with. */
function declared(node: Node, context: ExpressionContext): string | null {
  const { scalar } = bindExpression(node, context);
  const { catalog } = context.statement.environment;
  return columnCollation(context.statement.origins.get(scalar)?.column, catalog);
}

/** The collation of a relation's column that is shown as it is; null: its type's. */
export function columnCollation(
  origin: ColumnOrigin | undefined,
  catalog: Pick<CatalogReader, 'relation'>,
): string | null {
  if (origin === undefined) return null;
  return catalog.relation(origin.relation).columns[origin.number - 1]?.collation ?? null;
}

/** A cast keeps the collation of what has one. */
function keptByCast({ arg }: TypeCast, context: ExpressionContext): string | null {
  const { name } = typeOf(bindExpression(arg!, context).scalar);
  return name !== 'unknown' && usualCollation(name) === null ? null : written(arg!, context);
}

function among(value: unknown, context: ExpressionContext): string | null {
  if (value === null || typeof value !== 'object') return null;
  for (const [kind, child] of Object.entries(value)) {
    const isNode = /^[A-Z]/.test(kind) && !Array.isArray(value);
    const found: string | null =
      isNode &&
      (kind === 'CollateClause' || kind === 'TypeCast' || kind === 'SubLink' || kind === 'ColumnRef')
        ? written(value as Node, context)
        : among(child, context);
    if (found !== null) return found;
  }
  return null;
}
