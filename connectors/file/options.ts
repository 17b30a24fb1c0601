import type { OptionSpecs } from '../options.ts';

/** Options of FROM FILE (…). */
export const fileSourceOptions = {
  /** A file, a folder (its files, not those in folders below), or a pattern with * ? [] {} and ** for any folders. */
  path: { type: 'string', required: true },
  /** Goes on with new files, appended lines, changed and deleted files. */
  follow: { type: 'boolean', default: false },
  /** What a deleted file means to the rows that came from it. */
  on_delete: { type: 'choice', values: ['retract', 'keep'], default: 'retract', alterable: true },
  poll_interval: { type: 'duration', min: 10, default: 1000, alterable: true },
  compression: { type: 'choice', values: ['auto', 'none', 'gzip'], default: 'auto' },
} as const satisfies OptionSpecs;

/** Options of INTO FILE (…). */
export const fileSinkOptions = {
  path: { type: 'string', required: true },
  /** Replaces a file that this sink did not write. */
  overwrite: { type: 'boolean', default: false },
} as const satisfies OptionSpecs;
