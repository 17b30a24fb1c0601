/**
 * What planning may know of the catalog: a read-only view for one statement, at one catalog version. `server/catalog`
 * implements it.
 */
import type { ArrangementId, Layout } from '../engine/index.ts';
import type { Node } from '@pgsql/types';
import type { HirRelation } from './hir.ts';
import type { NullableType, SqlType, TypeName } from './types/type.ts';

/** PostgreSQL-style oid of an object; user objects start at 16384. */
export type ObjectId = number;

export type RelationKind = 'table' | 'source' | 'view' | 'materializedView' | 'systemTable' | 'sequence';

export interface CatalogColumn {
  readonly name: string;
  readonly type: NullableType;
  /** The text of the DEFAULT expression; null if there is none. */
  readonly defaultText: string | null;
  /** The domain that its values are of; its type is the one that the domain is over. */
  readonly domain?: ObjectId;
  /** How many dimensions its type was declared with (`int[][]`), which is shown; arrays of any number are kept. */
  readonly dimensions?: number | undefined;
  /** The collation that it or its domain was declared with, where that is not its type's: shown, as all compare alike. */
  readonly collation?: string | undefined;
  /** GENERATED … AS IDENTITY: `always` takes other values only with OVERRIDING SYSTEM VALUE. */
  readonly identity?: 'always' | 'byDefault';
  /**
   * GENERATED ALWAYS AS (text). Its values are computed where rows are written, and kept, whether STORED or VIRTUAL: what
   * it is computed by is immutable, so that no answer differs.
   */
  readonly generated?: { readonly text: string; readonly stored: boolean } | undefined;
  /** NOT NULL of a table's column: its type is not nullable once that was validated. */
  readonly notNull?: NotNullConstraint | undefined;
  /** COMMENT ON it. */
  readonly comment?: string | undefined;
}

/** NOT NULL of a table's column, which is a constraint with a name. */
export interface NotNullConstraint {
  readonly id: ObjectId;
  readonly name: string;
  /** Not NOT VALID: the rows that were there have been looked at. */
  readonly validated: boolean;
  /** NO INHERIT, which is shown. */
  readonly noInherit: boolean;
  readonly comment?: string | undefined;
}

/** A unique constraint or index: rows with the same values in its columns exclude each other. */
export interface UniqueKey {
  readonly name: string;
  /** Column numbers. */
  readonly columns: readonly number[];
  /** The table by these columns. */
  readonly arrangement: ArrangementId;
  readonly layout: Layout;
  /** NULLS NOT DISTINCT. */
  readonly nullsEqual: boolean;
  /** Declared as a constraint, not as an index. */
  readonly isConstraint: boolean;
  /** It is by expressions (where a column is -1), or has a condition: no key of the relation. */
  readonly special?: UniqueExpressions;
}

/** What a unique index is by that is no list of columns of all rows. */
export interface UniqueExpressions {
  /** The texts of its columns and expressions. */
  readonly elements: readonly string[];
  /** Rows that do not satisfy it exclude none; null: all do. */
  readonly predicate: string | null;
}

/** A foreign key, seen from the table that it refers to. */
export interface Reference {
  readonly name: string;
  readonly child: ObjectId;
  readonly columns: readonly number[];
  readonly parentColumns: readonly number[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
  readonly deferrable: boolean;
  /** Not NOT VALID: the rows that were there have been looked at. */
  readonly validated: boolean;
}

/** What happens to rows that refer to a key that goes or changes. */
export type ReferentialAction = 'noAction' | 'restrict' | 'cascade' | 'setNull' | 'setDefault';

/** What a foreign key's columns do, whatever they refer to. */
export interface ForeignKeyRules {
  readonly columns: readonly number[];
  readonly onUpdate: ReferentialAction;
  readonly onDelete: ReferentialAction;
  /** The columns that ON DELETE SET NULL or SET DEFAULT names; null: all. */
  readonly onDeleteColumns: readonly number[] | null;
  /** MATCH FULL: a row has all of the columns, or none. */
  readonly full: boolean;
  readonly deferrable: boolean;
  /** INITIALLY DEFERRED. */
  readonly deferred: boolean;
  /** Not NOT ENFORCED: rows are looked at. */
  readonly enforced: boolean;
  /** Not NOT VALID: the rows that were there have been looked at. */
  readonly validated: boolean;
}

/** The query of a view, as it is kept. */
export interface ViewDefinition {
  readonly query: string;
  /** What the relation's name that begins at this byte of the query means. */
  relationAt(at: number): CatalogRelation | null;
  readonly checkOption: CheckOption | null;
}

/** WITH CHECK OPTION: which conditions rows have to satisfy, this view's or those beneath too. */
export type CheckOption = 'local' | 'cascaded';

export interface CatalogRelation {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly columns: readonly CatalogColumn[];
  /** How many of the columns the text that names it knows: those that came later are not seen by it. */
  readonly visibleColumns?: number;
  /** Unique keys as column numbers; the primary key first. */
  readonly keys: readonly (readonly number[])[];
  readonly primaryKeyName: string | null;
  /** Of a table: what ON CONFLICT may name, the primary key first. */
  readonly uniqueKeys?: readonly UniqueKey[];
  /** Of a source or a materialized view: rows come, and never go or change. */
  readonly appendOnly?: boolean;
  /** Of a table: the foreign keys that refer to it. */
  referencedBy?(): readonly Reference[];
  /** Of a table: it has foreign keys. */
  readonly refers?: boolean;
  /** Of a view: what it was made of. */
  readonly definition?: ViewDefinition;
  /** Of what reads as a view does: the definition's HIR (bound once as long as it means the same, columns renamed). */
  boundView?(): HirRelation;
  /** Rows at last count, for join ordering; null if unknown. */
  readonly estimatedRows: number | null;
}

/** A condition of a domain, over VALUE. */
export interface DomainCheck {
  readonly name: string;
  readonly text: string;
}

/** A domain with all that it says of its values, and what the domains say that it is over. */
export interface CatalogDomain {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  /** As messages show it. */
  readonly display: string;
  readonly type: SqlType;
  readonly collation?: string | undefined;
  readonly notNull: boolean;
  /** Those of the domains that it is over first. */
  readonly checks: readonly DomainCheck[];
  /** What a column of it has where it says nothing itself. */
  readonly defaultText: string | null;
}

/** An argument that a function takes. */
export interface FunctionParameter {
  /** Empty where it has none. */
  readonly name: string;
  readonly type: TypeName;
  /** The domain that its values are of. */
  readonly domain?: ObjectId;
  /** The relation whose rows its values are, or the elements of these. */
  readonly rowOf?: ObjectId;
  /** The expression that stands for it where a call leaves it out. */
  readonly defaultValue: Node | null;
  /** The last one, of an array type: a call may give its elements. */
  readonly variadic?: true;
}

/** What a function gives: a value, or rows of columns (RETURNS TABLE, several OUT parameters). */
export type FunctionResult =
  | {
      readonly kind: 'value';
      readonly set: boolean;
      readonly type: TypeName;
      /** The domain that its values are of. */
      readonly domain?: ObjectId;
      /** The relation whose rows its values are, or the elements of these. */
      readonly rowOf?: ObjectId;
      /** The name of the one OUT parameter, which its column in FROM has. */
      readonly column?: string;
    }
  | {
      readonly kind: 'columns';
      readonly set: boolean;
      /** None: RETURNS record. A call in FROM says the columns, elsewhere they are those of the body. */
      readonly columns: readonly FunctionColumn[];
    };

export interface FunctionColumn {
  readonly name: string;
  readonly type: TypeName;
}

/** A function in SQL: what it is called with stands for its body. */
export interface CatalogFunction {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  readonly parameters: readonly FunctionParameter[];
  readonly result: FunctionResult;
  readonly strict: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  /** A `{ SelectStmt }`. */
  readonly body: Node;
  /** SET search_path: where the names in its body are looked up, as they were written. */
  readonly searchPath?: readonly string[] | undefined;
}

/** An arrangement that exists and may be imported. */
export interface CatalogArrangement {
  readonly id: ArrangementId;
  readonly relation: ObjectId;
  readonly layout: Layout;
  /** The relation's own arrangement (always there) or an index or a shared one. */
  readonly primary: boolean;
  /** Name of the index, or null. */
  readonly name: string | null;
  /** Names of the objects whose dataflows hold a shared one, for EXPLAIN. */
  users?(): readonly string[];
}

/** A materialized view that can be read where a query has its body. */
export interface CatalogViewBody {
  readonly object: ObjectId;
  readonly arrangement: ArrangementId;
  readonly body: ViewBody;
  readonly columns: readonly NullableType[];
}

/**
 * What a materialized view's query says (`optimize/analysis/body-form.ts`), by which others are known to have it for a
 * part.
 */
export interface ViewBody {
  readonly core: string;
  readonly columns: readonly string[];
  /** The relations that it is computed from. */
  readonly reads: readonly ObjectId[];
}

export interface CatalogReader {
  /** Any DDL raises it. */
  readonly version: number;
  readonly database: string;
  readonly user: string;
  /** Schemas searched for unqualified names, in order, `pg_catalog` and that of temporary objects included. */
  readonly searchPath: readonly string[];
  /** Those of them that the setting does not name. */
  readonly implicitSchemas: readonly string[];
  /** Does some work with names looked up along another path. */
  under<T>(searchPath: readonly string[], work: () => T): T;
  /**
   * Resolves `name` along the search path, or in `schema`. `at`: where the name stands in the bound text (UTF-8 bytes);
   * undefined where it is not the user's text. A stored definition knows by place what its names mean.
   */
  findRelation(schema: string | null, name: string, at?: number): CatalogRelation | null;
  relation(id: ObjectId): CatalogRelation;
  /** The oid of a relation or an index: what a regclass can name. */
  findClass(schema: string | null, name: string): ObjectId | null;
  /** What has this oid, and whether its name alone finds it. */
  classNamed(oid: ObjectId): {
    readonly schema: string;
    readonly name: string;
    readonly visible: boolean;
    readonly kind: string;
  } | null;
  /** The functions of this name in SQL, along the search path or in `schema`; `at` as in `findRelation`. */
  findFunctions(schema: string | null, name: string, at?: number): readonly CatalogFunction[];
  /** A type of one's own, along the search path or in `schema`: what is bound depends on it. `at` as in `findRelation`. */
  findType(schema: string | null, name: string, at?: number): TypeName | null;
  /** A domain, found as types are. */
  findDomain(schema: string | null, name: string, at?: number): CatalogDomain | null;
  domain(id: ObjectId): CatalogDomain;
  /** All types of one's own, and their arrays. */
  ownTypes(): readonly TypeName[];
  /** One of them is called: what is bound depends on it. */
  useFunction(called: CatalogFunction, at?: number): void;
  /** The function or the type that the name at a place of the bound text was found to mean. */
  meaning(at: number): ObjectId | null;
  /** The schema of the session's temporary objects, if there are any: searched first, but for functions. */
  readonly temporarySchema: string | null;
  hasSchema(name: string): boolean;
  schemaId(name: string): ObjectId | null;
  /** The schemas of the search path, and the relations in them that a name finds another before. */
  visibility(): { readonly schemas: readonly ObjectId[]; readonly shadowed: readonly ObjectId[] };
  /** Names for hints. */
  relationNames(): readonly string[];
  /** Arrangements of a relation, the primary one first. */
  arrangements(relation: ObjectId): readonly CatalogArrangement[];
  /** The views that are kept, can be read, and are computed from nothing but these relations; `than`: all but it. */
  viewsOver(relations: ReadonlySet<ObjectId>, than: ObjectId | null): readonly CatalogViewBody[];
}

export type { SqlType };
