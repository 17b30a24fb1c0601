/**
 * Literal keys to index look-ups (rule 21).
 *
 *     SELECT … FROM t WHERE id = $1        →  lookup t [id] in ($1)
 *     SELECT … FROM t WHERE id IN (1, 2)   →  lookup t [id] in (1), (2)
 *
 * Needs an arrangement whose whole key is fixed by equalities with expressions without columns. The conditions stay
 * above the look-up: they drop what a NULL parameter finds, and cost nothing on the few rows.
 */
import type { Expr } from '../../engine/plan.generated.ts';
import type { CatalogArrangement } from '../catalog.ts';
import type { MirScalar } from '../mir.ts';
import { equalitySides } from '../mir/equality.ts';
import { canFail, isColumnFree } from '../mir/scalar.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { sameExpr, toExpr } from './expr.ts';

/** Look-ups of more keys than this are scans. */
const MAX_KEYS = 1024;

interface FixedKey {
  readonly key: Expr;
  readonly values: readonly Expr[];
}

/** Key expressions of the relation that the predicates fix to some values. */
function fixedKeys(predicates: readonly MirScalar[]): FixedKey[] {
  const fixed: FixedKey[] = [];
  for (const predicate of predicates) {
    // Later conditions are evaluated only for rows that pass this one: a look-up by them would skip its errors, which
    // the error law allows, so order does not matter here.
    if (predicate.kind === 'inList') {
      const keys = predicate.list.map((item) =>
        equalitySides({ kind: 'notDistinct', left: predicate.operand, right: item, type: predicate.type }),
      );
      if (keys.some((sides) => sides === null) || predicate.list.some(canFail)) continue;
      const values = keys.filter((_, index) => {
        const item = predicate.list[index]!;
        return !(item.kind === 'literal' && item.text === null);
      });
      if (keys.length === 0 || canFail(predicate.operand)) continue;
      fixed.push({ key: toExpr(keys[0]!.left), values: values.map((sides) => toExpr(sides!.right)) });
      continue;
    }
    const sides = equalitySides(predicate);
    if (sides === null || canFail(sides.left) || canFail(sides.right)) continue;
    if (isColumnFree(sides.right) && !isColumnFree(sides.left)) {
      fixed.push({ key: toExpr(sides.left), values: [toExpr(sides.right)] });
    } else if (isColumnFree(sides.left) && !isColumnFree(sides.right)) {
      fixed.push({ key: toExpr(sides.right), values: [toExpr(sides.left)] });
    }
  }
  return fixed;
}

/**
 * The flow's rows that can satisfy the predicates, by the longest key that they fix; null: scan. The flow must be a
 * named relation, projected at most.
 */
export function planLookup(builder: PlanBuilder, flow: Flow, predicates: readonly MirScalar[]): Flow | null {
  const object = builder.relationOf(flow.node);
  if (!builder.lookups || object === null || !flow.steps.isProjection) return null;
  const fixed = fixedKeys(predicates.map((predicate) => flow.steps.inline(predicate, Infinity)!));
  let chosen: { arrangement: CatalogArrangement; keys: Expr[][] } | null = null;
  for (const arrangement of builder.catalog.arrangements(object)) {
    const { key } = arrangement.layout;
    if (key.length === 0 || (chosen !== null && key.length <= chosen.arrangement.layout.key.length)) continue;
    const parts = key.map((part) => fixed.find((item) => sameExpr(item.key, part.expr)));
    if (parts.some((part) => part === undefined)) continue;
    const count = parts.reduce((product, part) => product * part!.values.length, 1);
    if (count > MAX_KEYS) continue;
    const keys = parts.reduce<Expr[][]>(
      (rows, part) => rows.flatMap((row) => part!.values.map((value) => [...row, value])),
      [[]],
    );
    chosen = { arrangement, keys };
  }
  if (chosen === null) return null;
  const node = builder.add(`lookup ${builder.relationName(object)}`, flow.steps.input, {
    kind: 'lookup',
    arrangement: chosen.arrangement.id,
    layout: chosen.arrangement.layout,
    keys: chosen.keys,
  });
  return { ...flow, node };
}
