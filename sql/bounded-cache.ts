/** What was found out and never changes, by key. When there is too much of it, it begins anew. */
export class BoundedCache<Key, Value extends NonNullable<unknown>> {
  readonly #values = new Map<Key, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  /** Keeps a value, and gives it. */
  set(key: Key, value: Value): Value {
    if (this.#values.size >= this.#most) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}
