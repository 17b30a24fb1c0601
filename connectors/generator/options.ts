import type { OptionSpecs } from '../options.ts';

/** Options of FROM GENERATOR COUNTER (…). */
export const counterOptions = {
  /** How many rows in all; without it, no end. */
  events: { type: 'integer', min: 0 },
  /** Rows a second; without it, EVENTS rows as fast as it goes, or one a second if EVENTS is absent too. */
  rate: { type: 'integer', min: 1, max: 100_000_000, alterable: true },
} as const satisfies OptionSpecs;

/** Options of FROM GENERATOR NEXMARK (…). */
export const nexmarkOptions = {
  /** How many events in all, of all three tables; without it, no end. */
  events: { type: 'integer', min: 0 },
  /** Events a second; without it, EVENTS events as fast as it goes, or 10,000 a second if EVENTS is absent too. */
  rate: { type: 'integer', min: 1, max: 100_000_000, alterable: true },
  /** The same seed gives the same events, whatever the rate. */
  seed: { type: 'integer', min: 1, default: 1 },
} as const satisfies OptionSpecs;
