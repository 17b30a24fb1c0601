/** The timestamp of AS OF and UP TO: microseconds since 1970, or a timestamp that PostgreSQL would read. */
import type { Node } from '@pgsql/types';
import { findLocation } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Timestamp } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { evaluateConstant } from './constant.ts';

/** The greatest timestamp that there is: what a JavaScript number carries. */
const LAST: Timestamp = Number.MAX_SAFE_INTEGER;

export function timestampClause(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  expression: Node,
  clause: 'AS OF' | 'UP TO',
): Timestamp {
  const given = evaluateConstant(system, session, parsed, expression, clause);
  const isNumber = /^-?\d+(\.\d*)?$/.test(given);
  const text = isNumber ? given : microsecondsOf(system, session, parsed, given, expression, clause);
  const value = Math.trunc(Number(text));
  if (value >= 0 && value <= LAST) return value;
  throw new SqlError({
    sqlstate: '22008',
    message: `${clause} timestamp out of range: "${given}"`,
    position: positionOf(parsed, findLocation(expression)),
  });
}

/** `extract(epoch FROM text::timestamptz) * 1000000`, by the evaluator, so that no digit is lost. */
function microsecondsOf(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  text: string,
  expression: Node,
  clause: string,
): string {
  const string = (sval: string): Node => ({ String: { sval } });
  const location = findLocation(expression);
  const constant = (sval: string): Node => ({ A_Const: { sval: { sval }, location } });
  const timestamp: Node = {
    TypeCast: {
      arg: constant(text),
      typeName: { names: [string('pg_catalog'), string('timestamptz')], typemod: -1 },
    },
  };
  const epoch: Node = {
    FuncCall: {
      funcname: [string('pg_catalog'), string('extract')],
      args: [constant('epoch'), timestamp],
      funcformat: 'COERCE_SQL_SYNTAX',
    },
  };
  const microseconds: Node = {
    A_Expr: {
      kind: 'AEXPR_OP',
      name: [string('*')],
      lexpr: epoch,
      rexpr: { A_Const: { ival: { ival: 1_000_000 } } },
    },
  };
  return evaluateConstant(system, session, parsed, microseconds, clause);
}
