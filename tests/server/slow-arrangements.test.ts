/** A view needs arrangements that take longer than the past is kept. */
import { expect, test } from 'vitest';
import type { Engine, Plan } from '../../engine/index.ts';
import { Dataflows } from '../../server/dataflows/dataflows.ts';
import type { Compiled } from '../../sql/compile.ts';

/** An engine whose readable past ends, unless held, at what is computed; each installation takes a second of it. */
function slowEngine(): { engine: Engine; installed: number[]; held: () => number } {
  const installed: number[] = [];
  const holds = new Set<number>();
  let computed = 100;
  const engine = {
    hold(timestamp: number) {
      holds.add(timestamp);
      return { release: () => void holds.delete(timestamp) };
    },
    async install(_plan: Plan, asOf: number) {
      const oldest = Math.min(computed, ...holds);
      if (asOf < oldest) throw new Error(`the time is too old; the oldest that can be read is ${oldest}`);
      computed += 1_000_000;
      installed.push(asOf);
    },
    drop() {},
  };
  return { engine: engine as unknown as Engine, installed, held: () => holds.size };
}

test('the time of a view stays readable while the arrangements that it needs are made', async () => {
  const { engine, installed, held } = slowEngine();
  const plan = (arrangement: number): Plan =>
    ({ nodes: [{ operator: { kind: 'import', arrangement } }] }) as unknown as Plan;
  const required = [1, 2].map((id) => ({ id: 10 + id, relation: id, layout: {}, plan: plan(id) }));
  const compiled = { plan: plan(11), requires: required } as unknown as Compiled;
  await new Dataflows(engine).install(compiled, 100);
  expect(installed).toEqual([100, 100, 100]);
  expect(held()).toBe(0);
});
