/** Making and examining scalars of HIR. */
import { opcodeCanBeNull } from '../functions/table.ts';
import type { FunctionEntry } from '../functions/table.ts';
import { plain } from '../types/table.ts';
import type { HirScalar } from '../hir.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import type { NullableType, SqlType, TypeName } from '../types/type.ts';

const bool = plain('bool');

/** The type of a scalar. */
export function typeOf(scalar: HirScalar): SqlType {
  switch (scalar.kind) {
    case 'literal':
    case 'column':
    case 'parameter':
    case 'session':
    case 'call':
    case 'input':
    case 'case':
    case 'coalesce':
    case 'raise':
    case 'scalarSubquery':
    case 'array':
    case 'mapArray':
    case 'element':
    case 'once':
    case 'local':
      return scalar.type;
    case 'output':
      return scalar.type;
    default:
      return bool;
  }
}

/** Whether a scalar can be NULL. */
export function isNullable(scalar: HirScalar): boolean {
  switch (scalar.kind) {
    case 'literal':
      return scalar.text === null;
    case 'column':
      return scalar.type.nullable;
    case 'session':
      return scalar.value === 'currentSchema';
    case 'call':
      return opcodeCanBeNull(scalar.opcode, scalar.strict) || scalar.arguments.some(isNullable);
    case 'input':
    case 'output':
      return isNullable(scalar.argument);
    case 'and':
    case 'or':
      return scalar.operands.some(isNullable);
    case 'not':
      return isNullable(scalar.operand);
    case 'case':
      return scalar.branches.some((branch) => isNullable(branch.result)) || isNullable(scalar.otherwise);
    case 'coalesce':
      return scalar.operands.every(isNullable);
    case 'inList':
      return isNullable(scalar.operand) || scalar.list.some(isNullable);
    case 'isNull':
    case 'isTrue':
    case 'notDistinct':
    case 'raise':
    case 'exists':
    case 'array':
      return false;
    case 'mapArray':
      return isNullable(scalar.array);
    case 'once':
      return isNullable(scalar.body);
    case 'element':
    case 'local':
      return scalar.type.nullable;
    case 'quantifiedArray':
    case 'parameter':
    case 'scalarSubquery':
    case 'quantified':
      return true;
  }
}

/** The type of a scalar as a column. */
export function columnType(scalar: HirScalar): NullableType {
  const { name, typmod } = typeOf(scalar);
  return { name, typmod, nullable: isNullable(scalar) };
}

/** The type with NULL among its values. */
export function asNullable(type: NullableType): NullableType {
  return type.nullable ? type : { ...type, nullable: true };
}

export function literal(name: TypeName, text: string | null, typmod = -1): HirScalar {
  return { kind: 'literal', type: typmod === -1 ? plain(name) : { name, typmod }, text };
}

export function truth(value: boolean): HirScalar {
  return literal('bool', value ? 't' : 'f');
}

export function isNull(operand: HirScalar): HirScalar {
  return { kind: 'isNull', operand };
}

export function int4(value: number): HirScalar {
  return literal('int4', String(value));
}

export function call(
  entry: FunctionEntry,
  args: readonly HirScalar[],
  name = entry.name,
  result?: SqlType,
): HirScalar {
  return {
    kind: 'call',
    opcode: entry.opcode,
    name,
    strict: entry.strict,
    canError: entry.canError,
    arguments: args,
    type: result ?? plain(entry.result),
  };
}

/** Conjunction, flattened; no operands are true. */
export function and(operands: readonly HirScalar[]): HirScalar {
  return connect('and', operands, true);
}

/** Disjunction, flattened; no operands are false. */
export function or(operands: readonly HirScalar[]): HirScalar {
  return connect('or', operands, false);
}

function connect(kind: 'and' | 'or', operands: readonly HirScalar[], empty: boolean): HirScalar {
  const flat = operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand]));
  if (flat.length === 0) return truth(empty);
  return flat.length === 1 ? flat[0]! : { kind, operands: flat };
}

export function not(operand: HirScalar): HirScalar {
  return { kind: 'not', operand };
}

/** The same value under another type of the same representation. */
export function relabel(scalar: HirScalar, type: SqlType): HirScalar {
  if (!('type' in scalar) || (scalar.type.name === type.name && scalar.type.typmod === type.typmod))
    return scalar;
  if (scalar.kind === 'column') return { ...scalar, type: { ...type, nullable: scalar.type.nullable } };
  return { ...scalar, type } as HirScalar;
}

/** Rebuilds a scalar with its direct children replaced. Subqueries and a quantified's comparison stay as they are. */
export function mapChildren(scalar: HirScalar, map: (child: HirScalar) => HirScalar): HirScalar {
  switch (scalar.kind) {
    case 'literal':
    case 'column':
    case 'parameter':
    case 'session':
    case 'element':
    case 'local':
    case 'raise':
    case 'exists':
    case 'scalarSubquery':
      return scalar;
    case 'array':
      return { ...scalar, elements: scalar.elements.map(map) };
    case 'mapArray':
      return { ...scalar, array: map(scalar.array) };
    case 'quantifiedArray':
      return { ...scalar, left: map(scalar.left), array: map(scalar.array) };
    case 'call':
      return scalar.arguments.length === 0 ? scalar : { ...scalar, arguments: scalar.arguments.map(map) };
    case 'input':
    case 'output':
      return { ...scalar, argument: map(scalar.argument) };
    case 'and':
    case 'or':
    case 'coalesce':
      return { ...scalar, operands: scalar.operands.map(map) };
    case 'not':
    case 'isNull':
    case 'isTrue':
      return { ...scalar, operand: map(scalar.operand) };
    case 'case':
      return {
        ...scalar,
        branches: scalar.branches.map(({ condition, result }) => ({
          condition: map(condition),
          result: map(result),
        })),
        otherwise: map(scalar.otherwise),
      };
    case 'inList':
      return { ...scalar, operand: map(scalar.operand), list: scalar.list.map(map) };
    case 'notDistinct':
      return { ...scalar, left: map(scalar.left), right: map(scalar.right) };
    case 'once':
      return { ...scalar, value: map(scalar.value), body: map(scalar.body) };
    case 'quantified':
      return { ...scalar, left: map(scalar.left) };
  }
}

/** Calls `visit` on each child. */
export function forEachChild(scalar: HirScalar, visit: (child: HirScalar) => void): void {
  mapChildren(scalar, (child) => {
    visit(child);
    return child;
  });
}

/** Replaces each column reference outside of subqueries. */
export function mapColumns(
  scalar: HirScalar,
  replace: (column: HirScalar & { readonly kind: 'column' }) => HirScalar,
): HirScalar {
  if (scalar.kind === 'column') return replace(scalar);
  return mapChildren(scalar, (child) => mapColumns(child, replace));
}

/** Whether any column of the input is read, in subqueries too. */
export function readsColumns(scalar: HirScalar): boolean {
  return freeOfScalar(scalar).columns.some(({ level }) => level === 0);
}

const keys = new WeakMap<HirScalar, string>();

/** A text that is equal for equal scalars: what GROUP BY and ORDER BY match expressions by. */
export function scalarKey(scalar: HirScalar): string {
  let key = keys.get(scalar);
  if (key === undefined) {
    // What is bound in them has other numbers in each.
    const bindings: unknown[] = [];
    key = JSON.stringify(scalar, function (this: { readonly kind?: unknown }, name, value: unknown) {
      if (name === 'nullable') return undefined;
      if (name !== 'binding' || (this.kind !== 'once' && this.kind !== 'local')) return value;
      if (!bindings.includes(value)) bindings.push(value);
      return bindings.indexOf(value);
    });
    keys.set(scalar, key);
  }
  return key;
}

/** Whether two scalars are equal as GROUP BY and ORDER BY match expressions. */
export function sameScalar(left: HirScalar, right: HirScalar): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || typeOf(left).name !== typeOf(right).name) return false;
  if (left.kind === 'column' && left.index !== (right as typeof left).index) return false;
  if (left.kind === 'call' && left.opcode !== (right as typeof left).opcode) return false;
  return scalarKey(left) === scalarKey(right);
}

/** The value where the condition holds, else NULL. */
export function valueWhere(condition: HirScalar, value: HirScalar): HirScalar {
  const { name, typmod } = typeOf(value);
  const otherwise = literal(name, null, typmod);
  return { kind: 'case', branches: [{ condition, result: value }], otherwise, type: typeOf(value) };
}
