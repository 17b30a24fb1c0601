/** DateStyle: how dates and times are shown, and in which order day, month and year are read. */
import { SqlError } from '../../../sql/error.ts';

const STYLES: readonly (readonly [word: RegExp, style: string])[] = [
  [/^iso$/, 'ISO'],
  [/^sql$/, 'SQL'],
  [/^postgres/, 'Postgres'],
  [/^german$/, 'German'],
];

const ORDERS: readonly (readonly [word: RegExp, order: string])[] = [
  [/^ymd$/, 'YMD'],
  [/^(dmy$|euro)/, 'DMY'],
  [/^(mdy$|us$|noneuro)/, 'MDY'],
];

export const DEFAULT_DATE_STYLE = 'ISO, MDY';

/** PostgreSQL's `check_datestyle`: what the words do not say stays as it is; German has days first unless they say otherwise. */
export function dateStyle(value: string, name: string, current: string): string {
  const words = value
    .toLowerCase()
    .split(',')
    .map((word) => word.trim().replace(/^"(.*)"$/, '$1'));
  let style: string | undefined;
  let order: string | undefined;
  let conflicts = false;
  for (const word of words) {
    const isDefault = word === 'default';
    const [defaultStyle, defaultOrder] = DEFAULT_DATE_STYLE.split(', ');
    const newStyle = isDefault ? (style ?? defaultStyle) : named(STYLES, word);
    const newOrder = isDefault ? (order ?? defaultOrder) : named(ORDERS, word);
    if (newStyle === undefined && newOrder === undefined) {
      throw refused(value, name, `Unrecognized key word: "${word}".`);
    }
    conflicts ||= differ(style, newStyle) || differ(order, newOrder);
    style = newStyle ?? style;
    order = newOrder ?? order;
  }
  if (conflicts) throw refused(value, name, 'Conflicting "DateStyle" specifications.');
  const [currentStyle, currentOrder] = current.split(', ');
  order ??= style === 'German' ? 'DMY' : currentOrder;
  return `${style ?? currentStyle}, ${order}`;
}

function named(list: readonly (readonly [word: RegExp, name: string])[], word: string): string | undefined {
  return list.find(([known]) => known.test(word))?.[1];
}

function differ(before: string | undefined, now: string | undefined): boolean {
  return before !== undefined && now !== undefined && before !== now;
}

function refused(value: string, name: string, detail: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `invalid value for parameter "${name}": "${value}"`,
    detail,
  });
}
