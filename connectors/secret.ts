/** A value that nobody gets to see but the connector that uses it. */
import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/**
 * A secret's value in a box: what prints, logs, serialises or concatenates the box gets `[secret]`. The catalog's object
 * and all options that name it share one box, so that ALTER SECRET reaches them.
 */
export class Secret {
  /** The catalog object; null for a value that was written where it is used. */
  readonly id: number | null;
  #value: string;

  constructor(id: number | null, value: string) {
    this.id = id;
    this.#value = value;
  }

  /** The value, to be given to upstream and to nothing else. */
  reveal(): string {
    return this.#value;
  }

  replace(value: string): void {
    this.#value = value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** A text without the values of secrets: what upstream and its client say may quote them. */
export function withoutSecrets(text: string, values: Iterable<unknown>): string {
  let clean = text;
  for (const value of values) {
    if (!(value instanceof Secret)) continue;
    const revealed = value.reveal();
    if (revealed !== '') clean = clean.replaceAll(revealed, HIDDEN);
  }
  return clean;
}
