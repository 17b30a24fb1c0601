/** Results as bags of rows in text form. */
export type Row = readonly (string | null)[];

export interface Result {
  readonly names: readonly string[];
  readonly types: readonly number[];
  readonly rows: readonly Row[];
}

const NUMERIC = 1700;

/**
 * The rows in order of their text. `byEquality`: a numeric without its trailing zeros, for queries where SQL leaves
 * open which of the equal values stands for a group.
 */
export function bag(rows: readonly Row[], types: readonly number[], byEquality: boolean): string[] {
  return rows.map((row) => rowText(row, types, byEquality)).sort();
}

function rowText(row: Row, types: readonly number[], byEquality: boolean): string {
  const cells = row.map((cell, index) => {
    if (cell === null) return 'NULL';
    const text =
      byEquality && types[index] === NUMERIC && cell.includes('.') ? cell.replace(/\.?0+$/, '') : cell;
    return JSON.stringify(text);
  });
  return cells.join(', ');
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
