/**
 * Small contents of the test catalog's tables: empty, hand-made corners, and seeded random rows of narrow domains, so
 * that joins hit and groups collide.
 */
import type { Data } from './interpret-mir.ts';
import type { Row, Value } from './evaluate.ts';
import { catalog } from './compile.ts';

const T = 16384;
const U = 16385;
const ORDERS = 16386;
const CUSTOMERS = 16387;
const W = 16388;

/** A small seeded generator (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function randomData(seed: number): Data {
  const next = random(seed);
  const pick = (values: readonly Value[]): Value => values[Math.floor(next() * values.length)]!;
  const ints: readonly Value[] = ['1', '2', '3', '0', null];
  const rows = (most: number, make: (index: number) => Row): Row[] =>
    Array.from({ length: Math.floor(next() * (most + 1)) }, (_, index) => make(index));
  return new Map([
    [T, rows(6, (index) => [String(index + 1), pick(ints), pick(['x', 'y', null])])],
    [U, rows(6, () => [pick(ints), pick(ints)])],
    [
      ORDERS,
      rows(5, (index) => [String(index + 1), pick(['1', '2', null]), pick(['1.50', '2.00', null]), null]),
    ],
    [CUSTOMERS, rows(3, (index) => [String(index + 1), pick(['ann', 'bob']), pick(['1', '1.0', null])])],
    [W, rows(6, () => [pick(['1', '1.0', '1.00', '2', '0', null]), pick(['a', 'b', null])])],
  ]);
}

/** The contents to try. */
export function datasets(): Data[] {
  const empty: Data = new Map([T, U, ORDERS, CUSTOMERS, W].map((object) => [object, []]));
  const corners: Data = new Map([
    [
      T,
      [
        ['1', '1', 'x'],
        ['2', '2', 'y'],
        ['3', null, 'x'],
        ['4', '2', null],
        ['5', '9', 'y'],
      ],
    ],
    [
      U,
      [
        ['1', '2'],
        ['2', null],
        ['2', null],
        [null, '3'],
        ['7', '7'],
      ],
    ],
    [ORDERS, [['1', '1', '1.50', null]]],
    [CUSTOMERS, [['1', 'ann', '1.0']]],
    [
      W,
      [
        ['1.0', 'a'],
        ['1.00', 'b'],
        ['1', 'a'],
        ['2', 'b'],
        [null, 'a'],
        ['2', 'b'],
      ],
    ],
  ]);
  return [empty, corners, ...Array.from({ length: 12 }, (_, index) => randomData(index + 1))];
}

/** The rows of an arrangement of the catalog, or of a shared one that a plan asked for. */
export function rowsOfArrangement(
  data: Data,
  id: number,
  shared: ReadonlyMap<number, number>,
): readonly Row[] {
  const requested = shared.get(id);
  if (requested !== undefined) return data.get(requested)!;
  for (const [object, rows] of data) {
    if (catalog.arrangements(object).some((arrangement) => arrangement.id === id)) return rows;
  }
  throw new Error(`no arrangement ${id}`);
}
