/**
 * The life of a query, in one function: bound HIR → lower → optimize → physical. SELECT, views, subscriptions and DML
 * share it up to the physical plan.
 */
import type { CatalogReader, CatalogViewBody, ObjectId, Reference, ViewBody } from './catalog.ts';
import { SqlError } from './error.ts';
import type { HirColumn, HirQuery, HirRelation, HirScalar, HirWrite, SessionValue } from './hir.ts';
import type { MirRelation, MirScalar } from './mir.ts';
import type { ArrangementId, Expr, Layout, Plan, ScalarType } from '../engine/index.ts';
import type { KeyExpr, Mfp } from '../engine/plan.generated.ts';
import { LoweringContext } from './lower/context.ts';
import { lowerPlainScalar } from './lower/scalar.ts';
import { toExpr, toKeyExpr } from './physical/expr.ts';
import { keyExpr } from './physical/layout.ts';
import type { LoweredQuery } from './lower/lower.ts';
import { lowerQuery, lowerView, lowerWrite } from './lower/lower.ts';
import { returnedColumns } from './lower/returning.ts';
import type { KnownView, KnownViews } from './lower/known-views.ts';
import { isAppendOnly } from './optimize/analysis/append-only.ts';
import type { ForeignKeys, RuleContext } from './optimize/pipeline.ts';
import type { ReadableViews } from './optimize/rules/read-views.ts';
import { bodyOf } from './optimize/rules/read-views.ts';
import { optimize, simplify } from './optimize/pipeline.ts';
import { evaluatorFor } from './optimize/evaluate.ts';
import type { PhysicalPlan, Target } from './physical/physical.ts';
import { planRelation, planShared } from './physical/physical.ts';
import { typeOf } from './bind/scalar.ts';
import { hasSubquery } from './hir/subquery.ts';
import { mapReferences } from './hir/traverse.ts';
import { passesThrough } from './mir/passes-through.ts';
import { computesBySettings } from './mir/settings.ts';
import { visitRelation } from './mir/traverse.ts';
import type { ExplainFormat, ExplainOptions, ExplainStage, PlannedStages } from './explain/explain.ts';
import { explainStage } from './explain/explain.ts';
import { toScalarType } from './types/column-type.ts';
import type { NullableType, SqlType } from './types/type.ts';
import { WRITTEN, withWritten } from './written.ts';

/** What a compiled query will be used for. */
export type Purpose =
  /**
   * Rows for a client; `parameters` may stay open. `now`: not of a time before the foreign keys and the views that the
   * catalog has.
   */
  | { readonly kind: 'rows'; readonly now?: boolean }
  /** A materialized view kept in `arrangement`; `view`: one that is there already. */
  | {
      readonly kind: 'maintain';
      readonly arrangement: ArrangementId;
      readonly name: string;
      readonly view?: ObjectId;
    }
  /** SUBSCRIBE or a sink. */
  | { readonly kind: 'subscribe'; readonly name: string };

/** An arrangement that must be installed before the plan: shared, counted by reference. */
export interface RequiredArrangement {
  readonly id: ArrangementId;
  readonly relation: ObjectId;
  readonly layout: Layout;
  readonly plan: Plan;
}

/** The outcome of compilation. */
export interface Compiled {
  readonly plan: Plan;
  /** What the client sees (RETURNING's columns for a write; none for a write without). */
  readonly columns: readonly HirColumn[];
  /** Types of `$1…$n`; the plan's parameters after them are session values, in this order. */
  readonly parameters: readonly SqlType[];
  readonly sessionValues: readonly SessionValue[];
  /** Named relations that the query reads, for dependencies and wake-up. */
  readonly reads: readonly ObjectId[];
  /** For maintain: arrangements to install first. */
  readonly requires: readonly RequiredArrangement[];
  /** Unique keys of the result, as column numbers; an empty key says that there is at most one row. */
  readonly keys: readonly (readonly number[])[];
  /** It gives the rows of one relation, hardly changed: they need not be kept a second time. */
  readonly passesThrough: boolean;
  /** Of what is maintained: under a session's settings its query may give other rows. */
  readonly bySettings: boolean;
  /** Of what is maintained: rows come, and never go or change. */
  readonly appendOnly: boolean;
  /** It is right only for times at which the foreign keys hold, and the views can be read, that the catalog had. */
  readonly sinceCatalog?: boolean;
  /** The views that it reads in the place of their queries. */
  readonly unnamed: readonly Pick<CatalogViewBody, 'object' | 'arrangement'>[];
  /** Of what is maintained: what others find it by; null where nothing would be gained. */
  readonly body: ViewBody | null;
  /** For maintain: the layout of the output arrangement. */
  readonly layout: Layout | null;
  /** Texts of the stages for EXPLAIN: produced on demand. */
  explain(stage: ExplainStage, format: ExplainFormat, options?: ExplainOptions): string;
}

export interface PlanningEnvironment {
  readonly catalog: CatalogReader;
  /** The native evaluator of an expression without columns; throws EngineError, also where it costs too much for planning. */
  fold(expression: Expr, settings: string): string | null;
  /** The session's settings that expressions are evaluated under (`SessionContext.timeZone`). */
  readonly timeZone: string;
  /** Rules of the optimizer that are left out: for tests, and to find the one that is wrong. */
  readonly withoutRules?: ReadonlySet<string>;
  /** Views that are lowered and simplified once. */
  readonly knownViews?: KnownViews;
  /** Allocates the id of a shared arrangement that does not exist yet (maintain only). */
  allocateArrangement(): ArrangementId;
}

/** Compiles a bound query for a purpose. */
export function compileQuery(query: HirQuery, purpose: Purpose, environment: PlanningEnvironment): Compiled {
  const maintained = purpose.kind !== 'rows';
  const foreignKeys = new KnownForeignKeys(environment.catalog);
  const views = new ViewsInPlace(environment, purpose);
  const now = purpose.kind === 'rows' && purpose.now === true;
  const rules = {
    ...rulesFor(environment, views.settings),
    ...(now ? { foreignKeys } : {}),
    ...(now || purpose.kind === 'maintain' ? { views } : {}),
  };
  const { keysOfObject } = rules;
  const lowered = lowerQuery(query, { keysOfObject, maintained, knownView: knownViews(environment, rules) });
  if (maintained && lowered.sessionValues.length > 0) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'settings of a session in what is maintained are not supported',
      hint: 'It has the same contents for every session.',
    });
  }
  const target: Target =
    purpose.kind === 'rows'
      ? { kind: 'rows', finishing: lowered.finishing! }
      : purpose.kind === 'subscribe'
        ? { kind: 'subscribe' }
        : { kind: 'maintain', arrangement: purpose.arrangement, keys: lowered.keys };
  const name = purpose.kind === 'rows' ? 'query' : purpose.name;
  const compiled = compileLowered(environment, rules, {
    name,
    lowered,
    target,
    hir: query.relation,
    columns: query.columns,
    parameters: maintained ? [] : query.parameters,
  });
  const { used } = views;
  return foreignKeys.used || used.size > 0 ? { ...compiled, sinceCatalog: true } : compiled;
}

class KnownForeignKeys implements ForeignKeys {
  readonly #catalog: CatalogReader;
  used = false;

  constructor(catalog: CatalogReader) {
    this.#catalog = catalog;
  }

  to(object: ObjectId): readonly Reference[] {
    return this.#catalog.relation(object).referencedBy?.() ?? [];
  }

  use(): void {
    this.used = true;
  }
}

/** What is maintained is computed under no session's settings, constant parts of it too. */
export const MAINTAINED_IN = 'UTC';

/** The views that the catalog has, and those of them that a plan reads. */
class ViewsInPlace implements ReadableViews {
  readonly #catalog: CatalogReader;
  /** The view that is planned. */
  readonly #than: ObjectId | null;
  readonly settings: string;
  readonly used = new Set<CatalogViewBody>();

  constructor({ catalog, timeZone }: PlanningEnvironment, purpose: Purpose) {
    this.#catalog = catalog;
    this.#than = (purpose.kind === 'maintain' ? purpose.view : undefined) ?? null;
    this.settings = purpose.kind === 'rows' ? timeZone : MAINTAINED_IN;
  }

  over(relations: ReadonlySet<ObjectId>): readonly CatalogViewBody[] {
    return this.#catalog.viewsOver(relations, this.#than);
  }

  /** A table that is altered, or a view that is replaced, has another. */
  rowsOf(object: ObjectId): string {
    return String(this.#catalog.arrangements(object)[0]?.id);
  }

  use(view: CatalogViewBody): void {
    this.used.add(view);
  }
}

/** Compiles a bound INSERT, UPDATE, DELETE or MERGE. */
export function compileWrite(write: HirWrite, environment: PlanningEnvironment): Compiled {
  const { operation, object } = write;
  const { name } = environment.catalog.relation(object);
  const queried = write.returning?.some(({ scalar }) => hasSubquery(scalar)) ?? false;
  const catalog = queried ? withWritten(environment.catalog, returnedColumns(write)) : environment.catalog;
  const known = { ...environment, catalog };
  const rules = rulesFor(known, known.timeZone);
  const { keysOfObject } = rules;
  const lowered = lowerWrite(write, { keysOfObject, knownView: knownViews(environment, rules) });
  const { returningQuery } = lowered;
  const returning =
    returningQuery &&
    planLowered(known, rules, {
      name: `returning ${name}`,
      lowered: returningQuery,
      target: { kind: 'rows', finishing: returningQuery.finishing! },
      parameters: write.parameters,
    });
  return compileLowered(environment, rules, {
    name: `${operation} ${name}`,
    lowered,
    returning,
    target: {
      kind: 'write',
      operation,
      object,
      returning: lowered.returning,
      returningQuery: returning?.physical ?? null,
      ordered: write.ordered ?? false,
      arbiters: write.conflict?.arbiters ?? null,
      update: lowered.update,
      check: lowered.check,
    },
    hir: write.relation,
    columns: (write.returning ?? []).map(({ name, type, shownType = type, origin }) => ({
      name,
      type: shownType,
      origin,
    })),
    parameters: write.parameters,
  });
}

function rulesFor({ catalog, fold }: PlanningEnvironment, settings: string): RuleContext {
  return {
    fold: evaluatorFor((expression) => fold(expression, settings)),
    keysOfObject: (object) => catalog.relation(object).keys,
  };
}

/** What a view has become that is lowered and simplified once; where a rule is left out, all are lowered in place. */
function knownViews(
  { knownViews: views, withoutRules }: PlanningEnvironment,
  rules: RuleContext,
): (view: HirRelation) => KnownView | null {
  if (views === undefined || (withoutRules?.size ?? 0) > 0) return () => null;
  const knownView = (view: HirRelation): KnownView | null =>
    views.find(view, (firstBinding) => {
      const { keysOfObject } = rules;
      const lowered = lowerView(view, { keysOfObject, knownView, firstBinding });
      return lowered && { ...lowered, relation: simplify(lowered.relation, rules) };
    });
  return knownView;
}

interface ToPlan {
  readonly name: string;
  readonly lowered: LoweredQuery;
  readonly target: Target;
  readonly parameters: readonly SqlType[];
}

interface Planned extends PlannedStages {
  /** What `optimized` was before it was known which views there are. */
  readonly simplified: MirRelation;
  /** Those of `unnamed`. */
  readonly used: readonly CatalogViewBody[];
}

/** The stages after lowering. */
function planLowered(environment: PlanningEnvironment, rules: RuleContext, input: ToPlan): Planned {
  const { catalog } = environment;
  const { lowered } = input;
  const optimized = optimize(lowered, rules, environment.withoutRules);
  const physical: PhysicalPlan = planRelation(optimized.relation, {
    catalog,
    name: input.name,
    parameters: [...input.parameters.map((type) => toScalarType(type.name)), ...sessionTypes(lowered)],
    target: input.target,
    allocate: () => environment.allocateArrangement(),
    withoutRules: environment.withoutRules,
  });
  const used = [...(rules.views?.used ?? [])];
  return {
    lowered: lowered.relation,
    simplified: optimized.simplified,
    optimized: optimized.relation,
    physical,
    catalog,
    unnamed: new Set(used.map(({ object }) => object)),
    used,
  };
}

function compileLowered(
  environment: PlanningEnvironment,
  rules: RuleContext,
  input: ToPlan & {
    readonly hir: HirRelation;
    readonly columns: readonly HirColumn[];
    readonly returning?: PlannedStages | null;
  },
): Compiled {
  const { catalog } = environment;
  const { lowered, returning = null } = input;
  const planned = planLowered(environment, rules, input);
  const { optimized, physical, used } = planned;
  const isMaintained = input.target.kind === 'maintain';
  const read = [lowered.relation, ...(returning === null ? [] : [returning.lowered])];
  return {
    plan: physical.plan,
    columns: input.columns,
    parameters: input.parameters,
    sessionValues: lowered.sessionValues,
    reads: objectsOf(read),
    requires: physical.shared.map((request) => ({ ...request, plan: planShared(request, catalog) })),
    keys: lowered.keys,
    unnamed: used,
    body: isMaintained && rules.views ? bodyOf(planned.simplified, rules, rules.views) : null,
    // What it reads without a name goes on for it, but is nothing that it could be read through.
    passesThrough: used.length === 0 && passesThrough(optimized),
    bySettings: isMaintained && computesBySettings(lowered.relation),
    appendOnly:
      isMaintained &&
      isAppendOnly(optimized, {
        object: (object) => catalog.relation(object).appendOnly === true,
        binding: () => false,
      }),
    layout: physical.layout,
    explain: (stage, format, options) =>
      explainStage({ hir: input.hir, ...planned, returning }, stage, format, options),
  };
}

function sessionTypes(lowered: LoweredQuery): ScalarType[] {
  return lowered.sessionValues.map((value): ScalarType => {
    switch (value) {
      case 'transactionTimestamp':
      case 'statementTimestamp':
      case 'clockTimestamp':
        return 'timestamptz';
      case 'sessionNumber':
      case 'transactionNumber':
        return 'int8';
      case 'backendProcess':
        return 'int4';
      case 'readOnly':
        return 'bool';
      case 'settings':
      case 'objectSizes':
      case 'sequenceValues':
      case 'sessionActivity':
      case 'sessionObjects':
        return 'jsonb';
      case 'currentQuery':
        return 'text';
      default:
        return 'name';
    }
  });
}

function objectsOf(relations: readonly MirRelation[]): ObjectId[] {
  const objects = new Set<ObjectId>();
  for (const relation of relations) {
    visitRelation(relation, (node) => {
      if (node.kind === 'get' && node.object !== WRITTEN) objects.add(node.object);
    });
  }
  return [...objects];
}

/** Scalars over a row of `columns`, without subqueries, parameters and session values, as the engine's expressions. */
export function compileScalars(scalars: readonly HirScalar[], columns: readonly NullableType[]): MirScalar[] {
  const context = new LoweringContext({ keysOfObject: () => [], parameters: 0, maintained: true });
  const row = { columns, place: (_: number, index: number): number => index };
  return scalars.map((scalar) => lowerPlainScalar(context, row, scalar));
}

/** The same, as the engine's own. */
export function compileExpressions(scalars: readonly HirScalar[], columns: readonly NullableType[]): Expr[] {
  return compileScalars(scalars, columns).map(toExpr);
}

/**
 * The program that makes a row of `scalars` out of a row of `columns`; `generated` are columns of that row which are
 * computed from its others, by their numbers.
 */
export function compileRow(
  scalars: readonly HirScalar[],
  columns: readonly NullableType[],
  generated: ReadonlyMap<number, HirScalar> = new Map(),
  /** Over that row: which rows there are. */
  condition: HirScalar | null = null,
): Mfp {
  const width = columns.length;
  const given = compileScalars(scalars, columns);
  const row = [...columns, ...scalars.map((scalar) => ({ ...typeOf(scalar), nullable: true }))];
  const overRow = (scalar: HirScalar): HirScalar =>
    mapReferences(scalar, (column) => ({ ...column, index: width + column.index }));
  const moved = [...generated.values()].map(overRow);
  const conditions = condition === null ? [] : compileScalars([overRow(condition)], row).map(toExpr);
  const places = new Map([...generated.keys()].map((number, at) => [number, row.length + at]));
  return {
    expressions: [...given, ...compileScalars(moved, row)].map(toExpr),
    predicates: conditions.map((expr) => ({ position: row.length, condition: expr })),
    projection: scalars.map((_, index) => places.get(index) ?? width + index),
  };
}

/** An index's key over a row of `columns`, canonical where equality is wider than identity. */
export function compileKey(scalars: readonly HirScalar[], columns: readonly NullableType[]): KeyExpr[] {
  return compileScalars(scalars, columns).map((scalar) => {
    const { expr, column } = toKeyExpr(scalar);
    return keyExpr(expr, column);
  });
}

export type { HirQuery, HirWrite };
