/** Durations: settings in milliseconds (`5s`, `2min`) and interval texts of options (`1s`, `00:00:05`, `2 minutes`). */
import { SqlError } from '../../../sql/error.ts';
import { invalidValue } from './definition.ts';

const UNITS: readonly [name: string, milliseconds: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const MAXIMUM = 2_147_483_647;

/** A setting in milliseconds; a number without unit is milliseconds. Printed in the largest unit that divides it. */
export function duration(value: string, name: string): string {
  const match = /^\s*([-+]?\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(value);
  const unit = match?.[2] ?? 'ms';
  const factor = unit === 'us' ? 0.001 : UNITS.find(([candidate]) => candidate === unit)![1];
  const milliseconds = match ? Math.round(Number(match[1]) * factor) : Number.NaN;
  if (milliseconds < 0 || milliseconds > MAXIMUM) {
    throw new SqlError({
      sqlstate: '22023',
      message: `${milliseconds} ms is outside the valid range for parameter "${name}" (0 ms .. ${MAXIMUM} ms)`,
    });
  }
  if (!match) {
    throw invalidValue(
      name,
      value,
      'Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".',
    );
  }
  if (milliseconds === 0) return '0';
  const [largest, size] = UNITS.find(([, size]) => milliseconds % size === 0)!;
  return `${milliseconds / size}${largest}`;
}

/** Milliseconds of a setting that `duration` accepted. */
export function durationMilliseconds(value: string): number {
  if (value === '0') return 0;
  const match = /^(\d+)(ms|s|min|h|d)?$/.exec(value);
  if (!match) return 0;
  return Number(match[1]) * (UNITS.find(([unit]) => unit === (match[2] ?? 'ms'))?.[1] ?? 1);
}

const WORDS: Readonly<Record<string, number>> = {
  us: 0.001,
  microsecond: 0.001,
  ms: 1,
  msec: 1,
  millisecond: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
};

/** Milliseconds of an interval's text, days at most; undefined when it is none or negative. */
export function intervalMilliseconds(value: string): number | undefined {
  const rest = value.trim().toLowerCase();
  if (rest === '') return undefined;
  const clock = /^(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?$/.exec(rest);
  if (clock) return Number(clock[1]) * 3_600_000 + Number(clock[2]) * 60_000 + Number(clock[3] ?? 0) * 1000;
  if (/^\d+(\.\d+)?$/.test(rest)) return Number(rest) * 1000;
  let total = 0;
  const left = rest.replaceAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/g, (whole, number: string, word: string) => {
    const factor = WORDS[word] ?? WORDS[word.replace(/s$/, '')];
    if (factor === undefined) return whole;
    total += Number(number) * factor;
    return '';
  });
  return left === '' ? total : undefined;
}
