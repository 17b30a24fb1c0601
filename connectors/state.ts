/** State, pause and wake-up that readers and writers share. */
import type { Health } from './contract.ts';

/** A state with its reason and time; `closed` is final. */
export class StateHolder<State extends string> {
  #health: Health<State>;

  constructor(initial: State) {
    this.#health = { state: initial, error: null, since: Date.now() };
  }

  get(): Health<State> {
    return this.#health;
  }

  set(state: State, error: string | null = null): void {
    if (this.#health.state === 'closed') return;
    if (this.#health.state === state && this.#health.error === error) return;
    this.#health = { state, error, since: Date.now() };
  }
}

/** A gate that is open, closed for a while (paused), or open for ever because all is over. */
export class PauseGate {
  #paused: { promise: Promise<void>; open: () => void } | undefined;
  #ended = false;

  get paused(): boolean {
    return this.#paused !== undefined;
  }

  pause(): void {
    if (this.#ended || this.#paused !== undefined) return;
    let open = (): void => undefined;
    const promise = new Promise<void>((resolve) => (open = resolve));
    this.#paused = { promise, open };
  }

  resume(): void {
    this.#paused?.open();
    this.#paused = undefined;
  }

  /** Lets everyone through from now on. */
  end(): void {
    this.#ended = true;
    this.resume();
  }

  async wait(): Promise<void> {
    while (this.#paused !== undefined) await this.#paused.promise;
  }
}

/** Waits for something that may not come, such as a goodbye to who is away; how it ends does not matter. */
export async function atMost(milliseconds: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  const done = something.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/** A pause that can be cut short. */
export class Alarm {
  #wake: (() => void) | undefined;
  #rung = false;

  /** Ends the sleep that is, or the next one. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async sleep(milliseconds: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}
