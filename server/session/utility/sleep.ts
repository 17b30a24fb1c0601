/** pg_sleep(seconds). */
import type { SessionFunction } from './session-functions.ts';

/** setTimeout takes no more. */
const LONGEST_MILLISECONDS = 2 ** 31 - 1;

const sleep: SessionFunction = {
  arguments: [['float8']],
  result: 'void',
  strict: true,
  async act(session, [seconds]) {
    let left = Number(seconds) * 1000;
    while (left > 0) {
      const now = Math.min(left, LONGEST_MILLISECONDS);
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, now)));
      try {
        const waited = Promise.race([over, session.cancelled]);
        await session.activity.waitingFor({ type: 'Timeout', event: 'PgSleep' }, waited);
      } finally {
        clearTimeout(timer);
      }
      left -= now;
    }
    return '';
  },
};

export const sleepFunctions = { pg_sleep: sleep };
