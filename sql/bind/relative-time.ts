/**
 * 'now', 'today', 'tomorrow' and 'yesterday' as literals of date and time types: PostgreSQL reads them when it reads the
 * statement, so they are the transaction's time here. A view has no such time.
 */
import type { Expr } from '../../engine/plan.generated.ts';
import { functionByOid } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { call, int4, literal } from './scalar.ts';
import type { Statement } from './statement.ts';

const TIMESTAMPTZ_TO_DATE = 1178;
const TIMESTAMPTZ_TO_TIME = 2019;
const TIMESTAMPTZ_TO_TIMESTAMP = 2027;
const DATE_TO_TIMESTAMP = 2024;
const DATE_TO_TIMESTAMPTZ = 1174;
const DATE_PLUS_INTEGER = 1141;

const TIMESTAMP_TO_CHAR = 2049;
const TEXT_CONCATENATION = 1258;

const days: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 };

type TimeType = 'date' | 'time' | 'timestamp' | 'timestamptz';

/** A text that has such a word, and what stands around it: a time of the day, a zone. */
interface Said {
  readonly word: string;
  readonly type: TimeType;
  readonly before: string;
  readonly after: string;
}

/** The word in a text, if the type knows it. */
function wordOf(statement: Statement, text: string, type: TypeName): Said | null {
  const found = /^(|.*[^a-z])(now|today|tomorrow|yesterday)(|[^a-z].*)$/is.exec(text);
  if (found === null) return null;
  if (type !== 'date' && type !== 'time' && type !== 'timestamp' && type !== 'timestamptz') return null;
  const [, before, word, after] = found as unknown as [string, string, string, string];
  const said = { word: word.toLowerCase(), type, before: before.trim(), after: after.trim() };
  if (said.before === '' && said.after === '') return type === 'time' && said.word !== 'now' ? null : said;
  return isRefusedForTime(statement, text, type) ? said : null;
}

/** Whether all that keeps the engine from reading a text is a word for the current time. */
function isRefusedForTime(statement: Statement, text: string, type: TimeType): boolean {
  try {
    const argument: Expr = { kind: 'literal', scalar: 'text', text };
    statement.environment.evaluate({ kind: 'input', argument, scalar: type, typmod: -1 });
    return false;
  } catch (error) {
    return error instanceof Error && 'sqlstate' in error && error.sqlstate === '0A000';
  }
}

/** The value that such a literal has, or null for any other text or type. */
export function readRelativeTime(
  statement: Statement,
  text: string,
  type: TypeName,
  at: number | undefined,
): HirScalar | null {
  const said = wordOf(statement, text, type);
  if (said === null) return null;
  if (statement.environment.forDefault === true) {
    throw statement.error('0A000', `the ${type} '${said.word}' in a DEFAULT is not supported`, at, {
      hint: 'Use now() or CURRENT_DATE, which mean the time of each INSERT.',
    });
  }
  return valueOf(statement, said, at);
}

/** The value of such a word as a text that is cast: read when the expression is computed, so in a DEFAULT by each INSERT. */
export function castRelativeTime(
  statement: Statement,
  text: string,
  type: TypeName,
  at: number | undefined,
): HirScalar | null {
  const said = wordOf(statement, text, type);
  return said && valueOf(statement, said, at);
}

function valueOf(statement: Statement, said: Said, at: number | undefined): HirScalar {
  const { word, type, before, after } = said;
  if (statement.environment.inView === true) {
    throw statement.error('0A000', `the ${type} '${word}' in a view is not supported`, at, {
      hint: 'Compare with a column instead; filters on the current time are not there yet.',
    });
  }
  const now: HirScalar = { kind: 'session', value: 'transactionTimestamp', type: plain('timestamptz') };
  if (word === 'now') {
    switch (type) {
      case 'timestamptz':
        return now;
      case 'timestamp':
        return call(functionByOid(TIMESTAMPTZ_TO_TIMESTAMP), [now]);
      case 'date':
        return call(functionByOid(TIMESTAMPTZ_TO_DATE), [now]);
      case 'time':
        return call(functionByOid(TIMESTAMPTZ_TO_TIME), [now]);
    }
  }
  const today = call(functionByOid(TIMESTAMPTZ_TO_DATE), [now]);
  const day =
    days[word] === 0 ? today : call(functionByOid(DATE_PLUS_INTEGER), [today, int4(days[word] ?? 0)]);
  if (before !== '' || after !== '') return dayIn(before, day, after, type);
  if (type === 'timestamp') return call(functionByOid(DATE_TO_TIMESTAMP), [day]);
  return type === 'timestamptz' ? call(functionByOid(DATE_TO_TIMESTAMPTZ), [day]) : day;
}

/** A text with the day in the word's place, read as the type. */
function dayIn(before: string, day: HirScalar, after: string, type: TimeType): HirScalar {
  const format = literal('text', 'YYYY-MM-DD');
  const shown = call(functionByOid(TIMESTAMP_TO_CHAR), [
    call(functionByOid(DATE_TO_TIMESTAMP), [day]),
    format,
  ]);
  const join = (left: HirScalar, right: HirScalar): HirScalar =>
    call(functionByOid(TEXT_CONCATENATION), [left, right]);
  // The day comes first: behind a time it would not be read as one.
  const argument = join(shown, literal('text', ` ${before} ${after}`));
  return { kind: 'input', argument, type: plain(type) };
}
