/**
 * 'now', 'today', 'tomorrow' and 'yesterday' as literals of date and time types: PostgreSQL reads them when it reads the
 * statement, so they are the transaction's time here. A view has no such time.
 */
import { functionByOid } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { call, int4 } from './scalar.ts';
import type { Statement } from './statement.ts';

const TIMESTAMPTZ_TO_DATE = 1178;
const TIMESTAMPTZ_TO_TIME = 2019;
const TIMESTAMPTZ_TO_TIMESTAMP = 2027;
const DATE_TO_TIMESTAMP = 2024;
const DATE_TO_TIMESTAMPTZ = 1174;
const DATE_PLUS_INTEGER = 1141;

const days: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 };

type TimeType = 'date' | 'time' | 'timestamp' | 'timestamptz';

/** The word that a text is, if the type knows it. */
function wordOf(text: string, type: TypeName): { readonly word: string; readonly type: TimeType } | null {
  const word = /^\s*(now|today|tomorrow|yesterday)\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (word === undefined) return null;
  if (type !== 'date' && type !== 'time' && type !== 'timestamp' && type !== 'timestamptz') return null;
  return type === 'time' && word !== 'now' ? null : { word, type };
}

/** The value that such a literal has, or null for any other text or type. */
export function readRelativeTime(
  statement: Statement,
  text: string,
  type: TypeName,
  at: number | undefined,
): HirScalar | null {
  const said = wordOf(text, type);
  if (said === null) return null;
  if (statement.environment.forDefault === true) {
    throw statement.error('0A000', `the ${type} '${said.word}' in a DEFAULT is not supported`, at, {
      hint: 'Use now() or CURRENT_DATE, which mean the time of each INSERT.',
    });
  }
  return valueOf(statement, said.word, said.type, at);
}

/** The value of such a word as a text that is cast: read when the expression is computed, so in a DEFAULT by each INSERT. */
export function castRelativeTime(
  statement: Statement,
  text: string,
  type: TypeName,
  at: number | undefined,
): HirScalar | null {
  const said = wordOf(text, type);
  return said && valueOf(statement, said.word, said.type, at);
}

function valueOf(statement: Statement, word: string, type: TimeType, at: number | undefined): HirScalar {
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
  if (type === 'timestamp') return call(functionByOid(DATE_TO_TIMESTAMP), [day]);
  return type === 'timestamptz' ? call(functionByOid(DATE_TO_TIMESTAMPTZ), [day]) : day;
}
