/** setseed: what random() and its kin give the session follows from a number. */
import { SqlError } from '../../../sql/error.ts';
import type { SessionFunction } from './session-functions.ts';

export const setSeed: SessionFunction = {
  arguments: [['float8']],
  result: 'void',
  strict: true,
  act(session, [text]) {
    const seed = Number(text);
    if (!(seed >= -1 && seed <= 1)) {
      const message = `setseed parameter ${text} is out of allowed range [-1,1]`;
      throw new SqlError({ sqlstate: '22023', message });
    }
    session.seed(seed);
    return '';
  },
};
