/** INSERT … ON CONFLICT: which keys decide, and what DO UPDATE makes of the row that is there. */
import type { InferClause, Node, OnConflictClause, RangeVar } from '@pgsql/types';
import { locationOf, nodeAs } from '../../ast/accessors.ts';
import type { CatalogRelation, UniqueKey } from '../../catalog.ts';
import type { HirScalar } from '../../hir.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { parseExpression } from '../body.ts';
import { bindCondition, bindExpression } from '../expression.ts';
import { sameScalar, scalarKey } from '../scalar.ts';
import type { Bound } from '../statement.ts';
import { withGenerated } from '../generated-column.ts';
import { type Scope, suggestion } from '../scope.ts';
import type { BoundConflict } from './conflict-subqueries.ts';
import { bindAssignments } from './update.ts';
import { type WriteTarget, checkedValues, targetItem } from './target.ts';

/** Binds the clause; null: it can have no effect. */
export function bindConflict(
  node: OnConflictClause | undefined,
  target: WriteTarget,
  table: RangeVar,
  context: QueryContext,
): BoundConflict | null {
  if (node === undefined) return null;
  const { statement } = context;
  const { table: relation } = target;
  const updates = node.action === 'ONCONFLICT_UPDATE';
  if (updates && node.infer === undefined) {
    const message = 'ON CONFLICT DO UPDATE requires inference specification or constraint name';
    throw statement.error('42601', message, locationOf(node), {
      hint: 'For example, ON CONFLICT (column_name).',
    });
  }
  const width = relation.columns.length;
  const own = targetItem(target, table);
  const excluded = {
    ...targetItem(target, { ...table, alias: { aliasname: 'excluded' } }, width),
    relation: 'excluded',
  };
  const scope: Scope = { items: updates ? [own, excluded] : [own], outer: null };
  const found = node.infer === undefined ? uniqueKeysOf(relation) : infer(node.infer, target, scope, context);
  if (!updates) {
    requireArbiter(found, node, context);
    if (found.length === 0) return null;
    return { conflict: { arbiters: found, width, update: null, check: null }, rows: [] };
  }
  const expression = expressionContext(context, scope, 'UPDATE');
  const list = node.targetList ?? [];
  const assigned = bindAssignments(list, target, expression, context, 2 * width, 'insert into');
  const condition =
    node.whereClause === undefined
      ? null
      : bindCondition(node.whereClause, expressionContext(context, scope, 'WHERE'), 'WHERE');
  const row = relation.columns.map(
    ({ type }, index): HirScalar => assigned.values.get(index) ?? { kind: 'column', index, type },
  );
  const values = withGenerated(relation, row, statement.environment);
  const checked = checkedValues(values, target, condition);
  requireArbiter(found, node, context);
  const update = { condition, values: checked };
  return { conflict: { arbiters: found.slice(0, 1), width, update, check: null }, rows: assigned.rows };
}

function conjunctsOf({ scalar, at }: Bound): Bound[] {
  return scalar.kind === 'and' ? scalar.operands.map((operand) => ({ scalar: operand, at })) : [];
}

function uniqueKeysOf(relation: CatalogRelation): readonly UniqueKey[] {
  return relation.uniqueKeys ?? [];
}

/** What DO UPDATE says is looked at before it is looked for what decides. */
function requireArbiter(
  found: readonly UniqueKey[],
  { infer: clause }: OnConflictClause,
  { statement }: QueryContext,
): void {
  if (clause === undefined || found.length > 0) return;
  const message = 'there is no unique or exclusion constraint matching the ON CONFLICT specification';
  throw statement.error('42P10', message);
}

/** The keys that a conflict target means; `scope`: what the command can name. */
function infer(
  clause: InferClause,
  target: WriteTarget,
  scope: Scope,
  context: QueryContext,
): readonly UniqueKey[] {
  const { statement } = context;
  const { table: relation, named } = target;
  const at = locationOf(clause);
  const keys = uniqueKeysOf(relation);
  if (clause.conname !== undefined) {
    const key = keys.find(({ name, isConstraint }) => isConstraint && name === clause.conname);
    if (key !== undefined) return [key];
    const message = `constraint "${clause.conname}" for table "${named.name}" does not exist`;
    throw statement.error('42704', message, at);
  }
  const wanted = new Set<number>();
  const expressions = new Map<string, Bound>();
  const given: Scope = { items: scope.items.slice(0, 1), outer: null };
  const bind = (node: Node): Bound => bindExpression(node, expressionContext(context, given, 'options'));
  const own: WriteTarget = { table: relation, named: relation, view: null };
  const kept: Scope = { items: [targetItem(own, { relname: relation.name })], outer: null };
  const bindKept = (text: string): Bound =>
    bindExpression(parseExpression(text), expressionContext(context, kept, 'options'));
  for (const item of clause.indexElems ?? []) {
    const element = nodeAs(item, 'IndexElem')!;
    const index = named.columns.findIndex(({ name }) => name === element.name);
    const number = target.view === null || index < 0 ? index : (target.view.columns[index]!.place ?? -1);
    if (element.expr !== undefined) {
      const bound = bind(element.expr);
      expressions.set(scalarKey(bound.scalar), bound);
    } else if (number < 0) {
      const name = element.name ?? '';
      const hint = suggestion(scope, null, name);
      throw statement.error('42703', `column "${name}" does not exist`, at, hint);
    } else wanted.add(number);
  }
  const condition = clause.whereClause === undefined ? null : bind(clause.whereClause);
  // The whole condition, or one of those that it is made of.
  const conjuncts = condition === null ? [] : [condition, ...conjunctsOf(condition)];
  /** The same expression, written in the index. */
  const isBound = (text: string, bound: Bound): boolean =>
    statement.withoutPositions(() => sameScalar(bindKept(text).scalar, bound.scalar));
  // As in PostgreSQL a condition admits partial indexes, those without one too. The index's own must be a part of it: what it implies is not looked for.
  return keys.filter(({ columns, special }) => {
    const plain = columns.filter((column) => column >= 0);
    if (new Set(plain).size !== wanted.size || !plain.every((column) => wanted.has(column))) return false;
    const texts = special?.elements.filter((_, i) => columns[i]! < 0) ?? [];
    const wantedTexts = [...expressions.values()];
    if (!texts.every((text) => wantedTexts.some((bound) => isBound(text, bound)))) return false;
    if (!wantedTexts.every((bound) => texts.some((text) => isBound(text, bound)))) return false;
    const predicate = special?.predicate ?? null;
    return predicate === null || (condition !== null && conjuncts.some((part) => isBound(predicate, part)));
  });
}
