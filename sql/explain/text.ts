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

/** Behind the name of a view that the query does not name: a part of it is the view's query. */
export const IN_PLACE = ' (in place of its query)';

/** A name as it is written in SQL. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
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

/** How a sort key runs. */
export interface OrderDirection {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A sort key. */
export function orderText(order: OrderDirection & { readonly column: number }): string {
  return directionText(`#${order.column}`, order);
}

function directionText(key: string, order: OrderDirection): string {
  // NULLs come last by default, first with DESC.
  const nulls =
    order.nullsFirst === order.descending ? '' : order.nullsFirst ? ' nulls first' : ' nulls last';
  return `${key}${order.descending ? ' desc' : ''}${nulls}`;
}

/** An aggregate call. */
export function aggregateText(
  fn: string,
  args: readonly string[],
  options: {
    readonly distinct: boolean;
    readonly filter: string | null;
    readonly order?: readonly (OrderDirection & { readonly text: string })[];
  },
): string {
  const name = fn.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const order = options.order ?? [];
  const by = order.map((key) => directionText(key.text, key)).join(', ');
  const inside = `${options.distinct ? 'distinct ' : ''}${args.join(', ')}${by === '' ? '' : ` order by ${by}`}`;
  const call = fn === 'countAll' ? 'count(*)' : `${name}(${inside})`;
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
