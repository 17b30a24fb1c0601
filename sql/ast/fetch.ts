/** FETCH or MOVE. */
export interface Fetch {
  kind: 'fetch';
  cursor: string;
  direction: 'forward' | 'backward' | 'absolute' | 'relative';
  count: number | 'all';
  /** MOVE: rows are skipped, not returned. */
  move: boolean;
  /** WITH (TIMEOUT = '…'): an interval's text. */
  timeout?: { value: string; location: number };
}
