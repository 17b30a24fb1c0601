/** Runs the records of a sqllogictest file on one connection, in one of several ways. */
import type pg from 'pg';
import { ask, failed, type Refusal } from '../oracle/client.ts';
import type { Result } from '../oracle/bag.ts';
import type { SltRecord } from './file.ts';

/** How a file is run: the answers are the same in each way. */
export interface Way {
  readonly name: string;
  /** Materialized views are made only when the first query comes, on the data that is there. */
  readonly viewsAfterData?: boolean;
  /** An INSERT of several rows becomes one statement a row. */
  readonly splitInserts?: boolean;
  readonly workers?: number;
  /** Queries read views that they do not name where those keep what they ask for. */
  readonly readsViews?: boolean;
}

export const WAYS: readonly Way[] = [
  { name: 'plain' },
  { name: 'views made after the data', viewsAfterData: true },
  { name: 'inserts row by row', splitInserts: true, readsViews: true },
  { name: 'two workers', workers: 2 },
];

const LETTERS: Readonly<Record<number, string>> = {
  16: 'B',
  20: 'I',
  21: 'I',
  23: 'I',
  700: 'R',
  701: 'R',
  1700: 'R',
};

/** The rows of a result as the file has them. */
function linesOf(result: Result, rowsort: boolean): string[] {
  const lines = result.rows.map((row) =>
    row
      .map((cell) => (cell === null ? 'NULL' : cell === '' ? '(empty)' : cell.replaceAll('\n', '\\n')))
      .join('\t'),
  );
  return rowsort ? lines.sort() : lines;
}

function lettersOf(result: Result): string {
  return result.types.map((type) => LETTERS[type] ?? 'T').join('');
}

const OUR_WORDS = '# our words';

/** What an error says, as the file has it. */
function linesOfError(record: SltRecord, error: Refusal): string[] {
  if (record.comment.split('\n').includes(OUR_WORDS)) return [];
  const { message, detail, hint, where, position } = error;
  const fields = Object.entries({ DETAIL: detail, HINT: hint, CONTEXT: where, POSITION: position });
  const lines = fields.flatMap(([name, text]) => (text === undefined ? [] : [`${name}: ${text}`]));
  return [message, ...lines].map((line) => line.replaceAll('\n', '\\n'));
}

/** CONTEXT of an error of a view's row. */
const OF_VIEW = /^CONTEXT: (?:.*\\n)?materialized view /;

/** Whether an error says what PostgreSQL's does. A hint, a place or a view where PostgreSQL has none is welcome. */
function sameWords(expected: readonly string[], found: readonly string[]): boolean {
  const kept = found.filter((line) => {
    const extra = /^(?:HINT|POSITION): /.exec(line)?.[0] ?? (OF_VIEW.test(line) ? 'CONTEXT: ' : undefined);
    return extra === undefined || expected.some((other) => other.startsWith(extra));
  });
  return kept.join('\n') === expected.join('\n');
}

const VIEW = /^create materialized view/i;

/** What differs; nothing if all is as the file says. */
export async function runSlt(client: pg.Client, records: readonly SltRecord[], way: Way): Promise<string[]> {
  const differences: string[] = [];
  const late: SltRecord[] = [];
  const statement = async (record: SltRecord): Promise<void> => {
    const texts = way.splitInserts && record.outcome === 'ok' ? splitInsert(record.sql) : [record.sql];
    for (const text of texts) {
      const answer = await ask(client, text);
      const found = failed(answer) ? answer.error : 'ok';
      const lines = failed(answer) ? linesOfError(record, answer) : [];
      if (found === record.outcome && sameWords(record.rows, lines)) continue;
      const expected = [record.outcome, ...record.rows].join('\n');
      differences.push(
        `line ${record.line}\n${text}\nexpected ${expected}\nfound ${[found, ...lines].join('\n')}`,
      );
    }
  };
  for (const record of records) {
    if (way.viewsAfterData && record.outcome === 'ok' && VIEW.test(record.sql)) {
      late.push(record);
      continue;
    }
    // Views come before the first read of anything, and before the schema changes again.
    if (late.length > 0 && (record.kind === 'query' || !/^(insert|update|delete)/i.test(record.sql))) {
      for (const view of late.splice(0)) await statement(view);
    }
    if (record.kind === 'statement') {
      await statement(record);
      continue;
    }
    const answer = await ask(client, record.sql);
    if (failed(answer)) {
      differences.push(`line ${record.line}: ${answer.error} ${answer.message}\n${record.sql}`);
      continue;
    }
    const lines = linesOf(answer, record.rowsort);
    const types = lettersOf(answer);
    if (types !== record.types || lines.join('\n') !== record.rows.join('\n')) {
      const expected = `${record.types}\n${record.rows.join('\n')}`;
      differences.push(
        `line ${record.line}\n${record.sql}\nexpected ${expected}\nfound ${types}\n${lines.join('\n')}`,
      );
    }
  }
  return differences;
}

/** What PostgreSQL is asked. It does not maintain its materialized views: its plain views say what ours hold. */
function askedOfPostgres({ sql, comment }: SltRecord): string {
  const own = /^# postgres: (.*)$/m.exec(comment)?.[1];
  return own ?? sql.replace(/^(create|drop) materialized view/i, '$1 view');
}

/** Runs the file on PostgreSQL and writes its answers into the records. */
export async function answerSlt(postgres: pg.Client, records: readonly SltRecord[]): Promise<string[]> {
  const unexpected: string[] = [];
  for (const record of records) {
    const answer = await ask(postgres, askedOfPostgres(record));
    // Which statements fail is the file's; PostgreSQL says how.
    if (failed(answer) !== (record.outcome !== 'ok')) {
      const what = failed(answer) ? `${answer.error} ${answer.message}` : 'no error';
      unexpected.push(`line ${record.line}: ${what}\n${record.sql}`);
    } else if (failed(answer)) {
      record.outcome = answer.error;
      record.rows = linesOfError(record, answer);
    } else if (record.kind === 'query') {
      record.types = lettersOf(answer);
      record.rows = linesOf(answer, record.rowsort);
    }
  }
  return unexpected;
}

/** `INSERT … VALUES (…), (…)` without RETURNING as one INSERT a row; anything else as it is. */
function splitInsert(sql: string): string[] {
  const match = /^(insert into [\w".]+\s*(?:\([^)]*\)\s*)?values\s*)(\(.*\))\s*$/is.exec(sql);
  if (!match) return [sql];
  const rows: string[] = [];
  let [depth, start, quoted] = [0, 0, false];
  for (const [index, char] of [...match[2]!].entries()) {
    if (char === "'") quoted = !quoted;
    if (quoted) continue;
    if (char === '(' && depth++ === 0) start = index;
    if (char === ')' && --depth === 0) rows.push([...match[2]!].slice(start, index + 1).join(''));
  }
  return rows.map((row) => match[1]! + row);
}
