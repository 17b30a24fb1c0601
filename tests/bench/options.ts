/** The benchmarks' command line: `--name value`, `--name=value` and bare `--name`. */

export interface Options {
  /** A number; `fallback` when the option is not given. */
  number(name: string, fallback: number): number;
  text(name: string, fallback: string): string;
  flag(name: string): boolean;
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
    text: (name, fallback) => values.get(name) ?? fallback,
    flag: (name) => values.has(name),
  };
}
