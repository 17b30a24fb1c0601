/** A system that is compared, and what one run of it gave. */
import type { Answer } from './answer.ts';
import type { Data } from './data.ts';
import type { Query } from './queries.ts';

export interface Run {
  /** From the first statement until the whole result has been read. */
  readonly seconds: number;
  /** Of the server's processes. */
  readonly cpu: number;
  /** Peak memory. */
  readonly megabytes: number;
  /** The result as text, and with numbers rounded; null of a run that does not show its result. */
  readonly exact: Answer | null;
  readonly rounded: Answer | null;
  /** CPU seconds of computing the whole view again, where that is how it is kept up to date. */
  readonly refresh?: number;
}

export interface System {
  readonly name: string;
  /** Name and version for the report. */
  readonly version: string;
  /** Where its numbers are not SQL's, answers are compared with numbers rounded. */
  readonly rounds: boolean;
  /**
   * One run on a fresh instance. `checked`: the rounded answer is wanted; a system where that costs gives it only then.
   */
  run(query: Query, data: Data, checked: boolean): Promise<Run>;
}
