/**
 * Layouts of arrangements: which part of a row is key, which is value, and where each column is found again.
 */
import type {
  ColumnPlace,
  ColumnType,
  Expr,
  KeyExpr,
  Layout,
  ScalarType,
} from '../../engine/plan.generated.ts';

/** Types whose SQL equality is wider than identity of the stored value: their keys are canonical. */
const WIDE_EQUALITY: ReadonlySet<ScalarType> = new Set([
  'numeric',
  'float4',
  'float8',
  'interval',
  'jsonb',
  'bpchar',
  'numrange',
  'nummultirange',
]);

export function hasWideEquality(scalar: ScalarType): boolean {
  // Of an array its elements' type counts, of a record those of its fields.
  const parts = scalar.split(/[(),_]+/) as ScalarType[];
  return parts.some((part) => WIDE_EQUALITY.has(part));
}

/** `expr` as a key: canonical where equality demands it. */
export function keyExpr(expr: Expr, column: ColumnType): KeyExpr {
  return hasWideEquality(column.scalar)
    ? { expr: { kind: 'canonical', operand: expr, of: column.scalar }, column }
    : { expr, column };
}

/** The layout of rows of `columns` arranged by `key`; columns that the key holds unchanged are not stored twice. */
export function layoutByKey(columns: readonly ColumnType[], key: readonly KeyExpr[]): Layout {
  const keyOf = new Map<number, number>();
  key.forEach(({ expr }, index) => {
    if (expr.kind === 'column' && !keyOf.has(expr.index)) keyOf.set(expr.index, index);
  });
  const value: number[] = [];
  const restore = columns.map((_, column): ColumnPlace => {
    const index = keyOf.get(column);
    if (index !== undefined) return { in: 'key', index };
    value.push(column);
    return { in: 'value', index: value.length - 1 };
  });
  return { key: [...key], value, restore };
}

/** The layout of a stored relation: by the columns of its key, or by the whole row, unchanged, where it has none. */
export function layoutByColumns(columns: readonly ColumnType[], key: readonly number[] | null): Layout {
  const keys =
    key === null
      ? columns.map((column, index): KeyExpr => ({ expr: { kind: 'column', index }, column }))
      : key.map((index) => keyExpr({ kind: 'column', index }, columns[index]!));
  return layoutByKey(columns, keys);
}
