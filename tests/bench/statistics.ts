/** Figures of several runs. */

const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which a share of the values is; NaN of none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
}

/** Median with the least and the greatest: `2.31 (2.20–2.65)`; of one run its value. */
export function spread(values: readonly number[], digits: number): string {
  const sorted = ascending(values);
  const [least = NaN, greatest = NaN] = [sorted[0], sorted.at(-1)];
  if (sorted.length < 2) return least.toFixed(digits);
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)}–${greatest.toFixed(digits)})`;
}

export const thousands = (value: number): string => Math.round(value).toLocaleString('en-US');
