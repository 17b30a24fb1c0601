/** CASE, COALESCE, GREATEST and LEAST. */
import type { CaseExpr, CoalesceExpr, MinMaxExpr, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { coerceToBoolean, coerceToCommon, unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { allComputedOnce, computedOnce } from './once.ts';
import { makeOperator } from './operator.ts';
import { and, isNull, literal, not, or } from './scalar.ts';
import type { Bound } from './statement.ts';

/** `CASE WHEN … END` and `CASE x WHEN … END`. */
export function bindCase(node: CaseExpr, outer: ExpressionContext): Bound {
  const context = { ...outer, sets: 'CASE' };
  const { statement } = context;
  const at = locationOf(node);
  if (node.arg === undefined) return { scalar: caseOver(node, null, context), at };
  const bound = bindExpression(node.arg, context);
  const subject = { scalar: unknownToText(statement, bound), at: bound.at };
  return { scalar: computedOnce(statement, subject, (once) => caseOver(node, once, context)), at };
}

/** CASE, whose WHENs are compared with `subject` where there is one. */
function caseOver(node: CaseExpr, subject: Bound | null, context: ExpressionContext): HirScalar {
  const { statement } = context;
  const at = locationOf(node);
  const whens = (node.args ?? []).map((when) => nodeAs(when, 'CaseWhen')!);
  const conditions = whens.map((when) => {
    const bound = bindExpression(when.expr!, context);
    const condition =
      subject === null ? bound.scalar : makeOperator(context, '=', subject, bound, locationOf(when) ?? at);
    return coerceToBoolean(statement, { scalar: condition, at: bound.at }, 'CASE/WHEN');
  });
  const results = whens.map((when) => bindExpression(when.result!, context));
  const otherwise: Bound =
    node.defresult === undefined
      ? { scalar: literal('unknown', null), at }
      : bindExpression(node.defresult, context);
  // PostgreSQL considers ELSE first.
  const { type, scalars, made } = coerceToCommon(statement, [otherwise, ...results], 'CASE', (i) =>
    i === 0 ? 'CASE/ELSE' : 'CASE/WHEN',
  );
  const [last, ...values] = scalars as [HirScalar, ...HirScalar[]];
  const branches = conditions.map((condition, i) => ({ condition, result: values[i]! }));
  return made({ kind: 'case', branches, otherwise: last, type });
}

function bindAll(nodes: readonly Node[] | undefined, context: ExpressionContext): Bound[] {
  return (nodes ?? []).map((argument) => bindExpression(argument, context));
}

export function bindCoalesce(node: CoalesceExpr, context: ExpressionContext): Bound {
  const { type, scalars, made } = coerceToCommon(
    context.statement,
    bindAll(node.args, { ...context, sets: 'COALESCE' }),
    'COALESCE',
  );
  return { scalar: made({ kind: 'coalesce', operands: scalars, type }), at: locationOf(node) };
}

/**
 * GREATEST and LEAST pass over NULLs: the first value that is not NULL and not beaten by any behind it. (Quadratic in the
 * text, but each value is evaluated once in the usual case, and no function per type is wanted.)
 */
export function bindMinMax(node: MinMaxExpr, context: ExpressionContext): Bound {
  const at = locationOf(node);
  const least = node.op === 'IS_LEAST';
  const { type, scalars, made } = coerceToCommon(
    context.statement,
    bindAll(node.args, context),
    least ? 'LEAST' : 'GREATEST',
  );
  const operator = least ? '<=' : '>=';
  const bound = scalars.map((scalar): Bound => ({ scalar, at }));
  const scalar = allComputedOnce(context.statement, bound, (values) => {
    const last = values[values.length - 1]!;
    if (values.length === 1) return last.scalar;
    const branches = values.slice(0, -1).map((value, i) => ({
      condition: and([
        not(isNull(value.scalar)),
        ...values
          .slice(i + 1)
          .map((other) => or([isNull(other.scalar), makeOperator(context, operator, value, other, at)])),
      ]),
      result: value.scalar,
    }));
    return { kind: 'case', branches, otherwise: last.scalar, type };
  });
  return { scalar: made(scalar), at };
}
