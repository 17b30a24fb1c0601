/** A_Expr: everything that is written with an operator, and what the grammar makes of IN, BETWEEN, NULLIF… */
import type { A_Expr, Node } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import { commonType } from '../types/common.ts';
import { recordFields } from '../types/record.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { computedOnce } from './once.ts';
import { equalityOperands, findOperator, makeOperator, notDistinct } from './operator.ts';
import { imageComparison } from './record-image.ts';
import { bindRowComparison, bindRowDistinct, comparesRows } from './row-comparison.ts';
import { and, isNull, literal, not, or, typeOf } from './scalar.ts';
import { isSet, refuseSets } from './set-returning.ts';
import type { Bound } from './statement.ts';
import { bindArrayComparison } from './array-comparison.ts';

/** Binds an operator expression. */
export function bindOperatorExpression(node: A_Expr, context: ExpressionContext): Bound {
  const at = locationOf(node);
  switch (node.kind ?? 'AEXPR_OP') {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return bindOperator(node, context, at);
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return bindArrayComparison(node, context, at);
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      if (comparesRows(node)) return bindRowDistinct(node, context, at);
      const left = bindExpression(node.lexpr!, context);
      const right = bindExpression(node.rexpr!, context);
      const isNullTest = nullTest(node, left, right);
      if (isNullTest !== null) {
        const scalar = node.kind === 'AEXPR_DISTINCT' ? not(isNullTest) : isNullTest;
        return { scalar, at: leftmost(at, left.at) };
      }
      const same = notDistinct(context, left, right, at);
      return {
        scalar: node.kind === 'AEXPR_DISTINCT' ? not(same) : same,
        at: leftmost(at, left.at),
      };
    }
    case 'AEXPR_NULLIF':
      return bindNullIf(node, context, at);
    case 'AEXPR_IN':
      return bindInList(node, context, at);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return bindBetween(node, context, at);
  }
}

/** `x IS [NOT] DISTINCT FROM NULL` asks for no operator. */
function nullTest(node: A_Expr, left: Bound, right: Bound): HirScalar | null {
  const isNullWritten = (side: Node | undefined): boolean => nodeAs(side, 'A_Const')?.isnull === true;
  // IS NULL of a record asks for its fields; what has no type yet gets one from the operator.
  const isOther = ({ scalar }: Bound): boolean =>
    typeOf(scalar).name === 'unknown' || recordFields(typeOf(scalar).name) !== null;
  if (isNullWritten(node.rexpr) && !isOther(left)) return isNull(left.scalar);
  if (isNullWritten(node.lexpr) && !isOther(right)) return isNull(right.scalar);
  return null;
}

export function operatorName(node: A_Expr, context: ExpressionContext): string {
  const parts = nameParts(node.name);
  const schema = parts.length > 1 ? parts[parts.length - 2]! : 'pg_catalog';
  const name = parts[parts.length - 1]!;
  if (schema !== 'pg_catalog') {
    const { statement } = context;
    if (!statement.environment.catalog.hasSchema(schema)) {
      throw statement.error('3F000', `schema "${schema}" does not exist`, locationOf(node));
    }
    throw statement.error('42883', `operator does not exist: ${parts.join('.')}`, locationOf(node));
  }
  return name === '!=' ? '<>' : name;
}

function bindOperator(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const name = operatorName(node, context);
  if (node.lexpr !== undefined && comparesRows(node)) return bindRowComparison(node, name, context, at);
  const left = node.lexpr === undefined ? null : bindExpression(node.lexpr, context);
  const right = bindExpression(node.rexpr!, context);
  const image = left && imageComparison(name, left.scalar, right.scalar, context);
  const scalar = image ?? makeOperator(context, name, left, right, at);
  return { scalar, at: leftmost(at, left?.at) };
}

function bindNullIf(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const left = bindExpression(node.lexpr!, context);
  const right = bindExpression(node.rexpr!, context);
  const operator = findOperator(context, '=', typeOf(left.scalar).name, typeOf(right.scalar).name, at, {
    left,
    right,
  });
  // A domain's modifier is its own, which the type beneath does not have.
  const isOfDomain = context.statement.domainOf(left.scalar) !== undefined;
  const scalar = computedOnce(context.statement, left, (once) => {
    const value = coerce(context.statement, once, operator.left as TypeName, 'implicit')!;
    const condition = makeOperator(context, '=', once, right, at);
    const type = isOfDomain ? plain(typeOf(value).name) : typeOf(value);
    const none = literal(type.name, null, type.typmod);
    return { kind: 'case', branches: [{ condition, result: none }], otherwise: value, type };
  });
  return { scalar, at: leftmost(at, left.at) };
}

/** A bound of BETWEEN, as it is written and bound. */
interface Bounding {
  readonly node: Node;
  readonly bound: Bound;
}

function bindBetween(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const bounds = nodeAs(node.rexpr, 'List')?.items ?? [];
  const value = bindExpression(node.lexpr!, context);
  const bound = (which: Node): Bounding => ({ node: which, bound: bindExpression(which, context) });
  const [low, high] = [bound(bounds[0]!), bound(bounds[1]!)];
  const areRows = (right: Node): boolean =>
    [node.lexpr, right].every((side) => nodeAs(side, 'RowExpr') !== undefined);
  const compare = (name: string, right: Bounding): HirScalar =>
    areRows(right.node)
      ? bindRowComparison({ ...node, rexpr: right.node }, name, context, at).scalar
      : makeOperator(context, name, value, right.bound, at);
  const inside = (from: Bounding, to: Bounding): HirScalar => and([compare('>=', from), compare('<=', to)]);
  const outside = (from: Bounding, to: Bounding): HirScalar => or([compare('<', from), compare('>', to)]);
  const scalar = {
    AEXPR_BETWEEN: () => inside(low, high),
    AEXPR_NOT_BETWEEN: () => outside(low, high),
    AEXPR_BETWEEN_SYM: () => or([inside(low, high), inside(high, low)]),
    AEXPR_NOT_BETWEEN_SYM: () => and([outside(low, high), outside(high, low)]),
  }[node.kind as 'AEXPR_BETWEEN']();
  const first = leftmost(at, value.at);
  const isOutside = node.kind === 'AEXPR_NOT_BETWEEN' || node.kind === 'AEXPR_NOT_BETWEEN_SYM';
  refuseSets(scalar, `argument of ${isOutside ? 'OR' : 'AND'}`, context, first);
  return { scalar, at: first };
}

/** `x [NOT] IN (…)`. */
function bindInList(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const elements = nodeAs(node.rexpr, 'List')?.items ?? [];
  const negated = operatorName(node, context) === '<>';
  if (nodeAs(node.lexpr, 'RowExpr') !== undefined) {
    const alternatives = elements.map(
      (element) => bindRowComparison({ ...node, kind: 'AEXPR_OP', rexpr: element }, '=', context, at).scalar,
    );
    const some = or(alternatives);
    return { scalar: negated ? not(some) : some, at };
  }
  const left = bindExpression(node.lexpr!, context);
  const values = elements.map((element) => bindExpression(element, context));
  const scalar = oneOf(context, left, values, at);
  const first = leftmost(at, left.at);
  // An array may be of sets; what is compared by itself is one value: what reads columns, and what is not several.
  const isElement = values.map(isArrayElement);
  const isArray = isElement.filter(Boolean).length > 1;
  const alone = values.filter((_, i) => !isArray || !isElement[i]!);
  if (alone.length > 0) {
    for (const side of [left, ...alone]) refuseSets(side.scalar, 'argument of IN', context, first);
  }
  return { scalar: negated ? not(scalar) : scalar, at: first };
}

/** Equality with one of several values: constants as an inList, others as comparisons. */
export function oneOf(
  context: ExpressionContext,
  left: Bound,
  written: readonly Bound[],
  at: number | undefined,
): HirScalar {
  const values = withCommonType(context, left, written);
  const constants = values.filter(({ scalar }) => scalar.kind === 'literal');
  const others = values.filter(({ scalar }) => scalar.kind !== 'literal');
  const alternatives: HirScalar[] = [];
  const list = constants.length > 1 ? constantList(context, left, constants, at) : null;
  if (list !== null) alternatives.push(list);
  for (const value of list === null ? values : others)
    alternatives.push(makeOperator(context, '=', left, value, at));
  return or(alternatives);
}

/** As in PostgreSQL several values that read no columns are an array's elements: literals are read as what all have in common. */
function withCommonType(
  { statement }: ExpressionContext,
  left: Bound,
  values: readonly Bound[],
): readonly Bound[] {
  const isElement = values.map(isArrayElement);
  const elements = values.filter((_, i) => isElement[i]!);
  const untyped = ({ scalar }: Bound): boolean =>
    scalar.kind === 'literal' && typeOf(scalar).name === 'unknown';
  if (
    elements.length < 2 ||
    !elements.some(untyped) ||
    elements.every(({ scalar }) => scalar.kind === 'literal')
  )
    return values;
  const outcome = commonType([left, ...elements].map(({ scalar }) => typeOf(scalar).name));
  if ('conflict' in outcome) return values;
  return values.map((value, i) =>
    isElement[i]! && untyped(value)
      ? { ...value, scalar: coerce(statement, value, outcome.type, 'implicit') ?? value.scalar }
      : value,
  );
}

/** Whether a value of an IN list is one of an array there: it reads no column. A set is none. */
function isArrayElement({ scalar }: Bound): boolean {
  return !freeOfScalar(scalar).columns.some(({ level, index }) => level === 0 && !isSet(index));
}

function constantList(
  context: ExpressionContext,
  left: Bound,
  constants: readonly Bound[],
  at: number | undefined,
): HirScalar | null {
  const { statement } = context;
  const outcome = commonType([left, ...constants].map(({ scalar }) => typeOf(scalar).name));
  if ('conflict' in outcome) return null;
  const list = constants.map((constant) => coerce(statement, constant, outcome.type, 'implicit'));
  if (list.some((element) => element === null)) return null;
  const first: Bound = { scalar: list[0]!, at: constants[0]!.at };
  const sides = equalityOperands(context, left, first, at);
  const type = typeOf(sides.right).name;
  const typed = list.map((scalar, i) =>
    coerce(statement, { scalar: scalar!, at: constants[i]!.at }, type, 'implicit')!,
  );
  if (typeOf(sides.left).name !== type || typed.some((element) => element.kind !== 'literal')) return null;
  return { kind: 'inList', operand: sides.left, list: typed };
}
