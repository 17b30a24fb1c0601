/** Which overload a call means: PostgreSQL's func_get_detail, oper and func_select_candidate. */
import { BoundedCache } from '../bounded-cache.ts';
import { canCoerce } from '../types/casts.ts';
import { instantiation, isConsistent } from '../types/polymorphic.ts';
import { recordFields } from '../types/record.ts';
import { findType, typeRow } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { placementOf } from './placement.ts';
import type { Given, Placement } from './placement.ts';
import { functionsNamed, operatorsNamed, recordOperator } from './table.ts';
import type { FunctionEntry, OperatorEntry } from './table.ts';

/** An overload, or why there is none. */
export type Resolution<T> = T | 'none' | 'ambiguous';

interface Signature {
  readonly arguments: readonly string[];
  readonly result?: TypeName;
  /** A set-returning function's. */
  readonly columns?: readonly { readonly type: TypeName }[];
}

/** The overload with its polymorphic types made those of the call. */
function concrete<T extends Signature>(entry: T, given: readonly TypeName[]): T {
  const meaning = instantiation(entry.arguments, given);
  if (meaning === null) return entry;
  const columns = entry.columns?.map((column) => ({ ...column, type: meaning(column.type) as TypeName }));
  return {
    ...entry,
    arguments: entry.arguments.map(meaning),
    ...(entry.result === undefined ? {} : { result: meaning(entry.result) as TypeName }),
    ...(columns === undefined ? {} : { columns }),
  };
}

interface Candidate<T> {
  readonly entry: T;
  readonly types: readonly string[];
}

/** The one of these overloads that a call with arguments of these types means. */
export function resolveAmong<T extends Signature>(
  entries: readonly T[],
  given: readonly TypeName[],
): Resolution<T> {
  const candidates = entries
    .filter((entry) => entry.arguments.length === given.length)
    .map((entry) => ({ entry, types: entry.arguments }));
  const exact = candidates.find(({ types }) => types.every((type, i) => type === given[i]));
  const found = exact === undefined ? select(candidates, given) : exact.entry;
  return typeof found === 'string' ? found : concrete(found, given);
}

/** The function or aggregate that `name(given…)` means. `unknown` stands for untyped literals and parameters. */
export function resolveFunction(name: string, given: readonly TypeName[]): Resolution<FunctionEntry> {
  const [only] = given;
  // Records compare field by field, whatever they are made of.
  if ((name === 'min' || name === 'max') && given.length === 1 && recordFields(only!) !== null) {
    const [entry] = functionsNamed(name);
    return { ...entry!, arguments: given, result: only! };
  }
  const entries = functionsNamed(name).filter((entry) => entry.variadic === undefined);
  return resolveAmong(entries, given);
}

/** A function with the places of a call's arguments in it. */
export interface PlacedFunction extends Placement {
  readonly entry: FunctionEntry;
  readonly result: TypeName;
}

/** The function that a call means which gives arguments by name, leaves some out, or gives any number of them. */
export function resolvePlaced(
  name: string,
  given: readonly TypeName[],
  call: Given,
): Resolution<PlacedFunction> {
  const placed = functionsNamed(name).flatMap((entry): PlacedFunction[] => {
    const { arguments: types, argumentNames: names = [], defaults = [], variadic = null } = entry;
    const placement = placementOf({ types, names, defaults: defaults.length, variadic }, call);
    return placement === null ? [] : [{ ...placement, entry, result: entry.result }];
  });
  const found = resolveAmong(placed, given);
  return typeof found === 'string' ? found : { ...found, entry: { ...found.entry, result: found.result } };
}

/** Operators that were found, by name and types of the operands: what they mean never changes. */
const found = new BoundedCache<string, Resolution<OperatorEntry>>(10_000);

/** The operator that `left name right` (or the prefix `name right`, with left null) means. */
export function resolveOperator(
  name: string,
  left: TypeName | null,
  right: TypeName,
): Resolution<OperatorEntry> {
  const key = `${left ?? ''} ${name} ${right}`;
  return found.get(key) ?? found.set(key, findOperator(name, left, right));
}

function findOperator(name: string, left: TypeName | null, right: TypeName): Resolution<OperatorEntry> {
  const named = operatorsNamed(name);
  if (left !== null && (recordFields(left) ?? recordFields(right)) !== null) {
    const isOpen = recordFields(left)?.some(({ type: { name: of } }) => of === 'unknown') ?? true;
    const type = isOpen && recordFields(right) !== null ? right : left;
    const comparable = canCoerce(left, type) && canCoerce(right, type);
    // What is not a comparison may take values of any type.
    if (name !== '||') return (comparable ? recordOperator(name, type) : null) ?? 'none';
  }
  if (left === null) {
    const exact = named.find((entry) => entry.left === null && entry.right === right);
    if (exact !== undefined) return exact;
    const candidates = named
      .filter((entry) => entry.left === null)
      .map((entry) => ({ entry, types: [entry.right] }));
    return select(candidates, [right]);
  }
  // One side untyped: it is first tried as the other side's type.
  const exactLeft = left === 'unknown' ? right : left;
  const exactRight = right === 'unknown' ? left : right;
  const exact = named.find((entry) => entry.left === exactLeft && entry.right === exactRight);
  if (exact !== undefined && exactLeft !== 'unknown') return exact;
  const candidates = named
    .filter((entry) => entry.left !== null)
    .map((entry) => ({ entry, types: [entry.left!, entry.right] }));
  const selected = select(candidates, [left, right]);
  if (typeof selected === 'string') return selected;
  const meaning = instantiation([selected.left!, selected.right], [left, right]);
  if (meaning === null) return selected;
  return {
    ...selected,
    left: meaning(selected.left!),
    right: meaning(selected.right),
    result: meaning(selected.result) as TypeName,
    function: concrete(selected.function, [left, right]),
  };
}

function select<T>(all: readonly Candidate<T>[], given: readonly TypeName[]): Resolution<T> {
  const candidates = all.filter(
    ({ types }) => types.every((type, i) => canCoerce(given[i]!, type)) && isConsistent(types, given),
  );
  if (candidates.length === 0) return 'none';
  if (candidates.length === 1) return candidates[0]!.entry;
  return selectBest(candidates, given) ?? 'ambiguous';
}

/** func_select_candidate: the documented rules, in its order. */
function selectBest<T>(all: readonly Candidate<T>[], given: readonly TypeName[]): T | null {
  const known = given.map((type) => type !== 'unknown');
  const unknowns = known.filter((is) => !is).length;

  // Most exact matches on known types.
  let candidates = best(all, ({ types }) => types.filter((type, i) => known[i] && type === given[i]).length);
  if (candidates.length === 1) return candidates[0]!.entry;

  // Most exact matches or preferred types of the input's category.
  candidates = best(
    candidates,
    ({ types }) =>
      types.filter((type, i) => {
        if (!known[i]) return false;
        if (type === given[i]) return true;
        const row = typeRow(type as TypeName);
        return row.preferred && row.category === typeRow(given[i]!).category;
      }).length,
  );
  if (candidates.length === 1) return candidates[0]!.entry;
  if (unknowns === 0) return null;

  // A category for each unknown argument: the one that all candidates agree on, or string if any takes it.
  const slots = unknownSlots(candidates, known);
  if (slots !== null) {
    const kept = candidates.filter(({ types }) =>
      types.every((type, i) => {
        const slot = slots[i];
        if (slot === null || slot === undefined) return true;
        const row = typeRow(type as TypeName);
        return row.category === slot.category && (!slot.preferred || row.preferred);
      }),
    );
    if (kept.length > 0) candidates = kept;
    if (candidates.length === 1) return candidates[0]!.entry;
  }

  // All known arguments of one type: suppose that the unknown ones are of it too.
  if (unknowns < given.length) {
    const types = new Set(given.filter((_, i) => known[i]));
    if (types.size === 1) {
      const [type] = types;
      const fitting = candidates.filter(
        ({ types: wanted }) =>
          wanted.every((target) => canCoerce(type!, target)) &&
          isConsistent(
            wanted,
            given.map(() => type!),
          ),
      );
      if (fitting.length === 1) return fitting[0]!.entry;
    }
  }
  return null;
}

function unknownSlots<T>(
  candidates: readonly Candidate<T>[],
  known: readonly boolean[],
): ({ category: string; preferred: boolean } | null)[] | null {
  const slots: ({ category: string; preferred: boolean } | null)[] = [];
  for (let i = 0; i < known.length; i++) {
    if (known[i]) {
      slots.push(null);
      continue;
    }
    let slot: { category: string; preferred: boolean } | null = null;
    let conflict = false;
    for (const { types } of candidates) {
      const row = typeRow(types[i] as TypeName);
      if (slot === null) slot = { category: row.category, preferred: row.preferred };
      else if (row.category === slot.category) slot.preferred ||= row.preferred;
      else if (row.category === 'S') slot = { category: 'S', preferred: row.preferred };
      else conflict = true;
    }
    if (conflict && slot?.category !== 'S') return null;
    slots.push(slot);
  }
  return slots;
}

function best<T>(
  candidates: readonly Candidate<T>[],
  score: (candidate: Candidate<T>) => number,
): Candidate<T>[] {
  const scores = candidates.map(score);
  const most = Math.max(...scores);
  return candidates.filter((_, i) => scores[i] === most);
}

/** Whether `name(argument)` is a cast written as a function call, as `float8('1')` is. */
export function castByName(name: string): TypeName | undefined {
  const type = findType(name);
  return type === 'unknown' ? undefined : type;
}
