/**
 * Linear joins: inputs one after another in the order of `join-order.ts`; each step joins two arrangements by all
 * equalities between what is joined so far and the next input. A residual condition runs as soon as its columns are
 * there; one that can fail runs last, so that every other condition has removed its rows before.
 */
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { columnStarts } from '../mir/column-starts.ts';
import { keyEquality } from '../mir/equality.ts';
import { canFail, columnsRead, remapColumns, shiftColumns } from '../mir/scalar.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { FusedSteps } from './mfp.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** An equality between what is joined so far and the next input. */
export interface KeyedPair {
  readonly left: MirScalar;
  readonly right: MirScalar;
  readonly nullSafe: boolean;
}

/** Joins `left` and `right` by keys; the result's columns are left's, then right's, before `after` runs. */
export function joinFlows(
  builder: PlanBuilder,
  left: Flow,
  right: Flow,
  pairs: readonly KeyedPair[],
  after: (steps: FusedSteps) => FusedSteps,
  columns: readonly MirType[],
): Flow {
  const leftKeys = pairs.map((pair) => pair.left);
  const rightKeys = pairs.map((pair) => pair.right);
  // Fewer keys will do where they are unique on the right and arranged already: the others become conditions.
  const order =
    builder.existingOrder(right, rightKeys) ??
    builder.existingUnique(right, rightKeys) ??
    builder.existingOrder(left, leftKeys) ??
    pairs.map((_, index) => index);
  const others = pairs.filter((_, index) => !order.includes(index));
  const arity = left.columns.length;
  const conditions = others.flatMap((pair) =>
    keyEquality(pair.left, shiftColumns(pair.right, arity), pair.nullSafe),
  );
  const arrangedLeft = builder.arrange(
    left,
    order.map((index) => leftKeys[index]!),
  );
  const arrangedRight = builder.arrange(
    right,
    order.map((index) => rightKeys[index]!),
  );
  const both = FusedSteps.concat(arrangedLeft.steps, arrangedRight.steps);
  const closure = after(both.filter(conditions));
  const node = builder.add(pairs.length === 0 ? 'cross join' : 'join', columns, {
    kind: 'join',
    left: arrangedLeft.node,
    right: arrangedRight.node,
    nullSafe: order.map((index) => pairs[index]!.nullSafe),
    closure: closure.toMfp(),
  });
  return builder.flow(node);
}

/** One more input, as it is joined to those before it. */
export interface JoinStep {
  readonly input: number;
  readonly own: Flow;
  /** `left` over the columns of what is joined so far, `right` over the input's own. */
  readonly pairs: readonly KeyedPair[];
  /** What runs on the columns of both sides, left's first. */
  readonly after: (steps: FusedSteps) => FusedSteps;
  /** Columns after that. */
  readonly columns: readonly MirType[];
}

/** The steps of joining the inputs in `order`; the last leaves the join's columns `demand`, in this order. */
export function joinSteps(
  join: MirJoin,
  flows: readonly Flow[],
  order: readonly number[],
  demand: readonly number[],
): JoinStep[] {
  const offsets = columnStarts(flows);
  const inputOf = (scalar: MirScalar): number => {
    const [first] = columnsRead(scalar);
    return first === undefined ? order[0]! : offsets.findLastIndex((offset) => offset <= first);
  };
  const classes = join.equivalences.map((item) => ({
    nullSafe: item.nullSafe,
    members: item.scalars.map((scalar) => ({ scalar, input: inputOf(scalar) })),
    representative: null as MirScalar | null,
  }));
  let residual = [...join.residual];
  const joined = new Set<number>();
  /** Position of each of the join's columns in what is joined so far. */
  let positions = new Map<number, number>();
  let before: readonly MirType[] = [];
  const available = (scalar: MirScalar): boolean =>
    [...columnsRead(scalar)].every((index) => positions.has(index));

  return order.map((input, step) => {
    const offset = offsets[input]!;
    const local = (scalar: MirScalar): MirScalar => remapColumns(scalar, (index) => index - offset);
    const last = step === order.length - 1;
    joined.add(input);
    const pairs: KeyedPair[] = [];
    const equalities: MirScalar[] = [];
    for (const item of classes) {
      const mine = item.members.filter((member) => member.input === input).map((member) => member.scalar);
      const [first] = mine;
      if (first === undefined) continue;
      if (item.representative === null) item.representative = first;
      else pairs.push({ left: item.representative, right: first, nullSafe: item.nullSafe });
      for (const other of mine.slice(1)) equalities.push(...keyEquality(first, other, item.nullSafe));
    }
    const own = filterFlow(flows[input]!, equalities.map(local));
    const leftPositions = positions;
    positions = new Map(positions);
    own.columns.forEach((_, index) => positions.set(offset + index, before.length + index));

    const ready = residual.filter((scalar) => available(scalar) && (last || !canFail(scalar)));
    residual = residual.filter((scalar) => !ready.includes(scalar));
    const kept = last ? demand : keptColumns(positions, demand, residual, classes, joined);
    const types: MirType[] = [...before, ...own.columns];
    const here = positions;
    const conditions = ready.map((scalar) => remapColumns(scalar, (index) => here.get(index)!));
    const projection = kept.map((index) => here.get(index)!);
    const columns = projection.map((index) => types[index]!);
    const resolved = pairs.map((pair) => ({
      left: remapColumns(pair.left, (index) => leftPositions.get(index)!),
      right: local(pair.right),
      nullSafe: pair.nullSafe,
    }));
    positions = new Map(kept.map((index, position) => [index, position]));
    before = columns;
    const after = (steps: FusedSteps): FusedSteps => steps.filter(conditions).project(projection);
    return { input, own, pairs: resolved, after, columns };
  });
}

/** Renders a join as a chain of joins; the result has the join's columns `demand`, in this order. */
export function planJoin(
  builder: PlanBuilder,
  join: MirJoin,
  flows: readonly Flow[],
  order: readonly number[],
  demand: readonly number[],
): Flow {
  let current: Flow | null = null;
  for (const { own, pairs, after, columns } of joinSteps(join, flows, order, demand)) {
    current =
      current === null
        ? { node: own.node, steps: after(own.steps), columns }
        : joinFlows(builder, current, own, pairs, after, columns);
  }
  if (current === null) throw new Error('join without inputs');
  return current;
}

function filterFlow(flow: Flow, predicates: readonly MirScalar[]): Flow {
  return predicates.length === 0 ? flow : { ...flow, steps: flow.steps.filter(predicates) };
}

/** The join's columns that something later reads. */
function keptColumns(
  positions: ReadonlyMap<number, number>,
  demand: readonly number[],
  residual: readonly MirScalar[],
  classes: readonly {
    readonly members: readonly { readonly input: number }[];
    readonly representative: MirScalar | null;
  }[],
  joined: ReadonlySet<number>,
): number[] {
  const needed = new Set(demand);
  for (const scalar of residual) columnsRead(scalar, needed);
  for (const item of classes) {
    const open = item.members.some((member) => !joined.has(member.input));
    if (open && item.representative !== null) columnsRead(item.representative, needed);
  }
  return [...positions.keys()].filter((index) => needed.has(index)).toSorted((a, b) => a - b);
}
