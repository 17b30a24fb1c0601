/** pg_advisory_lock and its kin: [try_]advisory[_xact]_lock[_shared], and what gives locks back. */
import type { LockMode, LockSpan } from '../advisory-locks.ts';
import type { SessionFunction } from './session-functions.ts';

/** One number of 64 bits, or two of 32: they never mean the same lock. */
const KEYS = [['int8'], ['int4', 'int4']] as const;

const keyOf = (args: readonly (string | null)[]): string => args.join(':');

function lock(mode: LockMode, span: LockSpan): SessionFunction {
  return {
    arguments: KEYS,
    result: 'void',
    strict: true,
    async act(session, args) {
      const request = { owner: session.number, mode, span };
      const taken = session.advisoryLocks.take(keyOf(args), request, session.cancelled);
      await session.activity.waitingFor({ type: 'Lock', event: 'advisory' }, taken);
      return '';
    },
  };
}

function tryLock(mode: LockMode, span: LockSpan): SessionFunction {
  return {
    arguments: KEYS,
    result: 'bool',
    strict: true,
    act: (session, args) =>
      session.advisoryLocks.tryTake(keyOf(args), { owner: session.number, mode, span }) ? 't' : 'f',
  };
}

function unlock(mode: LockMode): SessionFunction {
  return {
    arguments: KEYS,
    result: 'bool',
    strict: true,
    act(session, args) {
      const request = { owner: session.number, mode, span: 'session' } as const;
      if (session.advisoryLocks.give(keyOf(args), request)) return 't';
      const name = mode === 'exclusive' ? 'ExclusiveLock' : 'ShareLock';
      const message = `you don't own a lock of type ${name}`;
      session.notice({ severity: 'WARNING', sqlstate: '01000', message });
      return 'f';
    },
  };
}

const unlockAll: SessionFunction = {
  arguments: [[]],
  result: 'void',
  strict: true,
  act(session) {
    session.advisoryLocks.giveAll(session.number, ['session']);
    return '';
  },
};

export const advisoryLockFunctions: Readonly<Record<string, SessionFunction>> = {
  pg_advisory_lock: lock('exclusive', 'session'),
  pg_advisory_lock_shared: lock('shared', 'session'),
  pg_advisory_xact_lock: lock('exclusive', 'transaction'),
  pg_advisory_xact_lock_shared: lock('shared', 'transaction'),
  pg_try_advisory_lock: tryLock('exclusive', 'session'),
  pg_try_advisory_lock_shared: tryLock('shared', 'session'),
  pg_try_advisory_xact_lock: tryLock('exclusive', 'transaction'),
  pg_try_advisory_xact_lock_shared: tryLock('shared', 'transaction'),
  pg_advisory_unlock: unlock('exclusive'),
  pg_advisory_unlock_shared: unlock('shared'),
  pg_advisory_unlock_all: unlockAll,
};
