/**
 * The session settings. A setting exists here because a client sets or shows it at connection, or because it does
 * something; a value that would promise what the server does not do is refused.
 */
import { SqlError } from '../../../sql/error.ts';
import { type SettingDefinition, boolean, integer, oneOf, onlyValue, roleOr, text } from './definition.ts';
import { DEFAULT_DATE_STYLE, dateStyle } from './date-style.ts';
import { duration } from './duration.ts';
import { ruleNames } from './rules.ts';
import { timeZone } from './time-zone.ts';
import { tuning } from './tuning.ts';

/** The PostgreSQL version that clients are told. */
export const SERVER_VERSION = '15.13';

/** How many clients there can be at a time. */
export const MAX_CONNECTIONS = 2000;

export const ISOLATION_LEVELS = [
  'serializable',
  'repeatable read',
  'read committed',
  'read uncommitted',
  'strict serializable',
] as const;

const MESSAGE_LEVELS = [
  'debug5',
  'debug4',
  'debug3',
  'debug2',
  'debug1',
  'log',
  'notice',
  'warning',
  'error',
];

const LOCALES = [
  ['lc_messages', 'Sets the language in which messages are displayed.'],
  ['lc_monetary', 'Sets the locale for formatting monetary amounts.'],
  ['lc_numeric', 'Sets the locale for formatting numbers.'],
  ['lc_time', 'Sets the locale for formatting date and time values.'],
] as const;

/** What PostgreSQL's server is set to or built with, and clients ask for: none can be changed. */
const PRESETS: readonly (readonly [name: string, value: string, description: string])[] = [
  ['block_size', '8192', 'Shows the size of a disk block.'],
  ['max_connections', String(MAX_CONNECTIONS), 'Sets the maximum number of concurrent connections.'],
  ['max_function_args', '100', 'Shows the maximum number of function arguments.'],
  ['max_index_keys', '32', 'Shows the maximum number of index keys.'],
  [
    'max_prepared_transactions',
    '0',
    'Sets the maximum number of simultaneously prepared transactions: there are none.',
  ],
  [
    'max_replication_slots',
    '0',
    'Sets the maximum number of simultaneously defined replication slots: there are none.',
  ],
  [
    'max_wal_senders',
    '0',
    'Sets the maximum number of simultaneously running WAL sender processes: there are none.',
  ],
  ['shared_preload_libraries', '', 'Lists shared libraries to preload into server.'],
  ['ssl', 'off', 'Enables SSL connections.'],
  ['wal_level', 'minimal', 'Sets the level of information written to the WAL: nothing replicates it.'],
];

const definitions: readonly SettingDefinition[] = [
  ...PRESETS.map(([name, initial, description]): SettingDefinition => ({ name, initial, description })),
  {
    name: 'application_name',
    initial: '',
    description: 'Sets the application name to be reported in statistics and logs.',
    reported: true,
    accept: (value) => value.replaceAll(/[^ -~]/g, '?').slice(0, 63),
  },
  {
    name: 'bytea_output',
    initial: 'hex',
    description: 'Sets the output format for bytea.',
    accept: oneOf(['escape', 'hex']),
  },
  {
    name: 'check_function_bodies',
    initial: 'on',
    description: 'Checks routine bodies during CREATE FUNCTION and CREATE PROCEDURE.',
    accept: boolean,
  },
  {
    name: 'client_encoding',
    initial: 'UTF8',
    description: "Sets the client's character set encoding.",
    reported: true,
    accept: clientEncoding,
  },
  {
    name: 'client_min_messages',
    initial: 'notice',
    description: 'Sets the message levels that are sent to the client.',
    accept: oneOf(MESSAGE_LEVELS, { debug: 'debug2', info: 'notice' }),
  },
  {
    name: 'DateStyle',
    initial: DEFAULT_DATE_STYLE,
    description: 'Sets the display format for date and time values.',
    reported: true,
    accept: dateStyle,
    list: true,
  },
  {
    name: 'default_table_access_method',
    initial: 'heap',
    description: 'Sets the default table access method for new tables.',
    accept: onlyValue('heap'),
  },
  {
    name: 'default_tablespace',
    initial: '',
    description: 'Sets the default tablespace to create tables and indexes in.',
    accept: onlyValue(''),
  },
  {
    name: 'default_transaction_deferrable',
    initial: 'off',
    description: 'Sets the default deferrable status of new transactions.',
    accept: boolean,
  },
  {
    name: 'default_transaction_isolation',
    initial: 'repeatable read',
    description: 'Sets the transaction isolation level of each new transaction.',
    accept: oneOf(ISOLATION_LEVELS),
  },
  {
    name: 'default_transaction_read_only',
    initial: 'off',
    description: 'Sets the default read-only status of new transactions.',
    reported: true,
    accept: boolean,
  },
  {
    name: 'extra_float_digits',
    initial: '1',
    description: 'Sets the number of digits displayed for floating-point values.',
    accept: integer(-15, 3),
  },
  {
    name: 'synchronize_seqscans',
    initial: 'on',
    description: 'Enables synchronized sequential scans: what is read comes in no order.',
    accept: boolean,
  },
  {
    name: 'escape_string_warning',
    initial: 'on',
    description: 'Warn about backslash escapes in ordinary string literals.',
    accept: boolean,
  },
  {
    name: 'default_with_oids',
    initial: 'off',
    description: 'Create new tables with OIDs by default.',
    accept: onlyValue('off', boolean),
  },
  {
    name: 'disabled_rules',
    initial: '',
    description: 'Sets the rules that the optimizer does without, "all" for all of them.',
    accept: ruleNames,
  },
  {
    name: 'hydration_notice_interval',
    initial: '5s',
    description:
      'Sets how often CREATE MATERIALIZED VIEW and CREATE INDEX tell how far they are; 0 for never.',
    accept: duration,
  },
  {
    name: 'idle_in_transaction_session_timeout',
    initial: '0',
    description: 'Sets the maximum allowed idle time between queries, when in a transaction.',
    accept: duration,
  },
  {
    name: 'idle_session_timeout',
    initial: '0',
    description: 'Sets the maximum allowed idle time between queries, when not in a transaction.',
    accept: duration,
  },
  {
    name: 'in_hot_standby',
    initial: 'off',
    description: 'Shows whether hot standby is currently active.',
    reported: true,
  },
  {
    name: 'integer_datetimes',
    initial: 'on',
    description: 'Shows whether datetimes are integer based.',
    reported: true,
  },
  {
    name: 'IntervalStyle',
    initial: 'postgres',
    description: 'Sets the display format for interval values.',
    reported: true,
    accept: oneOf(['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601']),
  },
  {
    name: 'is_superuser',
    initial: 'on',
    description: 'Shows whether the current user is a superuser.',
    reported: true,
  },
  {
    name: 'lc_collate',
    initial: 'C.UTF-8',
    description: 'Shows the collation order locale.',
  },
  {
    name: 'lc_ctype',
    initial: 'C.UTF-8',
    description: 'Shows the character classification and case conversion locale.',
  },
  ...LOCALES.map(([name, description]): SettingDefinition => ({
    name,
    initial: 'C',
    description,
    accept: plainLocale,
  })),
  {
    name: 'lock_timeout',
    initial: '0',
    description: 'Sets the maximum allowed duration of any wait for a lock: DDL waits for other DDL.',
    accept: duration,
  },
  {
    name: 'max_identifier_length',
    initial: '63',
    description: 'Shows the maximum identifier length.',
  },
  {
    name: 'role',
    initial: 'none',
    description: 'Sets the current role.',
    accept: roleOr('none'),
  },
  {
    name: 'row_security',
    initial: 'on',
    description: 'Enables row security: no relation has policies.',
    accept: boolean,
  },
  {
    name: 'search_path',
    initial: '"$user", public',
    description: 'Sets the schema search order for names that are not schema-qualified.',
    accept: text,
    list: true,
  },
  {
    name: 'server_encoding',
    initial: 'UTF8',
    description: 'Shows the server (database) character set encoding.',
    reported: true,
  },
  {
    name: 'server_version',
    initial: SERVER_VERSION,
    description: 'Shows the server version.',
    reported: true,
  },
  {
    name: 'server_version_num',
    initial: '150013',
    description: 'Shows the server version as an integer.',
  },
  {
    name: 'session_authorization',
    initial: 'tidewire',
    description: 'Sets the session user name.',
    reported: true,
    accept: (value) => roleOr()(value === 'default' ? 'tidewire' : value),
  },
  {
    name: 'standard_conforming_strings',
    initial: 'on',
    description: "Causes '...' strings to treat backslashes literally.",
    reported: true,
    accept: onlyValue('on', boolean),
  },
  {
    name: 'statement_timeout',
    initial: '0',
    description: 'Sets the maximum allowed duration of any statement.',
    accept: duration,
  },
  {
    name: 'synchronous_commit',
    initial: 'on',
    description: "Sets whether a commit's acknowledgement waits for durability.",
    accept: oneOf(['on', 'off', 'local', 'remote_write', 'remote_apply'], { true: 'on', false: 'off' }),
  },
  {
    name: 'TimeZone',
    initial: 'UTC',
    description: 'Sets the time zone for displaying and interpreting time stamps.',
    reported: true,
    accept: timeZone,
  },
  {
    name: 'session_replication_role',
    initial: 'origin',
    description: 'Sets which triggers and rules a session fires: foreign keys are always checked.',
    accept: onlyValue('origin'),
  },
  {
    name: 'transaction_deferrable',
    initial: 'off',
    description: 'Whether to defer a read-only serializable transaction until it can run without conflicts.',
    accept: boolean,
  },
  {
    name: 'transaction_isolation',
    initial: 'repeatable read',
    description: "Sets the current transaction's isolation level.",
    accept: oneOf(ISOLATION_LEVELS),
  },
  {
    name: 'transaction_read_only',
    initial: 'off',
    description: "Sets the current transaction's read-only status.",
    accept: boolean,
  },
  {
    name: 'transaction_timeout',
    initial: '0',
    description: 'Sets the maximum allowed duration of any transaction.',
    accept: onlyValue('0', duration),
  },
  {
    name: 'array_nulls',
    initial: 'on',
    description: 'Enables input of NULL elements in arrays.',
    accept: onlyValue('on', boolean),
  },
  {
    name: 'backslash_quote',
    initial: 'safe_encoding',
    description: 'Sets whether "\\\'" is allowed in string literals.',
    accept: onlyValue('safe_encoding'),
  },
  {
    name: 'quote_all_identifiers',
    initial: 'off',
    description: 'When generating SQL fragments, quote all identifiers.',
    accept: onlyValue('off', boolean),
  },
  {
    name: 'transform_null_equals',
    initial: 'off',
    description: 'Treats "expr=NULL" as "expr IS NULL".',
    accept: onlyValue('off', boolean),
  },
  {
    name: 'xmlbinary',
    initial: 'base64',
    description: 'Sets how binary values are to be encoded in XML: there is no xml type.',
    accept: oneOf(['base64', 'hex']),
  },
  {
    name: 'temp_tablespaces',
    initial: '',
    description: 'Sets the tablespace(s) to use for temporary tables and sort files.',
    accept: onlyValue(''),
  },
  {
    name: 'xmloption',
    initial: 'content',
    description:
      'Sets whether XML data is to be considered documents or content fragments: there is no xml type.',
    accept: oneOf(['content', 'document']),
  },
];

/** By lower-case name. */
export const settings: ReadonlyMap<string, SettingDefinition> = new Map(
  [...definitions, ...tuning].map((definition) => [definition.name.toLowerCase(), definition]),
);

/** Names of the locale by which everything is formatted. */
function plainLocale(value: string, name: string): string {
  if (['C', 'POSIX', 'C.UTF-8', 'C.utf8', ''].includes(value)) return value;
  throw new SqlError({
    sqlstate: '0A000',
    message: `parameter "${name}" cannot be set to "${value}"`,
    hint: 'Only "C" is supported.',
  });
}

/** Text goes through as it is: UTF8, or no conversion at all. */
function clientEncoding(value: string): string {
  const name = value.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  if (name === 'UTF8' || name === 'UNICODE') return 'UTF8';
  if (name === 'SQLASCII') return 'SQL_ASCII';
  throw new SqlError({
    sqlstate: '0A000',
    message: `client encoding "${value}" is not supported`,
    hint: 'Set client_encoding to UTF8.',
  });
}
