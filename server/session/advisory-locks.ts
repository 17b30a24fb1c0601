/**
 * Advisory locks: numbers that clients agree on. A session holds one until it gives it back or ends, a transaction until
 * its own end, each as often as it has taken it. Who waits is served in the order of asking.
 */
import { SqlError } from '../../sql/error.ts';

export type LockMode = 'exclusive' | 'shared';
/** Until when a lock is held, if nobody gives it back. */
export type LockSpan = 'session' | 'transaction';

/** Who takes locks: a session, by its number. */
type Owner = number;

interface Request {
  readonly owner: Owner;
  readonly mode: LockMode;
  readonly span: LockSpan;
}

interface Grant extends Request {
  count: number;
}

interface Waiter extends Request {
  readonly granted: () => void;
  /** Since when it waits, in milliseconds since 1970. */
  readonly since: number;
}

/** A lock that somebody has, or waits for. */
export interface ShownLock {
  /** One number of 64 bits, or two of 32 with a colon between them. */
  readonly key: string;
  readonly mode: LockMode;
  /** Null: it is held. */
  readonly waitsSince: number | null;
}

interface Lock {
  readonly grants: Grant[];
  readonly waiting: Waiter[];
}

const conflict = (one: Request, other: Request): boolean =>
  one.owner !== other.owner && (one.mode === 'exclusive' || other.mode === 'exclusive');

export class AdvisoryLocks {
  readonly #locks = new Map<string, Lock>();
  /** The keys of the locks that each owner holds. */
  readonly #held = new Map<Owner, Set<string>>();

  /** Takes a lock if that can be done at once. */
  tryTake(key: string, request: Request): boolean {
    const lock = this.#lock(key);
    if (!mayHave(lock, request)) return false;
    this.#grant(key, lock, request);
    return true;
  }

  /** Takes a lock, after who holds it. `cancelled` rejects when nobody waits any more. */
  async take(key: string, request: Request, cancelled: Promise<never>): Promise<void> {
    if (this.tryTake(key, request)) return;
    const lock = this.#lock(key);
    let waiter: Waiter | undefined;
    const granted = new Promise<void>((resolve) => {
      waiter = { ...request, granted: resolve, since: Date.now() };
      lock.waiting.push(waiter);
    });
    try {
      if (this.#waitsFor(request.owner, request.owner, new Set())) {
        throw new SqlError({ sqlstate: '40P01', message: 'deadlock detected' });
      }
      await Promise.race([granted, cancelled]);
    } catch (error) {
      const at = lock.waiting.indexOf(waiter!);
      if (at >= 0) lock.waiting.splice(at, 1);
      // It was granted in the same moment.
      else this.give(key, request);
      this.#serve(key, lock);
      throw error;
    }
  }

  /** Gives one back; false if it is not held. */
  give(key: string, { owner, mode, span }: Request): boolean {
    const lock = this.#locks.get(key);
    const held = lock?.grants.find(
      (each) => each.owner === owner && each.mode === mode && each.span === span,
    );
    if (lock === undefined || held === undefined) return false;
    held.count -= 1;
    if (held.count === 0) this.#remove(key, lock, (each) => each === held);
    return true;
  }

  /** What an owner holds for so long is given back. */
  giveAll(owner: Owner, spans: readonly LockSpan[]): void {
    for (const key of this.#held.get(owner) ?? []) {
      this.#remove(key, this.#lock(key), (each) => each.owner === owner && spans.includes(each.span));
    }
  }

  /** What an owner holds and waits for; what it has for its session and for its transaction too is one lock. */
  of(owner: Owner): ShownLock[] {
    const shown: ShownLock[] = [];
    for (const key of this.#held.get(owner) ?? []) {
      const modes = this.#lock(key).grants.flatMap((grant) => (grant.owner === owner ? [grant.mode] : []));
      shown.push(...[...new Set(modes)].map((mode) => ({ key, mode, waitsSince: null })));
    }
    for (const [key, { waiting }] of this.#locks) {
      const own = waiting.filter((waiter) => waiter.owner === owner);
      shown.push(...own.map(({ mode, since }) => ({ key, mode, waitsSince: since })));
    }
    return shown;
  }

  #lock(key: string): Lock {
    let lock = this.#locks.get(key);
    if (lock === undefined) {
      lock = { grants: [], waiting: [] };
      this.#locks.set(key, lock);
    }
    return lock;
  }

  #remove(key: string, lock: Lock, test: (grant: Grant) => boolean): void {
    const kept = lock.grants.filter((each) => !test(each));
    if (kept.length === lock.grants.length) return;
    for (const { owner } of lock.grants) {
      if (kept.some((each) => each.owner === owner)) continue;
      const keys = this.#held.get(owner);
      keys?.delete(key);
      if (keys?.size === 0) this.#held.delete(owner);
    }
    lock.grants.splice(0, Infinity, ...kept);
    this.#serve(key, lock);
  }

  /** Grants to those who wait, from the first on, until one has to go on waiting. */
  #serve(key: string, lock: Lock): void {
    for (let first = lock.waiting[0]; first !== undefined; [first] = lock.waiting) {
      if (lock.grants.some((held) => conflict(held, first!))) return;
      lock.waiting.shift();
      this.#grant(key, lock, first);
      first.granted();
    }
    if (lock.grants.length === 0) this.#locks.delete(key);
  }

  #grant(key: string, lock: Lock, { owner, mode, span }: Request): void {
    const same = lock.grants.find((each) => each.owner === owner && each.mode === mode && each.span === span);
    if (same !== undefined) same.count += 1;
    else lock.grants.push({ owner, mode, span, count: 1 });
    const keys = this.#held.get(owner);
    if (keys === undefined) this.#held.set(owner, new Set([key]));
    else keys.add(key);
  }

  /** Whether `owner` waits, over others, for `target`. */
  #waitsFor(owner: Owner, target: Owner, seen: Set<Owner>): boolean {
    for (const { grants, waiting } of this.#locks.values()) {
      const at = waiting.findIndex((waiter) => waiter.owner === owner);
      if (at < 0) continue;
      const before = [...grants, ...waiting.slice(0, at)].filter((each) => conflict(each, waiting[at]!));
      for (const other of before) {
        if (other.owner === target) return true;
        if (seen.has(other.owner)) continue;
        seen.add(other.owner);
        if (this.#waitsFor(other.owner, target, seen)) return true;
      }
    }
    return false;
  }
}

/** Who holds a lock need not queue for it again. */
function mayHave(lock: Lock, request: Request): boolean {
  if (lock.grants.some((held) => conflict(held, request))) return false;
  const holds = lock.grants.some(({ owner }) => owner === request.owner);
  return holds || !lock.waiting.some((waiter) => conflict(waiter, request));
}
