/** How the arguments of a call fall on a function's parameters: by place, by name, by default, or several on a VARIADIC one. */

/** What a function takes. */
export interface Parameters {
  readonly types: readonly string[];
  /** Empty where one has none; shorter where the last have none. */
  readonly names: readonly string[];
  /** How many of the last may be left out. */
  readonly defaults: number;
  /** The type of an element of the last one, where it is declared VARIADIC. */
  readonly variadic: string | null;
}

/** What a call gives, beside types. */
export interface Given {
  /** One for each argument; null: by place. */
  readonly names: readonly (string | null)[];
  /** The last argument is `VARIADIC array`. */
  readonly spreads: boolean;
}

/** A function as a call could mean it. */
export interface Placement {
  /** The types that it takes, in the order of the call's arguments. */
  readonly arguments: readonly string[];
  /** For each parameter the number of its argument; null: its default, or what is collected. */
  readonly places: readonly (number | null)[];
  /** From this argument on all are elements of the last parameter. */
  readonly collectsFrom: number | null;
}

/** Null: the function cannot be called so. */
export function placementOf(
  { types, names, defaults, variadic }: Parameters,
  given: Given,
): Placement | null {
  const count = given.names.length;
  const isNamed = given.names.some((name) => name !== null);
  if (given.spreads && variadic === null) return null;
  if (variadic !== null && !given.spreads && count >= types.length) {
    if (isNamed) return null;
    const before = types.length - 1;
    const elements = Array.from({ length: count - before }, () => variadic);
    return {
      arguments: [...types.slice(0, before), ...elements],
      places: types.map((_, i) => (i < before ? i : null)),
      collectsFrom: before,
    };
  }
  if (count > types.length) return null;
  const places: (number | null)[] = types.map(() => null);
  const taken: string[] = [];
  for (const [argument, name] of given.names.entries()) {
    const at = name === null ? argument : names.indexOf(name);
    if (at < 0 || places[at] !== null) return null;
    places[at] = argument;
    taken.push(types[at]!);
  }
  const required = types.length - defaults;
  if (places.some((place, i) => place === null && i < required)) return null;
  return { arguments: taken, places, collectsFrom: null };
}
