/** The benchmarks' command line: `--name value`, `--name=value` and bare `--name`. */

export interface Options {
  /** A number; `fallback` when the option is not given. */
  number(name: string, fallback: number): number;
  text(name: string, fallback: string): string;
  flag(name: string): boolean;
  /** Values with commas between, each of `allowed`; all of them when the option is not given. */
  some<T extends string>(name: string, allowed: readonly T[]): readonly T[];
  /** Numbers above 0 with commas between. */
  numbers(name: string, fallback: readonly number[]): readonly number[];
}

const wrong = (message: string): Error => new Error(`bench: ${message}`);

/** Reads arguments; refuses names that are not `known`. */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] ?? '').split(/=(.*)/s);
    if (!name.startsWith('--') || !known.includes(name.slice(2))) {
      throw wrong(`unknown option ${name}; there are: ${known.map((each) => `--${each}`).join(', ')}`);
    }
    const next = args[i + 1];
    if (inline !== undefined) values.set(name.slice(2), inline);
    else if (next !== undefined && !next.startsWith('--')) {
      values.set(name.slice(2), next);
      i++;
    } else values.set(name.slice(2), '');
  }
  return {
    number(name, fallback) {
      const value = values.get(name);
      if (value === undefined) return fallback;
      if (value === '' || !(Number(value) > 0))
        throw wrong(`--${name} takes a number above 0, not "${value}"`);
      return Number(value);
    },
    some<T extends string>(name: string, allowed: readonly T[]) {
      const wanted = values.get(name)?.split(',');
      const unknown = wanted?.find((value) => !allowed.some((each) => each === value));
      if (unknown !== undefined)
        throw wrong(`--${name} has no "${unknown}"; there are: ${allowed.join(', ')}`);
      return wanted === undefined ? allowed : allowed.filter((each) => wanted.includes(each));
    },
    numbers(name, fallback) {
      const given = values.get(name)?.split(',').map(Number) ?? fallback;
      if (given.every((value) => value > 0)) return given;
      throw wrong(`--${name} takes numbers above 0, not "${values.get(name)}"`);
    },
    text: (name, fallback) => values.get(name) ?? fallback,
    flag: (name) => values.has(name),
  };
}
