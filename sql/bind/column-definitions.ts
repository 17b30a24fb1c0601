/** The columns and keys that CREATE TABLE and CREATE SOURCE declare. */
import type { ColumnDef, Constraint, Node, RangeVar, TypeName } from '@pgsql/types';
import { locationOf, nodeAs, nodeKind, stringOf } from '../ast/accessors.ts';
import type { TableElement } from '../ast/table-element.ts';
import type {
  CatalogColumn,
  CatalogReader,
  ForeignKeyRules,
  ObjectId,
  ReferentialAction,
} from '../catalog.ts';
import { castPath } from '../types/casts.ts';
import { plain } from '../types/table.ts';
import { objectName } from '../object-name.ts';
import { tokenize } from '../parse/lexer.ts';
import { withPinnedNames } from '../parse/pinned-names.ts';
import { withFoundSequences } from './sequence-names.ts';
import { SourceText } from '../parse/source-text.ts';
import type { SqlType } from '../types/type.ts';
import { declaredCollation } from './cast.ts';
import { parseExpression } from './body.ts';
import { withAttributes } from './constraint-attributes.ts';
import { bindCheckCondition, columnsOfCheck, withoutTableName } from './check-constraint.ts';
import { requireIndexable } from './comparable.ts';
import { requireCompression, requireStorage } from './column-storage.ts';
import { coerceToType } from './coerce.ts';
import { expressionContext } from './context.ts';
import { type DeclaredType, bindTypeOrDomain } from './domain.ts';
import { refusePseudoColumn } from './pseudo-type.ts';
import { bindGeneration, type GeneratingTable } from './generated-column.ts';
import type { BindEnvironment } from './environment.ts';
import { bindExpression } from './expression.ts';
import { typeOf } from './scalar.ts';
import { emptyScope } from './scope.ts';
import { Statement } from './statement.ts';
import { isSystemColumn, refuseSystemName } from './system-column.ts';
import { declaredDimensions } from './type-name.ts';

/** What the elements declare. */
export interface BoundColumns {
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: BoundPrimaryKey | null;
  /** Those that are written; a column has none to be without NULLs by a key or a sequence. */
  readonly notNulls: readonly BoundNotNull[];
  readonly checks: readonly BoundCheck[];
  readonly uniques: readonly BoundUnique[];
  readonly foreignKeys: readonly BoundForeignKey[];
  /** Columns that take their values from sequences of their own. */
  readonly sequences: readonly BoundSequence[];
}

/** PRIMARY KEY. */
export interface BoundPrimaryKey {
  readonly name: string;
  readonly columns: readonly number[];
  /** The names of columns behind INCLUDE. */
  readonly included: readonly string[];
}

/** A serial or identity column: its DEFAULT is to come. */
export interface BoundSequence {
  readonly column: number;
  readonly type: 'int2' | 'int4' | 'int8';
  readonly identity: boolean;
  readonly options: readonly Node[];
}

/** NOT NULL. */
export interface BoundNotNull {
  readonly name: string | null;
  readonly column: number;
  readonly noInherit: boolean;
}

/** CHECK, as text. */
export interface BoundCheck {
  readonly name: string | null;
  readonly text: string;
  /** The columns that it reads. */
  readonly columns: readonly number[];
  /** Not NOT VALID. */
  readonly validated: boolean;
  /** Not NOT ENFORCED. */
  readonly enforced: boolean;
  readonly noInherit: boolean;
}

/** UNIQUE. */
export interface BoundUnique {
  readonly name: string | null;
  readonly columns: readonly number[];
  /** NULLS NOT DISTINCT. */
  readonly nullsEqual: boolean;
  /** The names of columns behind INCLUDE. */
  readonly included: readonly string[];
}

/** FOREIGN KEY. */
export interface BoundForeignKey extends ForeignKeyRules {
  readonly name: string | null;
  readonly parent: RangeVar;
  /** Empty: the parent's primary key. */
  readonly parentColumns: readonly string[];
}

/** A PRIMARY KEY as written, wherever it stood. */
interface KeyClause {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly at: number | undefined;
  /** Behind INCLUDE. */
  readonly included?: readonly string[];
}

interface NotNullClause extends KeyClause {
  readonly noInherit: boolean;
}

/** What an element declares besides its column. */
interface Clauses {
  readonly sequence: Omit<BoundSequence, 'column'> | null;
  readonly keys: readonly KeyClause[];
  readonly notNull: readonly NotNullClause[];
  readonly uniques: readonly (KeyClause & { readonly nullsEqual: boolean })[];
  readonly checks: readonly Constraint[];
  readonly foreign: readonly (KeyClause & { readonly constraint: Constraint })[];
}

const noClauses: Clauses = { sequence: null, keys: [], notNull: [], uniques: [], checks: [], foreign: [] };

/** What one element declares: a column (and perhaps a key over it), or a key. */
function bindElement(
  table: string,
  element: TableElement | Node,
  statement: Statement,
  text: string,
): { readonly column: CatalogColumn | null; readonly clauses: Clauses } {
  if ('kind' in element) return bindOwnElement(table, element as TableElement, statement, text);
  const definition = nodeAs(element, 'ColumnDef');
  if (definition !== undefined) return bindDefinition(table, definition, statement, text);
  const constraint = nodeAs(element, 'Constraint');
  if (constraint === undefined) {
    throw statement.unsupported(nodeKind(element));
  }
  const columns = (constraint.keys ?? []).map(stringOf);
  return { column: null, clauses: clausesOf([constraint], columns, statement) };
}

/** The keys and checks among constraints; a key without columns of its own is on `columns`. */
function clausesOf(
  constraints: readonly Constraint[],
  columns: readonly string[],
  statement: Statement,
): Clauses {
  const keys: KeyClause[] = [];
  const notNull: NotNullClause[] = [];
  const uniques: (KeyClause & { nullsEqual: boolean })[] = [];
  const checks: Constraint[] = [];
  const foreign: (KeyClause & { constraint: Constraint })[] = [];
  for (const constraint of constraints) {
    const at = locationOf(constraint);
    const included = (constraint.including ?? []).map(stringOf);
    const clause = { name: constraint.conname, columns, at, included };
    switch (constraint.contype) {
      case 'CONSTR_PRIMARY':
        refuseKeyForms(constraint, statement);
        keys.push(clause);
        break;
      case 'CONSTR_NOTNULL':
        notNull.push({ ...clause, noInherit: constraint.is_no_inherit === true });
        break;
      case 'CONSTR_UNIQUE':
        refuseKeyForms(constraint, statement);
        uniques.push({ ...clause, nullsEqual: constraint.nulls_not_distinct === true });
        break;
      case 'CONSTR_CHECK':
        checks.push(constraint);
        break;
      case 'CONSTR_FOREIGN': {
        refuseForeignForms(constraint, statement);
        const own = (constraint.fk_attrs ?? []).map(stringOf);
        foreign.push({ ...clause, columns: own.length === 0 ? columns : own, constraint });
        break;
      }
      default:
        throw unsupportedConstraint(constraint, statement);
    }
  }
  return { sequence: null, keys, notNull, uniques, checks, foreign };
}

function refuseForeignForms(constraint: Constraint, statement: Statement): void {
  const at = locationOf(constraint);
  if (constraint.fk_matchtype === 'p')
    throw statement.error('0A000', 'MATCH PARTIAL not yet implemented', at);
  if (constraint.fk_with_period === true || constraint.pk_with_period === true) {
    throw statement.unsupported('PERIOD', at);
  }
}

/** What is computed cannot be set by an action. */
function refuseGeneratedForms(
  { fk_upd_action: onUpdate = 'a', fk_del_action: onDelete = 'a' }: Constraint,
  columns: readonly CatalogColumn[],
  statement: Statement,
): void {
  const generated = columns.flatMap((column) => column.generated ?? []);
  if (generated.length === 0) return;
  if (generated.some(({ stored }) => !stored)) {
    const message = 'foreign key constraints on virtual generated columns are not supported';
    throw statement.error('0A000', message);
  }
  const clause = 'cnd'.includes(onUpdate) ? 'ON UPDATE' : 'nd'.includes(onDelete) ? 'ON DELETE' : null;
  if (clause === null) return;
  const message = `invalid ${clause} action for foreign key constraint containing generated column`;
  throw statement.error('42601', message);
}

/** Not NOT ENFORCED. */
function isEnforced({ is_enforced: enforced }: Constraint): boolean {
  return enforced === true;
}

const ACTIONS: Readonly<Record<string, ReferentialAction>> = {
  a: 'noAction',
  r: 'restrict',
  c: 'cascade',
  n: 'setNull',
  d: 'setDefault',
};

function bindForeignKey(
  columns: readonly CatalogColumn[],
  { columns: names, constraint }: Clauses['foreign'][number],
  statement: Statement,
): BoundForeignKey {
  const parentColumns = (constraint.pk_attrs ?? []).map(stringOf);
  if (parentColumns.length > 0 && parentColumns.length !== names.length) {
    const message = 'number of referencing and referenced columns for foreign key disagree';
    throw statement.error('42830', message);
  }
  const numbers = names.map((name) => {
    const number = columns.findIndex((column) => column.name === name);
    if (number >= 0) return number;
    if (isSystemColumn(name)) throw statement.error('0A000', 'system columns cannot be used in foreign keys');
    const message = `column "${name}" referenced in foreign key constraint does not exist`;
    throw statement.error('42703', message);
  });
  const named = new Set((constraint.fk_del_set_cols ?? []).map(stringOf));
  const changed = [...named].map((name) => {
    const number = numbers.find((column) => columns[column]!.name === name);
    if (number !== undefined) return number;
    if (!columns.some((column) => column.name === name)) {
      const message = `column "${name}" referenced in foreign key constraint does not exist`;
      throw statement.error('42703', message);
    }
    const message = `column "${name}" referenced in ON DELETE SET action must be part of foreign key`;
    throw statement.error('42P10', message);
  });
  refuseGeneratedForms(
    constraint,
    numbers.map((number) => columns[number]!),
    statement,
  );
  const deferred = constraint.initdeferred === true;
  return {
    name: constraint.conname ?? null,
    columns: numbers,
    parent: constraint.pktable!,
    parentColumns,
    onUpdate: ACTIONS[constraint.fk_upd_action ?? 'a']!,
    onDelete: ACTIONS[constraint.fk_del_action ?? 'a']!,
    onDeleteColumns: changed.length === 0 ? null : changed,
    full: constraint.fk_matchtype === 'f',
    deferrable: deferred || constraint.deferrable === true,
    deferred,
    enforced: isEnforced(constraint),
    validated: constraint.skip_validation !== true && isEnforced(constraint),
  };
}

function refuseKeyForms(constraint: Constraint, statement: Statement): void {
  const at = locationOf(constraint);
  if (constraint.deferrable === true || constraint.initdeferred === true) {
    throw statement.unsupported('deferred constraints', at);
  }
  if (constraint.without_overlaps === true) throw statement.unsupported('WITHOUT OVERLAPS', at);
  if (constraint.indexname !== undefined) throw statement.unsupported('USING INDEX', at);
}

/** An element of CREATE SOURCE. */
function bindOwnElement(
  table: string,
  element: TableElement,
  statement: Statement,
  text: string,
): ReturnType<typeof bindElement> {
  switch (element.kind) {
    case 'column': {
      if (element.computed !== undefined) throw statement.unsupported('computed columns', element.location);
      const bound = bindDefinition(table, element.node, statement, text);
      if (bound.column?.domain !== undefined) {
        const hint = 'Write the type that the domain is over.';
        throw statement.unsupported('a column of a domain in a source', element.location, hint);
      }
      return bound;
    }
    case 'primary_key': {
      const columns = element.columns.map((column) => column.name);
      const keys = [{ name: undefined, columns, at: element.location }];
      return { column: null, clauses: { ...noClauses, keys } };
    }
    case 'watermark':
      throw statement.unsupported(
        'WATERMARK FOR',
        element.location,
        'Leave it out: a view is right however late a row comes.',
      );
  }
}

const SERIAL: Readonly<Record<string, BoundSequence['type']>> = {
  smallserial: 'int2',
  serial2: 'int2',
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
};

/** The integer type that a serial stands for; undefined: it is another type. */
function serialType(node: TypeName | undefined): BoundSequence['type'] | undefined {
  const names = node?.names ?? [];
  return names.length === 1 ? SERIAL[stringOf(names[0]!)] : undefined;
}

/** What a serial or an identity column wants. */
function sequenceOf(definition: ColumnDef): Clauses['sequence'] {
  const serial = serialType(definition.typeName);
  if (serial !== undefined) return { type: serial, identity: false, options: [] };
  for (const node of definition.constraints ?? []) {
    const constraint = nodeAs(node, 'Constraint');
    if (constraint?.contype !== 'CONSTR_IDENTITY') continue;
    const type = stringOf(definition.typeName!.names!.at(-1)!) as BoundSequence['type'];
    return { type, identity: true, options: constraint.options ?? [] };
  }
  return null;
}

const TABLE_CONSTRAINTS = new Set([
  'CONSTR_PRIMARY',
  'CONSTR_UNIQUE',
  'CONSTR_NOTNULL',
  'CONSTR_CHECK',
  'CONSTR_FOREIGN',
]);

function bindDefinition(
  table: string,
  definition: ColumnDef,
  statement: Statement,
  text: string,
): ReturnType<typeof bindElement> {
  const column = bindColumn(table, definition, statement, text);
  const constraints = (definition.constraints ?? []).map((node) => nodeAs(node, 'Constraint')!);
  const own = withAttributes(constraints, statement).filter(({ contype }) =>
    TABLE_CONSTRAINTS.has(contype ?? ''),
  );
  const sequence = sequenceOf(definition);
  return { column, clauses: { ...clausesOf(own, [column.name], statement), sequence } };
}

function unsupportedConstraint(constraint: Constraint, statement: Statement): Error {
  const name = constraint.contype === 'CONSTR_EXCLUSION' ? 'EXCLUDE' : 'of this kind';
  return statement.unsupported(`constraint ${name}`, locationOf(constraint));
}

/** Binds the elements of the table or source `name`. `text` is what their locations count in. */
export function bindColumnDefinitions(
  name: string,
  elements: readonly (TableElement | Node)[],
  environment: BindEnvironment,
  text: string = environment.source.text ?? '',
  /** The columns that are there already: the first ones of what is returned. */
  existing: readonly CatalogColumn[] = [],
  /** The table's schema, with which conditions may name its columns. */
  schema: string | null = null,
): BoundColumns {
  const statement = new Statement({ ...environment, forDefault: true });
  const columns: CatalogColumn[] = [...existing];
  const uniques: (KeyClause & { readonly nullsEqual: boolean })[] = [];
  const checks: Constraint[] = [];
  const sequences: BoundSequence[] = [];
  const foreign: Clauses['foreign'][number][] = [];
  const notNull: NotNullClause[] = [];
  let primary: KeyClause | null = null;
  for (const element of elements) {
    const { column, clauses } = bindElement(name, element, statement, text);
    if (column !== null) {
      refuseSystemName(column.name);
      if (columns.some((other) => other.name === column.name)) {
        const message = existing.some((other) => other.name === column.name)
          ? `column "${column.name}" of relation "${name}" already exists`
          : `column "${column.name}" specified more than once`;
        throw statement.error('42701', message);
      }
      columns.push(column);
      if (clauses.sequence !== null) sequences.push({ ...clauses.sequence, column: columns.length - 1 });
    }
    for (const key of clauses.keys) {
      if (primary !== null) {
        throw statement.error('42P16', `multiple primary keys for table "${name}" are not allowed`, key.at);
      }
      primary = key;
    }
    notNull.push(...clauses.notNull);
    uniques.push(...clauses.uniques);
    checks.push(...clauses.checks);
    foreign.push(...clauses.foreign);
  }
  for (const column of primary?.columns ?? []) {
    // PostgreSQL adds a primary key's NOT NULLs before the key.
    if (existing.length > 0) requireNamed(columns, name, column, primary!, statement);
  }
  const numbers = primary === null ? [] : keyColumns(columns, primary, 'primary key', statement);
  const required = notNull.flatMap((clause) =>
    clause.columns.map((column) => requireNamed(columns, name, column, clause, statement)),
  );
  const typed = columns.map((column, i) =>
    numbers.includes(i) || required.includes(column)
      ? { ...column, type: { ...column.type, nullable: false } }
      : column,
  );
  const row = { name, schema, columns: typed };
  const generated = bindGenerations(row, elements, statement, text);
  for (const key of [...(primary === null ? [] : [primary]), ...uniques])
    refuseVirtual(key, primary, typed, statement);
  return {
    columns: typed.map((column) => ({ ...column, ...generated.get(column.name) })),
    primaryKey:
      primary === null
        ? null
        : {
            name: primary.name ?? objectName(name, '', 'pkey'),
            columns: numbers,
            included: includedColumns(columns, primary, statement),
          },
    uniques: uniques.map((unique) => ({
      name: unique.name ?? null,
      columns: keyColumns(columns, unique, 'unique', statement),
      nullsEqual: unique.nullsEqual,
      included: includedColumns(columns, unique, statement),
    })),
    sequences,
    notNulls: boundNotNulls(columns, primary, notNull, statement),
    checks: checks.map((check) => bindCheck(row, check, statement, text)),
    foreignKeys: foreign.map((clause) => bindForeignKey(typed, clause, statement)),
  };
}

/** What generated columns are computed by, where it was declared; by the columns' names. */
function bindGenerations(
  table: GeneratingTable,
  elements: readonly (TableElement | Node)[],
  statement: Statement,
  text: string,
): Map<string, Pick<CatalogColumn, 'generated'>> {
  const { catalog } = statement.environment;
  const bound = new Map<string, Pick<CatalogColumn, 'generated'>>();
  for (const element of elements) {
    const node = 'kind' in element ? null : nodeAs(element as Node, 'ColumnDef');
    const column = table.columns.find((other) => other.name === node?.colname);
    const clause = (node?.constraints ?? [])
      .map((constraint) => nodeAs(constraint, 'Constraint')!)
      .find(({ contype }) => contype === 'CONSTR_GENERATED');
    if (column === undefined || clause === undefined) continue;
    bindGeneration(clause.raw_expr!, column, table, new Statement({ ...statement.environment }));
    const written = parenthesized(text, locationOf(clause) ?? 0, 'as', catalog);
    const generated = { text: withoutTableName(written, table), stored: clause.generated_kind === 's' };
    bound.set(column.name, { generated });
  }
  return bound;
}

/** PostgreSQL has no keys over virtual columns. */
function refuseVirtual(
  key: KeyClause,
  primary: KeyClause | null,
  columns: readonly CatalogColumn[],
  statement: Statement,
): void {
  const virtual = columns.some(
    ({ name, generated }) => generated?.stored === false && key.columns.includes(name),
  );
  if (!virtual) return;
  const what = key === primary ? 'primary keys' : 'unique constraints';
  throw statement.error('0A000', `${what} on virtual generated columns are not supported`, key.at);
}

/** The column that NOT NULL is said of. */
function requireNamed(
  columns: readonly CatalogColumn[],
  table: string,
  name: string,
  { at }: KeyClause,
  statement: Statement,
): CatalogColumn {
  const column = columns.find((other) => other.name === name);
  if (column !== undefined) return column;
  if (isSystemColumn(name)) {
    throw statement.error('0A000', `cannot add not-null constraint on system column "${name}"`, at);
  }
  throw statement.error('42703', `column "${name}" of relation "${table}" does not exist`, at);
}

/** The NOT NULLs of columns, each once. */
function boundNotNulls(
  columns: readonly CatalogColumn[],
  primary: KeyClause | null,
  clauses: readonly NotNullClause[],
  statement: Statement,
): BoundNotNull[] {
  const bound: BoundNotNull[] = [];
  const refuseInheritance = (column: string | undefined): Error =>
    statement.error(
      '42601',
      `conflicting NO INHERIT declarations for not-null constraints on column "${column}"`,
    );
  for (const { name = null, columns: names, noInherit } of clauses) {
    const column = columns.findIndex((other) => other.name === names[0]);
    const at = bound.findIndex((other) => other.column === column);
    const before = bound[at];
    if (noInherit && primary?.columns.includes(names[0]!)) throw refuseInheritance(names[0]);
    if (before === undefined) {
      bound.push({ name, column, noInherit });
      continue;
    }
    if (before.name !== null && name !== null && before.name !== name) {
      const message = `conflicting not-null constraint names "${before.name}" and "${name}"`;
      throw statement.error('42601', message);
    }
    if (before.noInherit !== noInherit) throw refuseInheritance(names[0]);
    bound[at] = { ...before, name: before.name ?? name };
  }
  return bound;
}

/** The numbers of a key's columns. */
function keyColumns(
  columns: readonly CatalogColumn[],
  key: KeyClause,
  kind: 'primary key' | 'unique',
  statement: Statement,
): number[] {
  return key.columns.map((name, i) => {
    const number = columns.findIndex((column) => column.name === name);
    if (number < 0) throw statement.error('42703', `column "${name}" named in key does not exist`, key.at);
    if (key.columns.indexOf(name) !== i) {
      throw statement.error('42701', `column "${name}" appears twice in ${kind} constraint`, key.at);
    }
    requireIndexable(columns[number]!.type.name);
    return number;
  });
}

/** What a key has behind INCLUDE. */
function includedColumns(
  columns: readonly CatalogColumn[],
  { included = [], at }: KeyClause,
  statement: Statement,
): readonly string[] {
  for (const name of included) {
    if (columns.some((column) => column.name === name)) continue;
    throw statement.error('42703', `column "${name}" named in key does not exist`, at);
  }
  return included;
}

function bindCheck(
  table: GeneratingTable,
  check: Constraint,
  statement: Statement,
  text: string,
): BoundCheck {
  const condition = bindCheckCondition(check.raw_expr!, table, statement);
  return {
    name: check.conname ?? null,
    text: withoutTableName(
      parenthesized(text, locationOf(check) ?? 0, 'check', statement.environment.catalog),
      table,
    ),
    columns: columnsOfCheck(condition),
    validated: check.skip_validation !== true && isEnforced(check),
    enforced: isEnforced(check),
    noInherit: check.is_no_inherit === true,
  };
}

/** The text within the parentheses of a CHECK, whose constraint begins at `byte` and was bound. */
export function checkSource(text: string, byte: number, catalog: CatalogReader): string {
  return parenthesized(text, byte, 'check', catalog);
}

/** The text within the parentheses behind a keyword, of a clause that begins at `byte`: to be kept, once it was bound. */
function parenthesized(text: string, byte: number, keyword: 'check' | 'as', catalog: CatalogReader): string {
  const source = new SourceText(text);
  const begin = source.utf16OfByte(byte);
  const tokens = tokenize(source).filter((token) => token.start >= begin);
  const open = tokens.findIndex(
    (token, i) => token.text === '(' && tokens[i - 1]?.text.toLowerCase() === keyword,
  );
  let depth = 0;
  const close = tokens.findIndex((token, i) => {
    if (i < open) return false;
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    return depth === 0;
  });
  return withPinnedNames(text, tokens[open]!.end, tokens[close]!.start, (at) => catalog.meaning(at)).trim();
}

function bindColumn(table: string, node: ColumnDef, statement: Statement, text: string): CatalogColumn {
  const name = node.colname!;
  if (node.typeName === undefined) {
    throw statement.error('42601', `column "${name}" has no type`, locationOf(node));
  }
  refusePseudoColumn(statement, name, node.typeName);
  const serial = serialType(node.typeName);
  if (serial !== undefined && node.typeName.arrayBounds !== undefined) {
    throw statement.error('0A000', 'array of serial is not implemented', locationOf(node.typeName));
  }
  const of: DeclaredType =
    serial === undefined ? bindTypeOrDomain(statement, node.typeName) : { type: plain(serial), domain: null };
  const { type, domain } = of;
  const collation = declaredCollation(statement, node.collClause, of);
  if (node.storage_name !== undefined) requireStorage(node.storage_name, type.name);
  if (node.compression !== undefined) requireCompression(node.compression, type.name);
  let nullable = serial === undefined;
  let declared: boolean | null = null;
  let conflict: number | undefined | null = null;
  let defaultText: string | null = null;
  let identity: CatalogColumn['identity'];
  let identityAt: number | undefined;
  let generated: CatalogColumn['generated'];
  let generatedAt: number | undefined;
  for (const element of node.constraints ?? []) {
    const constraint = nodeAs(element, 'Constraint')!;
    const at = locationOf(constraint);
    switch (constraint.contype) {
      case 'CONSTR_NULL':
      case 'CONSTR_NOTNULL':
        nullable = constraint.contype === 'CONSTR_NULL';
        if (declared !== null && declared !== nullable) conflict ??= at;
        declared = nullable;
        break;
      case 'CONSTR_PRIMARY':
      case 'CONSTR_UNIQUE':
      case 'CONSTR_CHECK':
      case 'CONSTR_FOREIGN':
        break;
      case 'CONSTR_DEFAULT': {
        if (defaultText !== null || serial !== undefined) {
          throw statement.error(
            '42601',
            `multiple default values specified for column "${name}" of table "${table}"`,
            at,
          );
        }
        checkDefault({ name, type, domain: domain?.id }, constraint.raw_expr!, statement);
        defaultText = defaultSource(text, at ?? 0, statement.environment.catalog);
        break;
      }
      case 'CONSTR_IDENTITY':
        identityAt = at;
        if (identity !== undefined) {
          const message = `multiple identity specifications for column "${name}" of table "${table}"`;
          throw statement.error('42601', message, at);
        }
        if (!['int2', 'int4', 'int8'].includes(type.name)) {
          throw statement.error('22023', 'identity column type must be smallint, integer, or bigint');
        }
        identity = constraint.generated_when === 'a' ? 'always' : 'byDefault';
        if (declared === true) conflict ??= at;
        declared = false;
        nullable = false;
        break;
      case 'CONSTR_GENERATED':
        if (generated !== undefined) {
          const message = `multiple generation clauses specified for column "${name}" of table "${table}"`;
          throw statement.error('42601', message, at);
        }
        generatedAt = at;
        // Its text is kept once it was bound, which takes the other columns.
        generated = { text: '', stored: constraint.generated_kind === 's' };
        break;
      case 'CONSTR_ATTR_DEFERRABLE':
      case 'CONSTR_ATTR_NOT_DEFERRABLE':
      case 'CONSTR_ATTR_DEFERRED':
      case 'CONSTR_ATTR_IMMEDIATE':
      case 'CONSTR_ATTR_ENFORCED':
      case 'CONSTR_ATTR_NOT_ENFORCED':
        // They belong to the constraint before them.
        break;
      default:
        throw unsupportedConstraint(constraint, statement);
    }
  }
  if (conflict !== null) {
    throw statement.error(
      '42601',
      `conflicting NULL/NOT NULL declarations for column "${name}" of table "${table}"`,
      conflict,
    );
  }
  if (identity !== undefined && (defaultText !== null || serial !== undefined)) {
    const message = `both default and identity specified for column "${name}" of table "${table}"`;
    throw statement.error('42601', message, identityAt);
  }
  if (generated !== undefined) {
    const other =
      identity !== undefined ? 'identity' : defaultText !== null || serial !== undefined ? 'default' : null;
    if (other !== null) {
      const message = `both ${other} and generation expression specified for column "${name}" of table "${table}"`;
      throw statement.error('42601', message, serial === undefined ? generatedAt : undefined);
    }
  }
  const column = {
    name,
    type: { ...type, nullable },
    defaultText,
    ...(domain === null ? {} : { domain: domain.id }),
    ...declaredDimensions(node.typeName),
    ...collation,
  };
  if (generated !== undefined) return { ...column, generated };
  return identity === undefined ? column : { ...column, identity };
}

/** A DEFAULT must be of a type that can be assigned; a constant is read now. */
function checkDefault(
  column: { readonly name: string; readonly type: SqlType; readonly domain?: ObjectId | undefined },
  node: Node,
  statement: Statement,
): void {
  const context = { statement, ctes: [], outer: null };
  const bound = bindExpression(node, expressionContext(context, emptyScope, 'DEFAULT expressions'));
  // That it is too long for the column is said where it is used.
  const type = column.type.name === 'interval' ? column.type : { ...column.type, typmod: -1 };
  if (coerceToType(statement, bound, type, 'assignment') !== null) return;
  throw statement.error(
    '42804',
    `column "${column.name}" is of type ${statement.shownPlace(column)} but default expression is of type ${statement.shownType(bound.scalar)}`,
    undefined,
    { hint: 'You will need to rewrite or cast the expression.' },
  );
}

/** The DEFAULT that a column of this type gets: refused as in CREATE TABLE. */
export function bindDefault(
  node: Node,
  column: Pick<CatalogColumn, 'name' | 'type' | 'domain'>,
  environment: BindEnvironment,
): void {
  checkDefault(column, node, new Statement({ ...environment, forDefault: true }));
}

/** Whether the DEFAULT that a column has becomes one of another type by itself. */
export function defaultCasts(
  text: string,
  column: Pick<CatalogColumn, 'type'>,
  to: SqlType,
  environment: BindEnvironment,
): boolean {
  const statement = new Statement({ ...environment, forDefault: true });
  const context = { statement, ctes: [], outer: null };
  const node = parseExpression(text);
  const { scalar } = bindExpression(node, expressionContext(context, emptyScope, 'DEFAULT expressions'));
  if (scalar.kind === 'literal' && scalar.text === null) return true;
  const { name } = typeOf(scalar);
  const given = name === 'unknown' ? column.type.name : name;
  return given === to.name || castPath(given, to.name, 'assignment') !== null;
}

const constraintWords = new Set(
  'not null primary unique check references constraint default collate generated deferrable initially'.split(
    ' ',
  ),
);

/**
 * The text of a DEFAULT expression: from behind its keyword to what ends a b_expr, a comma, a closing parenthesis or the
 * next constraint. (The tree has no ends, and PostgreSQL's deparser is not in the parser.) To be kept, once it was bound.
 */
export function defaultSource(text: string, byte: number, catalog: CatalogReader): string {
  const source = new SourceText(text);
  const begin = source.utf16OfByte(byte);
  const tokens = tokenize(source).filter((token) => token.start >= begin);
  let depth = 0;
  let end = tokens[0]!.end;
  let previous = '';
  for (const token of tokens.slice(1)) {
    const word = text.slice(token.start, token.end).toLowerCase();
    if (word === '(' || word === '[') depth++;
    if (word === ')' || word === ']') depth--;
    if (depth < 0 || (depth === 0 && (word === ',' || word === ';'))) break;
    // NULL as the value itself; NOT behind IS belongs to IS NOT DISTINCT FROM.
    const isValue = previous === '' || previous === 'is';
    if (depth === 0 && constraintWords.has(word) && !isValue) break;
    previous = word;
    end = token.end;
  }
  const pinned = withPinnedNames(text, tokens[0]!.end, end, (at) => catalog.meaning(at)).trim();
  return withFoundSequences(pinned, catalog);
}
