/** What PostgreSQL calls the statements that its grammar reads, where a message names one that is not carried out. */
import type { Node } from '@pgsql/types';
import { nodeKind } from './accessors.ts';

const NAMES: Readonly<Record<string, string>> = {
  AlterCollationStmt: 'ALTER COLLATION',
  AlterDatabaseRefreshCollStmt: 'ALTER DATABASE',
  AlterDatabaseSetStmt: 'ALTER DATABASE … SET',
  AlterDatabaseStmt: 'ALTER DATABASE',
  AlterEventTrigStmt: 'ALTER EVENT TRIGGER',
  AlterExtensionContentsStmt: 'ALTER EXTENSION',
  AlterExtensionStmt: 'ALTER EXTENSION',
  AlterFdwStmt: 'ALTER FOREIGN DATA WRAPPER',
  AlterForeignServerStmt: 'ALTER SERVER',
  AlterFunctionStmt: 'ALTER FUNCTION',
  AlterOpFamilyStmt: 'ALTER OPERATOR FAMILY',
  AlterOperatorStmt: 'ALTER OPERATOR',
  AlterPolicyStmt: 'ALTER POLICY',
  AlterPublicationStmt: 'ALTER PUBLICATION',
  AlterRoleSetStmt: 'ALTER ROLE',
  AlterRoleStmt: 'ALTER ROLE',
  AlterStatsStmt: 'ALTER STATISTICS',
  AlterSubscriptionStmt: 'ALTER SUBSCRIPTION',
  AlterSystemStmt: 'ALTER SYSTEM',
  AlterTSConfigurationStmt: 'ALTER TEXT SEARCH CONFIGURATION',
  AlterTSDictionaryStmt: 'ALTER TEXT SEARCH DICTIONARY',
  AlterTableMoveAllStmt: 'ALTER … ALL IN TABLESPACE',
  AlterTableSpaceOptionsStmt: 'ALTER TABLESPACE',
  AlterTypeStmt: 'ALTER TYPE … SET',
  AlterUserMappingStmt: 'ALTER USER MAPPING',
  CreateAmStmt: 'CREATE ACCESS METHOD',
  CreateCastStmt: 'CREATE CAST',
  CreateConversionStmt: 'CREATE CONVERSION',
  CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
  CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
  CreateForeignServerStmt: 'CREATE SERVER',
  CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
  CreateOpClassStmt: 'CREATE OPERATOR CLASS',
  CreateOpFamilyStmt: 'CREATE OPERATOR FAMILY',
  CreatePLangStmt: 'CREATE LANGUAGE',
  CreatePolicyStmt: 'CREATE POLICY',
  CreatePublicationStmt: 'CREATE PUBLICATION',
  CreateRoleStmt: 'CREATE ROLE',
  CreateStatsStmt: 'CREATE STATISTICS',
  CreateSubscriptionStmt: 'CREATE SUBSCRIPTION',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  CreateTransformStmt: 'CREATE TRANSFORM',
  CreateTrigStmt: 'CREATE TRIGGER',
  CreateUserMappingStmt: 'CREATE USER MAPPING',
  CreatedbStmt: 'CREATE DATABASE',
  DropOwnedStmt: 'DROP OWNED',
  DropRoleStmt: 'DROP ROLE',
  DropSubscriptionStmt: 'DROP SUBSCRIPTION',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  DropUserMappingStmt: 'DROP USER MAPPING',
  DropdbStmt: 'DROP DATABASE',
  ImportForeignSchemaStmt: 'IMPORT FOREIGN SCHEMA',
  ReassignOwnedStmt: 'REASSIGN OWNED',
  RuleStmt: 'CREATE RULE',
  SecLabelStmt: 'SECURITY LABEL',
};

const HINTS: Readonly<Record<string, string>> = {
  'CREATE AGGREGATE': 'Write the expression over aggregates as a function in SQL, or where it is used.',
  'ALTER DATABASE … SET': 'Use SET, or the options of a connection.',
  'CREATE COLLATION': 'Texts compare by code point; lower(…) compares without case.',
  'CREATE DATABASE': 'A server has one database; use CREATE SCHEMA.',
  'DROP DATABASE': 'A server has one database; use DROP SCHEMA … CASCADE.',
  'CREATE FOREIGN TABLE': 'Use CREATE SOURCE for data from outside.',
  'CREATE POLICY': 'Make a view with the condition.',
  'CREATE PROCEDURE': 'Write the statements in one transaction, or a function in SQL.',
  'CREATE PUBLICATION': 'Use SUBSCRIBE, or CREATE SINK, to have changes.',
  'CREATE ROLE': 'There is one role, tidewire.',
  'CREATE RULE': 'Make a view of the query instead.',
  'CREATE STATISTICS': 'Leave it out: how many rows and values there are is known.',
  'CREATE SERVER': 'Use CREATE CONNECTION and CREATE SOURCE for data from outside.',
  'CREATE SUBSCRIPTION': 'Use CREATE SOURCE for data from outside.',
  'CREATE TRIGGER':
    'Use a DEFAULT, a generated column or a constraint for the row; a materialized view for what follows from it; SUBSCRIBE or CREATE SINK to act on changes.',
};

/** `CREATE TRIGGER`; for kinds that are not listed, the words of the node. */
export function commandName(node: Node): string {
  if ('DefineStmt' in node) return `CREATE ${kindOf(node.DefineStmt.kind)}`;
  if ('DropStmt' in node) return `DROP ${kindOf(node.DropStmt.removeType)}`;
  if ('RenameStmt' in node) return `ALTER ${kindOf(node.RenameStmt.renameType)} … RENAME`;
  if ('AlterOwnerStmt' in node) return `ALTER ${kindOf(node.AlterOwnerStmt.objectType)} … OWNER TO`;
  if ('AlterObjectSchemaStmt' in node) {
    return `ALTER ${kindOf(node.AlterObjectSchemaStmt.objectType)} … SET SCHEMA`;
  }
  if ('AlterTableStmt' in node) return `ALTER ${kindOf(node.AlterTableStmt.objtype)}`;
  if ('CreateRoleStmt' in node && node.CreateRoleStmt.stmt_type === 'ROLESTMT_USER') return 'CREATE USER';
  const kind = nodeKind(node);
  return (
    NAMES[kind] ??
    kind
      .replace(/Stmt$/, '')
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase()
  );
}

/** What to do instead of the command; undefined where nothing is known to. */
export function insteadOf(command: string): string | undefined {
  return HINTS[command === 'CREATE USER' ? 'CREATE ROLE' : command];
}

/** `OBJECT_TSDICTIONARY` in words. */
function kindOf(objectType = ''): string {
  const name = objectType.replace('OBJECT_', '');
  const known: Readonly<Record<string, string>> = {
    FDW: 'FOREIGN DATA WRAPPER',
    FOREIGN_SERVER: 'SERVER',
    MATVIEW: 'MATERIALIZED VIEW',
    OPCLASS: 'OPERATOR CLASS',
    OPFAMILY: 'OPERATOR FAMILY',
    STATISTIC_EXT: 'STATISTICS',
    TABCONSTRAINT: 'TABLE … CONSTRAINT',
    TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
    TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
    TSPARSER: 'TEXT SEARCH PARSER',
    TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
  };
  return known[name] ?? name.replaceAll('_', ' ');
}
