/** What the threads of `npm run bench -- push` share. */
import type { Address } from './wire.ts';

/** Groups of the view. The row with number n is in group n modulo this. */
export const GROUPS = 1000;
/** Rows that rows are joined with; a multiple of GROUPS. */
export const PRODUCTS = 100_000;

export interface PushTask {
  readonly address: Address;
  /** Number of the first row: a multiple of GROUPS. */
  readonly first: number;
  /** Rows a second. */
  readonly rate: number;
  /** Of the writer. */
  readonly connections: number;
  /** The followed file that rows are appended to; null: they are inserted. */
  readonly file: string | null;
  /** By row: when it was due, when it was sent, and when its effect came; 0 before. Microseconds. */
  readonly due: Float64Array;
  readonly sent: Float64Array;
  readonly arrived: Float64Array;
}

/** What goes on beside. */
export const BESIDE = ['nothing', 'scans', 'hydration'] as const;
export type Beside = (typeof BESIDE)[number];

export interface BesideTask {
  readonly address: Address;
  /** Run again and again, in this order. */
  readonly statements: readonly string[];
}
