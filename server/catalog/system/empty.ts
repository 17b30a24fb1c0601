/**
 * Relations of PostgreSQL's catalog over kinds of objects that there are none of: no rows, and PostgreSQL's columns, those
 * of versions 15 to 18 together.
 */
import { postgresColumns } from '../../../sql/functions/postgres-names.ts';
import { findType } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';
import type { SystemView } from './views.ts';

const PG_CATALOG = `pg_auth_members pg_conversion pg_db_role_setting pg_default_acl pg_event_trigger
  pg_file_settings pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_group pg_hba_file_rules
  pg_ident_file_mappings pg_inherits pg_init_privs pg_largeobject pg_largeobject_metadata pg_parameter_acl
  pg_partitioned_table pg_policies pg_policy pg_prepared_xacts pg_publication pg_publication_namespace
  pg_publication_rel pg_publication_tables pg_replication_origin pg_replication_origin_status
  pg_replication_slots pg_rules pg_seclabel pg_seclabels pg_shdepend pg_shdescription pg_shseclabel
  pg_stat_database_conflicts pg_stat_progress_analyze pg_stat_progress_basebackup pg_stat_progress_cluster
  pg_stat_progress_copy pg_stat_progress_create_index pg_stat_progress_vacuum pg_stat_replication
  pg_stat_replication_slots pg_stat_subscription pg_stat_subscription_stats pg_stat_user_functions
  pg_stat_wal_receiver pg_stat_xact_user_functions pg_statistic pg_statistic_ext pg_statistic_ext_data
  pg_stats pg_stats_ext pg_stats_ext_exprs pg_subscription pg_subscription_rel pg_transform pg_trigger
  pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_user_mapping pg_user_mappings`;

const INFORMATION_SCHEMA = `administrable_role_authorizations applicable_roles attributes
  check_constraint_routine_usage column_column_usage column_options
  data_type_privileges foreign_data_wrapper_options foreign_data_wrappers foreign_server_options
  foreign_servers foreign_table_options foreign_tables role_udt_grants
  routine_column_usage routine_routine_usage routine_sequence_usage routine_table_usage transforms
  triggered_update_columns triggers udt_privileges user_mapping_options user_mappings view_routine_usage`;

/** Columns of older versions that 18 has no more. */
const OLDER: Readonly<Record<string, string>> = {
  pg_subscription: 'subenabled:bool',
};

/** What stands for types that there are not. */
const STAND_INS: Readonly<Record<string, string>> = {
  xid: 'oid',
  _aclitem: '_text',
  time_stamp: 'timestamptz',
  regconfig: 'oid',
  regdictionary: 'oid',
};

/** The type that a column of PostgreSQL's catalog has here. */
function columnType(type: string): TypeName {
  return findType(STAND_INS[type] ?? type) ?? 'text';
}

function emptyView(schema: SystemView['schema'], name: string): SystemView {
  const columns = [...postgresColumns(schema, name)];
  for (const column of (OLDER[name] ?? '').split(' ').filter(Boolean)) {
    const [own, type] = column.split(':') as [string, string];
    if (!columns.some((other) => other.name === own)) columns.push({ name: own, type });
  }
  const list = columns.map((column) => `NULL::"${columnType(column.type)}" AS "${column.name}"`);
  return {
    schema,
    name,
    query: `SELECT ${list.join(', ')} WHERE false`,
    columns: columns.map((column) => ({
      name: column.name,
      type: { name: columnType(column.type), typmod: -1, nullable: true },
    })),
  };
}

const words = (text: string): string[] => text.trim().split(/\s+/);

export const EMPTY_VIEWS: readonly SystemView[] = [
  ...words(PG_CATALOG).map((name) => emptyView('pg_catalog', name)),
  ...words(INFORMATION_SCHEMA).map((name) => emptyView('information_schema', name)),
];
