/** What INSERT, UPDATE and DELETE share: the table, its row as a relation, assignment, NOT NULL. */
import type { Node, RangeVar } from '@pgsql/types';
import { locationOf } from '../../ast/accessors.ts';
import type { CatalogColumn, CatalogRelation } from '../../catalog.ts';
import type { HirScalar } from '../../hir.ts';
import { parseExpression } from '../body.ts';
import { coerceToType } from '../coerce.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { bindExpression } from '../expression.ts';
import { bindFrom, findRelation, relationOf } from '../from.ts';
import type { BoundFrom } from '../from.ts';
import { crossJoin } from '../join.ts';
import { isNullable, literal, typeOf } from '../scalar.ts';
import { emptyScope, itemFor } from '../scope.ts';
import type { ScopeItem } from '../scope.ts';
import type { Bound } from '../statement.ts';

const nouns: Record<string, string> = {
  source: 'source',
  view: 'view',
  materializedView: 'materialized view',
  systemTable: 'system table',
  sequence: 'sequence',
};

/** The table that is written to. */
export function bindTarget(
  node: RangeVar,
  operation: 'insert into' | 'update' | 'delete from' | 'merge into',
  context: QueryContext,
): CatalogRelation {
  const relation = findRelation(node, context);
  if (relation.kind === 'table') return relation;
  const { statement } = context;
  const at = locationOf(node);
  if (relation.kind === 'materializedView') {
    throw statement.error('42809', `cannot change materialized view "${relation.name}"`, at);
  }
  if (relation.kind === 'systemTable' || relation.schema === 'pg_catalog') {
    throw statement.error('42501', `permission denied: "${relation.name}" is a system catalog`, at);
  }
  const sqlstate = relation.kind === 'view' ? '55000' : '42809';
  throw statement.error(sqlstate, `cannot ${operation} ${nouns[relation.kind]} "${relation.name}"`, at, {
    hint: relation.kind === 'source' ? 'A source is written by its connector only.' : undefined,
  });
}

/** The table's columns under its name or alias. */
export function targetItem(relation: CatalogRelation, node: RangeVar, offset = 0): ScopeItem {
  const columns = relation.columns.map((column, i) => ({
    name: column.name,
    scalar: { kind: 'column', index: offset + i, type: column.type } as const,
    domain: column.domain,
  }));
  const alias = node.alias?.aliasname;
  const object = relation.id;
  if (alias === undefined) return { ...itemFor(relation.name, relation.schema, columns), object };
  return { ...itemFor(alias, null, columns), relation: relation.name, object };
}

/** The table's rows, joined with what FROM or USING names. */
export function targetRows(
  relation: CatalogRelation,
  node: RangeVar,
  others: readonly Node[] | undefined,
  context: QueryContext,
): BoundFrom {
  const own = { relation: relationOf(relation, context), items: [targetItem(relation, node)] };
  if (others === undefined) return own;
  return crossJoin(own, { ...bindFrom(others, context), lateral: false }, context);
}

/** The number of a column by its name, or PostgreSQL's refusal. */
export function columnNumber(
  relation: CatalogRelation,
  name: string,
  at: number | undefined,
  context: QueryContext,
  more: { readonly hint?: string } = {},
): number {
  const index = relation.columns.findIndex((column) => column.name === name);
  if (index >= 0) return index;
  const message = `column "${name}" of relation "${relation.name}" does not exist`;
  throw context.statement.error('42703', message, at, more);
}

/** A value for a column: assignment cast and modifier. That it is not NULL is checked where the row is written. */
export function assign(column: CatalogColumn, bound: Bound, context: QueryContext): HirScalar {
  const { statement } = context;
  const scalar = coerceToType(statement, bound, column.type, 'assignment');
  if (scalar !== null) return scalar;
  const source = statement.shownType(bound.scalar);
  const wanted = statement.shownPlace(column);
  throw statement.error(
    '42804',
    `column "${column.name}" is of type ${wanted} but expression is of type ${source}`,
    bound.at,
    { hint: 'You will need to rewrite or cast the expression.' },
  );
}

/** A value that raises 23502 when it is NULL. */
export function notNull(relation: CatalogRelation, column: CatalogColumn, scalar: HirScalar): HirScalar {
  if (column.type.nullable || !isNullable(scalar)) return scalar;
  const { name, typmod } = typeOf(scalar);
  const type = { name, typmod };
  return {
    kind: 'coalesce',
    operands: [
      scalar,
      {
        kind: 'raise',
        sqlstate: '23502',
        message: `null value in column "${column.name}" of relation "${relation.name}" violates not-null constraint`,
        type,
      },
    ],
    type,
  };
}

/** The value of a column that is not given: its DEFAULT, else NULL. */
export function defaultValue(column: CatalogColumn, context: QueryContext): HirScalar {
  const { statement } = context;
  if (column.defaultText === null) {
    return literal(column.type.name, null, column.type.typmod);
  }
  const text = column.defaultText;
  return statement.withoutPositions(() => {
    const expression = expressionContext(
      { ...context, ctes: [], outer: null },
      emptyScope,
      'DEFAULT expressions',
    );
    return assign(column, bindExpression(parseExpression(text), expression), context);
  });
}

/** Whether a value is the keyword DEFAULT. */
export function isDefault(node: Node): boolean {
  return 'SetToDefault' in node;
}
