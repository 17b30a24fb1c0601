import { expect, test } from 'vitest';
import { startEngine } from '../../engine/index.ts';
import { usedOpcodes } from '../../sql/functions/table.ts';

test('the evaluator has every function that the binder can name', async () => {
  const ignore = (): void => {};
  const events = { completed: ignore, changes: ignore, subscriptionEnded: ignore, panic: ignore };
  const engine = startEngine({ workers: 1, events });
  const known = new Set(engine.opcodes());
  expect([...usedOpcodes()].filter((opcode) => !known.has(opcode))).toEqual([]);
  await engine.stop();
});
