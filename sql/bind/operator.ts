/** Operators: resolution, and the comparison constructs made from them. */
import { resolveOperator } from '../functions/resolve.ts';
import type { OperatorEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { compositeName, recordFields } from '../types/record.ts';
import { elementType, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { bindBody, callFunction } from './body.ts';
import { coerce } from './coerce.ts';
import { isComparable } from './comparable.ts';
import type { ExpressionContext } from './context.ts';
import { typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** The operator for these operand types, or PostgreSQL's refusal at the operator's place. */
export function findOperator(
  context: ExpressionContext,
  name: string,
  left: TypeName | null,
  right: TypeName,
  at: number | undefined,
  operands?: { readonly left: Bound | null; readonly right: Bound },
): OperatorEntry {
  const found = resolveOperator(name, left, right);
  if (typeof found !== 'string') {
    const element = found.left === null ? null : elementType(found.left as TypeName);
    if (element !== null && !isComparable(element)) refuseElements(context, found, element);
    if (left !== null) refuseOpenRecords(context, left, right);
    return found;
  }
  const { statement } = context;
  const shown = (type: TypeName, operand: Bound | null | undefined): string =>
    operand ? statement.shownType(operand.scalar) : displayType(type);
  const signature = `${left === null ? '' : `${shown(left, operands?.left)} `}${name} ${shown(right, operands?.right)}`;
  if (found === 'ambiguous') {
    throw statement.error('42725', `operator is not unique: ${signature}`, at, {
      hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
    });
  }
  refuseRecords(context, left, right);
  throw statement.error('42883', `operator does not exist: ${signature}`, at, {
    hint:
      left === null
        ? 'No operator matches the given name and argument type. You might need to add an explicit type cast.'
        : 'No operator matches the given name and argument types. You might need to add explicit type casts.',
  });
}

/** Comparisons of arrays whose elements have none. */
function refuseElements({ statement }: ExpressionContext, operator: OperatorEntry, element: TypeName): void {
  const { opcode } = operator.function;
  if (!/^array(_(eq|ne|lt|le|gt|ge)|contains|contained|overlap)$/.test(opcode)) return;
  const missing = /_(lt|le|gt|ge)$/.test(opcode) ? 'a comparison function' : 'an equality operator';
  throw statement.error('42883', `could not identify ${missing} for type ${displayType(element)}`);
}

/** Records that are not alike, in PostgreSQL's words. */
function refuseRecords(context: ExpressionContext, left: TypeName | null, right: TypeName): void {
  const { statement } = context;
  const [given, other] = [left === null ? null : recordFields(left), recordFields(right)];
  if (given === null || other === null) return;
  const unlike = given.findIndex(({ type }, i) => other[i] !== undefined && type.name !== other[i].type.name);
  if (unlike >= 0) {
    // Rows in them are of one type, and are told of themselves.
    refuseRecords(context, given[unlike]!.type.name, other[unlike]!.type.name);
    const types = [given, other].map((fields) => displayType(fields[unlike]!.type.name)).join(' and ');
    const message = `cannot compare dissimilar column types ${types} at record column ${unlike + 1}`;
    throw statement.error('42804', message);
  }
  if (given.length === other.length) return;
  throw statement.error('42804', 'cannot compare record types with different numbers of columns');
}

/** Records without a name, in which a literal has no type: nothing gives it that of the other's field, as in PostgreSQL. */
function refuseOpenRecords(context: ExpressionContext, left: TypeName, right: TypeName): void {
  if (compositeName(left) !== null || compositeName(right) !== null) return;
  const [given, other] = [recordFields(left), recordFields(right)];
  if (given === null || other === null || given.length !== other.length) return;
  given.forEach(({ type: { name } }, i) => {
    const beside = other[i]!.type.name;
    if (name !== beside && (name === 'unknown' || beside === 'unknown')) refuseRecords(context, left, right);
    refuseOpenRecords(context, name, beside);
  });
}

/** `left name right`, or the prefix `name right`. */
export function makeOperator(
  context: ExpressionContext,
  name: string,
  givenLeft: Bound | null,
  givenRight: Bound,
  at: number | undefined,
): HirScalar {
  const left = givenLeft === null ? null : context.statement.refresh(givenLeft);
  const right = context.statement.refresh(givenRight);
  const operator = findOperator(
    context,
    name,
    left === null ? null : typeOf(left.scalar).name,
    typeOf(right.scalar).name,
    at,
    { left, right },
  );
  return applyOperator(context, operator, left, right);
}

/** The call of an operator that was found for these operands. */
export function applyOperator(
  context: ExpressionContext,
  operator: OperatorEntry,
  left: Bound | null,
  right: Bound,
): HirScalar {
  const operands: HirScalar[] = [];
  if (left !== null) operands.push(operand(context, left, operator.left!));
  operands.push(operand(context, right, operator.right));
  if (operator.function.body !== null) return bindBody(context, operator.function, operands);
  return callFunction(context, operator.function, operands, operator.name);
}

/** Both operands as the operator takes them. */
export function operand(context: ExpressionContext, bound: Bound, type: string): HirScalar {
  if (type === 'undetermined') {
    const message = 'could not determine polymorphic type because input has type unknown';
    throw context.statement.error('42804', message);
  }
  if (type === 'any') {
    return typeOf(bound.scalar).name === 'unknown'
      ? coerce(context.statement, bound, 'text', 'implicit')!
      : bound.scalar;
  }
  return coerce(context.statement, bound, type as TypeName, 'implicit')!;
}

/** `=` with both sides brought to one type where the operator would otherwise compare two. */
export function equalityOperands(
  context: ExpressionContext,
  left: Bound,
  right: Bound,
  at: number | undefined,
): { readonly left: HirScalar; readonly right: HirScalar; readonly operator: OperatorEntry } {
  const operator = findOperator(context, '=', typeOf(left.scalar).name, typeOf(right.scalar).name, at, {
    left,
    right,
  });
  if (operator.left === operator.right) {
    return {
      left: operand(context, left, operator.left!),
      right: operand(context, right, operator.right),
      operator,
    };
  }
  for (const type of [operator.left!, operator.right] as TypeName[]) {
    const both = [
      coerce(context.statement, left, type, 'implicit'),
      coerce(context.statement, right, type, 'implicit'),
    ];
    const same = resolveOperator('=', type, type);
    if (both[0] !== null && both[1] !== null && typeof same !== 'string') {
      return { left: both[0]!, right: both[1]!, operator: same };
    }
  }
  return {
    left: operand(context, left, operator.left!),
    right: operand(context, right, operator.right),
    operator,
  };
}

/** IS NOT DISTINCT FROM. */
export function notDistinct(
  context: ExpressionContext,
  left: Bound,
  right: Bound,
  at: number | undefined,
): HirScalar {
  const sides = equalityOperands(context, left, right, at);
  return { kind: 'notDistinct', left: sides.left, right: sides.right };
}

export const bool = plain('bool');
