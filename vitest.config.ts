import { configDefaults, defineConfig } from 'vitest/config';
import { leftOutFiles } from './tests/support/left-out-files.ts';
import { LeftOutReporter } from './tests/support/left-out-reporter.ts';

const leftOut = leftOutFiles();

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts', 'clients/**/*.test.ts', 'connectors/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...leftOut.map(({ path }) => path)],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: a server under test and its client share them.
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', new LeftOutReporter(leftOut)],
  },
});
