/**
 * Building, walking and judging MIR scalars.
 */
import { neverFails } from './fallible.ts';
import { opcodeCanBeNull } from '../functions/table.ts';
import type { MirBranch, MirScalar, MirType } from '../mir.ts';
import type { SqlType } from '../types/type.ts';

export const BOOL: MirType = { name: 'bool', typmod: -1, nullable: false };
const NULLABLE_BOOL: MirType = { name: 'bool', typmod: -1, nullable: true };

export function withNullable(type: SqlType, nullable: boolean): MirType {
  return { name: type.name, typmod: type.typmod, nullable };
}

function boolType(nullable: boolean): MirType {
  return nullable ? NULLABLE_BOOL : BOOL;
}

export function column(index: number, type: MirType): MirScalar {
  return { kind: 'column', index, type };
}

/** Column scalars for each column of a row, shifted by `offset`. */
export function columnsOfRow(columns: readonly MirType[], offset = 0): MirScalar[] {
  return columns.map((type, index) => column(index + offset, type));
}

export function literal(type: SqlType, text: string | null): MirScalar {
  return { kind: 'literal', text, type: withNullable(type, text === null) };
}

export const TRUE = literal(BOOL, 'true');
export const FALSE = literal(BOOL, 'false');

export function isTrueLiteral(scalar: MirScalar): boolean {
  return (
    scalar.kind === 'literal' &&
    scalar.type.name === 'bool' &&
    (scalar.text === 'true' || scalar.text === 't')
  );
}

export function isFalseLiteral(scalar: MirScalar): boolean {
  return (
    scalar.kind === 'literal' &&
    scalar.type.name === 'bool' &&
    (scalar.text === 'false' || scalar.text === 'f')
  );
}

export function isNullLiteral(scalar: MirScalar): boolean {
  return scalar.kind === 'literal' && scalar.text === null;
}

/** Conjunction; empty is true. */
export function and(operands: readonly MirScalar[]): MirScalar {
  if (operands.length === 0) return TRUE;
  if (operands.length === 1) return operands[0]!;
  return { kind: 'and', operands, type: boolType(operands.some((operand) => operand.type.nullable)) };
}

/** Disjunction; empty is false. */
export function or(operands: readonly MirScalar[]): MirScalar {
  if (operands.length === 0) return FALSE;
  if (operands.length === 1) return operands[0]!;
  return { kind: 'or', operands, type: boolType(operands.some((operand) => operand.type.nullable)) };
}

export function not(operand: MirScalar): MirScalar {
  return { kind: 'not', operand, type: boolType(operand.type.nullable) };
}

export function isNull(operand: MirScalar): MirScalar {
  return { kind: 'isNull', operand, type: BOOL };
}

export function isTrue(operand: MirScalar): MirScalar {
  return { kind: 'isTrue', operand, type: BOOL };
}

export function canonical(operand: MirScalar): MirScalar {
  return { kind: 'canonical', operand, type: operand.type };
}

export function notDistinct(left: MirScalar, right: MirScalar): MirScalar {
  return { kind: 'notDistinct', left, right, type: BOOL };
}

export function caseOf(branches: readonly MirBranch[], otherwise: MirScalar, type: SqlType): MirScalar {
  const nullable = otherwise.type.nullable || branches.some((branch) => branch.result.type.nullable);
  return { kind: 'case', branches, otherwise, type: withNullable(type, nullable) };
}

export function coalesce(operands: readonly MirScalar[], type: SqlType): MirScalar {
  const nullable = operands.every((operand) => operand.type.nullable);
  return { kind: 'coalesce', operands, type: withNullable(type, nullable) };
}

export function inList(operand: MirScalar, list: readonly MirScalar[]): MirScalar {
  const nullable = operand.type.nullable || list.some((item) => item.type.nullable);
  return { kind: 'inList', operand, list, type: boolType(nullable) };
}

export function call(
  opcode: string,
  name: string,
  operands: readonly MirScalar[],
  type: SqlType,
  properties: { readonly strict: boolean; readonly canError: boolean; readonly occurrence?: number },
): MirScalar {
  const { occurrence } = properties;
  const nullable =
    opcodeCanBeNull(opcode, properties.strict) || operands.some((operand) => operand.type.nullable);
  return {
    kind: 'call',
    opcode,
    name,
    strict: properties.strict,
    canError: properties.canError && !neverFails(opcode, operands),
    arguments: operands,
    type: withNullable(type, nullable),
    ...(occurrence === undefined ? {} : { occurrence }),
  };
}

export function array(elements: readonly MirScalar[], nested: boolean, type: SqlType): MirScalar {
  return { kind: 'array', elements, nested, type: withNullable(type, false) };
}

export function mapArray(mapped: MirScalar, body: MirScalar, type: SqlType): MirScalar {
  return { kind: 'mapArray', array: mapped, body, type: withNullable(type, mapped.type.nullable) };
}

export function quantifiedArray(
  all: boolean,
  left: MirScalar,
  over: MirScalar,
  comparison: MirScalar,
): MirScalar {
  return { kind: 'quantifiedArray', all, left, array: over, comparison, type: boolType(true) };
}

/** The body, in which the value is the local of the binding. */
export function once(binding: number, value: MirScalar, body: MirScalar): MirScalar {
  return { kind: 'once', binding, value, body, type: body.type };
}

const NONE: readonly MirScalar[] = [];

/** The operands, in evaluation order. */
export function children(scalar: MirScalar): readonly MirScalar[] {
  switch (scalar.kind) {
    case 'column':
    case 'literal':
    case 'parameter':
    case 'element':
    case 'local':
    case 'raise':
      return NONE;
    case 'array':
      return scalar.elements;
    case 'mapArray':
      return [scalar.array, scalar.body];
    case 'quantifiedArray':
      return [scalar.left, scalar.array, scalar.comparison];
    case 'call':
      return scalar.arguments;
    case 'input':
    case 'output':
      return [scalar.argument];
    case 'and':
    case 'or':
    case 'coalesce':
      return scalar.operands;
    case 'not':
    case 'isNull':
    case 'isTrue':
    case 'canonical':
      return [scalar.operand];
    case 'case': {
      const operands: MirScalar[] = [];
      for (const { condition, result } of scalar.branches) operands.push(condition, result);
      operands.push(scalar.otherwise);
      return operands;
    }
    case 'inList':
      return [scalar.operand, ...scalar.list];
    case 'notDistinct':
      return [scalar.left, scalar.right];
    case 'once':
      return [scalar.value, scalar.body];
  }
}

/** The same node over other operands; nullability is derived anew. */
export function withChildren(scalar: MirScalar, operands: readonly MirScalar[]): MirScalar {
  switch (scalar.kind) {
    case 'column':
    case 'literal':
    case 'parameter':
    case 'element':
    case 'local':
    case 'raise':
      return scalar;
    case 'array':
      return array(operands, scalar.nested, scalar.type);
    case 'mapArray':
      return mapArray(operands[0]!, operands[1]!, scalar.type);
    case 'quantifiedArray':
      return quantifiedArray(scalar.all, operands[0]!, operands[1]!, operands[2]!);
    case 'call':
      return call(scalar.opcode, scalar.name, operands, scalar.type, scalar);
    case 'input':
    case 'output':
      return {
        ...scalar,
        argument: operands[0]!,
        type: withNullable(scalar.type, operands[0]!.type.nullable),
      };
    case 'and':
      return and(operands);
    case 'or':
      return or(operands);
    case 'coalesce':
      return coalesce(operands, scalar.type);
    case 'not':
      return not(operands[0]!);
    case 'isNull':
      return isNull(operands[0]!);
    case 'isTrue':
      return isTrue(operands[0]!);
    case 'canonical':
      return {
        ...scalar,
        operand: operands[0]!,
        type: withNullable(scalar.type, operands[0]!.type.nullable),
      };
    case 'case': {
      const branches = scalar.branches.map((_, index) => ({
        condition: operands[2 * index]!,
        result: operands[2 * index + 1]!,
      }));
      return caseOf(branches, operands[operands.length - 1]!, scalar.type);
    }
    case 'inList':
      return inList(operands[0]!, operands.slice(1));
    case 'notDistinct':
      return notDistinct(operands[0]!, operands[1]!);
    case 'once':
      return once(scalar.binding, operands[0]!, operands[1]!);
  }
}

/** Rewrites bottom-up. */
export function rewriteScalar(scalar: MirScalar, rewrite: (node: MirScalar) => MirScalar): MirScalar {
  const before = children(scalar);
  let after: MirScalar[] | null = null;
  for (let index = 0; index < before.length; index += 1) {
    const child = rewriteScalar(before[index]!, rewrite);
    if (after === null && child !== before[index]) after = before.slice(0, index);
    after?.push(child);
  }
  return rewrite(after === null ? scalar : withChildren(scalar, after));
}

/** Whether `test` holds for one of the operands; they are asked in evaluation order, up to the first that it holds for. */
export function someChild(scalar: MirScalar, test: (child: MirScalar) => boolean): boolean {
  switch (scalar.kind) {
    case 'column':
    case 'literal':
    case 'parameter':
    case 'element':
    case 'local':
    case 'raise':
      return false;
    case 'array':
      return scalar.elements.some(test);
    case 'mapArray':
      return test(scalar.array) || test(scalar.body);
    case 'quantifiedArray':
      return test(scalar.left) || test(scalar.array) || test(scalar.comparison);
    case 'call':
      return scalar.arguments.some(test);
    case 'input':
    case 'output':
      return test(scalar.argument);
    case 'and':
    case 'or':
    case 'coalesce':
      return scalar.operands.some(test);
    case 'not':
    case 'isNull':
    case 'isTrue':
    case 'canonical':
      return test(scalar.operand);
    case 'case':
      return (
        scalar.branches.some((branch) => test(branch.condition) || test(branch.result)) ||
        test(scalar.otherwise)
      );
    case 'inList':
      return test(scalar.operand) || scalar.list.some(test);
    case 'once':
      return test(scalar.value) || test(scalar.body);
    case 'notDistinct':
      return test(scalar.left) || test(scalar.right);
  }
}

/** Visits every node, parents first. */
export function visitScalar(scalar: MirScalar, visit: (node: MirScalar) => void): void {
  const walk = (node: MirScalar): boolean => {
    visit(node);
    return someChild(node, walk);
  };
  walk(scalar);
}

/** The columns that a scalar reads. */
export function columnsRead(scalar: MirScalar, into: Set<number> = new Set()): Set<number> {
  visitScalar(scalar, (node) => {
    if (node.kind === 'column') into.add(node.index);
  });
  return into;
}

/** The same value under another type of the same representation (varchar as text). */
export function relabel(scalar: MirScalar, type: SqlType): MirScalar {
  if (scalar.type.name === type.name && scalar.type.typmod === type.typmod) return scalar;
  return { ...scalar, type: withNullable(type, scalar.type.nullable) };
}

/** Every column replaced by a scalar, which is read as the type that the column was read as. */
export function substitute(scalar: MirScalar, replacement: (index: number) => MirScalar): MirScalar {
  return rewriteScalar(scalar, (node) =>
    node.kind === 'column' ? relabel(replacement(node.index), node.type) : node,
  );
}

/** Columns renumbered; types are kept, of what reads them too. */
export function remapColumns(scalar: MirScalar, to: (index: number) => number): MirScalar {
  switch (scalar.kind) {
    case 'column': {
      const index = to(scalar.index);
      return index === scalar.index ? scalar : { kind: 'column', index, type: scalar.type };
    }
    case 'literal':
    case 'parameter':
    case 'element':
    case 'local':
    case 'raise':
      return scalar;
    case 'call': {
      const operands = remapAll(scalar.arguments, to);
      return operands === scalar.arguments ? scalar : { ...scalar, arguments: operands };
    }
    case 'and':
    case 'or':
    case 'coalesce': {
      const operands = remapAll(scalar.operands, to);
      return operands === scalar.operands ? scalar : { ...scalar, operands };
    }
    case 'not':
    case 'isNull':
    case 'isTrue':
    case 'canonical': {
      const operand = remapColumns(scalar.operand, to);
      return operand === scalar.operand ? scalar : { ...scalar, operand };
    }
    default: {
      const before = children(scalar);
      const after = remapAll(before, to);
      return after === before ? scalar : withChildren(scalar, after);
    }
  }
}

/** Itself where nothing changes. */
function remapAll(scalars: readonly MirScalar[], to: (index: number) => number): readonly MirScalar[] {
  let after: MirScalar[] | null = null;
  for (let index = 0; index < scalars.length; index += 1) {
    const scalar = remapColumns(scalars[index]!, to);
    if (after === null && scalar !== scalars[index]) after = scalars.slice(0, index);
    after?.push(scalar);
  }
  return after ?? scalars;
}

export function shiftColumns(scalar: MirScalar, by: number): MirScalar {
  return by === 0 ? scalar : remapColumns(scalar, (index) => index + by);
}

/** Whether evaluation can raise an error. */
export function canFail(scalar: MirScalar): boolean {
  if (scalar.kind === 'raise' || scalar.kind === 'input') return true;
  // Parts of different dimensions.
  if (scalar.kind === 'array' && scalar.nested) return true;
  if (scalar.kind === 'call' && scalar.canError) return true;
  return someChild(scalar, canFail);
}

/** No columns and no parameters: a value known at planning. */
export function isConstant(scalar: MirScalar): boolean {
  return !readsRow(scalar);
}

function readsRow(scalar: MirScalar): boolean {
  return (
    scalar.kind === 'column' ||
    scalar.kind === 'parameter' ||
    scalar.kind === 'element' ||
    scalar.kind === 'local' ||
    someChild(scalar, readsRow)
  );
}

/** No columns: a value known at execution. */
export function isColumnFree(scalar: MirScalar): boolean {
  return !readsColumn(scalar);
}

function readsColumn(scalar: MirScalar): boolean {
  return scalar.kind === 'column' || someChild(scalar, readsColumn);
}

/** Nodes in a scalar: duplicating one above a few nodes is not worth it. */
export function scalarSize(scalar: MirScalar): number {
  return children(scalar).reduce((sum, child) => sum + scalarSize(child), 1);
}

/** A text that is equal for scalars that compute the same by the same means. Nullability does not count. */
export function scalarKey(scalar: MirScalar): string {
  return scalarKeyOver(scalar, String);
}

/** The same, with what `columnText` says of columns in place of their numbers. */
export function scalarKeyOver(scalar: MirScalar, columnText: (index: number) => string): string {
  const own = `${scalar.kind}:${scalar.type.name},${scalar.type.typmod}`;
  const keyOf = (operand: MirScalar): string => scalarKeyOver(operand, columnText);
  const keysOf = (operands: readonly MirScalar[]): string => {
    let text = '';
    for (const operand of operands) text += `${keyOf(operand)},`;
    return text;
  };
  switch (scalar.kind) {
    case 'column':
      return `${own}#${columnText(scalar.index)}`;
    case 'parameter':
    case 'element':
      return `${own}#${scalar.index}`;
    case 'literal':
      return `${own}${scalar.text === null ? '' : JSON.stringify(scalar.text)}`;
    case 'raise':
      return `${own}${JSON.stringify([scalar.sqlstate, scalar.message, scalar.about])}`;
    case 'call':
      // Errors name the function.
      return `${own} ${scalar.opcode} ${scalar.name} ${scalar.canError}${scalar.occurrence ?? ''}(${keysOf(scalar.arguments)})`;
    case 'array':
      return `${own} ${scalar.nested}(${keysOf(scalar.elements)})`;
    case 'quantifiedArray':
      return `${own} ${scalar.all}(${keysOf(children(scalar))})`;
    case 'once':
      return `${own} ${scalar.binding}(${keysOf(children(scalar))})`;
    case 'local':
      return `${own}#${scalar.binding}`;
    case 'inList':
      return `${own}(${keyOf(scalar.operand)};${keysOf(scalar.list)})`;
    default:
      return `${own}(${keysOf(children(scalar))})`;
  }
}

/** Whether two scalars compute the same by the same means: those of equal `scalarKey`. */
export function sameScalar(left: MirScalar, right: MirScalar): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || left.type.name !== right.type.name) return false;
  if (left.type.typmod !== right.type.typmod) return false;
  switch (left.kind) {
    case 'column':
    case 'parameter':
    case 'element':
      return left.index === (right as typeof left).index;
    case 'literal':
      return left.text === (right as typeof left).text;
    case 'raise': {
      const { sqlstate, message, about } = right as typeof left;
      const isAboutSame =
        left.about?.schema === about?.schema &&
        left.about?.datatype === about?.datatype &&
        left.about?.constraint === about?.constraint;
      return left.sqlstate === sqlstate && left.message === message && isAboutSame;
    }
    case 'call': {
      const other = right as typeof left;
      if (left.opcode !== other.opcode || left.name !== other.name || left.canError !== other.canError)
        return false;
      if (left.occurrence !== other.occurrence) return false;
      return sameScalars(left.arguments, other.arguments);
    }
    case 'array':
      if (left.nested !== (right as typeof left).nested) return false;
      break;
    case 'quantifiedArray':
      if (left.all !== (right as typeof left).all) return false;
      break;
    case 'once':
    case 'local':
      if (left.binding !== (right as typeof left).binding) return false;
      break;
    default:
      break;
  }
  return sameScalars(children(left), children(right));
}

function sameScalars(left: readonly MirScalar[], right: readonly MirScalar[]): boolean {
  return left.length === right.length && left.every((scalar, index) => sameScalar(scalar, right[index]!));
}

/** The conjuncts of a condition, in order. */
export function conjuncts(scalar: MirScalar): MirScalar[] {
  return scalar.kind === 'and' ? scalar.operands.flatMap(conjuncts) : [scalar];
}
