/** What the suites of sources and of sinks share: a directory and a log for each test, secrets, options. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Option } from '../../sql/ast/options.ts';
import type { ConnectorContext } from '../contract.ts';
import { type OptionSpecs, type ParsedOptions, parseOptions } from '../options.ts';

/** What a connector's tests say to either suite. */
export interface Harness {
  readonly name: string;
  readonly connector: { readonly options: OptionSpecs };
  /** Option lists that must be refused, with the SQLSTATE. */
  readonly refused: readonly { readonly options: readonly Option[]; readonly sqlstate: string }[];
  /** Options that are alterable, with another value. */
  readonly altered: Readonly<Record<string, string | number | boolean>>;
  /** Values of the options that are secrets: they must be nowhere to be seen. */
  readonly secrets: readonly string[];
  /** Milliseconds that a test may take, where the other side needs more than others to come back. */
  readonly patience?: number;
}

/** How long a test may take, unless the other side is slow to come back. */
export const PATIENCE = 15_000;

/** Of the test that runs. */
export interface Suite {
  readonly patience: number;
  /** The connector's own directory, the same for all that is opened in a test. */
  context(): ConnectorContext;
  /** Something that a user could see. */
  said(text: string | null | undefined): void;
}

/** Registers what stands around each test; call it in the suite's `describe`. `close` comes before its own end. */
export function suiteOf(harness: Harness, close: () => Promise<void>): Suite {
  const said: string[] = [];
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tidewire-conformance-'));
    said.length = 0;
  });
  afterEach(async () => {
    await close();
    await rm(directory, { recursive: true, force: true });
    for (const secret of harness.secrets) expect(said.join('\n')).not.toContain(secret);
  });
  return {
    patience: harness.patience ?? PATIENCE,
    context: () => ({ directory, log: (message) => said.push(message) }),
    said: (text) => said.push(text ?? ''),
  };
}

/** Mistakes are refused, and what can be altered is what the tests alter: `options` with all of that. */
export function alteredOptions(
  harness: Harness,
  options: ParsedOptions<OptionSpecs>,
): ParsedOptions<OptionSpecs> {
  const specs = harness.connector.options;
  for (const { options: wrong, sqlstate } of harness.refused) {
    expect(() => parseOptions(specs, wrong, harness.name)).toThrow(expect.objectContaining({ sqlstate }));
  }
  const alterable = Object.keys(specs).filter((name) => specs[name]!.alterable === true);
  expect(Object.keys(harness.altered).sort()).toEqual(alterable.sort());
  return { ...options, ...harness.altered };
}
