/** Values that the session or the transaction decides: CURRENT_TIMESTAMP, current_user… */
import type { SQLValueFunction } from '@pgsql/types';
import { locationOf } from '../ast/accessors.ts';
import { functionByOid } from '../functions/table.ts';
import type { HirScalar, SessionValue } from '../hir.ts';
import { plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { applyModifier } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { call, literal } from './scalar.ts';
import type { Bound } from './statement.ts';

const TIMESTAMPTZ_TO_DATE = 1178;
const TIMESTAMPTZ_TO_TIME = 2019;
const TIMESTAMPTZ_TO_TIMESTAMP = 2027;

/** A session value by its SQL name; in a view and in a CHECK it is refused. */
export function sessionValue(
  context: ExpressionContext,
  value: SessionValue,
  type: TypeName,
  name: string,
  at: number | undefined,
): HirScalar {
  const { inView, ofSystem } = context.statement.environment;
  if (inView === true && ofSystem !== true) {
    const temporal = type === 'timestamptz';
    throw context.statement.error('0A000', `${name} in a view is not supported`, at, {
      hint: temporal
        ? 'Compare with a column instead; filters on the current time are not there yet.'
        : 'A view has the same contents for every session.',
    });
  }
  if (context.clause === 'check constraints') {
    throw context.statement.error('0A000', `${name} in a CHECK is not supported`, at, {
      hint: 'A CHECK holds of a row at any time and for any session.',
    });
  }
  return { kind: 'session', value, type: plain(type) };
}

/** The keywords that are functions without parentheses. */
export function bindSessionValue(node: SQLValueFunction, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const operation = (node.op ?? 'SVFOP_CURRENT_DATE').replace(/^SVFOP_/, '');
  const name = operation.replace(/_N$/, '');
  const typmod = operation.endsWith('_N') ? Math.min(node.typmod ?? 0, 6) : -1;
  const now = (): HirScalar => sessionValue(context, 'transactionTimestamp', 'timestamptz', name, at);
  const convert = (oid: number): HirScalar => call(functionByOid(oid), [now()]);
  const precise = (scalar: HirScalar, type: TypeName): HirScalar =>
    applyModifier(statement, scalar, { name: type, typmod }, false, at);
  switch (name) {
    case 'CURRENT_DATE':
      return { scalar: convert(TIMESTAMPTZ_TO_DATE), at };
    case 'CURRENT_TIMESTAMP':
      return { scalar: precise(now(), 'timestamptz'), at };
    case 'LOCALTIMESTAMP':
      return { scalar: precise(convert(TIMESTAMPTZ_TO_TIMESTAMP), 'timestamp'), at };
    case 'LOCALTIME':
      return { scalar: precise(convert(TIMESTAMPTZ_TO_TIME), 'time'), at };
    case 'CURRENT_ROLE':
    case 'CURRENT_USER':
    case 'USER':
      return { scalar: sessionValue(context, 'currentUser', 'name', name, at), at };
    case 'SESSION_USER':
      return { scalar: sessionValue(context, 'sessionUser', 'name', name, at), at };
    case 'CURRENT_CATALOG':
      return { scalar: literal('name', statement.environment.catalog.database), at };
    case 'CURRENT_SCHEMA':
      return { scalar: sessionValue(context, 'currentSchema', 'name', name, at), at };
    default:
      throw statement.unsupported(name, at, name === 'CURRENT_TIME' ? 'Use LOCALTIME.' : undefined);
  }
}
