/** Joins: conditions, USING and NATURAL with their merged columns, outer joins' nullability. */
import type { JoinExpr } from '@pgsql/types';
import { stringOf } from '../ast/accessors.ts';
import type { HirRelation, HirScalar } from '../hir.ts';
import { coerceToCommon } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindCondition } from './expression.ts';
import { bindFromItem, bindRightItem } from './from.ts';
import type { BoundFrom, RightFrom } from './from.ts';
import { makeOperator } from './operator.ts';
import { and, asNullable, relabel, typeOf } from './scalar.ts';
import { shiftItems, withoutLateral } from './scope.ts';
import type { Scope, ScopeColumn, ScopeItem } from './scope.ts';

type JoinKind = 'inner' | 'left' | 'right' | 'full';

/** `a, b` and `a CROSS JOIN b`. */
export function crossJoin(left: BoundFrom, right: RightFrom, context: QueryContext): BoundFrom {
  checkNames(left.items, right.items, context);
  return {
    relation: joinRelation('inner', left.relation, right, null),
    items: [...left.items, ...shiftItems(right.items, left.relation.columns.length, false)],
  };
}

function checkNames(left: readonly ScopeItem[], right: readonly ScopeItem[], context: QueryContext): void {
  for (const item of right) {
    if (!item.byName || item.name === null) continue;
    const clash = left.some(
      (other) =>
        other.byName &&
        other.name === item.name &&
        (other.schema === null || item.schema === null || other.schema === item.schema),
    );
    if (clash) throw context.statement.error('42712', `table name "${item.name}" specified more than once`);
  }
}

function joinRelation(
  type: JoinKind,
  left: HirRelation,
  { relation: right, lateral }: RightFrom,
  on: HirScalar | null,
): HirRelation {
  const nullable = (relation: HirRelation, is: boolean) =>
    is
      ? relation.columns.map((column) =>
          column.type.nullable ? column : { ...column, type: asNullable(column.type) },
        )
      : relation.columns;
  return {
    kind: 'join',
    columns: [
      ...nullable(left, type === 'right' || type === 'full'),
      ...nullable(right, type === 'left' || type === 'full'),
    ],
    type,
    ...(lateral ? { lateral } : {}),
    left,
    right,
    on,
  };
}

/** JoinExpr. */
export function bindJoin(node: JoinExpr, context: QueryContext): BoundFrom {
  const { statement } = context;
  const kinds: Record<string, JoinKind> = {
    JOIN_INNER: 'inner',
    JOIN_LEFT: 'left',
    JOIN_RIGHT: 'right',
    JOIN_FULL: 'full',
  };
  const type = kinds[node.jointype ?? 'JOIN_INNER'];
  if (type === undefined) throw statement.unsupported(`${node.jointype}`);
  const left = bindFromItem(node.larg!, context);
  const refused = type === 'right' || type === 'full';
  const right = bindRightItem(node.rarg!, left.items, context, refused ? 'refused' : 'seen');
  checkNames(left.items, right.items, context);
  const offset = left.relation.columns.length;
  // Conditions see the columns as they are before the join pads them with NULLs.
  const before: Scope = {
    items: [...left.items, ...shiftItems(right.items, offset, false)],
    outer: withoutLateral(context.outer, 'condition'),
  };
  const leftItems = shiftItems(left.items, 0, type === 'right' || type === 'full');
  const rightItems = shiftItems(right.items, offset, type === 'left' || type === 'full');

  const names =
    node.isNatural === true
      ? commonNames(visible(left.items), visible(right.items))
      : node.usingClause?.map(stringOf);
  let on: HirScalar | null = null;
  let columns = (): ScopeColumn[] => [...visible(leftItems), ...visible(rightItems)];
  if (names !== undefined) {
    const conditions: HirScalar[] = [];
    const merged: ScopeColumn[] = [];
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) !== i) {
        throw statement.error('42701', `column name "${name}" appears more than once in USING clause`);
      }
      const inLeft = uniqueColumn(visible(left.items), name, 'left', context);
      const inRight = uniqueColumn(visible(before.items.slice(left.items.length)), name, 'right', context);
      const expression = expressionContext(context, before, 'JOIN conditions');
      conditions.push(makeOperator(expression, '=', bound(inLeft), bound(inRight), undefined));
      const after = [
        uniqueColumn(visible(leftItems), name, 'left', context),
        uniqueColumn(visible(rightItems), name, 'right', context),
      ] as const;
      const scalar = mergeColumn(type, after[0], after[1], context);
      merged.push({ name, scalar, domain: statement.domainOf(scalar) });
    }
    if (conditions.length > 0) on = and(conditions);
    const rest = (all: readonly ScopeColumn[]) => all.filter((column) => !names.includes(column.name));
    columns = () => [...merged, ...rest(visible(leftItems)), ...rest(visible(rightItems))];
  } else if (node.quals !== undefined) {
    on = bindCondition(node.quals, expressionContext(context, before, 'JOIN conditions'), 'JOIN/ON');
  }
  const relation = joinRelation(type, left.relation, right, on);
  return { relation, items: joinItems(node, [...leftItems, ...rightItems], columns, names, context) };
}

const bound = (scalar: HirScalar) => ({ scalar, at: undefined });

/** What can be named after the join: an alias hides both sides, else they stay reachable by their names. */
function joinItems(
  node: JoinExpr,
  inner: readonly ScopeItem[],
  shown: () => readonly ScopeColumn[],
  merged: readonly string[] | undefined,
  context: QueryContext,
): ScopeItem[] {
  const joined = { schema: null, isJoin: true } as const;
  if (node.alias !== undefined) {
    const columns = shown();
    const names = (node.alias.colnames ?? []).map(stringOf);
    const aliasName = node.alias.aliasname!;
    if (names.length > columns.length) {
      throw context.statement.error(
        '42P10',
        `join expression "${aliasName}" has ${columns.length} columns available but ${names.length} columns specified`,
      );
    }
    const renamed = columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }));
    const behind = inner.map(({ object: _object, ...item }) => ({ ...item, byName: false, byColumn: false }));
    return [...behind, { ...joined, name: aliasName, columns: renamed, byName: true, byColumn: true }];
  }
  // Without merged columns the sides' own entries say it all, and messages can name their relations.
  if (merged === undefined) return [...inner];
  const columns = shown();
  const hidden = inner.map((item) => ({ ...item, byColumn: false }));
  const join: ScopeItem = { ...joined, name: null, columns, byName: false, byColumn: true };
  const using = node.join_using_alias;
  if (using === undefined) return [...hidden, join];
  const usingColumns = columns.slice(0, merged.length);
  const alias: ScopeItem = {
    ...joined,
    name: using.aliasname!,
    columns: usingColumns,
    byName: true,
    byColumn: false,
  };
  checkNames(hidden, [alias], context);
  return [...hidden, join, alias];
}

function visible(items: readonly ScopeItem[]): ScopeColumn[] {
  return items.filter((item) => item.byColumn).flatMap((item) => [...item.columns]);
}

function commonNames(left: readonly ScopeColumn[], right: readonly ScopeColumn[]): string[] {
  const names = left
    .map((column) => column.name)
    .filter((name) => right.some((column) => column.name === name));
  return [...new Set(names)];
}

function uniqueColumn(
  columns: readonly ScopeColumn[],
  name: string,
  side: 'left' | 'right',
  context: QueryContext,
): HirScalar {
  const found = columns.filter((column) => column.name === name);
  if (found.length === 1) {
    const { scalar, domain } = found[0]!;
    return domain === undefined ? scalar : context.statement.ofDomain(scalar, domain);
  }
  if (found.length === 0) {
    const message = `column "${name}" specified in USING clause does not exist in ${side} table`;
    throw context.statement.error('42703', message);
  }
  const message = `common column name "${name}" appears more than once in ${side} table`;
  throw context.statement.error('42702', message);
}

/** The merged column: the side that is always there, or for FULL the first that is not NULL. */
function mergeColumn(type: JoinKind, left: HirScalar, right: HirScalar, context: QueryContext): HirScalar {
  const {
    type: common,
    scalars,
    made,
  } = coerceToCommon(context.statement, [bound(left), bound(right)], 'JOIN/USING');
  // A modifier that only one side has is not the merged column's.
  const [first, second] = scalars.map((scalar) => made(relabel(scalar, common))) as [HirScalar, HirScalar];
  switch (type) {
    case 'inner':
      return typeOf(left).name === common.name ? first : typeOf(right).name === common.name ? second : first;
    case 'left':
      return first;
    case 'right':
      return second;
    case 'full':
      return made({ kind: 'coalesce', operands: [first, second], type: common });
  }
}
