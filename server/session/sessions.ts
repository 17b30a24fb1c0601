/** The sessions that there are, by the numbers that clients know their connections by. */
import { mayNameSecret } from '../../sql/parse/parse.ts';
import type { ShownLock } from './advisory-locks.ts';
import type { Session } from './session.ts';

export interface LiveSession {
  readonly session: Pick<Session, 'activity' | 'user' | 'database' | 'setting' | 'status' | 'locks'>;
  /** Of its client. */
  readonly address: string | null;
  readonly port: number | null;
  /** Ends its statement, as a CancelRequest does. */
  cancel(): void;
  /** Ends it. */
  terminate(): void;
}

export class Sessions {
  readonly #live = new Map<number, LiveSession>();

  add(process: number, live: LiveSession): void {
    this.#live.set(process, live);
  }

  remove(process: number): void {
    this.#live.delete(process);
  }

  find(process: number): LiveSession | null {
    return this.#live.get(process) ?? null;
  }

  /** A json text: what each does, by the columns of pg_stat_activity. */
  describe(): string {
    return JSON.stringify([...this.#live].map(([process, live]) => describe(process, live)));
  }
}

function describe(pid: number, { session, address, port }: LiveSession): Record<string, unknown> {
  const { activity, user, database } = session;
  const { isActive, query } = activity;
  const wait = isActive ? activity.wait : ({ type: 'Client', event: 'ClientRead' } as const);
  return {
    pid,
    datname: database,
    usename: user,
    application_name: session.setting('application_name'),
    client_addr: address,
    client_port: port,
    backend_start: timestamp(activity.begun),
    xact_start: timestamp(activity.transactionStart),
    query_start: timestamp(activity.queryStart),
    state_change: timestamp(activity.stateChange),
    wait_event_type: wait?.type,
    wait_event: wait?.event,
    state: isActive ? 'active' : STATES[session.status],
    query: mayNameSecret(query) ? '[secret]' : activity.shownQuery,
    locks: session.locks.map(describeLock),
  };
}

/** By the columns of pg_locks: a number of 64 bits is two of 32, told from two by `objsubid`. */
function describeLock({ key, mode, waitsSince }: ShownLock): Record<string, unknown> {
  const [first = '0', second] = key.split(':');
  const whole = BigInt.asUintN(64, BigInt(first));
  const high = second === undefined ? whole >> 32n : BigInt.asUintN(32, whole);
  const low = BigInt.asUintN(32, second === undefined ? whole : BigInt(second));
  return {
    classid: Number(high),
    objid: Number(low),
    objsubid: second === undefined ? 1 : 2,
    mode: mode === 'exclusive' ? 'ExclusiveLock' : 'ShareLock',
    granted: waitsSince === null,
    waitstart: timestamp(waitsSince),
  };
}

const STATES = { I: 'idle', T: 'idle in transaction', E: 'idle in transaction (aborted)' } as const;

function timestamp(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
