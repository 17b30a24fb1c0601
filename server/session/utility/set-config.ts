/** set_config(name, value, is_local): SET as a function. */
import { SqlError } from '../../../sql/error.ts';
import type { SessionFunction } from './session-functions.ts';
import { assignSetting } from './set.ts';

export const setConfig: SessionFunction = {
  arguments: [['text', 'text', 'bool']],
  result: 'text',
  strict: false,
  act(session, [name = null, value = null, local]) {
    if (name === null) throw new SqlError({ sqlstate: '22004', message: 'SET requires parameter name' });
    assignSetting(session, name, value, local === 't');
    return session.settings.get(name);
  },
};
