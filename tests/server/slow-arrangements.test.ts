/** A view needs arrangements that take longer than the past is kept. */
import { expect, test } from 'vitest';
import type { Engine, Plan } from '../../engine/index.ts';
import { Dataflows } from '../../server/dataflows/dataflows.ts';
import type { Compiled } from '../../sql/compile.ts';

/** An engine whose readable past ends at what is computed; each installation takes a second. */
function slowEngine(): { engine: Engine; installed: number[]; now: () => number } {
  const installed: number[] = [];
  let computed = 100;
  const engine = {
    async install(_plan: Plan, asOf: number) {
      if (asOf < computed) throw new Error(`the time is too old; the oldest that can be read is ${computed}`);
      computed += 1_000_000;
      installed.push(asOf);
    },
    drop() {},
  };
  return { engine: engine as unknown as Engine, installed, now: () => computed };
}

test('each arrangement and the view itself begin at the time at which their turn has come', async () => {
  const { engine, installed, now } = slowEngine();
  const plan = (arrangement: number, of: number): Plan =>
    ({
      nodes: [{ operator: { kind: 'import', arrangement: of } }],
      output: { kind: 'arrangement', arrangement },
    }) as unknown as Plan;
  const required = [1, 2].map((id) => ({ id: 10 + id, relation: id, layout: {}, plan: plan(10 + id, id) }));
  const compiled = { plan: plan(20, 11), requires: required } as unknown as Compiled;
  const dataflows = new Dataflows(engine);
  expect(await dataflows.install(compiled, now)).toEqual([11]);
  expect(installed).toEqual([100, 1_000_100, 2_000_100]);
  expect(dataflows.whenReady([20])).toBe(null);
});
