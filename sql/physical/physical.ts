/**
 * MIR → plan: the last decisions. Joins are ordered and given arrangements (the catalog's where they exist), reductions
 * are split by class, steps are fused, outputs are laid out.
 */
import type { ArrangementId } from '../../engine/index.ts';
import type { Finishing, Layout, Node, Output, Plan, ScalarType } from '../../engine/plan.generated.ts';
import { FORMAT_VERSION } from '../../engine/plan.generated.ts';
import type { CatalogReader, ObjectId } from '../catalog.ts';
import type { MirFinishing, MirRelation, MirScalar, MirType } from '../mir.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import type { SharedRequest } from './builder.ts';
import { PlanBuilder } from './builder.ts';
import { toColumnType } from '../types/column-type.ts';
import { compact } from './compact.ts';
import { toExpr, toOrderKey } from './expr.ts';
import { layoutByColumns } from './layout.ts';
import { FusedSteps } from './mfp.ts';
import { RelationPlanner } from './relation.ts';

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
      readonly operation: 'insert' | 'update' | 'delete';
      readonly object: ObjectId;
      /** The table's width where columns of other relations may follow. */
      readonly joined: number | null;
      readonly returning: readonly MirScalar[] | null;
    };

export interface PhysicalOptions {
  readonly catalog: CatalogReader;
  readonly name: string;
  readonly parameters: readonly ScalarType[];
  readonly target: Target;
  /** Allocates shared arrangements; only for maintained plans. */
  readonly allocate: (() => ArrangementId) | null;
}

/** Plans an optimized relation. */
export function planRelation(relation: MirRelation, options: PhysicalOptions): PhysicalPlan {
  const { catalog, target } = options;
  const builder = new PlanBuilder({
    catalog,
    allocate: target.kind === 'maintain' ? options.allocate : null,
    lookups: target.kind === 'rows' || target.kind === 'write',
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
  flow: ReturnType<RelationPlanner['plan']>,
  options: PhysicalOptions,
): { output: Output; layout: Layout | null } {
  const { target } = options;
  switch (target.kind) {
    case 'rows':
      return {
        output: {
          kind: 'rows',
          node: builder.materialize(flow),
          finishing: toFinishing(target.finishing),
        },
        layout: null,
      };
    case 'subscribe':
      return { output: { kind: 'subscription', node: builder.materialize(flow) }, layout: null };
    case 'maintain': {
      const node = builder.materialize(flow);
      const layout = layoutByColumns(flow.columns.map(toColumnType), target.keys[0] ?? null);
      return { output: { kind: 'arrangement', node, arrangement: target.arrangement, layout }, layout };
    }
    case 'write': {
      const arrangement = builder.primary(target.object).id;
      const { deleted, inserted, returned, row } = writeNodes(builder, flow, target);
      const returning =
        target.returning === null
          ? null
          : FusedSteps.identity(row)
              .map(target.returning)
              .project(target.returning.map((_, index) => row.length + index))
              .toMfp();
      return { output: { kind: 'write', arrangement, deleted, inserted, returned, returning }, layout: null };
    }
  }
}

interface WriteNodes {
  readonly deleted: number | null;
  readonly inserted: number | null;
  readonly returned: number | null;
  /** What RETURNING reads. */
  readonly row: readonly MirType[];
}

/** UPDATE's relation is the old row followed by the new one; what RETURNING reads of other relations comes last. */
function writeNodes(
  builder: PlanBuilder,
  flow: ReturnType<RelationPlanner['plan']>,
  { operation, joined, returning }: Extract<Target, { kind: 'write' }>,
): WriteNodes {
  if (operation !== 'update' && joined === null) {
    const node = builder.materialize(flow);
    return operation === 'insert'
      ? { deleted: null, inserted: node, returned: null, row: flow.columns }
      : { deleted: node, inserted: null, returned: null, row: flow.columns };
  }
  // All parts come from one node, so that a row's new values are computed once.
  const all = builder.flow(builder.materialize(flow));
  const part = (from: number, to: number): number => {
    const indexes = Array.from({ length: to - from }, (_, index) => from + index);
    const steps = all.steps.project(indexes);
    return builder.materialize({
      node: all.node,
      steps,
      columns: indexes.map((index) => flow.columns[index]!),
    });
  };
  const arity = flow.columns.length;
  const width = joined ?? arity / 2;
  const from = operation === 'update' ? width : 0;
  return {
    deleted: part(0, width),
    inserted: operation === 'update' ? part(width, 2 * width) : null,
    returned: returning !== null && joined !== null ? part(from, arity) : null,
    row: flow.columns.slice(from),
  };
}

function toFinishing(finishing: MirFinishing): Finishing {
  return {
    order: finishing.order.map(toOrderKey),
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
