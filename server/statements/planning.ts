/**
 * From bound SQL to compiled plans for one server: the planning environment, view definitions, and the binder's own.
 */
import type { Node, TruncateStmt } from '@pgsql/types';
import type { Engine, Expr } from '../../engine/index.ts';
import type { Mfp } from '../../engine/plan.generated.ts';
import type { Extensions } from '../../sql/ast/extension.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import {
  type BindEnvironment,
  type ReferentialAction,
  bindCheckText,
  bindDomainConditions,
  bindQuery,
  bindReferentialAction,
  bindRelation,
  bindTruncation,
  bindWrite,
  columnsOfGenerated,
} from '../../sql/bind/bind.ts';
import type { WorkingTables } from '../../sql/bind/environment.ts';
import { BodyTemplates } from '../../sql/bind/body-templates.ts';
import type { CatalogColumn, CatalogFunction, CatalogRelation, ObjectId } from '../../sql/catalog.ts';
import {
  MAINTAINED_IN,
  type Compiled,
  type PlanningEnvironment,
  type Purpose,
  compileExpressions,
  compileQuery,
  compileRow,
  compileWrite,
} from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import type { HirQuery, HirRelation, HirScalar } from '../../sql/hir.ts';
import { KnownViews } from '../../sql/lower/known-views.ts';
import { parse } from '../../sql/parse/parse.ts';
import { pinnedOids } from '../../sql/parse/pinned-names.ts';
import { SourceText } from '../../sql/parse/source-text.ts';
import { domainsWithin } from '../../sql/types/record.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { type Catalog, FIRST_USER_ID } from '../catalog/catalog.ts';
import type { CheckConstraint, Definition, NameReference, ViewObject } from '../catalog/objects.ts';
import { Remembered } from '../catalog/questions.ts';
import { type KnownRelations, StatementCatalog } from '../catalog/reader.ts';
import { checkColumns } from '../catalog/system/view-columns.ts';
import { type Dataflows, imports } from '../dataflows/dataflows.ts';
import { disabledRules } from '../session/settings/rules.ts';
import type { SessionContext } from '../session/statement.ts';

/** The settings that planning depends on. */
export type PlanningSession = Pick<SessionContext, 'user' | 'database' | 'searchPath' | 'timeZone'> &
  Partial<Pick<SessionContext, 'setting' | 'temporarySchema'>>;

/** A query's tree with the text that its locations are in. */
export interface Bindable {
  readonly node: Node;
  readonly extensions: Extensions;
  readonly source: ParsedStatement['source'];
}

/** How a statement is bound. */
export interface BindOptions {
  readonly parameterTypes?: readonly (SqlType | null)[];
  /** The query defines a view: no parameters, nothing volatile. */
  readonly inView?: boolean;
  /** See `BindEnvironment`. */
  readonly registeredAsNumbers?: boolean;
  readonly workingTables?: WorkingTables | undefined;
  readonly ofSystem?: boolean;
  /** The catalog to resolve names in; `catalogFor(session)` where none is given. */
  readonly catalog?: StatementCatalog;
}

/** A catalog that remembers which relations were named: what a view depends on. */
export class RecordingCatalog extends StatementCatalog {
  readonly resolved = new Set<ObjectId>();
  readonly #references = new Map<number, Omit<NameReference, 'at'>>();

  override findRelation(schema: string | null, name: string, at?: number): CatalogRelation | null {
    const relation = super.findRelation(schema, name, at);
    if (relation) this.resolved.add(relation.id);
    if (relation && at !== undefined) {
      const columns = relation.visibleColumns ?? relation.columns.length;
      this.#references.set(at, { object: relation.id, columns });
    }
    return relation;
  }

  protected override useType(id: ObjectId, at?: number): void {
    this.resolved.add(id);
    if (at !== undefined) this.#references.set(at, { object: id });
  }

  override useFunction(called: CatalogFunction, at?: number): void {
    this.resolved.add(called.id);
    if (at !== undefined) this.#references.set(at, { object: called.id });
  }

  override meaning(at: number): ObjectId | null {
    const means = this.#references.get(at);
    return means === undefined || means.columns !== undefined ? null : means.object;
  }

  /** The names in the text from `start` on, placed from there. */
  references(start: number): NameReference[] {
    return [...this.#references].map(([at, means]) => ({ at: at - start, ...means }));
  }
}

export const SYSTEM_SESSION: PlanningSession = {
  user: 'tidewire',
  database: 'tidewire',
  searchPath: ['pg_catalog'],
  timeZone: 'UTC',
};

/** The catalog's own views: bound, and lowered for the statements that read them. */
interface SystemViews {
  readonly relations: Map<ObjectId, HirRelation>;
  readonly known: KnownViews;
  /** And the bodies of functions over them. */
  readonly bodies: BodyTemplates;
}

/** The search path of a session that has set none, in which what belongs to no session finds its names. */
const DEFAULT_SEARCH_PATH = ['public'];

/**
 * A condition that a function's body makes: it may have been taken what it calls since it was declared. As in PostgreSQL it is
 * the row that is refused then.
 */
function orRaised<T>(bind: () => T, callsOwn: boolean, raising: (condition: HirScalar) => T): T {
  try {
    return bind();
  } catch (error) {
    if (!(error instanceof SqlError) || !callsOwn) throw error;
    const { sqlstate, message } = error;
    return raising({ kind: 'raise', sqlstate, message, type: { name: 'bool', typmod: -1 } });
  }
}

export class Planning {
  readonly #engine: Engine;
  readonly #catalog: Catalog;
  readonly #dataflows: Dataflows;
  readonly #relations: KnownRelations = new Remembered();
  /** As statements see them whose transaction has written. */
  readonly #relationsWritten: KnownRelations = new Remembered();
  readonly #viewsWritten = new Remembered<object, HirRelation>();
  readonly #views: Remembered<object, HirRelation>;
  /** The catalog's own views are over relations that never change, and mean the same in every version. */
  readonly #systemViews: SystemViews;

  constructor(
    engine: Engine,
    catalog: Catalog,
    dataflows: Dataflows,
    systemViews: SystemViews = {
      relations: new Map(),
      known: new KnownViews(),
      bodies: new BodyTemplates(),
    },
    views = new Remembered<object, HirRelation>(),
  ) {
    this.#engine = engine;
    this.#catalog = catalog;
    this.#dataflows = dataflows;
    this.#systemViews = systemViews;
    this.#views = views;
  }

  /** The catalog as a statement of `session` sees it. */
  catalogFor(
    session: PlanningSession,
    {
      ownWrites = false,
      past = false,
      references,
    }: { ownWrites?: boolean; past?: boolean; references?: readonly NameReference[] } = {},
  ): RecordingCatalog {
    return new RecordingCatalog({
      catalog: this.#catalog,
      shared: this.#dataflows,
      bindView: (view) => this.bindView(view, ownWrites),
      estimate: (arrangement) => this.#engine.size(arrangement).rows || null,
      searchPath: session.searchPath,
      temporarySchema: session.temporarySchema,
      user: session.user,
      database: session.database,
      ownWrites,
      past,
      // A view's own text is no statement of the session's.
      otherSettings: ownWrites && references === undefined && session.timeZone !== MAINTAINED_IN,
      relations: ownWrites ? this.#relationsWritten : this.#relations,
      references: references ?? [],
    });
  }

  bindQuery(session: PlanningSession, source: Bindable, options: BindOptions = {}): HirQuery {
    return bindQuery(source.node, this.bindEnvironment(session, source, options));
  }

  /** The query of a view, a subscription or a sink: one relation of its visible columns, whose names may repeat. */
  bindMaintained(
    session: PlanningSession,
    source: Bindable,
    options: Omit<BindOptions, 'inView'> = {},
  ): HirQuery {
    const environment = this.bindEnvironment(session, source, { ...options, inView: true });
    const relation = bindRelation(source.node, environment);
    const projection = relation.columns.map((_, index) => index);
    return {
      relation,
      finishing: { order: [], limit: null, offset: null, withTies: false, projection },
      columns: relation.columns,
      parameters: [],
    };
  }

  compileQuery(
    session: PlanningSession,
    query: HirQuery,
    purpose: Purpose,
    catalog?: StatementCatalog,
  ): Compiled {
    return this.#withShared(compileQuery(query, purpose, this.planning(session, catalog)));
  }

  /** A plan goes with the shared arrangements that it imports. */
  #withShared(compiled: Compiled): Compiled {
    for (const id of imports(compiled.plan)) {
      if (this.#dataflows.isShared(id)) {
        this.#catalog.ask(`shared ${id}`, () => [this.#dataflows.isShared(id)]);
      }
    }
    return compiled;
  }

  compileWrite(
    session: PlanningSession,
    parsed: ParsedStatement,
    node: Node,
    options: BindOptions,
  ): Compiled {
    const write = bindWrite(node, this.bindEnvironment(session, parsed, options));
    return this.#withShared(compileWrite(write, this.planning(session, options.catalog)));
  }

  /** TRUNCATE: a write for each table, those that CASCADE brings among them. */
  compileTruncation(
    session: PlanningSession,
    parsed: ParsedStatement,
    node: TruncateStmt,
    catalog: StatementCatalog,
  ): {
    readonly compiled: readonly Compiled[];
    readonly tables: ReadonlySet<number>;
    readonly cascaded: readonly string[];
  } {
    const { writes, cascaded } = bindTruncation(node, this.bindEnvironment(session, parsed, { catalog }));
    const planning = this.planning(session, catalog);
    return {
      compiled: writes.map((write) => compileWrite(write, planning)),
      tables: new Set(writes.map(({ object }) => object)),
      cascaded,
    };
  }

  /** The columns that a table's generated columns are computed from, by column number. */
  columnsOfGenerated(table: Pick<CatalogRelation, 'name' | 'columns'>): Map<number, number[]> {
    return columnsOfGenerated(table, this.#storedEnvironment({}));
  }

  /** What a foreign key's action makes of a row that refers, over its columns followed by those of the referenced row. */
  compileReferentialAction(
    child: Pick<CatalogRelation, 'name' | 'columns'>,
    parent: readonly CatalogColumn[],
    action: ReferentialAction,
  ): Mfp {
    const environment = this.#storedEnvironment({});
    const row = [...child.columns, ...parent].map(({ type }) => ({ ...type, nullable: true }));
    return compileRow(bindReferentialAction(child, parent, action, environment), row);
  }

  /** A CHECK's condition over the table's row. */
  compileCheck(
    table: Pick<CatalogRelation, 'name' | 'columns'>,
    { text, timeZone, searchPath }: Pick<CheckConstraint, 'text' | 'timeZone' | 'searchPath'>,
  ): Expr {
    const environment = this.#storedEnvironment({ timeZone, searchPath }, text);
    const types = table.columns.map(({ type }) => ({ ...type, nullable: true }));
    const callsOwn = pinnedOids(text).length > 0;
    const condition = orRaised(
      () => bindCheckText(text, table, environment),
      callsOwn,
      (raised) => raised,
    );
    return compileExpressions([condition], types)[0]!;
  }

  /** That the columns of a table that are of domains have their values. */
  compileDomains(columns: readonly CatalogColumn[], timeZone: string): Expr[] {
    const domains = columns.flatMap(({ domain, type }) => [domain ?? [], domainsWithin(type.name)].flat());
    if (domains.length === 0) return [];
    const environment = this.#storedEnvironment({ timeZone });
    const types = columns.map(({ type }) => ({ ...type, nullable: true }));
    const { catalog } = environment;
    const callsOwn = domains.some((domain) =>
      catalog.domain(domain).checks.some(({ text }) => pinnedOids(text).length > 0),
    );
    const conditions = orRaised(
      () => bindDomainConditions(columns, environment),
      callsOwn,
      (raised) => [raised],
    );
    return conditions.flatMap((condition) => compileExpressions([condition], types));
  }

  /** The relation that a view's text means, with the view's column names. */
  bindView(
    view: Pick<ViewObject, 'id' | 'schema' | 'name' | 'columns'> & Definition,
    ownWrites = false,
  ): HirRelation {
    if (view.id >= FIRST_USER_ID) {
      const known = ownWrites ? this.#viewsWritten : this.#views;
      return known.get(this.#catalog, view, () => this.#bindView(view, false, ownWrites));
    }
    let relation = this.#systemViews.relations.get(view.id);
    if (relation === undefined) {
      relation = this.#bindView(view, true);
      this.#systemViews.relations.set(view.id, relation);
      this.#systemViews.known.add(relation);
    }
    return relation;
  }

  #bindView(
    view: Pick<ViewObject, 'id' | 'schema' | 'name' | 'columns'> & Definition,
    ofSystem: boolean,
    ownWrites = false,
  ): HirRelation {
    const { relation: unnamed } = this.bindDefinition(view, ofSystem, ownWrites);
    if (ofSystem) checkColumns(view, unnamed.columns);
    const columns = unnamed.columns.map((column, index) => ({
      ...column,
      name: view.columns[index]?.name ?? column.name,
      origin: { relation: view.id, number: index + 1 },
    }));
    return { ...unnamed, columns };
  }

  /** A stored query, bound again: its names mean what they meant. */
  bindDefinition(
    definition: Pick<Definition, 'query' | 'searchPath' | 'timeZone' | 'references'>,
    ofSystem = false,
    ownWrites = false,
  ): HirQuery & { readonly references: readonly NameReference[] } {
    const { searchPath, timeZone, references } = definition;
    const session = { ...SYSTEM_SESSION, searchPath, timeZone };
    const parsed = parse(definition.query)[0];
    if (!parsed || parsed.statement.kind !== 'postgres') throw new Error('a view has a query');
    const catalog = this.catalogFor(session, { references, ownWrites });
    const bound = this.bindMaintained(
      session,
      { ...parsed, node: parsed.statement.node },
      { catalog, ofSystem },
    );
    return { ...bound, references: catalog.references(0) };
  }

  /** The same server's planning over another catalog: what texts would mean there. */
  over(catalog: Catalog): Planning {
    return new Planning(this.#engine, catalog, this.#dataflows, this.#systemViews, this.#views);
  }

  planning(session: PlanningSession, catalog?: StatementCatalog): PlanningEnvironment {
    return {
      catalog: catalog ?? this.catalogFor(session),
      fold: (expression, settings) => this.#engine.fold(expression, settings),
      timeZone: session.timeZone,
      knownViews: this.#systemViews.known,
      withoutRules: disabledRules(session.setting?.('disabled_rules') ?? ''),
      allocateArrangement: () => this.#catalog.allocateArrangement(),
    };
  }

  /** For what the catalog keeps, which belongs to no session. */
  #storedEnvironment(
    settings: Partial<Pick<PlanningSession, 'timeZone' | 'searchPath'>>,
    text = '',
  ): BindEnvironment {
    const session = { ...SYSTEM_SESSION, searchPath: DEFAULT_SEARCH_PATH, ...settings };
    return this.bindEnvironment(session, { extensions: { at: new Map() }, source: new SourceText(text) });
  }

  bindEnvironment(
    session: PlanningSession,
    parsed: { readonly extensions: Extensions; readonly source: ParsedStatement['source'] },
    options: BindOptions = {},
  ): BindEnvironment {
    return {
      catalog: options.catalog ?? this.catalogFor(session),
      source: parsed.source,
      extensions: parsed.extensions,
      parameterTypes: options.parameterTypes ?? [],
      inView: options.inView ?? false,
      registeredAsNumbers: options.registeredAsNumbers ?? false,
      workingTables: options.workingTables,
      ofSystem: options.ofSystem ?? false,
      bodies: this.#systemViews.bodies,
      evaluate: (expression) => this.#engine.evaluate(expression, session.timeZone),
    };
  }
}
