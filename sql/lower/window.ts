/** Window functions: partitions by SQL equality, within each value of the columns around. */
import type { HirRelation } from '../hir.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { groupingKey } from '../mir/equality.ts';
import * as build from '../mir/relation.ts';
import { column, columnsOfRow } from '../mir/scalar.ts';
import { moveCall } from '../mir/window.ts';

/** The Window over `input`, within each value of its first `width` columns. */
export function windowOver(
  hir: Extract<HirRelation, { kind: 'window' }>,
  input: MirRelation,
  width: number,
): MirRelation {
  const own = (index: number): MirScalar => column(width + index, input.columns[width + index]!);
  return build.window(input, {
    partition: [
      ...columnsOfRow(input.columns.slice(0, width)),
      ...hir.partition.map((index) => groupingKey(own(index))),
    ],
    order: hir.order.map((key) => ({ ...key, column: width + key.column })),
    calls: hir.calls.map((call) => moveCall(call, (index) => width + index)),
  });
}
