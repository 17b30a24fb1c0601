/**
 * Options in parentheses that objects of ours do not have: PostgreSQL's storage parameters are accepted without effect, with
 * a NOTICE, others are not known.
 */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { Identifier } from '../../../sql/ast/name.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { positionOf } from '../../catalog/names.ts';
import type { CatalogObject } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import { hasNoEffect } from '../no-effect.ts';

/** PostgreSQL 18's storage parameters and view options, but `autovacuum_…` and `toast.…`. */
const POSTGRES: ReadonlySet<string> = new Set([
  'fillfactor',
  'parallel_workers',
  'vacuum_truncate',
  'vacuum_index_cleanup',
  'vacuum_max_eager_freeze_failure_rate',
  'user_catalog_table',
  'log_autovacuum_min_duration',
  'toast_tuple_target',
  'deduplicate_items',
  'security_barrier',
  'security_invoker',
  'check_option',
]);

export function isStorageParameter(name: string): boolean {
  return POSTGRES.has(name) || /^(autovacuum_|toast\.)/.test(name);
}

/** An option that an object of ours does not have: PostgreSQL's are told of and left out, others are not known. */
export function leaveOutOption(session: SessionContext, parsed: ParsedStatement, option: Identifier): void {
  const { name, location } = option;
  if (isStorageParameter(name)) {
    hasNoEffect(session, `storage parameter "${name}"`, 'Rows are kept in memory, in one form.');
    return;
  }
  const position = positionOf(parsed, location);
  throw new SqlError({ sqlstate: '22023', message: `unrecognized parameter "${name}"`, position });
}

/** SET (…) and RESET (…) of an object without options. */
export function leaveOutOptions(
  parsed: ParsedStatement,
  { action }: Alter,
): (object: CatalogObject, session: SessionContext) => Promise<void> {
  const named =
    action.kind === 'set_options' ? action.options : action.kind === 'reset_options' ? action.names : [];
  return async (_object, session) => {
    for (const option of named) leaveOutOption(session, parsed, option);
  };
}
