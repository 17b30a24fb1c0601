/**
 * MIR → plan: the last decisions. Joins are ordered and given arrangements (the catalog's where they exist), reductions
 * are split by class, steps are fused, outputs are laid out.
 */
import type { ArrangementId } from '../../engine/index.ts';
import type { Finishing, Layout, Mfp, Node, Output, Plan, ScalarType } from '../../engine/plan.generated.ts';
import { FORMAT_VERSION } from '../../engine/plan.generated.ts';
import type { CatalogReader, ObjectId, UniqueKey } from '../catalog.ts';
import type { HirWrite } from '../hir.ts';
import type { MirFinishing, MirRelation, MirScalar } from '../mir.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import type { Flow, SharedRequest } from './builder.ts';
import { PlanBuilder } from './builder.ts';
import { toColumnType } from '../types/column-type.ts';
import { compact } from './compact.ts';
import { toExpr, toOrderKey } from './expr.ts';
import { layoutByColumns } from './layout.ts';
import { RelationPlanner } from './relation.ts';
import { planSortedScan } from './sorted-scan.ts';
import { planWrite } from './write.ts';

const physical: unique symbol = Symbol('physical');

/** A plan as physical leaves it; only physical builds it. */
export interface PhysicalPlan {
  readonly [physical]: true;
  readonly plan: Plan;
  /** Shared arrangements to install first. */
  readonly shared: readonly SharedRequest[];
  /** The layout of the output arrangement of a maintained plan. */
  readonly layout: Layout | null;
}

/** What the plan is for. */
export type Target =
  | { readonly kind: 'rows'; readonly finishing: MirFinishing }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'maintain'; readonly arrangement: ArrangementId; readonly keys: Keys }
  | {
      readonly kind: 'write';
      readonly operation: HirWrite['operation'];
      readonly object: ObjectId;
      /** Over the relation's columns; with `conflict` over the old row's (nullable) and then them. */
      readonly returning: readonly MirScalar[] | null;
      /** What the client sees of what `returning` gives. */
      readonly returningQuery: PhysicalPlan | null;
      readonly ordered: boolean;
      readonly arbiters: readonly UniqueKey[] | null;
      /** DO UPDATE over the old row's columns and then the relation's. */
      readonly update: { readonly condition: MirScalar | null; readonly values: readonly MirScalar[] } | null;
      /** With `arbiters`: raises where a row must not be inserted. */
      readonly check: MirScalar | null;
    };

export interface PhysicalOptions {
  readonly catalog: CatalogReader;
  readonly name: string;
  readonly parameters: readonly ScalarType[];
  readonly target: Target;
  /** Allocates shared arrangements; only for maintained plans. */
  readonly allocate: (() => ArrangementId) | null;
  /** Of `PHYSICAL_CHOICES`, those that are left out. */
  readonly withoutRules?: ReadonlySet<string> | undefined;
}

const DELTA_JOIN = 'delta-join';
const MONOTONIC = 'monotonic';
const SORTED_SCAN = 'sorted-scan';

/** The names of what can be left out here, as rules of the optimizer can. */
export const PHYSICAL_CHOICES: readonly string[] = [DELTA_JOIN, MONOTONIC, SORTED_SCAN];

/** Plans an optimized relation. */
export function planRelation(relation: MirRelation, options: PhysicalOptions): PhysicalPlan {
  const { catalog, target } = options;
  const once = target.kind === 'rows' || target.kind === 'write';
  const builder = new PlanBuilder({
    catalog,
    allocate: target.kind === 'maintain' ? options.allocate : null,
    lookups: once,
    sortedScans: once && !options.withoutRules?.has(SORTED_SCAN),
    deltaJoins: !once && !options.withoutRules?.has(DELTA_JOIN),
    monotonicForms: !once && !options.withoutRules?.has(MONOTONIC),
  });
  const planner = new RelationPlanner(builder);
  const flow = planner.plan(relation);
  const { output, layout } = outputOf(builder, flow, options);
  const compacted = compact(builder.nodes, output);
  return {
    [physical]: true,
    plan: {
      formatVersion: FORMAT_VERSION,
      name: options.name,
      parameters: [...options.parameters],
      nodes: compacted.nodes,
      output: compacted.output,
    },
    shared: builder.shared,
    layout,
  };
}

function outputOf(
  builder: PlanBuilder,
  flow: Flow,
  options: PhysicalOptions,
): { output: Output; layout: Layout | null } {
  const { target } = options;
  switch (target.kind) {
    case 'rows': {
      const { flow: first, finishing, completed } = volatileLast(flow, target.finishing);
      const { order, limit } = finishing;
      const sorted = limit === null ? null : planSortedScan(builder, first, order);
      const finish = { ...toFinishing(finishing, sorted?.keys ?? 0), ...(completed && { completed }) };
      return {
        output: { kind: 'rows', node: builder.materialize(sorted?.flow ?? first), finishing: finish },
        layout: null,
      };
    }
    case 'subscribe':
      return { output: { kind: 'subscription', node: builder.materialize(flow) }, layout: null };
    case 'maintain': {
      const node = builder.materialize(flow);
      const layout = layoutByColumns(flow.columns.map(toColumnType), target.keys[0] ?? null);
      return { output: { kind: 'arrangement', node, arrangement: target.arrangement, layout }, layout };
    }
    case 'write':
      return { output: planWrite(builder, flow, target), layout: null };
  }
}

/** What is volatile is computed for the rows that are wanted, in their order, as PostgreSQL does; not what they are ordered by. */
function volatileLast(
  flow: Flow,
  finishing: MirFinishing,
): { readonly flow: Flow; readonly finishing: MirFinishing; readonly completed: Mfp | null } {
  const { order, limit, offset, projection } = finishing;
  const asItComes = order.length === 0 && limit === null && offset === null;
  const apart = asItComes
    ? null
    : flow.steps.volatileApart(
        order.map(({ column }) => column),
        projection,
      );
  if (apart === null) return { flow, finishing, completed: null };
  const { first, rest, places } = apart;
  return {
    flow: { node: flow.node, steps: first, columns: rest.input },
    finishing: {
      ...finishing,
      order: order.map((key, index) => ({ ...key, column: places[index]! })),
      projection: [...projection.keys()],
    },
    completed: rest.project(projection).toMfp(),
  };
}

function toFinishing(finishing: MirFinishing, sorted: number): Finishing {
  return {
    order: finishing.order.map(toOrderKey),
    ...(sorted === 0 ? {} : { sorted }),
    limit: finishing.limit === null ? null : toExpr(finishing.limit),
    offset: finishing.offset === null ? null : toExpr(finishing.offset),
    withTies: finishing.withTies,
    projection: [...finishing.projection],
  };
}

/** The plan that fills a shared arrangement: the relation's own arrangement, arranged anew. */
export function planShared(request: SharedRequest, catalog: CatalogReader): Plan {
  const relation = catalog.relation(request.relation);
  const [primary] = catalog.arrangements(request.relation);
  if (primary === undefined) throw new Error(`relation ${relation.name} has no arrangement`);
  const columns = relation.columns.map((item) => toColumnType(item.type));
  const nodes: Node[] = [
    {
      label: `import ${relation.schema}.${relation.name}`,
      columns,
      operator: { kind: 'import', arrangement: primary.id, layout: primary.layout },
    },
  ];
  return {
    formatVersion: FORMAT_VERSION,
    name: `shared arrangement of ${relation.schema}.${relation.name}`,
    parameters: [],
    nodes,
    output: { kind: 'arrangement', node: 0, arrangement: request.id, layout: request.layout },
  };
}
