import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/root.ts';
import { MUTANTS } from './mutants.ts';

test('each seeded bug still has its place in the source', () => {
  const places = MUTANTS.map(({ name, file, from }) => {
    const source = readFileSync(join(projectRoot, file), 'utf8');
    return `${name}: ${source.split(from).length - 1}`;
  });
  expect(places).toEqual(MUTANTS.map(({ name }) => `${name}: 1`));
});
