/**
 * What the catalog holds: one tagged union, one variant an object kind. Objects are immutable; a change replaces them.
 */
import type { ArrangementId, Layout } from '../../engine/index.ts';
import type { OptionSpecs, ParsedOptions } from '../../connectors/options.ts';
import type { Secret } from '../../connectors/secret.ts';
import type { WritableView } from '../../sql/bind/bind.ts';
import type {
  CatalogColumn,
  CatalogFunction,
  CheckOption,
  ForeignKeyRules,
  NotNullConstraint,
  ObjectId,
  ViewBody,
} from '../../sql/catalog.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { displayType } from '../../sql/types/format.ts';
import type { RecordField } from '../../sql/types/record.ts';
import { elementType } from '../../sql/types/table.ts';
import type { SqlType, TypeName } from '../../sql/types/type.ts';

interface ObjectBase {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  /** Objects that this one reads or belongs to; dropping one of them needs CASCADE. */
  readonly dependsOn: readonly ObjectId[];
  /** The statement that made it, as the user wrote it; null for system objects. */
  readonly statement: string | null;
  /** COMMENT ON it. */
  readonly comment?: string | undefined;
}

/** A relation's name in the text of a query, and what it means. */
export interface NameReference {
  /** Where the name begins in the text (UTF-8 bytes). */
  readonly at: number;
  readonly object: ObjectId;
  /** How many columns the relation had: `*` goes on meaning these. */
  readonly columns?: number;
}

/** A query that is kept as text, to be bound again. */
export interface Definition {
  /** As the user wrote it; the names in it follow the objects that they mean. */
  readonly query: string;
  /** What its names mean: other objects that come to have such a name change nothing. */
  readonly references: readonly NameReference[];
  /** The columns' names as the query gives them; the object's own column list may name them otherwise. */
  readonly queryColumns: readonly string[];
  /** The search path of its creation. */
  readonly searchPath: readonly string[];
  /** The TimeZone of its creation, which it keeps. */
  readonly timeZone: string;
}

/** A column list with the arrangement that stores the rows. */
interface Stored {
  readonly columns: readonly CatalogColumn[];
  readonly arrangement: ArrangementId;
  readonly layout: Layout;
  /** Unique keys as column numbers, the primary key first. */
  readonly keys: readonly (readonly number[])[];
}

/** A CHECK of a table. */
export interface CheckConstraint {
  readonly id: ObjectId;
  readonly name: string;
  /** The condition's text. */
  readonly text: string;
  /** The columns that it reads. */
  readonly columns: readonly number[];
  /** Not NOT VALID: the rows that were there have been looked at. */
  readonly validated: boolean;
  /** Not NOT ENFORCED: rows are looked at. */
  readonly enforced: boolean;
  /** NO INHERIT, which is shown. */
  readonly noInherit: boolean;
  /** The TimeZone of its creation, which its constants keep. */
  readonly timeZone: string;
  /** The search path of its creation, in which the bodies of the functions that it calls find their names. */
  readonly searchPath: readonly string[];
  readonly comment?: string | undefined;
}

/** FOREIGN KEY of a table. */
export interface ForeignKeyConstraint extends ForeignKeyRules {
  readonly id: ObjectId;
  readonly name: string;
  readonly parent: ObjectId;
  readonly parentColumns: readonly number[];
  /** The table by what refers, in the order of the referenced key. */
  readonly arrangement: ArrangementId;
  readonly layout: Layout;
  readonly comment?: string | undefined;
}

export interface TableObject extends ObjectBase, Stored {
  readonly kind: 'table';
  readonly primaryKeyName: string | null;
  readonly checks: readonly CheckConstraint[];
  readonly foreignKeys: readonly ForeignKeyConstraint[];
  /** ON COMMIT of a temporary table: what a commit does to it, if anything. */
  readonly onCommit?: 'deleteRows' | 'drop';
  /** The composite type that it is of. */
  readonly ofType?: ObjectId | undefined;
}

/** The constraints that are no indexes. */
export function ownConstraints({
  checks,
  foreignKeys,
  columns,
}: TableObject): (CheckConstraint | ForeignKeyConstraint | NotNullConstraint)[] {
  return [...checks, ...foreignKeys, ...columns.flatMap(({ notNull }) => notNull ?? [])];
}

/** The table with other properties of the one of this name. */
export function withConstraint(
  table: TableObject,
  name: string,
  changed: Partial<Pick<CheckConstraint, 'name' | 'comment'>>,
): TableObject {
  const change = <Kind extends { readonly name: string }>(constraint: Kind): Kind =>
    constraint.name === name ? { ...constraint, ...changed } : constraint;
  return {
    ...table,
    checks: table.checks.map(change),
    foreignKeys: table.foreignKeys.map(change),
    columns: table.columns.map((column) =>
      column.notNull?.name === name ? { ...column, notNull: change(column.notNull) } : column,
    ),
  };
}

/** A relation of the catalog itself, in `tw_internal`. */
export interface SystemTableObject extends ObjectBase, Stored {
  readonly kind: 'systemTable';
}

export interface SourceObject extends ObjectBase, Stored {
  readonly kind: 'source';
  readonly connector: string;
  /** The source that this is a table of (multi-table sources), or null. */
  readonly parent: ObjectId | null;
  /** The connection that it reads through, or null. */
  readonly connection: ObjectId | null;
  /** Rows come, and never go or change. */
  readonly appendOnly: boolean;
}

export interface ViewObject extends ObjectBase, Definition {
  readonly kind: 'view';
  readonly columns: readonly CatalogColumn[];
  /** WITH CHECK OPTION. */
  readonly checkOption?: CheckOption | undefined;
  /** What can be written through it, as it was made; absent: nothing. */
  readonly writable?: WritableView | undefined;
}

/** What readers of a view with errors get: the first error, or the rows without those that raised errors. */
export type OnError = 'fail' | 'skip';

export interface MaterializedViewObject extends ObjectBase, Stored, Definition {
  readonly kind: 'materializedView';
  readonly onError: OnError;
  /** Its rows are kept whatever they are: that was asked for, or something reads them as they are kept. */
  readonly mustStore: boolean;
  /**
   * Its rows are another relation's, hardly changed, and are computed from them when they are read: it reads as a view
   * does, and the engine knows no arrangement of it.
   */
  readonly isComputed: boolean;
  /** Under a session's settings its query may give other rows. */
  readonly bySettings: boolean;
  /** Rows come, and never go or change: what it is made of is so. What reads it is planned by that. */
  readonly appendOnly: boolean;
  /** What other queries find it by that have its query for a part; null where it saves them nothing. */
  readonly body: ViewBody | null;
  /** Shared arrangements that its dataflow imports, and those of views that it reads and does not name. */
  readonly uses: readonly ArrangementId[];
}

export interface IndexObject extends ObjectBase {
  readonly kind: 'index';
  readonly table: ObjectId;
  readonly arrangement: ArrangementId;
  readonly layout: Layout;
  readonly unique: boolean;
  readonly primary: boolean;
  /** It is the index of a UNIQUE or PRIMARY KEY constraint, whose name is its own. */
  readonly constraint: boolean;
  /** COMMENT ON the constraint. */
  readonly constraintComment?: string | undefined;
  /** NULLS NOT DISTINCT. */
  readonly nullsEqual: boolean;
  /** Indexed columns as column numbers (0 where it is an expression). */
  readonly columns: readonly number[];
  /** It was declared with a condition, which its statement has: rows that do not satisfy it do not count as duplicates. */
  readonly partial: boolean;
  /** Shared arrangements that its dataflow imports. */
  readonly uses: readonly ArrangementId[];
}

/** A unique index that is a key of its table: by columns, and of all rows. */
export function isKey({ columns, partial }: Pick<IndexObject, 'columns' | 'partial'>): boolean {
  return !partial && !columns.includes(0);
}

/** Numbers as texts: they are of bigint. */
export interface SequenceOptions {
  readonly dataType: 'int2' | 'int4' | 'int8';
  readonly start: string;
  readonly increment: string;
  readonly least: string;
  readonly greatest: string;
  readonly cache: string;
  readonly cycles: boolean;
}

export interface SequenceObject extends ObjectBase, SequenceOptions {
  readonly kind: 'sequence';
  /** The column that it goes with; null: none. */
  readonly ownedBy: { readonly table: ObjectId; readonly column: number } | null;
  /** It is an identity column's. */
  readonly identity: boolean;
}

export interface SinkObject extends ObjectBase {
  readonly kind: 'sink';
  readonly connector: string;
  /** The connection that it is written through. */
  readonly connection: ObjectId | null;
}

/** A value that is not shown. Its statement is not kept, for it has the value in it. */
export interface SecretObject extends ObjectBase {
  readonly kind: 'secret';
  readonly value: Secret;
}

/** Where an upstream or target is, and how to be let in. */
export interface ConnectionObject extends ObjectBase {
  readonly kind: 'connection';
  /** As CREATE CONNECTION … TO names it, lower case. */
  readonly connector: string;
  readonly options: ParsedOptions<OptionSpecs>;
}

/** A function in SQL. Its name is not one of a relation: functions differ in the types of their arguments. */
export interface FunctionObject extends ObjectBase, CatalogFunction {
  readonly kind: 'function';
  /** The text of its body, where it was given as a text: `pg_proc.prosrc`. */
  readonly source: string;
  /** What is shown of its statement; the names in it are pinned. */
  readonly texts: {
    /** Of each parameter; null: it has no default. */
    readonly defaults: readonly (string | null)[];
    /** The body where it is part of the statement. */
    readonly body: string | null;
    /** As pg_proc.proargmodes has them, a letter each; absent where all arguments are IN. */
    readonly modes?: string | undefined;
  };
}

/** CREATE EXTENSION: its functions are objects that depend on it. Extensions have names of their own. */
export interface ExtensionObject extends ObjectBase {
  readonly kind: 'extension';
  readonly version: string;
}

/** Types have names of their own. */
interface TypeBase extends ObjectBase {
  readonly kind: 'type';
  /** The oid of the type of its arrays. */
  readonly arrayId: ObjectId;
}

/** CREATE TYPE … AS (…) */
export interface CompositeTypeObject extends TypeBase {
  readonly form: 'composite';
  readonly fields: readonly RecordField[];
}

/** A label of an enum type. */
export interface EnumLabel {
  readonly id: ObjectId;
  readonly label: string;
  /** What values are, in the engine: greater for a label that comes later. It never changes. */
  readonly place: bigint;
  /** `pg_enum.enumsortorder` */
  readonly order: number;
}

/** CREATE TYPE … AS ENUM */
export interface EnumTypeObject extends TypeBase {
  readonly form: 'enum';
  /** In their order. */
  readonly labels: readonly EnumLabel[];
}

/** A CHECK of a domain. */
export interface DomainCheckObject {
  readonly id: ObjectId;
  readonly name: string;
  /** The condition's text, over VALUE. */
  readonly text: string;
  /** NOT VALID: the values that were there were not looked at. */
  readonly validated: boolean;
  readonly comment?: string | undefined;
}

/** NOT NULL of a domain. */
export interface DomainNotNull {
  readonly id: ObjectId;
  readonly name: string;
  readonly comment?: string | undefined;
}

/** CREATE DOMAIN */
export interface DomainObject extends TypeBase {
  readonly form: 'domain';
  /** The type beneath, which is no domain. */
  readonly type: SqlType;
  /** The domain that it is over. */
  readonly over: ObjectId | null;
  /** How many dimensions the type beneath was declared with, which is shown. */
  readonly dimensions?: number | undefined;
  /** The collation that it was declared with, or one that it is over. */
  readonly collation?: string | undefined;
  readonly notNull: DomainNotNull | null;
  readonly defaultText: string | null;
  readonly checks: readonly DomainCheckObject[];
}

export type TypeObject = CompositeTypeObject | EnumTypeObject | DomainObject;

export type CatalogObject =
  | TableObject
  | SystemTableObject
  | SourceObject
  | ViewObject
  | MaterializedViewObject
  | IndexObject
  | SequenceObject
  | SinkObject
  | SecretObject
  | ConnectionObject
  | FunctionObject
  | ExtensionObject
  | TypeObject;

export type ObjectKind = CatalogObject['kind'];

/** A kind as PostgreSQL's messages name it. */
export function kindName(kind: ObjectKind): string {
  switch (kind) {
    case 'table':
    case 'systemTable':
      return 'table';
    case 'source':
      return 'source';
    case 'view':
      return 'view';
    case 'materializedView':
      return 'materialized view';
    case 'index':
      return 'index';
    case 'sequence':
      return 'sequence';
    case 'sink':
      return 'sink';
    case 'secret':
      return 'secret';
    case 'connection':
      return 'connection';
    case 'function':
      return 'function';
    case 'extension':
      return 'extension';
    case 'type':
      return 'type';
  }
}

/** What knows the objects of a catalog by their oids. */
export interface ObjectsById {
  object(id: ObjectId): CatalogObject;
}

/** An object as messages name it: `view v`, `function f(integer)`; with its schema where a path is given that does not search it. */
export function describeObject(
  object: CatalogObject,
  catalog: ObjectsById,
  searchPath?: readonly string[],
): string {
  // Extensions are in no schema, and PostgreSQL quotes their names as little as schemas'.
  if (object.kind === 'extension') return `${kindName(object.kind)} ${object.name}`;
  const isSearched = searchPath?.includes(object.schema) ?? true;
  const name = `${isSearched ? '' : `${quoteIdentifier(object.schema)}.`}${quoteIdentifier(object.name)}`;
  if (object.kind !== 'function') return `${kindName(object.kind)} ${name}`;
  // regprocedure's form: no space behind the comma.
  return `function ${name}(${object.parameters.map((each) => typeText(each, catalog)).join()})`;
}

/** What a parameter's type is among those of other functions: that of a relation's rows changes with its columns. */
export function parameterKey({
  type,
  rowOf,
}: {
  readonly type: TypeName;
  readonly rowOf?: ObjectId;
}): string {
  return rowOf === undefined ? type : `${elementType(type) === null ? '' : '_'}#${rowOf}`;
}

/** A type, or the domain or the relation that stands for it. */
export function typeText(
  { type, domain, rowOf }: { readonly type: TypeName; readonly domain?: ObjectId; readonly rowOf?: ObjectId },
  catalog: ObjectsById,
): string {
  if (rowOf !== undefined) {
    return `${quoteIdentifier(catalog.object(rowOf).name)}${elementType(type) === null ? '' : '[]'}`;
  }
  return domain === undefined ? displayType(type) : quoteIdentifier(catalog.object(domain).name);
}
