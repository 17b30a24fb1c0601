/**
 * What the printers of all stages share: indentation, literals, calls.
 */
import type { CatalogReader, ObjectId } from '../catalog.ts';

/** Lines of a subtree, two blanks further in. */
export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** schema.name */
export function relationName(catalog: CatalogReader, object: ObjectId): string {
  const relation = catalog.relation(object);
  return `${relation.schema}.${relation.name}`;
}

const BARE = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'bool', 'oid']);

/** A literal: numbers and booleans bare, others quoted with their type. */
export function literalText(type: string, text: string | null): string {
  if (text === null) return 'NULL';
  if (BARE.has(type)) return text;
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return type === 'text' ? quoted : `${type} ${quoted}`;
}

const OPERATOR = /^[-+*/<>=~!@#%^&|`?]+$/;

/** A call by its SQL name: operators between or before their operands. */
export function callText(name: string, operands: readonly string[]): string {
  if (OPERATOR.test(name)) {
    if (operands.length === 2) return `(${operands[0]} ${name} ${operands[1]})`;
    if (operands.length === 1) return `(${name} ${operands[0]})`;
  }
  return `${name}(${operands.join(', ')})`;
}

/** A sort key. */
export function orderText(order: {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}): string {
  // NULLs come last by default, first with DESC.
  const nulls =
    order.nullsFirst === order.descending ? '' : order.nullsFirst ? ' nulls first' : ' nulls last';
  return `#${order.column}${order.descending ? ' desc' : ''}${nulls}`;
}

const AGGREGATES: Readonly<Record<string, string>> = {
  boolAnd: 'bool_and',
  boolOr: 'bool_or',
  leastRepresentation: 'least_representation',
};

/** An aggregate call. */
export function aggregateText(
  fn: string,
  argument: string | null,
  options: { readonly distinct: boolean; readonly filter: string | null },
): string {
  const name = AGGREGATES[fn] ?? fn;
  const call = fn === 'countAll' ? 'count(*)' : `${name}(${options.distinct ? 'distinct ' : ''}${argument})`;
  return options.filter === null ? call : `${call} filter (${options.filter})`;
}

/** `#0, #1, #2`; runs are `#0..#2`. */
export function columnList(indexes: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < indexes.length; at += 1) {
    let end = at;
    while (indexes[end + 1] === indexes[end]! + 1) end += 1;
    if (end - at >= 2) {
      parts.push(`#${indexes[at]}..#${indexes[end]}`);
      at = end;
    } else parts.push(`#${indexes[at]}`);
  }
  return parts.length === 0 ? '()' : parts.join(', ');
}
