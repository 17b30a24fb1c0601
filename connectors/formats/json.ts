/** FORMAT JSON: one object a line. */
import type { OptionSpecs } from '../options.ts';

export const jsonOptions = {} as const satisfies OptionSpecs;
