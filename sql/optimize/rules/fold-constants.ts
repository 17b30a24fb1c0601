/**
 * Rule 2: what is known at planning is computed at planning, by the engine's evaluator.
 *
 *     a + (1 + 1)            →  a + 2
 *     x = NULL               →  NULL
 *     case when true then a else 1/0 end  →  a
 *     select 1 + 1           →  a constant
 *
 * An expression that raises an error stays as it is: it raises when a row reaches it.
 */
import type { MirConstantRow, MirRelation, MirScalar } from '../../mir.ts';
import { otherKinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import {
  and,
  canFail,
  caseOf,
  coalesce,
  column,
  columnsRead,
  FALSE,
  isConstant,
  isFalseLiteral,
  isNull,
  isNullLiteral,
  isTrueLiteral,
  literal,
  or,
  rewriteScalar,
  substitute,
  TRUE,
} from '../../mir/scalar.ts';
import { mapScalars } from '../../mir/traverse.ts';
import { isVolatileCall } from '../../mir/volatile.ts';
import { localRule } from '../local-rule.ts';
import type { RuleContext } from '../pipeline.ts';

function foldCall(scalar: Extract<MirScalar, { kind: 'call' }>, context: RuleContext): MirScalar {
  if (scalar.strict && scalar.arguments.some(isNullLiteral)) return literal(scalar.type, null);
  return foldLiterals(scalar, scalar.arguments, context);
}

function foldLiterals(scalar: MirScalar, operands: readonly MirScalar[], context: RuleContext): MirScalar {
  if (!operands.every((operand) => operand.kind === 'literal')) return scalar;
  if (isVolatileCall(scalar)) return scalar;
  return context.fold(scalar) ?? scalar;
}

/** AND, OR: operands are evaluated from the left until one decides. */
function foldConnective(scalar: Extract<MirScalar, { kind: 'and' | 'or' }>): MirScalar {
  const isAnd = scalar.kind === 'and';
  const decides = isAnd ? isFalseLiteral : isTrueLiteral;
  const neutral = isAnd ? isTrueLiteral : isFalseLiteral;
  const flat = scalar.operands.flatMap((operand) =>
    operand.kind === scalar.kind ? operand.operands : [operand],
  );
  const kept: MirScalar[] = [];
  for (const operand of flat) {
    if (neutral(operand)) continue;
    kept.push(operand);
    if (decides(operand)) {
      if (!kept.some(canFail)) return operand;
      break;
    }
  }
  if (kept.length === scalar.operands.length && flat.length === scalar.operands.length) return scalar;
  return isAnd ? and(kept) : or(kept);
}

function foldCase(scalar: Extract<MirScalar, { kind: 'case' }>): MirScalar {
  const branches: { condition: MirScalar; result: MirScalar }[] = [];
  let { otherwise } = scalar;
  for (const branch of scalar.branches) {
    if (isFalseLiteral(branch.condition) || isNullLiteral(branch.condition)) continue;
    if (isTrueLiteral(branch.condition)) {
      otherwise = branch.result;
      break;
    }
    branches.push(branch);
  }
  if (branches.length === 0) return otherwise;
  if (branches.length === scalar.branches.length && otherwise === scalar.otherwise) return scalar;
  return caseOf(branches, otherwise, scalar.type);
}

function foldCoalesce(scalar: Extract<MirScalar, { kind: 'coalesce' }>): MirScalar {
  const operands: MirScalar[] = [];
  for (const operand of scalar.operands) {
    if (isNullLiteral(operand)) continue;
    operands.push(operand);
    if (!operand.type.nullable) break;
  }
  if (operands.length === 0) return literal(scalar.type, null);
  if (operands.length === 1) return operands[0]!;
  return operands.length === scalar.operands.length ? scalar : coalesce(operands, scalar.type);
}

function foldNode(scalar: MirScalar, context: RuleContext): MirScalar {
  switch (scalar.kind) {
    case 'call':
      return foldCall(scalar, context);
    case 'input':
    case 'output':
      if (isNullLiteral(scalar.argument)) return literal(scalar.type, null);
      return foldLiterals(scalar, [scalar.argument], context);
    case 'and':
    case 'or':
      return foldConnective(scalar);
    case 'not':
      if (isTrueLiteral(scalar.operand)) return FALSE;
      if (isFalseLiteral(scalar.operand)) return TRUE;
      return isNullLiteral(scalar.operand) ? scalar.operand : scalar;
    case 'isNull':
      if (scalar.operand.kind === 'literal') return scalar.operand.text === null ? TRUE : FALSE;
      return !scalar.operand.type.nullable && !canFail(scalar.operand) ? FALSE : scalar;
    case 'isTrue':
      if (scalar.operand.kind === 'literal') return isTrueLiteral(scalar.operand) ? TRUE : FALSE;
      return scalar.operand.type.nullable ? scalar : scalar.operand;
    case 'case':
      return foldCase(scalar);
    case 'coalesce':
      return foldCoalesce(scalar);
    case 'inList':
      if (isNullLiteral(scalar.operand)) return literal(scalar.type, null);
      return isConstant(scalar) ? foldLiterals(scalar, [scalar.operand, ...scalar.list], context) : scalar;
    case 'notDistinct':
      if (isNullLiteral(scalar.left)) return foldNode(isNull(scalar.right), context);
      if (isNullLiteral(scalar.right)) return foldNode(isNull(scalar.left), context);
      return foldLiterals(scalar, [scalar.left, scalar.right], context);
    case 'array':
      return foldLiterals(scalar, scalar.elements, context);
    case 'mapArray':
      if (isNullLiteral(scalar.array)) return literal(scalar.type, null);
      return foldLiterals(scalar, [scalar.array], context);
    case 'quantifiedArray':
      if (isNullLiteral(scalar.array)) return literal(scalar.type, null);
      return foldLiterals(scalar, [scalar.left, scalar.array], context);
    default:
      return scalar;
  }
}

/** Scalars in which nothing is left to fold: rules move most of them about as they are. */
const settled = new WeakMap<RuleContext, Set<MirScalar>>();

/** Folds a scalar; exported for tests. */
export function foldScalar(scalar: MirScalar, context: RuleContext): MirScalar {
  if (scalar.kind === 'column' || scalar.kind === 'literal') return scalar;
  let known = settled.get(context);
  if (known === undefined) settled.set(context, (known = new Set()));
  if (known.has(scalar)) return scalar;
  const folded = foldNodes(scalar, context);
  if (folded === scalar) known.add(scalar);
  return folded;
}

function foldNodes(scalar: MirScalar, context: RuleContext): MirScalar {
  return rewriteScalar(scalar, (node) => {
    const folded = foldNode(node, context);
    if (folded === node) return node;
    // The result keeps the type that its readers were bound to.
    return { ...folded, type: { ...node.type, nullable: folded.type.nullable } };
  });
}

const MAX_CONSTANT_ROWS = 10_000;

/** Where rows are taken away, equal ones are one: what executes a constant takes each of its rows by itself. */
function summed(rows: readonly MirConstantRow[]): readonly MirConstantRow[] {
  if (rows.every((row) => row.diff > 0)) return rows;
  const sums = new Map<string, MirConstantRow>();
  for (const row of rows) {
    const key = JSON.stringify(row.values);
    sums.set(key, { values: row.values, diff: (sums.get(key)?.diff ?? 0) + row.diff });
  }
  return [...sums.values()].filter((row) => row.diff !== 0);
}

/** Constants swallow what is done to them. */
function foldRelation(relation: MirRelation): MirRelation {
  switch (relation.kind) {
    case 'filter': {
      const predicates = relation.predicates.filter((predicate) => !isTrueLiteral(predicate));
      return predicates.length === relation.predicates.length
        ? relation
        : build.filter(relation.input, predicates);
    }
    case 'map': {
      const { input, scalars } = relation;
      if (input.kind !== 'constant') return relation;
      const values = scalars.map((scalar) => (scalar.kind === 'literal' ? scalar.text : undefined));
      if (values.includes(undefined)) return relation;
      const rows = input.rows.map((row) => ({
        values: [...row.values, ...(values as (string | null)[])],
        diff: row.diff,
      }));
      return build.constant([...input.columns, ...scalars.map((scalar) => scalar.type)], rows);
    }
    case 'project': {
      const { input, indexes } = relation;
      if (input.kind !== 'constant') return relation;
      const rows = input.rows.map((row) => ({
        values: indexes.map((index) => row.values[index]!),
        diff: row.diff,
      }));
      return build.constant(relation.columns, rows);
    }
    case 'negate': {
      const { input } = relation;
      if (input.kind !== 'constant') return relation;
      return build.constant(
        input.columns,
        input.rows.map((row) => ({ values: row.values, diff: -row.diff })),
      );
    }
    case 'union': {
      const rows = [];
      for (const input of relation.inputs) {
        if (input.kind !== 'constant') return relation;
        rows.push(...input.rows);
      }
      return rows.length > MAX_CONSTANT_ROWS ? relation : build.constant(relation.columns, summed(rows));
    }
    default:
      return relation;
  }
}

/** What a Map below gives as a literal is known to a Filter: the NULLs of an outer join's rows without partner. */
function withLiterals(relation: MirRelation): MirRelation {
  if (relation.kind !== 'filter' || relation.input.kind !== 'map') return relation;
  const { input } = relation;
  const arity = input.input.columns.length;
  const known = (index: number): MirScalar | undefined => {
    const scalar = index < arity ? undefined : input.scalars[index - arity];
    return scalar?.kind === 'literal' ? scalar : undefined;
  };
  return mapScalars(relation, (predicate) =>
    [...columnsRead(predicate)].some((index) => known(index) !== undefined)
      ? substitute(predicate, (index) => known(index) ?? column(index, input.columns[index]!))
      : predicate,
  );
}

/** A join's keys each read one of its inputs: one that would be a constant stays as it was. */
function withColumnsInKeys(before: MirRelation, after: MirRelation): MirRelation {
  if (before === after || before.kind !== 'join' || after.kind !== 'join') return after;
  const equivalences = after.equivalences.map((item, i) =>
    item.scalars.every((scalar) => columnsRead(scalar).size > 0) ? item : before.equivalences[i]!,
  );
  if (equivalences.every((item, i) => item === after.equivalences[i])) return after;
  const isSame =
    equivalences.every((item, i) => item === before.equivalences[i]) &&
    after.residual.every((scalar, i) => scalar === before.residual[i]);
  return isSame ? before : build.join(after.inputs, equivalences, after.residual);
}

export const foldConstants = localRule(
  'fold-constants',
  otherKinds('constant', 'get', 'getLet', 'let'),
  (node, context) =>
    foldRelation(
      withColumnsInKeys(
        node,
        mapScalars(withLiterals(node), (scalar) => foldScalar(scalar, context)),
      ),
    ),
);
