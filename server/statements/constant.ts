/**
 * Constant expressions in clauses (AS OF, UP TO, LIMITs of our own statements): bound and evaluated as a one-row query.
 */
import type { Node } from '@pgsql/types';
import { findLocation, nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';

/** The text of a whole number, which needs no plan. */
function numberOf(expression: Node): string | null {
  const constant = nodeAs(expression, 'A_Const');
  if (constant?.ival) return String(constant.ival.ival ?? 0);
  const digits = constant?.fval?.fval;
  return digits !== undefined && /^[1-9]\d*$/.test(digits) ? digits : null;
}

/** The text form of a constant expression's value; 22004 when it is NULL, 42P10 when it is no constant. */
export function evaluateConstant(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  expression: Node,
  clause: string,
): string {
  const number = numberOf(expression);
  if (number !== null) return number;
  const node: Node = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: expression } }],
      op: 'SETOP_NONE',
      limitOption: 'LIMIT_OPTION_DEFAULT',
    },
  };
  const query = system.planning.bindQuery(session, { ...parsed, node, extensions: { at: new Map() } });
  // Folding is what decides: it is not a rule that can be turned off here.
  const { user, database, searchPath, timeZone } = session;
  const plain = { user, database, searchPath, timeZone };
  const compiled = system.planning.compileQuery(plain, query, { kind: 'rows' });
  const row = compiled.plan.nodes.length === 1 ? compiled.plan.nodes[0]?.operator : undefined;
  const position = positionOf(parsed, findLocation(expression));
  if (row?.kind !== 'constant' || row.rows.length !== 1) {
    throw new SqlError({ sqlstate: '42P10', message: `argument of ${clause} must be a constant`, position });
  }
  const text = row.rows[0]?.values[0] ?? null;
  if (text === null) {
    throw new SqlError({ sqlstate: '22004', message: `argument of ${clause} must not be null`, position });
  }
  return text;
}
