/** Which range and multirange types there are, and over what. */
import { rangeRows } from '../functions/catalog.generated.ts';
import type { TypeName } from './type.ts';

interface RangeTypes {
  readonly range: TypeName;
  /** The type of its bounds. */
  readonly subtype: TypeName;
  readonly multirange: TypeName;
}

const all = rangeRows.map(
  ([range, subtype, multirange]) => ({ range, subtype, multirange }) as unknown as RangeTypes,
);
const byRange = new Map<string, RangeTypes>(all.map((types) => [types.range, types]));
const byMultirange = new Map<string, RangeTypes>(all.map((types) => [types.multirange, types]));

/** The types around a range type; undefined for any other. */
export function ofRange(name: string): RangeTypes | undefined {
  return byRange.get(name);
}

/** The types around a multirange type; undefined for any other. */
export function ofMultirange(name: string): RangeTypes | undefined {
  return byMultirange.get(name);
}
