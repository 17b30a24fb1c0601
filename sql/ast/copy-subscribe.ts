import type { CopyStmt } from '@pgsql/types';
import type { Subscribe } from './subscribe.ts';

/** COPY (SUBSCRIBE …) TO STDOUT. */
export interface CopySubscribe {
  kind: 'copy_subscribe';
  subscribe: Subscribe;
  /** The COPY around it; its query is an empty SELECT that stands for the subscription. */
  copy: CopyStmt;
}
