/** The settings by which values are read and shown, as the engine takes them. */
import { DEFAULT_DATE_STYLE } from './date-style.ts';
import type { Settings } from './settings.ts';

/**
 * The TimeZone alone where the others are as they are by default; else lines of TimeZone, IntervalStyle, DateStyle,
 * extra_float_digits and bytea_output. From 1 on, extra_float_digits says one thing.
 */
export function formatSettings(settings: Settings): string {
  const zone = settings.get('timezone');
  const style = settings.get('intervalstyle');
  const dates = settings.get('datestyle');
  const digits = Math.min(Number(settings.get('extra_float_digits')), 1);
  const bytes = settings.get('bytea_output');
  if (style === 'postgres' && dates === DEFAULT_DATE_STYLE && digits === 1 && bytes === 'hex') return zone;
  return [zone, style, dates, digits, bytes].join('\n');
}
