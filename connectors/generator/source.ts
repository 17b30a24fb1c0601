/** FROM GENERATOR COUNTER and FROM GENERATOR NEXMARK: two connectors, for their options and tables differ. */
import type { GeneratorKind } from '../../engine/index.ts';
import type { Notice } from '../../sql/error.ts';
import type { SourceConnector, SourceReader, UpstreamTable } from '../contract.ts';
import { counterOptions, nexmarkOptions } from './options.ts';
import { GeneratorReader } from './reader.ts';
import { counterTables, nexmarkTables } from './tables.ts';

const noNotices: readonly Notice[] = [];

export const counterSource: SourceConnector<typeof counterOptions> = {
  options: counterOptions,
  connection: null,
  messages: false,
  formats: [],
  metadata: [],
  appendOnly: () => true,
  validate: () => Promise.resolve(noNotices),
  tables: () => Promise.resolve<readonly UpstreamTable[]>(counterTables),
  sample: () => Promise.resolve(null),
  open({ options, offsets }): SourceReader {
    return new GeneratorReader(options, 1, offsets);
  },
};

export const nexmarkSource: SourceConnector<typeof nexmarkOptions> = {
  options: nexmarkOptions,
  connection: null,
  messages: false,
  formats: [],
  metadata: [],
  appendOnly: () => true,
  validate: () => Promise.resolve(noNotices),
  tables: () => Promise.resolve<readonly UpstreamTable[]>(nexmarkTables),
  sample: () => Promise.resolve(null),
  open({ options, offsets }): SourceReader {
    return new GeneratorReader(options, 10_000, offsets);
  },
};

/** What the engine must generate for a generator's name and options. */
export function generatorKind(variant: string, options: Readonly<Record<string, unknown>>): GeneratorKind {
  return variant === 'nexmark'
    ? { kind: 'nexmark', seed: Number(options['seed'] ?? 1) }
    : { kind: 'counter' };
}
