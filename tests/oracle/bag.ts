/** Results as bags of rows in text form. */
export type Row = readonly (string | null)[];

export interface Result {
  readonly names: readonly string[];
  readonly types: readonly number[];
  readonly modifiers: readonly number[];
  readonly rows: readonly Row[];
}

/**
 * The rows in order of their text. `byEquality`: the texts of equal values are one, for queries where SQL leaves open
 * which of them stands for a group.
 */
export function bag(rows: readonly Row[], types: readonly number[], byEquality: boolean): string[] {
  return texts(rows, types, byEquality).sort();
}

/** The rows as they come. */
export function texts(rows: readonly Row[], types: readonly number[], byEquality: boolean): string[] {
  return rows.map((row) => rowText(row, types, byEquality));
}

function rowText(row: Row, types: readonly number[], byEquality: boolean): string {
  const cells = row.map((cell, index) => {
    if (cell === null) return 'NULL';
    const canonical = byEquality ? CANONICAL[types[index]!] : undefined;
    return JSON.stringify(canonical ? canonical(cell) : cell);
  });
  return cells.join(', ');
}

const withoutZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
const withoutSign = (text: string): string => (text === '-0' ? '0' : text);

/** One text for all values that are equal, by the oid of the type. */
const CANONICAL: Readonly<Record<number, (text: string) => string>> = {
  700: withoutSign,
  701: withoutSign,
  1042: (text) => text.trimEnd(),
  1186: (text) => span(text),
  1700: withoutZeros,
  3906: (text) => text.replaceAll(/\d+\.\d+/g, withoutZeros),
  3802: (text) => text.replace(/(\d+\.\d+)/g, withoutZeros),
};

/** An interval as a number of microseconds, as its comparison has it: a month is 30 days. */
function span(text: string): string {
  if (/infinity/.test(text)) return text;
  let microseconds = 0n;
  const units: Readonly<Record<string, bigint>> = { year: 360n, mon: 30n, day: 1n };
  for (const [, count, unit] of text.matchAll(/([+-]?\d+) (year|mon|day)s?/g)) {
    microseconds += BigInt(count!) * units[unit!]! * 86_400_000_000n;
  }
  const time = /([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?/.exec(text);
  if (time) {
    const [, sign, hours, minutes, seconds, fraction = ''] = time;
    const whole = (BigInt(hours!) * 60n + BigInt(minutes!)) * 60n + BigInt(seconds!);
    const value = whole * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
    microseconds += sign === '-' ? -value : value;
  }
  return String(microseconds);
}

/** What differs, for people: rows only expected and rows only found, with their counts. */
export function difference(expected: readonly string[], found: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const row of found) counts.set(row, (counts.get(row) ?? 0) + 1);
  for (const row of expected) counts.set(row, (counts.get(row) ?? 0) - 1);
  const lines = [...counts].flatMap(([row, count]) =>
    count === 0 ? [] : [`${count > 0 ? `too many: ${count}` : `missing: ${-count}`} × (${row})`],
  );
  return lines.slice(0, 10).join('\n');
}

export function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((row, index) => row === b[index]);
}
