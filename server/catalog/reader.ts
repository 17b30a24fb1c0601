/**
 * The catalog as one statement's planning sees it: names resolved along a search path, views bound on demand.
 */
import type {
  CatalogArrangement,
  CatalogColumn,
  CatalogDomain,
  CatalogFunction,
  CatalogReader,
  CatalogRelation,
  CatalogViewBody,
  ObjectId,
  RelationKind,
  UniqueKey,
  ViewDefinition,
} from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { HirRelation } from '../../sql/hir.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { pinnedOid } from '../../sql/parse/pinned-names.ts';
import { domainType, enumType } from '../../sql/types/enum.ts';
import { nameType, objectOfType, rowTypeOids } from '../../sql/types/own.ts';
import { recordType, rowTypeOf } from '../../sql/types/record.ts';
import type { TypeName } from '../../sql/types/type.ts';
import type { ArrangementId, Layout } from '../../engine/index.ts';
import { type Catalog, FIRST_USER_ID } from './catalog.ts';
import { Remembered } from './questions.ts';
import { uniqueIndexes } from './constraints.ts';
import { elementTexts, indexPredicate } from './definition-text.ts';
import { holdersOf } from './holders.ts';
import { isKey, kindName } from './objects.ts';
import { referringTo } from './foreign-keys.ts';
import { withRowTypes } from './row-types.ts';
import { type Searching, functionSchemasOf, isTemporarySchema, schemasOf } from './temporary.ts';
import type {
  CatalogObject,
  MaterializedViewObject,
  NameReference,
  TableObject,
  TypeObject,
  ViewObject,
} from './objects.ts';

/** Binds the query of a view under its own search path; columns carry the view's names. */
export type BindView = (view: ViewObject | MaterializedViewObject) => HirRelation;

/** Arrangements shared between dataflows that no name stands for. */
export interface SharedArrangements {
  of(
    relation: ObjectId,
    base: ArrangementId,
  ): Iterable<{ readonly id: ArrangementId; readonly layout: Layout }>;
  /** Whether an arrangement is still hydrating: a reader that has a choice does without it. */
  hydrates(id: ArrangementId): boolean;
}

/** Relations as planning sees them, for one value of `ownWrites`. */
export type KnownRelations = Remembered<CatalogObject, CatalogRelation | null>;

/** As in PostgreSQL, pg_catalog is searched first unless the path names it. */
function searching(path: readonly string[], temporarySchema: string | undefined): Searching {
  const searchPath = path.includes('pg_catalog') ? path : ['pg_catalog', ...path];
  return { searchPath, ...(temporarySchema === undefined ? {} : { temporarySchema }) };
}

/** What a sequence gives where it is read as a relation. */
const sequenceColumns: readonly CatalogColumn[] = (
  [
    ['last_value', 'int8'],
    ['log_cnt', 'int8'],
    ['is_called', 'bool'],
  ] as const
).map(([name, type]) => ({ name, type: { name: type, typmod: -1, nullable: false }, defaultText: null }));

export class StatementCatalog implements CatalogReader {
  readonly version: number;
  readonly database: string;
  readonly user: string;
  searchPath: readonly string[];
  implicitSchemas: readonly string[];
  temporarySchema: string | null;
  #searching: Searching;
  readonly #catalog: Catalog;
  readonly #shared: SharedArrangements;
  readonly #bindView: BindView;
  /**
   * The statement must see its transaction's own writes, which lie over the tables' primary arrangements only: so
   * materialized views are read through their definitions, and no index or shared arrangement is offered.
   */
  readonly #ownWrites: boolean;
  /** For a time at which there were no other arrangements than the relations' own. */
  readonly #past: boolean;
  /** The definitions would be computed under other settings than the views are. */
  readonly #otherSettings: boolean;
  /** Rows of an arrangement, asked where joins are ordered only. */
  readonly #estimate: (arrangement: ArrangementId) => number | null;
  readonly #references: readonly NameReference[];
  readonly #relations: KnownRelations;

  constructor(options: {
    catalog: Catalog;
    shared: SharedArrangements;
    bindView: BindView;
    estimate: (arrangement: ArrangementId) => number | null;
    searchPath: readonly string[];
    temporarySchema?: string | undefined;
    user: string;
    database: string;
    /** For a transaction that has written: see `ownWrites` of the class. */
    ownWrites: boolean;
    /** See `past` of the class. */
    past?: boolean;
    /** Such a transaction has settings of its own. */
    otherSettings?: boolean;
    /** What names mean by their place, in a text that was bound before. */
    references?: readonly NameReference[];
    relations?: KnownRelations;
  }) {
    this.#catalog = options.catalog;
    this.#shared = options.shared;
    this.#bindView = options.bindView;
    this.#estimate = options.estimate;
    this.#ownWrites = options.ownWrites;
    this.#past = options.past ?? false;
    this.#otherSettings = options.otherSettings ?? false;
    this.#references = options.references ?? [];
    this.#relations = options.relations ?? new Remembered();
    this.version = options.catalog.version;
    this.user = options.user;
    this.database = options.database;
    const { temporarySchema: own } = options;
    this.#searching = searching(options.searchPath, own);
    this.searchPath = schemasOf(this.#catalog, this.#searching);
    this.implicitSchemas = this.searchPath.filter((schema) => !options.searchPath.includes(schema));
    this.temporarySchema = own !== undefined && this.searchPath.includes(own) ? own : null;
  }

  under<T>(searchPath: readonly string[], work: () => T): T {
    const before = [this.#searching, this.searchPath, this.implicitSchemas, this.temporarySchema] as const;
    const own = this.#searching.temporarySchema;
    const meaning = new Map([
      ['$user', this.user],
      ['pg_temp', own ?? 'pg_temp'],
    ]);
    const path = searchPath.map((name) => meaning.get(name) ?? name);
    this.#searching = searching(path, own);
    this.searchPath = schemasOf(this.#catalog, this.#searching);
    this.implicitSchemas = this.searchPath.filter((schema) => !path.includes(schema));
    this.temporarySchema = own !== undefined && this.searchPath.includes(own) ? own : null;
    try {
      return work();
    } finally {
      [this.#searching, this.searchPath, this.implicitSchemas, this.temporarySchema] = before;
    }
  }

  findRelation(schema: string | null, name: string, at?: number): CatalogRelation | null {
    const known = at === undefined ? undefined : this.#references.find((reference) => reference.at === at);
    if (known) {
      const relation = this.relation(known.object);
      return known.columns === undefined ? relation : { ...relation, visibleColumns: known.columns };
    }
    for (const candidate of this.#schemas(schema)) {
      const object = this.#catalog.find(candidate, name);
      const relation = object && this.#asRelation(object);
      if (!relation) continue;
      if (this.#otherSettings) this.#refuseBySettings(object);
      return this.#accessible(relation);
    }
    return null;
  }

  /** A materialized view that would have other rows, computed by its definition under the session's settings, is not read so. */
  #refuseBySettings(object: CatalogObject): void {
    if (object.kind !== 'view' && object.kind !== 'materializedView') return;
    if (object.kind === 'materializedView' && object.bySettings) {
      throw new SqlError({
        sqlstate: '0A000',
        message: `reading materialized view "${object.name}" in a transaction that has written is not supported under these settings`,
        detail: 'What it computes depends on the TimeZone, and is computed in UTC.',
        hint: "Use SET TimeZone = 'UTC', or read it before the transaction writes.",
      });
    }
    for (const id of object.dependsOn)
      if (this.#catalog.has(id)) this.#refuseBySettings(this.#catalog.object(id));
  }

  #schemas(schema: string | null): readonly string[] {
    return schema === null ? this.searchPath : schemasOf(this.#catalog, this.#searching, schema);
  }

  #accessible(relation: CatalogRelation): CatalogRelation {
    const { temporarySchema: own } = this.#searching;
    if (own === undefined || relation.schema === own || !isTemporarySchema(relation.schema)) return relation;
    const message = 'cannot access temporary tables of other sessions';
    throw new SqlError({ sqlstate: '0A000', message });
  }

  findClass(schema: string | null, name: string): ObjectId | null {
    for (const candidate of this.#schemas(schema)) {
      const object = this.#catalog.find(candidate, name);
      if (object && (object.kind === 'index' || this.#asRelation(object))) return object.id;
      const type = this.#catalog.type(candidate, name);
      if (type?.form !== 'composite') continue;
      // A composite type has a relation of its own.
      this.useType(type.id);
      return rowTypeOids(type.id).oid;
    }
    return null;
  }

  classNamed(oid: ObjectId): { schema: string; name: string; visible: boolean; kind: string } | null {
    const id = objectOfType(oid);
    if (!this.#catalog.has(id)) return null;
    const { schema, name, kind } = this.#catalog.object(id);
    if (id !== oid && kind !== 'type') return null;
    return { schema, name, visible: this.findClass(null, name) === oid, kind: kindName(kind) };
  }

  relation(id: ObjectId): CatalogRelation {
    const relation = this.#asRelation(this.#catalog.object(id));
    if (!relation) throw new Error(`object ${id} is not a relation`);
    return relation;
  }

  /** What a name means whatever the search path: by its place in a text that was bound before, or by its oid. */
  #pinned(schema: string | null, name: string, at: number | undefined): CatalogObject | null {
    const known = at === undefined ? undefined : this.#references.find((reference) => reference.at === at);
    if (known) return this.#catalog.object(known.object);
    const oid = pinnedOid(schema, name);
    return oid !== null && this.#catalog.has(oid) ? this.#catalog.object(oid) : null;
  }

  findFunctions(schema: string | null, name: string, at?: number): readonly CatalogFunction[] {
    const object = this.#pinned(schema, name, at);
    if (object?.kind === 'function') return [withRowTypes(object, this.#catalog)];
    const found: CatalogFunction[] = [];
    const signature = ({ parameters }: CatalogFunction): string => parameters.map(({ type }) => type).join();
    for (const candidate of functionSchemasOf(this.#searching, schema)) {
      for (const known of this.#catalog.functions(candidate, name)) {
        const each = withRowTypes(known, this.#catalog);
        // One that comes earlier in the path hides one of the same arguments.
        if (!found.some((other) => signature(other) === signature(each))) found.push(each);
      }
    }
    return found;
  }

  findType(schema: string | null, name: string, at?: number): TypeName | null {
    const object = this.#findType(schema, name, at);
    if (!object || object.form === 'domain') return null;
    this.useType(object.id, at);
    return typeOfObject(object);
  }

  #findType(schema: string | null, name: string, at?: number): TypeObject | null {
    const pinned = this.#pinned(schema, name, at);
    if (pinned?.kind === 'type') return pinned;
    for (const candidate of this.#schemas(schema)) {
      const object = this.#catalog.type(candidate, name);
      if (object) return object;
    }
    return null;
  }

  findDomain(schema: string | null, name: string, at?: number): CatalogDomain | null {
    const object = this.#findType(schema, name, at);
    if (object?.form !== 'domain') return null;
    this.useType(object.id, at);
    return this.domain(object.id);
  }

  domain(id: ObjectId): CatalogDomain {
    const object = this.#catalog.object(id);
    if (object.kind !== 'type' || object.form !== 'domain') throw new Error(`object ${id} is no domain`);
    const beneath = object.over === null ? null : this.domain(object.over);
    return {
      id,
      schema: object.schema,
      name: object.name,
      display: quoteIdentifier(object.name),
      type: object.type,
      collation: object.collation,
      notNull: object.notNull !== null || beneath?.notNull === true,
      // In the order of their names, as PostgreSQL.
      checks: [
        ...(beneath?.checks ?? []),
        ...object.checks
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name, text }) => ({ name, text })),
      ],
      defaultText: object.defaultText ?? beneath?.defaultText ?? null,
    };
  }

  ownTypes(): readonly TypeName[] {
    return (this.#ownTypes ??= this.#findOwnTypes());
  }

  /** What functions of the catalog ask for with each call of theirs. */
  #ownTypes: readonly TypeName[] | null = null;
  #visibility: ReturnType<CatalogReader['visibility']> | null = null;

  #findOwnTypes(): TypeName[] {
    return this.#catalog.ask('types', (catalog) => {
      const own: TypeName[] = [];
      for (const object of catalog.objects()) {
        if (object.kind !== 'type') continue;
        const type = typeOfObject(object);
        own.push(type, `_${type}` as TypeName);
      }
      return own;
    });
  }

  protected useType(_id: ObjectId, _at?: number): void {
    // As `useFunction`.
  }

  useFunction(_called: CatalogFunction, _at?: number): void {
    // Only who records what it depends on wants to know.
  }

  meaning(_at: number): ObjectId | null {
    return null;
  }

  hasSchema(name: string): boolean {
    return this.#catalog.schema(name === 'pg_temp' ? (this.temporarySchema ?? name) : name) !== null;
  }

  schemaId(name: string): ObjectId | null {
    return this.#catalog.schema(name)?.id ?? null;
  }

  visibility(): { readonly schemas: readonly ObjectId[]; readonly shadowed: readonly ObjectId[] } {
    return (this.#visibility ??= this.#findVisibility());
  }

  #findVisibility(): { readonly schemas: readonly ObjectId[]; readonly shadowed: readonly ObjectId[] } {
    const schemas = [...new Set(this.searchPath)].flatMap((name) => this.#catalog.schema(name) ?? []);
    const place = new Map(schemas.map(({ name }, index) => [name, index]));
    const shadowed = this.#catalog.ask(`shadowed ${schemas.map(({ id }) => id).join()}`, (catalog) => {
      const found: ObjectId[] = [];
      for (const object of catalog.objects()) {
        const own = place.get(object.schema);
        // Nothing is before the first schema.
        if (own === undefined || own === 0) continue;
        if (schemas.slice(0, own).some(({ name }) => catalog.find(name, object.name) !== null))
          found.push(object.id);
      }
      return found;
    });
    return { schemas: schemas.map(({ id }) => id), shadowed };
  }

  relationNames(): readonly string[] {
    const path = new Set(this.searchPath);
    return [...this.#catalog.objects()]
      .filter((object) => path.has(object.schema) && this.#asRelation(object) !== null)
      .map((object) => object.name);
  }

  arrangements(relation: ObjectId): readonly CatalogArrangement[] {
    let found = this.#arrangements.get(relation);
    if (found === undefined) {
      found = this.#catalog.ask(
        `arrangements ${relation}`,
        (catalog) => this.#arrangementsOf(catalog, relation),
        (arrangements) => this.#decisive(relation, arrangements),
      );
      this.#arrangements.set(relation, found);
    }
    return found;
  }

  viewsOver(relations: ReadonlySet<ObjectId>, than: ObjectId | null): readonly CatalogViewBody[] {
    if (this.#ownWrites) return [];
    const found: CatalogViewBody[] = [];
    const own = than !== null && this.#catalog.has(than) ? this.#catalog.object(than) : null;
    /** A view that would go on for this one alone if this one read it. */
    const readsOwn = ({ uses }: MaterializedViewObject): boolean =>
      own?.kind === 'materializedView' && uses.includes(own.arrangement);
    for (const relation of relations) {
      // What is computed from the catalog's own relations alone is small.
      if (relation < FIRST_USER_ID) continue;
      const views = this.#catalog.ask(`views from ${relation}`, (catalog) =>
        catalog.viewsFrom(relation).filter(({ arrangement }) => !this.#shared.hydrates(arrangement)),
      );
      for (const view of views) {
        const { id, body, arrangement, columns } = view;
        if (id === than || readsOwn(view) || !body.reads.every((read) => relations.has(read))) continue;
        found.push({ object: id, body, arrangement, columns: columns.map(({ type }) => type) });
      }
    }
    return found;
  }

  /** Planning asks for them again and again. */
  readonly #arrangements = new Map<ObjectId, readonly CatalogArrangement[]>();

  /**
   * The arrangements without which another plan would be made, or is worth it. Shared ones come and go with views: of a
   * small relation none is waited for, and one that a plan imports the plan asks for by itself (`Planning`).
   */
  #decisive(relation: ObjectId, arrangements: readonly CatalogArrangement[]): readonly unknown[] {
    const [primary] = arrangements;
    const size = primary === undefined ? null : magnitude(this.#estimate(primary.id));
    const named = arrangements.filter(({ name, primary }) => primary || name !== null);
    return [size, ...(size === null ? named : arrangements).map(({ id }) => id)];
  }

  #arrangementsOf(catalog: Catalog, relation: ObjectId): CatalogArrangement[] {
    const object = catalog.has(relation) ? catalog.object(relation) : null;
    if (object === null || !('arrangement' in object) || object.kind === 'index') return [];
    const found: CatalogArrangement[] = [
      { id: object.arrangement, relation, layout: object.layout, primary: true, name: null },
    ];
    if (this.#ownWrites || this.#past) return found;
    for (const index of catalog.dependents(relation)) {
      if (index.kind !== 'index' || index.table !== relation || index.arrangement === object.arrangement)
        continue;
      if (this.#shared.hydrates(index.arrangement)) continue;
      found.push({ id: index.arrangement, relation, layout: index.layout, primary: false, name: index.name });
    }
    for (const shared of this.#shared.of(relation, object.arrangement)) {
      if (found.some((arrangement) => arrangement.id === shared.id)) continue;
      found.push({
        id: shared.id,
        relation,
        layout: shared.layout,
        primary: false,
        name: null,
        users: () => holdersOf(this.#catalog, shared.id),
      });
    }
    return found;
  }

  #asRelation(object: CatalogObject): CatalogRelation | null {
    let relation = this.#made.get(object);
    if (relation === undefined) {
      relation = this.#relations.get(this.#catalog, object, () => this.#make(object));
      this.#made.set(object, relation);
    }
    return relation;
  }

  #definition({ query, references, checkOption }: ViewObject): ViewDefinition {
    return {
      query,
      checkOption: checkOption ?? null,
      relationAt: (at) => {
        const reference = references.find((other) => other.at === at);
        return reference === undefined ? null : this.relation(reference.object);
      },
    };
  }

  /** Rules ask for a relation's keys again and again. */
  readonly #made = new Map<CatalogObject, CatalogRelation | null>();

  #make(object: CatalogObject): CatalogRelation | null {
    const isView =
      object.kind === 'view' ||
      (object.kind === 'materializedView' && (object.isComputed || this.#ownWrites));
    if (isView) {
      return {
        ...named(object, object.kind),
        columns: object.columns,
        keys: [],
        primaryKeyName: null,
        estimatedRows: null,
        ...(object.kind === 'view' ? { definition: this.#definition(object) } : {}),
        boundView: () => this.#bindView(object),
      };
    }
    switch (object.kind) {
      case 'sequence':
        return {
          ...named(object, 'sequence'),
          columns: sequenceColumns,
          keys: [],
          primaryKeyName: null,
          estimatedRows: null,
        };
      case 'index':
      case 'sink':
      case 'secret':
      case 'connection':
      case 'function':
      case 'extension':
      case 'type':
        return null;
      case 'table':
      case 'systemTable':
      case 'source':
      case 'materializedView': {
        const uniqueKeys = object.kind === 'table' ? this.#uniqueKeys(object) : [];
        const excludesNull = ({ columns, nullsEqual, special }: UniqueKey): boolean =>
          special === undefined &&
          (nullsEqual || columns.every((column) => !object.columns[column]!.type.nullable));
        const secondary = uniqueKeys.slice(object.keys.length).filter(excludesNull);
        const estimatedRows = (): number | null => this.#rowsOf(object);
        return {
          ...named(object, object.kind),
          columns: object.columns.some(({ domain }) => domain !== undefined)
            ? object.columns.map((column) => this.#withDefault(column))
            : object.columns,
          keys: [...object.keys, ...secondary.map(({ columns }) => columns)],
          primaryKeyName: object.kind === 'table' ? object.primaryKeyName : null,
          uniqueKeys,
          ...(object.kind === 'table' ? this.#foreignKeys(object) : {}),
          ...('appendOnly' in object ? { appendOnly: object.appendOnly } : {}),
          get estimatedRows() {
            return estimatedRows();
          },
        };
      }
    }
  }

  /** A plan goes on being right whatever this is; where it is looked at again, another magnitude makes a new one. */
  #rowsOf({
    id,
    arrangement,
  }: {
    readonly id: ObjectId;
    readonly arrangement: ArrangementId;
  }): number | null {
    return this.#catalog.ask(
      `rows ${id}`,
      () => this.#estimate(arrangement),
      (rows) => [magnitude(rows)],
    );
  }

  /** A column without a DEFAULT has its domain's. */
  #withDefault(column: CatalogColumn): CatalogColumn {
    if (column.domain === undefined || column.defaultText !== null || column.identity !== undefined)
      return column;
    const { defaultText } = this.domain(column.domain);
    return defaultText === null ? column : { ...column, defaultText };
  }

  #foreignKeys(table: TableObject): Pick<CatalogRelation, 'referencedBy' | 'refers'> {
    return {
      refers: table.foreignKeys.length > 0,
      referencedBy: () =>
        referringTo(this.#catalog, table.id).flatMap(({ table: child, foreignKey }) =>
          foreignKey.enforced ? [{ ...foreignKey, child: child.id }] : [],
        ),
    };
  }

  /** The primary key, then the others. */
  #uniqueKeys(table: TableObject): UniqueKey[] {
    const { primaryKeyName, keys, arrangement, layout } = table;
    const primary = keys.map((columns): UniqueKey => {
      const name = primaryKeyName ?? '';
      return { name, columns, arrangement, layout, nullsEqual: false, isConstraint: true };
    });
    const others = uniqueIndexes(this.#catalog, table.id).map((index): UniqueKey => {
      const { name, columns, arrangement, layout, nullsEqual, constraint } = index;
      return {
        name,
        columns: columns.map((number) => number - 1),
        arrangement,
        layout,
        nullsEqual,
        isConstraint: constraint,
        ...(isKey(index)
          ? {}
          : {
              special: { elements: elementTexts(index, table.columns), predicate: indexPredicate(index) },
            }),
      };
    });
    return [...primary, ...others];
  }
}

/** How many powers of ten; null: so few rows that it does not matter in which way they are read. */
function magnitude(rows: number | null): number | null {
  return rows === null || rows < 1000 ? null : Math.floor(Math.log10(rows));
}

function named(object: CatalogObject, kind: RelationKind) {
  return { id: object.id, schema: object.schema, name: object.name, kind };
}

/** The type that it is in statements. */
export function typeOfObject(object: TypeObject): TypeName {
  switch (object.form) {
    case 'enum':
      return enumType(object.id);
    case 'domain':
      return domainType(object.id);
    case 'composite':
      return recordType(object.fields, object.id);
  }
}

/** The type that an object's name stands for in declarations: a type, or that of a relation's rows; null: none. */
export function declarableType(object: CatalogObject): TypeName | null {
  switch (object.kind) {
    case 'type':
      return typeOfObject(object);
    case 'table':
    case 'source':
    case 'view':
    case 'materializedView':
    case 'systemTable':
      return rowTypeOf(object);
    default:
      return null;
  }
}

/** From now on the type is shown under the object's name. */
export function showType(object: TypeObject): void {
  nameType({ oid: object.id, array: object.arrayId, name: object.name, type: typeOfObject(object) });
}
