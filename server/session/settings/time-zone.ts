/** TimeZone: a name of the time zone database in any case, hours east of Greenwich, an interval, or a POSIX specification. */
import { SqlError } from '../../../sql/error.ts';

let names: Map<string, string> | undefined;

/** Names of the database without a slash, which `Intl` reads but does not list. */
const PLAIN_NAMES = `CET CST6CDT Cuba EET Egypt Eire EST EST5EDT GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich Hongkong HST Iceland
  Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT Navajo NZ NZ-CHAT Poland Portugal PRC PST8PDT ROC ROK Singapore
  Turkey UCT Universal UTC W-SU WET Zulu`;

/** Hours of a POSIX specification are fewer than those of a week. */
const HOUR_LIMIT = 24 * 7;

/** The zone's name as PostgreSQL shows it. */
export function timeZone(value: string, name: string): string {
  const interval = /^interval\s*'(.*)'$/i.exec(value)?.[1];
  if (interval !== undefined) return fixedOffset(intervalSeconds(interval, value, name), value, name);
  const number = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) ? Number(value) : undefined;
  if (number !== undefined) return fixedOffset(Math.round(number * 3600), value, name);
  return databaseName(value) ?? posixName(value) ?? refuse(value, name);
}

function databaseName(value: string): string | undefined {
  const lower = value.toLowerCase();
  names ??= new Map(
    [...PLAIN_NAMES.split(/\s+/), 'Etc/UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => [
      zone.toLowerCase(),
      zone,
    ]),
  );
  const known = names.get(lower);
  if (known !== undefined || !lower.includes('/') || !isZone(value)) return known;
  return value
    .split('/')
    .map((part) => part.replaceAll(/(^|[_-])([a-z])/g, (letter) => letter.toUpperCase()))
    .join('/');
}

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false;
  }
}

const ABBREVIATION = '(?:<[^>]+>|[a-z]+)';
const CLOCK = '(\\d+)(?::[0-5]?\\d){0,2}';
/** When daylight-saving time begins and ends: `M4.1.0`, `J60/3`. */
const CHANGE = `(?:M(?:1[0-2]|0?[1-9])\\.[1-5]\\.[0-6]|J?\\d{1,3})(?:/[-+]?\\d+(?::[0-5]?\\d){0,2})?`;
const DAYLIGHT = `${ABBREVIATION}(?:[-+]?${CLOCK})?(?:,${CHANGE},${CHANGE})?`;
const POSIX = new RegExp(`^${ABBREVIATION}?[-+]?${CLOCK}(?:${DAYLIGHT})?$`, 'i');

/** `UTC+3`, `<+02>-02`, `+02:00`, `CST7CDT,M4.1.0,M10.5.0`: an abbreviation, if there is one, and hours west of Greenwich. */
function posixName(value: string): string | undefined {
  const [, ...hours] = POSIX.exec(value) ?? [];
  if (hours[0] === undefined) return undefined;
  return hours.every((count) => Number(count ?? 0) < HOUR_LIMIT) ? value.toUpperCase() : undefined;
}

/** A zone of one offset, in seconds east of Greenwich. */
function fixedOffset(east: number, value: string, name: string): string {
  const size = Math.abs(east);
  if (size >= HOUR_LIMIT * 3600) refuse(value, name, 'UTC timezone offset is out of range.');
  const two = (part: number): string => String(part).padStart(2, '0');
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  while (parts.length > 1 && parts[parts.length - 1] === 0) parts.pop();
  const text = parts.map(two).join(':');
  return east < 0 ? `<-${text}>+${text}` : `<+${text}>-${text}`;
}

/** Seconds of an interval of hours, minutes and seconds. */
function intervalSeconds(text: string, value: string, name: string): number {
  const clock = /^\s*([-+]?)(\d+):(\d{1,2})(?::(\d{1,2})(?:\.\d*)?)?\s*$/.exec(text);
  if (clock) {
    const [, sign, hours, minutes, seconds = '0'] = clock;
    return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  }
  let total = 0;
  const rest = text.replaceAll(
    /([-+]?\d+(?:\.\d+)?)\s*(h|m|s|d|w|y|hr|min|sec|mon|(?:hour|minute|second|day|week|month|year)s?)\b/gi,
    (_, amount: string, unit: string) => {
      const of = unit.toLowerCase();
      if (/^(mon|y)/.test(of)) refuse(value, name, 'Cannot specify months in time zone interval.');
      if (/^[dw]/.test(of)) refuse(value, name, 'Cannot specify days in time zone interval.');
      total += Number(amount) * (of.startsWith('h') ? 3600 : of.startsWith('m') ? 60 : 1);
      return '';
    },
  );
  return rest.trim() === '' && rest !== text ? Math.trunc(total) : refuse(value, name);
}

function refuse(value: string, name: string, detail?: string): never {
  throw new SqlError({
    sqlstate: '22023',
    message: `invalid value for parameter "${name}": "${value}"`,
    detail,
    hint:
      detail === undefined
        ? 'Use a name of the time zone database, such as UTC or Europe/Berlin, or hours east of Greenwich.'
        : undefined,
  });
}
