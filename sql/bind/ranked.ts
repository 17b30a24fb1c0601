/** Window functions that a statement's meaning wants, and not its text. */
import type { HirOrder, HirRelation, HirWindowCall } from '../hir.ts';
import { USUAL_FRAME } from './window-frame.ts';

/** A relation's rows with their places in an order, each as one more column. */
export function ranked(
  input: HirRelation,
  places: readonly { readonly name: string; readonly kind: 'rowNumber' | 'rank' }[],
  { partition, order }: { readonly partition: readonly number[]; readonly order: readonly HirOrder[] },
): HirRelation {
  const type = { name: 'int8', typmod: -1, nullable: false } as const;
  const calls = places.map(({ kind }): HirWindowCall => ({
    function: { kind },
    arguments: [],
    filter: null,
    frame: USUAL_FRAME,
    type,
  }));
  const columns = [...input.columns, ...places.map(({ name }) => ({ name, type }))];
  return { kind: 'window', columns, input, partition, order, calls };
}
