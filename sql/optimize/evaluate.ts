/**
 * Constant folding's way to the one evaluator: the engine's.
 */
import type { Expr } from '../../engine/plan.generated.ts';
import type { MirScalar } from '../mir.ts';
import { literal } from '../mir/scalar.ts';
import { toExpr } from '../physical/expr.ts';

/**
 * Folds a scalar without columns and parameters to a literal; null if it raises an error: then it stays as written and
 * raises when it is reached.
 */
export function evaluatorFor(
  evaluate: (expression: Expr) => string | null,
): (scalar: MirScalar) => MirScalar | null {
  return (scalar) => {
    try {
      return literal(scalar.type, evaluate(toExpr(scalar)));
    } catch {
      return null;
    }
  };
}
