/** SET and RESET. */
import type { Node, VariableSetStmt } from '@pgsql/types';
import { constantOf, findLocation, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { joinList } from '../settings/settings.ts';
import { readModes, requireUnread, setModes } from './transaction.ts';
import { utility } from './utility.ts';

export function prepareSet(session: Session, parsed: ParsedStatement, statement: VariableSetStmt): Prepared {
  const name = statement.name ?? '';
  switch (statement.kind) {
    case 'VAR_SET_MULTI':
      return utility(parsed, () => setTransaction(session, parsed, name, statement.args ?? []));
    case 'VAR_RESET_ALL':
      return utility(parsed, () => {
        session.settings.resetAll();
        return 'RESET';
      });
    default:
      return utility(parsed, () => setOne(session, parsed, statement, name));
  }
}

/** Gives a setting a value, or with null its default. */
export function assignSetting(session: Session, name: string, value: string | null, local: boolean): void {
  const { settings, transactions } = session;
  const key = name.toLowerCase();
  if (key === 'transaction_isolation' && value !== null) {
    const level = settings.definition(name).accept!(value, name, settings.get(name));
    requireUnread(session, level);
  }
  if (key === 'transaction_read_only' && transactions.isExplicit) {
    const readOnly = settings.definition(name).accept!(value ?? 'off', name, settings.get(name)) === 'on';
    transactions.setReadOnly(readOnly, session.savepoints.any);
  }
  settings.set(name, value, local || key.startsWith('transaction_'));
}

function setOne(session: Session, parsed: ParsedStatement, statement: VariableSetStmt, name: string): string {
  const { transactions } = session;
  const reset = statement.kind === 'VAR_RESET';
  const tag = reset ? 'RESET' : 'SET';
  if (isElsewhere(name)) {
    sayNoEffect(session, name);
    return tag;
  }
  const local = statement.is_local ?? false;
  if (local && !transactions.isBlock) {
    session.notice({
      severity: 'WARNING',
      sqlstate: '25P01',
      message: 'SET LOCAL can only be used in transaction blocks',
    });
  }
  if (reset && TRANSACTION_MODES.has(name.toLowerCase())) {
    throw new SqlError({ sqlstate: '0A000', message: `parameter "${name}" cannot be reset` });
  }
  const value =
    statement.kind === 'VAR_SET_VALUE' ? valueOf(session, parsed, name, statement.args ?? []) : null;
  assignSetting(session, name, value, local);
  if (value !== null && session.settings.definition(name).isTuning === true) sayNoEffect(session, name);
  return tag;
}

/** What a transaction begins with; `default_…` can be reset. */
const TRANSACTION_MODES = new Set([
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
]);

/** Settings of Materialize and RisingWave: where views run, with how many threads, and what a query reads. */
const ELSEWHERE = new Set([
  ...['cluster', 'cluster_replica', 'real_time_recency', 'auto_route_catalog_queries'],
  ...['batch_parallelism', 'background_ddl'],
  ...['query_mode', 'visibility_mode', 'source_rate_limit', 'backfill_rate_limit', 'sink_rate_limit'],
  ...['sink_decouple', 'enable_join_ordering', 'enable_two_phase_agg', 'enable_share_plan'],
  ...['enable_index_selection', 'enable_serverless_backfill', 'create_compaction_group_for_mv'],
  ...['batch_enable_distributed_dml', 'batch_enable_lookup_join', 'batch_enable_sort_agg'],
]);

function isElsewhere(name: string): boolean {
  return /^(rw|streaming)_/i.test(name) || ELSEWHERE.has(name.toLowerCase());
}

function sayNoEffect(session: Session, name: string): void {
  const message = `parameter "${name}" has no effect here`;
  session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
}

function setTransaction(
  session: Session,
  parsed: ParsedStatement,
  name: string,
  options: readonly Node[],
): string {
  if (name === 'TRANSACTION SNAPSHOT') {
    throw new SqlError({ sqlstate: '0A000', message: 'SET TRANSACTION SNAPSHOT is not supported' });
  }
  if (name === 'TRANSACTION') {
    if (session.transactions.isBlock) setModes(session, parsed, options);
    else {
      session.notice({
        severity: 'WARNING',
        sqlstate: '25P01',
        message: 'SET TRANSACTION can only be used in transaction blocks',
      });
    }
    return 'SET';
  }
  const modes = readModes(parsed, options);
  const flag = (value: boolean): string => (value ? 'on' : 'off');
  const { settings } = session;
  if (modes.isolation !== undefined) settings.set('default_transaction_isolation', modes.isolation, false);
  if (modes.readOnly !== undefined)
    settings.set('default_transaction_read_only', flag(modes.readOnly), false);
  if (modes.deferrable !== undefined) {
    settings.set('default_transaction_deferrable', flag(modes.deferrable), false);
  }
  return 'SET';
}

/** The value as text; of a list setting, all values as identifiers. */
function valueOf(session: Session, parsed: ParsedStatement, name: string, args: readonly Node[]): string {
  const definition = session.settings.definition(name);
  const values = args.map((node) => argumentText(parsed, definition.name, node));
  if (definition.list) return definition.name === 'DateStyle' ? values.join(', ') : joinList(values);
  if (values.length === 1) return values[0]!;
  throw new SqlError({ sqlstate: '22023', message: `SET ${definition.name} takes only one argument` });
}

function argumentText(parsed: ParsedStatement, name: string, node: Node): string {
  const fields = nodeAs(node, 'A_Const');
  if (fields) {
    const constant = constantOf(fields);
    switch (constant.kind) {
      case 'string':
        return constant.value;
      case 'integer':
        return String(constant.value);
      case 'float':
        return constant.text;
      case 'boolean':
        return constant.value ? 'on' : 'off';
      default:
        break;
    }
  }
  const interval = name === 'TimeZone' ? intervalText(node) : undefined;
  if (interval !== undefined) return `INTERVAL '${interval}'`;
  const location = findLocation(node);
  throw new SqlError({
    sqlstate: '22023',
    message: `invalid value for parameter "${name}"`,
    position: location === undefined ? undefined : parsed.source.positionOfByte(location),
  });
}

/** The fields that an INTERVAL constant says; SET TIME ZONE takes HOUR and HOUR TO MINUTE. */
const HOUR = 1 << 10;
const HOUR_TO_MINUTE = HOUR | (1 << 11);

/** An INTERVAL constant's text; a bare number has the unit that its fields give it. */
function intervalText(node: Node): string | undefined {
  const cast = nodeAs(node, 'TypeCast');
  const text = nodeAs(cast?.arg, 'A_Const')?.sval?.sval;
  if (text === undefined || !/^\s*[-+]?\d+(\.\d*)?\s*$/.test(text)) return text;
  const fields = nodeAs(cast?.typeName?.typmods?.[0], 'A_Const')?.ival?.ival;
  return `${text} ${fields === HOUR ? 'hour' : fields === HOUR_TO_MINUTE ? 'minute' : 'second'}`;
}
