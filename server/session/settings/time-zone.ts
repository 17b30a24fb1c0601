/** TimeZone: names of the time zone database, in any case. */
import { SqlError } from '../../../sql/error.ts';

let names: Map<string, string> | undefined;

/** The canonical spelling of a zone. */
export function timeZone(value: string, name: string): string {
  const text = value.trim();
  const lower = text.toLowerCase();
  if (['utc', 'gmt', 'zulu', 'z', 'etc/utc', '0', '+0', '-0', '+00', '+00:00'].includes(lower)) {
    return lower === 'etc/utc' ? 'Etc/UTC' : lower === 'gmt' ? 'GMT' : 'UTC';
  }
  if (/^[-+<\d]/.test(text) || /^(posix|interval)/i.test(text)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `time zone "${value}" is not supported: fixed offsets cannot be set`,
      hint: 'Use a name of the time zone database, such as UTC or Europe/Berlin.',
    });
  }
  names ??= new Map(Intl.supportedValuesOf('timeZone').map((zone) => [zone.toLowerCase(), zone]));
  const known = names.get(lower);
  if (known !== undefined) return known;
  if (lower.includes('/') && isZone(text)) {
    return text
      .split('/')
      .map((part) => part.replaceAll(/(^|[_-])([a-z])/g, (letter) => letter.toUpperCase()))
      .join('/');
  }
  throw new SqlError({
    sqlstate: '22023',
    message: `invalid value for parameter "${name}": "${value}"`,
    hint: 'Use a name of the time zone database, such as UTC or Europe/Berlin.',
  });
}

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false;
  }
}
