/**
 * MIR scalars to the plan's expressions.
 */
import type { Expr, KeyExpr, OrderKey } from '../../engine/plan.generated.ts';
import type { MirOrder, MirScalar } from '../mir.ts';
import { toColumnType, toScalarType } from '../types/column-type.ts';

/** The expression of a scalar. */
export function toExpr(scalar: MirScalar): Expr {
  const scalarType = toScalarType(scalar.type.name);
  switch (scalar.kind) {
    case 'column':
      return { kind: 'column', index: scalar.index };
    case 'literal':
      return { kind: 'literal', scalar: scalarType, text: scalar.text };
    case 'parameter':
      return { kind: 'parameter', index: scalar.index };
    case 'call':
      return {
        kind: 'call',
        opcode: scalar.opcode,
        arguments: scalar.arguments.map(toExpr),
        scalar: scalarType,
      };
    case 'input':
      return {
        kind: 'input',
        argument: toExpr(scalar.argument),
        scalar: scalarType,
        typmod: scalar.type.typmod,
      };
    case 'output':
      return {
        kind: 'output',
        argument: toExpr(scalar.argument),
        from: toScalarType(scalar.argument.type.name),
      };
    case 'and':
    case 'or':
      return { kind: scalar.kind, operands: scalar.operands.map(toExpr) };
    case 'not':
    case 'isNull':
    case 'isTrue':
      return { kind: scalar.kind, operand: toExpr(scalar.operand) };
    case 'case':
      return {
        kind: 'case',
        branches: scalar.branches.map((branch) => ({
          condition: toExpr(branch.condition),
          result: toExpr(branch.result),
        })),
        otherwise: toExpr(scalar.otherwise),
        scalar: scalarType,
      };
    case 'coalesce':
      return { kind: 'coalesce', operands: scalar.operands.map(toExpr), scalar: scalarType };
    case 'inList':
      return {
        kind: 'inList',
        operand: toExpr(scalar.operand),
        list: scalar.list.map(toExpr),
        of: toScalarType(scalar.operand.type.name),
      };
    case 'canonical':
      return { kind: 'canonical', operand: toExpr(scalar.operand), of: scalarType };
    case 'notDistinct':
      return {
        kind: 'notDistinct',
        left: toExpr(scalar.left),
        right: toExpr(scalar.right),
        of: toScalarType(scalar.left.type.name),
      };
    case 'array':
      return {
        kind: 'array',
        elements: scalar.elements.map(toExpr),
        nested: scalar.nested,
        scalar: scalarType,
      };
    case 'mapArray':
      return { kind: 'mapArray', array: toExpr(scalar.array), body: toExpr(scalar.body), scalar: scalarType };
    case 'quantifiedArray':
      return {
        kind: 'quantified',
        all: scalar.all,
        left: toExpr(scalar.left),
        array: toExpr(scalar.array),
        comparison: toExpr(scalar.comparison),
      };
    case 'element':
      return { kind: 'element', index: scalar.index, scalar: scalarType };
    case 'once': {
      const { binding, value, body } = scalar;
      return { kind: 'once', binding, value: toExpr(value), body: toExpr(body), scalar: scalarType };
    }
    case 'local':
      return { kind: 'local', binding: scalar.binding, scalar: scalarType };
    case 'raise': {
      const { sqlstate, message, about } = scalar;
      return {
        kind: 'raise',
        sqlstate,
        message,
        ...(about === undefined ? {} : { about }),
        scalar: scalarType,
      };
    }
  }
}

/** A key as the plan has it. */
export function toKeyExpr(scalar: MirScalar): KeyExpr {
  return { expr: toExpr(scalar), column: toColumnType(scalar.type) };
}

export function toOrderKey(order: MirOrder): OrderKey {
  return { column: order.column, descending: order.descending, nullsFirst: order.nullsFirst };
}

/** Whether two keys are the same expressions in the same order; nullability and typmod do not count. */
export function sameKey(left: readonly KeyExpr[], right: readonly KeyExpr[]): boolean {
  return left.length === right.length && left.every((key, index) => sameExpr(key.expr, right[index]!.expr));
}

export function sameExpr(left: Expr, right: Expr): boolean {
  if (left.kind !== right.kind) return false;
  if (left.kind === 'column') return left.index === (right as typeof left).index;
  return JSON.stringify(left) === JSON.stringify(right);
}
