/**
 * The plan's expressions and row programs as text.
 */
import type { Expr, Mfp } from '../../engine/plan.generated.ts';
import { callText, columnList, literalText } from './text.ts';

/** Opcodes that read better as operators, by their ends; others print as calls. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['eq', '='],
  ['ne', '<>'],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['pl', '+'],
  ['add', '+'],
  ['mi', '-'],
  ['sub', '-'],
  ['mul', '*'],
  ['div', '/'],
]);

/** A type's name and an operator's: not `timestamptz_zone`, which ends as `<>` does, and not `network_sub`, which is `<<`. */
const OPCODE =
  /^(?!network_sub$)(?:int|float|numeric|text|bpchar|date|timestamptz|timestamp|time|interval|uuid|bool|oid|bytea|name|network|macaddr|varbit|bit)\d*_?([a-z]{2,3}?)(?:name|text)?$/;

/** An expression: columns are `#n` of the row. */
export function exprText(expr: Expr): string {
  const text = exprText;
  switch (expr.kind) {
    case 'column':
      return `#${expr.index}`;
    case 'literal':
      return literalText(expr.scalar, expr.text);
    case 'parameter':
      return `$${expr.index + 1}`;
    case 'logicalNow':
      return 'now';
    case 'call': {
      const [, end] = (expr.arguments.length === 2 && OPCODE.exec(expr.opcode)) || [];
      return callText(OPERATORS.get(end ?? '') ?? expr.opcode, expr.arguments.map(text));
    }
    case 'input':
      return `${expr.scalar}(${text(expr.argument)})`;
    case 'output':
      return `text(${text(expr.argument)})`;
    case 'and':
    case 'or':
      return `(${expr.operands.map(text).join(` ${expr.kind} `)})`;
    case 'not':
      return expr.operand.kind === 'isNull'
        ? `(${text(expr.operand.operand)} is not null)`
        : `(not ${text(expr.operand)})`;
    case 'isNull':
      return `(${text(expr.operand)} is null)`;
    case 'isTrue':
      return `(${text(expr.operand)} is true)`;
    case 'case': {
      const branches = expr.branches.map(
        (branch) => `when ${text(branch.condition)} then ${text(branch.result)}`,
      );
      return `case ${branches.join(' ')} else ${text(expr.otherwise)} end`;
    }
    case 'coalesce':
      return `coalesce(${expr.operands.map(text).join(', ')})`;
    case 'inList':
      return `(${text(expr.operand)} in (${expr.list.map(text).join(', ')}))`;
    case 'canonical':
      return `canonical(${text(expr.operand)})`;
    case 'notDistinct':
      return `(${text(expr.left)} is not distinct from ${text(expr.right)})`;
    case 'array':
      return `array[${expr.elements.map(text).join(', ')}]`;
    case 'mapArray':
      return `map(${text(expr.array)}, ${text(expr.body)})`;
    case 'quantified':
      return `(${expr.all ? 'all' : 'any'} of ${text(expr.array)}: ${text(expr.comparison)} with $0 = ${text(expr.left)})`;
    case 'element':
      return `$${expr.index}`;
    case 'once':
      return `(let @${expr.binding} = ${text(expr.value)} in ${text(expr.body)})`;
    case 'local':
      return `@${expr.binding}`;
    case 'raise':
      return `raise(${expr.sqlstate})`;
  }
}

/** Map, filter, project over a row of `arity` columns, a step a line. */
export function mfpLines(mfp: Mfp, arity: number): string[] {
  const result: string[] = [];
  mfp.expressions.forEach((expr, index) => result.push(`#${arity + index} = ${exprText(expr)}`));
  for (const predicate of mfp.predicates) result.push(`filter ${exprText(predicate.condition)}`);
  const identity =
    mfp.projection.length === arity && mfp.projection.every((column, position) => column === position);
  if (!identity || mfp.expressions.length > 0) result.push(`project ${columnList(mfp.projection)}`);
  return result;
}
