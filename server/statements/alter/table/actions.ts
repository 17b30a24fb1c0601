/** What each action of ALTER TABLE does to the draft of its table. Errors are PostgreSQL's. */
import type { ATAlterConstraint, AlterTableCmd, ColumnDef, Constraint, Node, TypeName } from '@pgsql/types';
import { nodeAs } from '../../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import {
  type BoundColumns,
  bindColumnDefinitions,
  bindDefault,
  defaultCasts,
  bindScalar,
  isSystemColumn,
  refuseSystemName,
} from '../../../../sql/bind/bind.ts';
import { withFoundSequences } from '../../../../sql/bind/sequence-names.ts';
import { SqlError } from '../../../../sql/error.ts';
import type { Token } from '../../../../sql/parse/lexer.ts';
import { castPath } from '../../../../sql/types/casts.ts';
import { displayType, formatType } from '../../../../sql/types/format.ts';
import type { SqlType } from '../../../../sql/types/type.ts';
import { quoteIdentifier } from '../../../../sql/functions/quote.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { withSequences } from '../../constraint-objects.ts';
import { refuseTyped, requireColumnsOf, requireTableType } from '../../typed-table.ts';
import { positionOf } from '../../../catalog/names.ts';
import { requireRoleSpec } from '../../../catalog/roles.ts';
import { addIdentity, dropIdentity, setIdentity, setIdentityType } from './identity.ts';
import { refuseOwnRows } from './kept-rows.ts';
import { leaveOutAction } from './no-effect.ts';
import { refuseColumnReaders, refuseKeyReaders } from './view-readers.ts';
import { dropExpression, dropGenerated, readingColumns, setExpression } from './generated.ts';
import type { DraftColumn, TableDraft } from './draft.ts';
import { expressionBehind, textBehind } from './segments.ts';
import { addKeyUsingIndex } from './using-index.ts';

export interface ActionContext {
  readonly system: System;
  readonly session: SessionContext;
  readonly parsed: ParsedStatement;
  /** Collects what CASCADE takes along; without it that is told at once. */
  readonly cascaded?: string[];
}

/** An action with the text that it was written as. */
export interface Action {
  readonly command: AlterTableCmd;
  readonly segment: readonly Token[];
}

/** In PostgreSQL's order: what goes, then types, then what comes. */
export function passOf({ subtype, def }: AlterTableCmd): number {
  switch (subtype) {
    case 'AT_DropColumn':
    case 'AT_DropConstraint':
    case 'AT_DropNotNull':
    case 'AT_DropIdentity':
    case 'AT_DropExpression':
      return 0;
    case 'AT_AlterColumnType':
      return 1;
    case 'AT_AddColumn':
      return 2;
    case 'AT_ColumnDefault':
      return def === undefined ? 0 : 3;
    case 'AT_AddConstraint':
      return 4;
    default:
      return 3;
  }
}

export function applyAction(context: ActionContext, draft: TableDraft, action: Action): void {
  const { command } = action;
  switch (command.subtype) {
    case 'AT_AddColumn':
      return addColumn(context, draft, command);
    case 'AT_DropColumn':
      return dropColumn(context, draft, command);
    case 'AT_ColumnDefault':
      return setDefault(context, draft, action);
    case 'AT_SetNotNull':
      return setNotNull(draft, requireColumn(draft, command.name));
    case 'AT_DropNotNull':
      return dropNotNull(draft, requireColumn(draft, command.name), '42601');
    case 'AT_AlterColumnType':
      return alterType(context, draft, action);
    case 'AT_AddConstraint':
      return addConstraint(context, draft, nodeAs(command.def, 'Constraint')!);
    case 'AT_DropConstraint':
      return dropConstraint(context, draft, command);
    case 'AT_SetExpression':
      return setExpression(context, draft, action);
    case 'AT_DropExpression':
      return dropExpression(context, draft, command);
    case 'AT_ValidateConstraint':
      return validateConstraint(draft, command.name ?? '');
    case 'AT_AlterConstraint':
      return alterConstraint(context, draft, nodeAs(command.def, 'ATAlterConstraint')!);
    case 'AT_AddIdentity':
      return addIdentity(context, draft, command);
    case 'AT_SetIdentity':
      return setIdentity(context, draft, command);
    case 'AT_DropIdentity':
      return dropIdentity(context, draft, command);
    case 'AT_AddOf':
      return setType(context, draft, nodeAs(command.def, 'TypeName')!);
    case 'AT_DropOf':
      return dropTableType(draft);
    case 'AT_ChangeOwner':
      return requireRoleSpec(context.session, command.newowner, false);
    default:
      if (!leaveOutAction(context, draft, command)) throw unsupported(command);
  }
}

function unsupported({ subtype }: AlterTableCmd): SqlError {
  const words = (subtype ?? '')
    .replace('AT_', '')
    .replace(/Trig(?=[A-Z]|$)/, 'Trigger')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();
  const hint = words === 'ENABLE ROW SECURITY' ? 'Make a view with the condition.' : undefined;
  return new SqlError({ sqlstate: '0A000', message: `ALTER TABLE … ${words} is not supported`, hint });
}

/** A column by its name; 42703 if there is none. */
export function requireColumn(draft: TableDraft, name = ''): DraftColumn {
  const column = draft.find(name);
  if (column) return column;
  if (isSystemColumn(name)) {
    throw new SqlError({ sqlstate: '0A000', message: `cannot alter system column "${name}"` });
  }
  const message = `column "${name}" of relation "${draft.table.name}" does not exist`;
  throw new SqlError({ sqlstate: '42703', message });
}

export function notice({ session }: ActionContext, sqlstate: string, message: string): void {
  session.notice({ severity: 'NOTICE', sqlstate, message });
}

function bindElements(context: ActionContext, draft: TableDraft, elements: readonly Node[]): BoundColumns {
  const { system, session, parsed } = context;
  const environment = system.planning.bindEnvironment(session, parsed);
  return bindColumnDefinitions(
    draft.table.name,
    elements,
    environment,
    parsed.source.text,
    draft.catalogColumns,
    draft.table.schema,
  );
}

function addColumn(context: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  refuseTyped(draft, 'add column to');
  const definition = nodeAs(command.def, 'ColumnDef')!;
  const { name } = draft.table;
  refuseSystemName(definition.colname ?? '');
  if (command.missing_ok === true && draft.find(definition.colname ?? '')) {
    const message = `column "${definition.colname}" of relation "${name}" already exists, skipping`;
    return notice(context, '42701', message);
  }
  const bound = bindElements(context, draft, [{ ColumnDef: definition }]);
  const { columns, sequences } = withSequences(context.system, draft.table.id, draft.table, {
    columns: bound.columns,
    sequences: bound.sequences,
  });
  const column = columns.at(-1)!;
  refuseOwnRows(context.system, draft.table, column);
  const { domain, identity } = column;
  const catalog = context.system.planning.catalogFor(context.session);
  const ofDomain = domain === undefined || identity !== undefined ? null : catalog.domain(domain).defaultText;
  const { type } = column;
  const added: DraftColumn = {
    column: { ...column, type: { ...type, nullable: true } },
    before: null,
    expression: column.defaultText ?? ofDomain,
  };
  draft.columns.push(added);
  draft.newSequences.push(...sequences);
  draft.rewrites = true;
  if (!type.nullable) draft.addNotNull(added, bound.notNulls[0]);
  addKeys(draft, bound);
}

/** The constraints that elements declare over the draft's columns. */
function addKeys(draft: TableDraft, bound: BoundColumns): void {
  const at = (number: number): DraftColumn => draft.columns[number]!;
  const { primaryKey, uniques, checks } = bound;
  const { name } = draft.table;
  if (primaryKey) {
    if (draft.primary) {
      const message = `multiple primary keys for table "${name}" are not allowed`;
      throw new SqlError({ sqlstate: '42P16', message });
    }
    const columns = primaryKey.columns.map(at);
    requireKeyColumns(draft, columns);
    draft.primary = { name: primaryKey.name, columns, isNew: true, included: primaryKey.included };
    draft.rewrites = true;
  }
  for (const unique of uniques) {
    const columns = unique.columns.map(at);
    draft.indexes.push({ ...unique, before: null, name: unique.name ?? '', columns });
  }
  draft.addChecks(checks);
  for (const declared of bound.foreignKeys) {
    const columns = declared.columns.map(at);
    draft.foreignKeys.push({ before: null, name: declared.name, columns, declared });
  }
}

function dropColumn(context: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  refuseTyped(draft, 'drop column from');
  const { table } = draft;
  const name = command.name ?? '';
  const dropped = draft.find(name);
  if (isSystemColumn(name)) {
    throw new SqlError({ sqlstate: '0A000', message: `cannot drop system column "${name}"` });
  }
  if (!dropped && command.missing_ok === true) {
    const message = `column "${name}" of relation "${table.name}" does not exist, skipping`;
    return notice(context, '00000', message);
  }
  takeOut(context, draft, requireColumn(draft, name), command.behavior === 'DROP_CASCADE');
}

/** A column goes, and with `cascade` what depends on it. */
export function takeOut(
  context: ActionContext,
  draft: TableDraft,
  column: DraftColumn,
  cascade: boolean,
): void {
  const { table } = draft;
  draft.cascades ||= cascade;
  refuseColumnReaders(context, draft, column, cascade ? 'cascade' : 'drop');
  dropGenerated(context, draft, column, cascade);
  const { system } = context;
  const number = column.before;
  for (const object of system.catalog.dependents(table.id)) {
    if (object.kind !== 'sequence' || object.ownedBy?.table !== table.id) continue;
    if (object.ownedBy.column === number) draft.droppedSequences.push(object);
  }
  draft.drop(column);
  if (draft.columns.length === 0) {
    throw new SqlError({ sqlstate: '0A000', message: 'a table without columns is not supported' });
  }
}

/** OF: the table is of the type, whose columns it has already. */
function setType({ system, session, parsed }: ActionContext, draft: TableDraft, node: TypeName): void {
  const type = requireTableType(system, session, parsed, node);
  requireColumnsOf(draft.table.name, draft.catalogColumns, type);
  draft.ofType = type.id;
}

/** NOT OF */
function dropTableType(draft: TableDraft): void {
  if (draft.ofType === undefined) {
    throw new SqlError({ sqlstate: '42809', message: `"${draft.table.name}" is not a typed table` });
  }
  draft.ofType = undefined;
}

function setDefault(context: ActionContext, draft: TableDraft, { command, segment }: Action): void {
  const target = requireColumn(draft, command.name);
  const { column } = target;
  const { name } = draft.table;
  if (column.identity !== undefined) {
    throw new SqlError({
      sqlstate: '42601',
      message: `column "${column.name}" of relation "${name}" is an identity column`,
      hint:
        command.def === undefined ? 'Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.' : undefined,
    });
  }
  if (column.generated !== undefined) {
    const clause =
      command.def !== undefined ? 'SET EXPRESSION' : column.generated.stored ? 'DROP EXPRESSION' : null;
    throw new SqlError({
      sqlstate: '42601',
      message: `column "${column.name}" of relation "${name}" is a generated column`,
      hint: clause === null ? undefined : `Use ALTER TABLE ... ALTER COLUMN ... ${clause} instead.`,
    });
  }
  if (command.def === undefined) {
    target.column = { ...column, defaultText: null };
    return;
  }
  const { system, session, parsed } = context;
  const environment = system.planning.bindEnvironment(session, parsed);
  bindDefault(command.def, column, environment);
  const { catalog } = environment;
  const text = withFoundSequences(expressionBehind(parsed.source.text, segment, 'default', catalog), catalog);
  target.column = { ...column, defaultText: text };
}

/** Rows are looked at before the table is without NULLs. */
function setNotNull(draft: TableDraft, target: DraftColumn): void {
  if (target.column.notNull === undefined) draft.addNotNull(target);
  else draft.validateNotNull(target);
}

/** A primary key's columns are without NULLs. */
export function requireKeyColumns(draft: TableDraft, columns: readonly DraftColumn[]): void {
  for (const { column } of columns) {
    if (column.notNull?.validated !== false) continue;
    throw new SqlError({
      sqlstate: '55000',
      message: `cannot create primary key on column "${column.name}"`,
      detail: `The constraint "${column.notNull.name}" on column "${column.name}" of table "${draft.table.name}", marked NOT VALID, is incompatible with a primary key.`,
      hint: VALIDATE,
    });
  }
  for (const column of columns) setNotNull(draft, column);
}

const VALIDATE = 'You might need to validate it using ALTER TABLE ... VALIDATE CONSTRAINT.';

/** A NOT NULL that is there is not validated by declaring it once more. */
export function refuseNotValid(draft: TableDraft, { column: { notNull } }: DraftColumn): void {
  if (notNull?.validated !== false) return;
  throw new SqlError({
    sqlstate: '55000',
    message: `incompatible NOT VALID constraint "${notNull.name}" on relation "${draft.table.name}"`,
    hint: VALIDATE,
  });
}

function addNotNull(draft: TableDraft, constraint: Constraint): void {
  const named = nodeAs(constraint.keys?.[0], 'String')?.sval ?? '';
  if (isSystemColumn(named)) {
    const message = `cannot add not-null constraint on system column "${named}"`;
    throw new SqlError({ sqlstate: '0A000', message });
  }
  const target = requireColumn(draft, named);
  const { notNull } = target.column;
  const { conname: name = null, is_no_inherit: noInherit = false, skip_validation: skips } = constraint;
  if (notNull === undefined) return draft.addNotNull(target, { name, noInherit }, skips !== true);
  if (name !== null && name !== notNull.name) {
    throw new SqlError({
      sqlstate: '55000',
      message: `cannot create not-null constraint "${name}" on column "${named}" of table "${draft.table.name}"`,
      detail: `A not-null constraint named "${notNull.name}" already exists for this column.`,
    });
  }
  if (notNull.noInherit !== noInherit) {
    throw new SqlError({
      sqlstate: '55000',
      message: `cannot change NO INHERIT status of NOT NULL constraint "${notNull.name}" on relation "${draft.table.name}"`,
      hint: 'You might need to make the existing constraint inheritable using ALTER TABLE ... ALTER CONSTRAINT ... INHERIT.',
    });
  }
  if (skips !== true) refuseNotValid(draft, target);
}

/** `ofIdentity` is the SQLSTATE where the column is an identity column. */
function dropNotNull(draft: TableDraft, target: DraftColumn, ofIdentity: '42601' | '55000'): void {
  const { notNull, ...column } = target.column;
  const { name } = draft.table;
  if (draft.primary?.columns.includes(target) === true) {
    throw new SqlError({ sqlstate: '42P16', message: `column "${column.name}" is in a primary key` });
  }
  if (column.identity !== undefined) {
    const message = `column "${column.name}" of relation "${name}" is an identity column`;
    throw new SqlError({ sqlstate: ofIdentity, message });
  }
  if (notNull === undefined) return;
  target.column = { ...column, type: { ...column.type, nullable: true } };
  // What is computed from the table may have relied on it.
  draft.rewrites ||= notNull.validated;
}

function alterType(context: ActionContext, draft: TableDraft, { command, segment }: Action): void {
  const target = requireColumn(draft, command.name);
  const definition = nodeAs(command.def, 'ColumnDef') as ColumnDef;
  refuseTyped(draft, 'alter column type of', positionOf(context.parsed, definition.location));
  const { system, session, parsed } = context;
  const environment = system.planning.bindEnvironment(session, parsed);
  const bare: ColumnDef = {
    colname: command.name!,
    typeName: definition.typeName!,
    ...(definition.collClause === undefined ? {} : { collClause: definition.collClause }),
    location: definition.location!,
  };
  const [declared] = bindColumnDefinitions(draft.table.name, [{ ColumnDef: bare }], environment).columns;
  const { type, domain } = declared!;
  const { column } = target;
  refuseOwnRows(system, draft.table, declared!);
  refuseColumnReaders(context, draft, target, 'alter');
  const [generated] = readingColumns(context, draft, target);
  if (generated) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'cannot alter type of a column used by a generated column',
      detail: `Column "${column.name}" is used by generated column "${generated.column.name}".`,
    });
  }
  const using = definition.raw_default;
  if (using !== undefined && column.generated !== undefined) {
    throw new SqlError({
      sqlstate: '42611',
      message: 'cannot specify USING when altering type of generated column',
      detail: `Column "${column.name}" is a generated column.`,
      position: positionOf(parsed, definition.location),
    });
  }
  if (using !== undefined) {
    const columns = draft.table.columns.map(({ name, type }) => ({ name, type }));
    const { name: given } = typeOfScalar(
      bindScalar(using, environment, { columns, clause: 'transform expressions', keepsUnknown: true }),
    );
    if (given !== 'unknown' && given !== type.name && castPath(given, type.name, 'assignment') === null) {
      throw new SqlError({
        sqlstate: '42804',
        message: `result of USING clause for column "${column.name}" cannot be cast automatically to type ${domain === undefined ? displayType(type.name) : system.catalog.object(domain).name}`,
        hint: 'You might need to add an explicit cast.',
      });
    }
    target.expression = textBehind(parsed.source.text, segment, 'using');
  } else if (castPath(column.type.name, type.name, 'assignment') === null) {
    const written = `USING ${quoteIdentifier(column.name)}::${formatType(type)}`;
    throw new SqlError({
      sqlstate: '42804',
      message: `column "${column.name}" cannot be cast automatically to type ${displayType(type.name)}`,
      hint: `You might need to specify "${written}".`,
    });
  }
  if (column.defaultText !== null && !defaultCasts(column.defaultText, column, type, environment)) {
    const shown = domain === undefined ? displayType(type.name) : system.catalog.object(domain).name;
    const message = `default for column "${column.name}" cannot be cast automatically to type ${shown}`;
    throw new SqlError({ sqlstate: '42804', message });
  }
  setIdentityType(context, draft, target, type);
  const { domain: _domain, dimensions: _dimensions, collation: _collation, ...rest } = column;
  target.column = {
    ...rest,
    dimensions: declared!.dimensions,
    collation: declared!.collation,
    type: { ...type, nullable: column.type.nullable },
    ...(declared!.domain === undefined ? {} : { domain: declared!.domain }),
  };
  draft.rewrites = true;
  if (!column.type.nullable) draft.notNull.push(target);
}

function typeOfScalar(scalar: object): SqlType {
  return 'type' in scalar ? (scalar.type as SqlType) : { name: 'bool', typmod: -1 };
}

function addConstraint(context: ActionContext, draft: TableDraft, constraint: Constraint): void {
  const { conname } = constraint;
  const isSecondKey = constraint.contype === 'CONSTR_PRIMARY' && draft.primary !== null;
  const takesName = KEYS.has(constraint.contype ?? '') && !isSecondKey;
  if (conname !== undefined && takesName && draft.isKeyName(conname)) {
    throw new SqlError({ sqlstate: '42P07', message: `relation "${conname}" already exists` });
  }
  if (constraint.contype === 'CONSTR_NOTNULL') return addNotNull(draft, constraint);
  if (conname !== undefined && !isSecondKey && draft.hasConstraint(conname)) {
    const message = `constraint "${conname}" for relation "${draft.table.name}" already exists`;
    throw new SqlError({ sqlstate: '42710', message });
  }
  if (constraint.indexname !== undefined) return addKeyUsingIndex(context, draft, constraint);
  addKeys(draft, bindElements(context, draft, [{ Constraint: constraint }]));
}

const KEYS: ReadonlySet<string> = new Set(['CONSTR_UNIQUE', 'CONSTR_PRIMARY']);

function requireConstraint(draft: TableDraft, name: string): void {
  if (draft.hasConstraint(name)) return;
  const message = `constraint "${name}" of relation "${draft.table.name}" does not exist`;
  throw new SqlError({ sqlstate: '42704', message });
}

function validateConstraint(draft: TableDraft, name: string): void {
  requireConstraint(draft, name);
  const check = draft.checks.find((other) => other.name === name);
  const foreignKey = draft.foreignKeys.find((other) => other.name === name);
  if (check?.enforced === false || foreignKey?.before?.enforced === false) {
    throw new SqlError({ sqlstate: '55000', message: 'cannot validate NOT ENFORCED constraint' });
  }
  if (check) return draft.validate(check);
  const required = draft.notNullOf(name);
  if (required) return draft.validateNotNull(required);
  if (!foreignKey) {
    throw new SqlError({
      sqlstate: '42809',
      message: `cannot validate constraint "${name}" of relation "${draft.table.name}"`,
      detail: 'This operation is not supported for this type of constraint.',
    });
  }
  if (foreignKey.before?.validated === false) draft.alterForeignKey(foreignKey, { validated: true });
}

function alterConstraint({ system }: ActionContext, draft: TableDraft, altered: ATAlterConstraint): void {
  const name = altered.conname ?? '';
  requireConstraint(draft, name);
  const foreignKey = draft.foreignKeys.find((other) => other.name === name);
  const required = draft.notNullOf(name);
  const of = `constraint "${name}" of relation "${draft.table.name}"`;
  if (!foreignKey && altered.alterDeferrability === true) {
    throw new SqlError({ sqlstate: '42809', message: `${of} is not a foreign key constraint` });
  }
  if (!foreignKey && altered.alterEnforceability === true) {
    throw new SqlError({ sqlstate: '42809', message: `cannot alter enforceability of ${of}` });
  }
  if (altered.alterInheritability === true) {
    if (required?.column.notNull === undefined) {
      throw new SqlError({ sqlstate: '42809', message: `${of} is not a not-null constraint` });
    }
    const notNull = { ...required.column.notNull, noInherit: altered.noinherit === true };
    required.column = { ...required.column, notNull };
  }
  if (!foreignKey) return;
  if (altered.alterEnforceability === true) {
    const enforced = altered.is_enforced === true;
    if (enforced !== foreignKey.before?.enforced) {
      // What refers is arranged anew.
      const arrangement = system.catalog.allocateArrangement();
      draft.alterForeignKey(foreignKey, { enforced, validated: enforced, arrangement });
    }
  }
  if (altered.alterDeferrability !== true) return;
  const deferred = altered.initdeferred === true;
  draft.alterForeignKey(foreignKey, { deferrable: deferred || altered.deferrable === true, deferred });
}

function dropConstraint(context: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  const name = command.name ?? '';
  if (!draft.hasConstraint(name)) {
    const message = `constraint "${name}" of relation "${draft.table.name}" does not exist`;
    if (command.missing_ok !== true) throw new SqlError({ sqlstate: '42704', message });
    return notice(context, '00000', `${message}, skipping`);
  }
  const required = draft.notNullOf(name);
  if (required) return dropNotNull(draft, required, '55000');
  draft.cascades ||= command.behavior === 'DROP_CASCADE';
  if (draft.primary?.name === name) {
    refuseKeyReaders(context, draft, name, command.behavior === 'DROP_CASCADE');
    draft.primary = null;
    draft.rewrites = true;
  }
  draft.checks = draft.checks.filter((check) => check.name !== name);
  draft.foreignKeys = draft.foreignKeys.filter((foreignKey) => foreignKey.name !== name);
  draft.indexes = draft.indexes.filter((index) => index.name !== name);
}
