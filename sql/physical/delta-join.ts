/**
 * Delta joins: a join of three or more inputs whose changes, input by input, look up the other inputs, so that nothing that is
 * joined on the way is arranged. Chosen where the arrangements that are looked up exist already, or those that do not hold
 * fewer rows than what a chain of joins would make.
 *
 *     orders ⋈ customers ⋈ items     with orders by id and by customer, customers by id, items by order:
 *         changes of orders     look up customers by id, items by order
 *         changes of customers  look up orders by customer, items by order
 *         changes of items      look up orders by id, customers by id
 *
 * A chain would arrange orders ⋈ customers by order. Each row is made once (`engine/crates/arrange/src/half_join.rs`).
 */
import type { DeltaPath, DeltaStage } from '../../engine/plan.generated.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { keyEquality } from '../mir/equality.ts';
import { scalarKey, shiftColumns } from '../mir/scalar.ts';
import { toColumnType } from '../types/column-type.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { toKeyExpr } from './expr.ts';
import type { InputFacts, JoinOrder } from './join-order.ts';
import type { JoinStep, KeyedPair } from './join.ts';
import { joinSteps } from './join.ts';
import { FusedSteps } from './mfp.ts';

/** A path has a look-up for each other input: above so many inputs a commit passes too many operators. */
const MAX_INPUTS = 6;

/** A delta join has more operators: it must hold so much less. */
const LEAST_SAVING = 0.9;

export interface JoinChoice {
  readonly flows: readonly Flow[];
  readonly facts: readonly InputFacts[];
  readonly orders: { readonly best: JoinOrder; readonly from: readonly JoinOrder[] };
  /** The columns of the join that the result has, in this order. */
  readonly demand: readonly number[];
}

/** The join as a delta join; null: a chain of joins does as well. */
export function planDeltaJoin(
  builder: PlanBuilder,
  join: Extract<MirRelation, { kind: 'join' }>,
  { flows, facts, orders, demand }: JoinChoice,
): Flow | null {
  const count = flows.length;
  if (!builder.deltaJoins || count < 3 || count > MAX_INPUTS) return null;
  if (orders.from.some(({ connected }) => !connected)) return null;
  // What can raise an error does so once, not in each path.
  const total = flows.map((flow) => (flow.steps.canFail ? builder.flow(builder.materialize(flow)) : flow));
  const paths = orders.from.map(({ order }) => joinSteps(join, total, order, demand));
  if (paths.some((steps) => steps.slice(1).some(({ pairs }) => pairs.length === 0))) return null;
  const chain = joinSteps(join, total, orders.best.order, demand);
  if (
    rowsOfPaths(builder, paths, facts) >
    LEAST_SAVING * rowsOfChain(builder, chain, facts, orders.best.rows)
  )
    return null;

  // What is there at first is joined by the last path: the one that a chain would have taken.
  const last = orders.best.order[0]!;
  const ranked = [...paths.keys()].filter((input) => input !== last);
  ranked.push(last);
  const rank = new Map(ranked.map((input, index) => [input, index]));
  const planned = ranked.map((input) => planPath(builder, paths[input]!, rank));
  const columns = paths[0]!.at(-1)!.columns;
  return builder.flow(builder.add('delta join', columns, { kind: 'deltaJoin', paths: planned }));
}

function planPath(
  builder: PlanBuilder,
  [first, ...others]: readonly JoinStep[],
  rank: ReadonlyMap<number, number>,
): DeltaPath {
  const { own, after, columns } = first!;
  let before = columns;
  const stages = others.map(({ input, own: next, pairs, after: rest, columns: made }): DeltaStage => {
    const order = keyOrder(builder, next, pairs) ?? [...pairs.keys()];
    const arranged = builder.arrange(
      next,
      order.map((index) => pairs[index]!.right),
    );
    const arity = before.length;
    const conditions = pairs
      .filter((_, index) => !order.includes(index))
      .flatMap((pair) => keyEquality(pair.left, shiftColumns(pair.right, arity), pair.nullSafe));
    const both = FusedSteps.concat(FusedSteps.identity(before), arranged.steps);
    before = made;
    return {
      input: rank.get(input)!,
      arrangement: arranged.node,
      key: order.map((index) => toKeyExpr(pairs[index]!.left)),
      nullSafe: order.map((index) => pairs[index]!.nullSafe),
      closure: rest(both.filter(conditions)).toMfp(),
      columns: made.map(toColumnType),
    };
  });
  return {
    source: own.node,
    start: after(own.steps).toMfp(),
    columns: columns.map(toColumnType),
    stages,
  };
}

/** The keys of an arrangement that exists, by their numbers; some of them, where these are unique. */
function keyOrder(builder: PlanBuilder, flow: Flow, pairs: readonly KeyedPair[]): readonly number[] | null {
  const keys = pairs.map((pair) => pair.right);
  return builder.existingOrder(flow, keys) ?? builder.existingUnique(flow, keys);
}

/** The rows of an arrangement that does not exist. */
function arrangedRows(
  builder: PlanBuilder,
  flow: Flow,
  keys: readonly MirScalar[],
  fact: InputFacts,
): number {
  return builder.isShareable(flow, keys) ? fact.total : fact.rows;
}

/** The rows of all arrangements that a delta join would make. */
function rowsOfPaths(
  builder: PlanBuilder,
  paths: readonly (readonly JoinStep[])[],
  facts: readonly InputFacts[],
): number {
  const made = new Map<string, number>();
  for (const steps of paths) {
    for (const { input, own, pairs } of steps.slice(1)) {
      if (keyOrder(builder, own, pairs) !== null) continue;
      const keys = pairs.map((pair) => pair.right);
      const name = `${input} ${keys.map(scalarKey).join(';')}`;
      made.set(name, arrangedRows(builder, own, keys, facts[input]!));
    }
  }
  return [...made.values()].reduce((sum, rows) => sum + rows, 0);
}

/** The rows of all arrangements that a chain of joins would make. */
function rowsOfChain(
  builder: PlanBuilder,
  steps: readonly JoinStep[],
  facts: readonly InputFacts[],
  after: readonly number[],
): number {
  return steps.slice(1).reduce((sum, { input, own, pairs }, index) => {
    const right = pairs.map((pair) => pair.right);
    const arranged = keyOrder(builder, own, pairs) !== null;
    let rows = sum + (arranged ? 0 : arrangedRows(builder, own, right, facts[input]!));
    if (index > 0) return rows + after[index]!;
    const { input: start, own: first, after: begin, columns } = steps[0]!;
    const flow: Flow = { node: first.node, steps: begin(first.steps), columns };
    const left = pairs.map((pair) => pair.left);
    if (builder.existingOrder(flow, left) === null) rows += arrangedRows(builder, flow, left, facts[start]!);
    return rows;
  }, 0);
}
