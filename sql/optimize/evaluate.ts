/**
 * Constant folding's way to the one evaluator: the engine's.
 */
import type { Expr } from '../../engine/plan.generated.ts';
import type { MirScalar } from '../mir.ts';
import { literal } from '../mir/scalar.ts';
import { toExpr } from '../physical/expr.ts';

/** The engine prints t and f; plans say true and false. */
function boolText(text: string | null): string | null {
  return text === 't' ? 'true' : text === 'f' ? 'false' : text;
}

/**
 * Folds a scalar without columns and parameters to a literal; null if it raises an error: then it stays as written and
 * raises when it is reached.
 */
export function evaluatorFor(
  evaluate: (expression: Expr) => string | null,
): (scalar: MirScalar) => MirScalar | null {
  return (scalar) => {
    try {
      const text = evaluate(toExpr(scalar));
      return literal(scalar.type, scalar.type.name === 'bool' ? boolText(text) : text);
    } catch {
      return null;
    }
  };
}
