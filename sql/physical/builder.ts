/**
 * The plan under construction: nodes in dependency order, each different operator once.
 */
import type { ArrangementId } from '../../engine/index.ts';
import type { Layout, Node, Operator } from '../../engine/plan.generated.ts';
import type { CatalogArrangement, CatalogReader, ObjectId } from '../catalog.ts';
import type { MirScalar, MirType } from '../mir.ts';
import { canFail, columnsRead } from '../mir/scalar.ts';
import { toColumnType } from '../types/column-type.ts';
import { sameExpr, sameKey, toExpr, toKeyExpr } from './expr.ts';
import { layoutByKey } from './layout.ts';
import { FusedSteps } from './mfp.ts';

/** A node with the map, filter and projection steps that were not made a node yet. */
export interface Flow {
  readonly node: number;
  readonly steps: FusedSteps;
  /** Columns after the steps. */
  readonly columns: readonly MirType[];
}

/** An arranged input of a join: rows of `node`, from which `steps` make the flow's rows after the join. */
export interface Arranged {
  readonly node: number;
  readonly steps: FusedSteps;
}

/** A shared arrangement that the plan wants installed before it. */
export interface SharedRequest {
  readonly id: ArrangementId;
  readonly relation: ObjectId;
  readonly layout: Layout;
}

export interface BuilderOptions {
  readonly catalog: CatalogReader;
  /** Allocates shared arrangements of named relations; null: local ones only. */
  readonly allocate: (() => ArrangementId) | null;
  /** Literal keys may be looked up instead of scanned. */
  readonly lookups: boolean;
  /** Rows may be read in the order of an arrangement. */
  readonly sortedScans: boolean;
  /** Joins may be delta joins. */
  readonly deltaJoins: boolean;
  /** What rows cannot leave may be kept in part. */
  readonly monotonicForms: boolean;
}

/** Operators that differ in this are not the same. */
function similarity(operator: Operator, columns: readonly MirType[]): string {
  switch (operator.kind) {
    case 'constant':
      // Rows are texts there: what they are depends on the columns' types.
      return `constant ${columns.map(({ name, typmod }) => `${name},${typmod}`).join()}`;
    case 'import':
    case 'lookup':
      return `${operator.kind} ${operator.arrangement}`;
    case 'join':
      return `join ${operator.left},${operator.right}`;
    case 'union':
      return `union ${operator.inputs.join()}`;
    case 'deltaJoin':
      return `delta join ${operator.paths.map(({ source }) => source).join()}`;
    default:
      return `${operator.kind} ${operator.input}`;
  }
}

/** Whether two parts of a plan, which are data alone, say the same. */
function sameData(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameData(item, right[index]))
    );
  }
  const names = Object.keys(left);
  const other = right as Readonly<Record<string, unknown>>;
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => name in right && sameData((left as typeof other)[name], other[name]))
  );
}

export class PlanBuilder {
  readonly nodes: Node[] = [];
  readonly shared: SharedRequest[] = [];
  readonly catalog: CatalogReader;
  readonly lookups: boolean;
  readonly sortedScans: boolean;
  readonly deltaJoins: boolean;
  readonly monotonicForms: boolean;
  readonly #allocate: (() => ArrangementId) | null;
  /** Nodes by what they read, in which the same operator is looked for. */
  readonly #similar = new Map<string, number[]>();
  /** Columns of each node as MIR types them. */
  readonly #types: (readonly MirType[])[] = [];
  /** Nodes that are whole named relations. */
  readonly #relations = new Map<number, ObjectId>();
  /** Nodes whose rows are others each time, with what makes them so. */
  readonly #volatile = new Map<number, string>();
  /** Nodes that are parts of named relations. */
  readonly #parts = new Map<number, ObjectId>();

  constructor(options: BuilderOptions) {
    this.catalog = options.catalog;
    this.lookups = options.lookups;
    this.sortedScans = options.sortedScans;
    this.deltaJoins = options.deltaJoins;
    this.monotonicForms = options.monotonicForms;
    this.#allocate = options.allocate;
  }

  /** Adds a node, or finds the one that does the same; `volatile`: what of it has another value each time. */
  add(label: string, columns: readonly MirType[], operator: Operator, volatile = ''): number {
    const kind = similarity(operator, columns);
    const similar = this.#similar.get(kind);
    if (similar === undefined) this.#similar.set(kind, [this.nodes.length]);
    else if (operator.kind === 'import') return similar[0]!;
    else {
      const known = similar.find(
        (other) =>
          (this.#volatile.get(other) ?? '') === volatile && sameData(this.nodes[other]!.operator, operator),
      );
      if (known !== undefined) return known;
      similar.push(this.nodes.length);
    }
    if (volatile !== '') this.#volatile.set(this.nodes.length, volatile);
    this.#types.push(columns);
    return this.nodes.push({ label, columns: columns.map(toColumnType), operator }) - 1;
  }

  flow(node: number): Flow {
    const columns = this.#types[node]!;
    return { node, steps: FusedSteps.identity(columns), columns };
  }

  relationName(object: ObjectId): string {
    const relation = this.catalog.relation(object);
    return `${relation.schema}.${relation.name}`;
  }

  /** A named relation through one of its arrangements. */
  import(arrangement: CatalogArrangement | SharedRequest, columns: readonly MirType[]): number {
    const label = `import ${this.relationName(arrangement.relation)}`;
    const node = this.add(label, columns, {
      kind: 'import',
      arrangement: arrangement.id,
      layout: arrangement.layout,
    });
    this.#relations.set(node, arrangement.relation);
    return node;
  }

  /** The named relation that a node is, whole. */
  relationOf(node: number): ObjectId | null {
    return this.#relations.get(node) ?? null;
  }

  /** A node looks rows of a named relation up. */
  noteLookup(node: number, object: ObjectId): void {
    this.#parts.set(node, object);
  }

  /** The named relation whose rows a node reads, all or some. */
  relationRead(node: number): ObjectId | null {
    return this.relationOf(node) ?? this.#parts.get(node) ?? null;
  }

  primary(object: ObjectId): CatalogArrangement {
    const [primary] = this.catalog.arrangements(object);
    if (primary === undefined) throw new Error(`relation ${this.relationName(object)} has no arrangement`);
    return primary;
  }

  /** Whether a node computes what is another value each time. */
  isVolatile(node: number): boolean {
    return this.#volatile.has(node);
  }

  /** The flow's rows as a node. */
  materialize(flow: Flow): number {
    if (flow.steps.isIdentity) return flow.node;
    const operator = { kind: 'mfp', input: flow.node, mfp: flow.steps.toMfp() } as const;
    return this.add('map/filter', flow.columns, operator, flow.steps.volatileKey);
  }

  /** The keys over the node's own columns, if the steps may be done after the join. */
  #liftedKeys(flow: Flow, keys: readonly MirScalar[]): MirScalar[] | null {
    if (flow.steps.canFail) return null;
    const lifted: MirScalar[] = [];
    for (const key of keys) {
      const scalar = flow.steps.inline(key);
      if (scalar === null || canFail(scalar)) return null;
      lifted.push(scalar);
    }
    return lifted;
  }

  /**
   * An order of `keys` in which an arrangement of the flow exists already: a permutation, or null. Nothing is built.
   */
  existingOrder(flow: Flow, keys: readonly MirScalar[]): readonly number[] | null {
    const layouts = this.#layouts(flow.node).filter((layout) => layout.key.length === keys.length);
    const lifted = layouts.length === 0 ? null : this.#liftedKeys(flow, keys);
    if (lifted === null) return null;
    const wanted = lifted.map(toExpr);
    for (const layout of layouts) {
      const order = layout.key.map((key) => wanted.findIndex((other) => sameExpr(key.expr, other)));
      if (order.every((index) => index >= 0) && new Set(order).size === order.length) return order;
    }
    return null;
  }

  /**
   * Some of `keys`, in the order of an arrangement that exists and has at most one row a key: the relation's own by its
   * primary key, or a reduction's.
   */
  existingUnique(flow: Flow, keys: readonly MirScalar[]): readonly number[] | null {
    const relation = this.relationOf(flow.node);
    const own = this.nodes[flow.node]!.operator;
    let layout: Layout | null = own.kind === 'reduce' ? own.layout : null;
    if (relation !== null && this.catalog.relation(relation).keys.length > 0)
      layout = this.primary(relation).layout;
    if (layout === null || layout.key.length === 0 || layout.key.length > keys.length) return null;
    const lifted = this.#liftedKeys(flow, keys);
    if (lifted === null) return null;
    const wanted = lifted.map(toExpr);
    const order = layout.key.map((key) => wanted.findIndex((other) => sameExpr(key.expr, other)));
    return order.every((index) => index >= 0) ? order : null;
  }

  #layouts(node: number): Layout[] {
    const own = this.nodes[node]!.operator;
    const layouts = own.kind === 'arrange' || own.kind === 'reduce' ? [own.layout] : [];
    const relation = this.#relations.get(node);
    if (relation === undefined) return layouts;
    return [
      ...this.catalog.arrangements(relation).map((arrangement) => arrangement.layout),
      ...this.shared.filter((request) => request.relation === relation).map((request) => request.layout),
    ];
  }

  /**
   * Whether an arrangement of the flow by `keys` would be of all rows of a named relation, which other plans can share.
   */
  isShareable(flow: Flow, keys: readonly MirScalar[]): boolean {
    const lifted = this.#liftedKeys(flow, keys);
    return (
      this.#allocate !== null &&
      this.#relations.has(flow.node) &&
      flow.steps.predicates.length === 0 &&
      lifted !== null &&
      lifted.length > 0 &&
      lifted.every((key) => columnsRead(key).size > 0)
    );
  }

  /** Arranges the flow by `keys`, in this order: by an arrangement that exists, a shared one, or a local one. */
  arrange(flow: Flow, keys: readonly MirScalar[]): Arranged {
    const lifted = this.#liftedKeys(flow, keys);
    if (lifted !== null) {
      const existing = this.#existing(flow, lifted) ?? this.#request(flow, lifted);
      if (existing !== null) return { node: existing, steps: flow.steps };
    }
    const input = this.materialize(flow);
    const layout = layoutByKey(flow.columns.map(toColumnType), keys.map(toKeyExpr));
    const node = this.add('arrange', flow.columns, { kind: 'arrange', input, layout });
    return { node, steps: FusedSteps.identity(flow.columns) };
  }

  #existing(flow: Flow, keys: readonly MirScalar[]): number | null {
    const wanted = keys.map(toKeyExpr);
    const own = this.nodes[flow.node]!.operator;
    if ((own.kind === 'arrange' || own.kind === 'reduce') && sameKey(own.layout.key, wanted))
      return flow.node;
    const relation = this.#relations.get(flow.node);
    if (relation === undefined) return null;
    const found =
      this.catalog.arrangements(relation).find((item) => sameKey(item.layout.key, wanted)) ??
      this.shared.find((item) => item.relation === relation && sameKey(item.layout.key, wanted));
    return found === undefined ? null : this.import(found, this.#types[flow.node]!);
  }

  /** A shared arrangement of a named relation; a filtered one stays the plan's own. */
  #request(flow: Flow, keys: readonly MirScalar[]): number | null {
    const relation = this.#relations.get(flow.node);
    const readsColumns = keys.length > 0 && keys.every((key) => columnsRead(key).size > 0);
    if (relation === undefined || this.#allocate === null || !readsColumns) return null;
    if (flow.steps.predicates.length > 0) return null;
    const columns = this.#types[flow.node]!;
    const layout = layoutByKey(columns.map(toColumnType), keys.map(toKeyExpr));
    const request = { id: this.#allocate(), relation, layout };
    this.shared.push(request);
    return this.import(request, columns);
  }
}
