/** CASE, COALESCE, GREATEST and LEAST. */
import type { CaseExpr, CoalesceExpr, MinMaxExpr, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { coerceToBoolean, coerceToCommon, unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { makeOperator } from './operator.ts';
import { and, literal, not, or } from './scalar.ts';
import type { Bound } from './statement.ts';

/** `CASE WHEN … END` and `CASE x WHEN … END`. */
export function bindCase(node: CaseExpr, outer: ExpressionContext): Bound {
  const context = { ...outer, sets: 'CASE' };
  const { statement } = context;
  const at = locationOf(node);
  let subject: Bound | null = null;
  if (node.arg !== undefined) {
    const bound = bindExpression(node.arg, context);
    subject = { scalar: unknownToText(statement, bound), at: bound.at };
  }
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
  const { type, scalars } = coerceToCommon(statement, [otherwise, ...results], 'CASE', (i) =>
    i === 0 ? 'CASE/ELSE' : 'CASE/WHEN',
  );
  const [last, ...values] = scalars as [HirScalar, ...HirScalar[]];
  return {
    scalar: {
      kind: 'case',
      branches: conditions.map((condition, i) => ({ condition, result: values[i]! })),
      otherwise: last,
      type,
    },
    at,
  };
}

function bindAll(nodes: readonly Node[] | undefined, context: ExpressionContext): Bound[] {
  return (nodes ?? []).map((argument) => bindExpression(argument, context));
}

export function bindCoalesce(node: CoalesceExpr, context: ExpressionContext): Bound {
  const { type, scalars } = coerceToCommon(
    context.statement,
    bindAll(node.args, { ...context, sets: 'COALESCE' }),
    'COALESCE',
  );
  return { scalar: { kind: 'coalesce', operands: scalars, type }, at: locationOf(node) };
}

/**
 * GREATEST and LEAST pass over NULLs: the first value that is not NULL and not beaten by any behind it. (Quadratic in the
 * text, but each value is evaluated once in the usual case, and no function per type is wanted.)
 */
export function bindMinMax(node: MinMaxExpr, context: ExpressionContext): Bound {
  const at = locationOf(node);
  const least = node.op === 'IS_LEAST';
  const { type, scalars } = coerceToCommon(
    context.statement,
    bindAll(node.args, context),
    least ? 'LEAST' : 'GREATEST',
  );
  const operator = least ? '<=' : '>=';
  const isNull = (operand: HirScalar): HirScalar => ({ kind: 'isNull', operand });
  const branches = scalars.slice(0, -1).map((value, i) => ({
    condition: and([
      not(isNull(value)),
      ...scalars
        .slice(i + 1)
        .map((other) =>
          or([
            isNull(other),
            makeOperator(context, operator, { scalar: value, at }, { scalar: other, at }, at),
          ]),
        ),
    ]),
    result: value,
  }));
  const last = scalars[scalars.length - 1]!;
  if (branches.length === 0) return { scalar: last, at };
  return { scalar: { kind: 'case', branches, otherwise: last, type }, at };
}
