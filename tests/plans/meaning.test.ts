/**
 * Every stage means the same: what lower makes of a query, what the optimizer makes of that (also with each rule left
 * out), and the physical plan for a client and for a maintained view.
 *
 * Where the lowered relation raises no error, none may appear later; where it does, fewer may.
 */
import { describe, expect, test } from 'vitest';
import { lowerQuery } from '../../sql/lower/lower.ts';
import { evaluatorFor } from '../../sql/optimize/evaluate.ts';
import { optimize, RULE_NAMES } from '../../sql/optimize/pipeline.ts';
import { planRelation } from '../../sql/physical/physical.ts';
import { project } from '../../sql/mir/relation.ts';
import type { Bag } from './bag.ts';
import { bindText, catalog } from './compile.ts';
import { canonicalValue, evaluate } from './evaluate.ts';
import { datasets, rowsOfArrangement } from './data.ts';
import { interpretMir } from './interpret-mir.ts';
import { interpretPlan } from './interpret-plan.ts';
import { QUERIES } from './queries.ts';

const rules = {
  fold: evaluatorFor((expression) => evaluate(expression, [])),
  keysOfObject: (object: number) => catalog.relation(object).keys,
  strict: true,
};

const lower = (text: string, maintained: boolean) =>
  lowerQuery(bindText(text, maintained), { keysOfObject: rules.keysOfObject, maintained });

/** Rows as text, numeric by SQL equality: a rule may change which representation is the least. */
function outcome(bag: Bag): { rows: string[]; errors: string[] } {
  const errors = [...bag.errors.keys()].toSorted();
  const rows =
    errors.length > 0
      ? []
      : bag
          .list()
          .map((row) =>
            JSON.stringify(row.map((value) => (value === null ? null : canonicalValue(value, 'numeric')))),
          );
  return { rows: rows.toSorted(), errors };
}

function expectSame(actual: Bag, expected: Bag, what: string): void {
  const [got, wanted] = [outcome(actual), outcome(expected)];
  if (wanted.errors.length > 0 && got.errors.length === 0) return;
  if (wanted.errors.length > 0) {
    expect(wanted.errors, what).toEqual(expect.arrayContaining(got.errors));
    return;
  }
  expect(got, what).toEqual(wanted);
}

describe('the stages of a query mean the same', () => {
  test.each(QUERIES)('%s', (text) => {
    const lowered = lower(text, false);
    const optimized = optimize(lowered, rules);
    const less = [
      ...RULE_NAMES.map((name) => ({ name, query: optimize(lowered, rules, new Set([name])) })),
      { name: 'all rules', query: optimize(lowered, rules, new Set(RULE_NAMES)) },
    ];
    const view = lower(text, true);
    const optimizedView = optimize(view, rules);
    let next = 9000;
    const shared = new Map<number, number>();
    const maintained = planRelation(optimizedView.relation, {
      catalog,
      name: 'view',
      parameters: [],
      target: { kind: 'maintain', arrangement: 1, keys: view.keys },
      allocate: () => {
        next += 1;
        return next;
      },
    });
    for (const request of maintained.shared) shared.set(request.id, request.relation);
    const rows = planRelation(optimized.relation, {
      catalog,
      name: 'query',
      parameters: [],
      target: { kind: 'rows', finishing: { ...lowered.finishing!, order: [], limit: null, offset: null } },
      allocate: null,
    });
    for (const [index, data] of datasets().entries()) {
      const expected = interpretMir(lowered.relation, data);
      expectSame(interpretMir(optimized.relation, data), expected, `optimized, data ${index}`);
      for (const { name, query } of less) {
        expectSame(interpretMir(query.relation, data), expected, `without ${name}, data ${index}`);
      }
      const read = (id: number) => rowsOfArrangement(data, id, shared);
      const shown = interpretMir(project(lowered.relation, lowered.finishing!.projection), data);
      expectSame(interpretPlan(rows.plan, read), shown, `plan for rows, data ${index}`);
      const asView = interpretMir(view.relation, data);
      expectSame(interpretPlan(maintained.plan, read), asView, `plan for a view, data ${index}`);
      if (asView.errors.size === 0) expectUnique(asView, view.keys, `keys, data ${index}`);
    }
  });
});

/** Derived keys are unique. */
function expectUnique(bag: Bag, keys: readonly (readonly number[])[], what: string): void {
  for (const key of keys) {
    const seen = new Set<string>();
    for (const row of bag.list()) {
      const text = JSON.stringify(key.map((column) => row[column]));
      expect(seen.has(text), `${what}: ${JSON.stringify(key)} of ${text}`).toBe(false);
      seen.add(text);
    }
  }
}
