/**
 * SET and RESET of options in parentheses, for kinds of objects that have none: PostgreSQL's storage parameters are named
 * as not supported, others are not known.
 */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { Identifier } from '../../../sql/ast/name.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { positionOf } from '../../catalog/names.ts';
import type { CatalogObject } from '../../catalog/objects.ts';

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

/** The refusal of an option that an object cannot have. */
export function refuseOption(parsed: ParsedStatement, option: Identifier): SqlError {
  const { name, location } = option;
  const position = positionOf(parsed, location);
  if (POSTGRES.has(name) || /^(autovacuum_|toast\.)/.test(name)) {
    return new SqlError({
      sqlstate: '0A000',
      message: `storage parameter "${name}" is not supported`,
      hint: 'Leave it out: it has no meaning here.',
      position,
    });
  }
  return new SqlError({ sqlstate: '22023', message: `unrecognized parameter "${name}"`, position });
}

/** SET (…) and RESET (…) of an object without options: the first is refused. */
export function refuseOptions(
  parsed: ParsedStatement,
  { action }: Alter,
): (object: CatalogObject) => Promise<void> {
  return async () => {
    const [first] =
      action.kind === 'set_options' ? action.options : action.kind === 'reset_options' ? action.names : [];
    if (!first) throw new Error('options are at least one');
    throw refuseOption(parsed, first);
  };
}
