/**
 * Rule 10: only columns that somebody reads are computed, kept and carried.
 *
 *     select a from (select a, b / c as d, count(*) over …) …   →   the unread columns are gone
 *
 * From the top down: each node is told which of its columns are wanted and returns exactly those, in order. A top-k
 * keeps all its input's columns, since whole rows break its ties, and what is volatile is computed all the same, for what it does. Runs once, when the predicates stand where they stay.
 */
import { aggregateScalars } from '../../hir/aggregate.ts';
import type { MirRelation, MirScalar } from '../../mir.ts';
import { freeBindings } from '../../mir/bindings.ts';
import * as build from '../../mir/relation.ts';
import { columnsRead, remapColumns } from '../../mir/scalar.ts';
import { inputs, withInputs } from '../../mir/traverse.ts';
import { isVolatile } from '../../mir/volatile.ts';
import { moveCall, windowColumns } from '../../mir/window.ts';
import type { Rule } from '../pipeline.ts';

const all = (relation: MirRelation): number[] => relation.columns.map((_, index) => index);

function sorted(indexes: ReadonlySet<number>): number[] {
  const list = [...indexes];
  for (let at = 1; at < list.length; at += 1) {
    // Most are in order already.
    if (list[at]! < list[at - 1]!) return list.sort((a, b) => a - b);
  }
  return list;
}

function union(base: Iterable<number>, scalars: readonly (MirScalar | null)[]): number[] {
  const set = new Set(base);
  for (const scalar of scalars) if (scalar !== null) columnsRead(scalar, set);
  return sorted(set);
}

/** New position of each kept column. */
function positions(kept: readonly number[]): (index: number) => number {
  const to: number[] = [];
  for (const [position, index] of kept.entries()) to[index] = position;
  return (index) => {
    const position = to[index];
    if (position === undefined) throw new Error(`column ${index} was pruned`);
    return position;
  };
}

class Pruner {
  /** What is read of each binding. */
  readonly #read = new Map<number, Set<number>>();

  /** `relation` with exactly the columns `wanted`, in this order. */
  prune(relation: MirRelation, wanted: readonly number[]): MirRelation {
    const pick = (pruned: MirRelation, kept: readonly number[]): MirRelation => {
      const to = positions(kept);
      return build.project(
        pruned,
        wanted.map((index) => to(index)),
      );
    };
    switch (relation.kind) {
      case 'constant':
        return build.constant(
          wanted.map((index) => relation.columns[index]!),
          relation.rows.map((row) => ({
            values: wanted.map((index) => row.values[index]!),
            diff: row.diff,
          })),
        );
      case 'get':
        return build.project(relation, wanted);
      case 'getLet': {
        const read = this.#read.get(relation.binding);
        for (const index of wanted) read?.add(index);
        return build.project(relation, wanted);
      }
      case 'let':
        return this.#let(relation, wanted);
      case 'filter': {
        const kept = union(wanted, relation.predicates);
        const to = positions(kept);
        const input = this.prune(relation.input, kept);
        const predicates = relation.predicates.map((predicate) => remapColumns(predicate, to));
        return pick(build.filter(input, predicates), kept);
      }
      case 'map':
        return this.#map(relation, wanted);
      case 'project':
        return this.prune(
          relation.input,
          wanted.map((index) => relation.indexes[index]!),
        );
      case 'flatMap': {
        const arity = relation.input.columns.length;
        const below = union(
          wanted.filter((index) => index < arity),
          relation.calls.flatMap((call) => call.arguments),
        );
        const to = positions(below);
        const node = build.flatMap(
          this.prune(relation.input, below),
          relation.calls.map((call) => ({
            ...call,
            arguments: call.arguments.map((argument) => remapColumns(argument, to)),
          })),
          relation.ordinality,
          relation.columns.slice(arity),
        );
        const appended = relation.columns.slice(arity).map((_, index) => arity + index);
        return pick(node, [...below, ...appended]);
      }
      case 'join':
        return this.#join(relation, wanted, pick);
      case 'semiJoin': {
        const left = union(
          wanted,
          relation.keys.map((key) => key.left),
        );
        const right = union(
          [],
          relation.keys.map((key) => key.right),
        );
        const toLeft = positions(left);
        const toRight = positions(right);
        const keys = relation.keys.map((key) => ({
          left: remapColumns(key.left, toLeft),
          right: remapColumns(key.right, toRight),
          nullSafe: key.nullSafe,
        }));
        const node = build.semiJoin(
          this.prune(relation.left, left),
          this.prune(relation.right, right),
          keys,
          relation,
        );
        return pick(node, left);
      }
      case 'reduce':
        return this.#reduce(relation, wanted, pick);
      case 'window': {
        const arity = relation.input.columns.length;
        const calls = relation.calls
          .map((call, index) => ({ call, index: arity + index }))
          .filter(({ index }) => wanted.includes(index));
        const below = union(
          [
            ...wanted.filter((index) => index < arity),
            ...(calls.length === 0 ? [] : relation.order.map((order) => order.column)),
            ...calls.flatMap(({ call }) => windowColumns(call)),
          ],
          calls.length === 0 ? [] : relation.partition,
        );
        const to = positions(below);
        const node = build.window(this.prune(relation.input, below), {
          partition: relation.partition.map((key) => (calls.length === 0 ? key : remapColumns(key, to))),
          order:
            calls.length === 0 ? [] : relation.order.map((order) => ({ ...order, column: to(order.column) })),
          calls: calls.map(({ call }) => moveCall(call, to)),
        });
        return pick(node, [...below, ...calls.map(({ index }) => index)]);
      }
      case 'guard': {
        const kept = union(wanted, relation.keys);
        const to = positions(kept);
        const keys = relation.keys.map((key) => remapColumns(key, to));
        return pick(build.guard(this.prune(relation.input, kept), keys, relation), kept);
      }
      case 'negate':
        return build.negate(this.prune(relation.input, wanted));
      case 'union': {
        const kept = new Map(wanted.map((index, position) => [index, position]));
        const keys = relation.keys
          .filter((key) => key.every((index) => kept.has(index)))
          .map((key) => key.map((index) => kept.get(index)!));
        return build.union(
          relation.inputs.map((input) => this.prune(input, wanted)),
          keys,
        );
      }
      case 'distinct':
        return build.project(build.distinct(this.prune(relation.input, all(relation))), wanted);
      case 'threshold':
        return build.project(build.threshold(this.prune(relation.input, all(relation))), wanted);
      case 'topK':
        return build.project(build.topK(this.prune(relation.input, all(relation)), relation), wanted);
    }
  }

  #map(relation: Extract<MirRelation, { kind: 'map' }>, wanted: readonly number[]): MirRelation {
    const arity = relation.input.columns.length;
    const needed = new Set(wanted);
    for (const [index, scalar] of relation.scalars.entries())
      if (isVolatile(scalar)) needed.add(arity + index);
    for (let index = relation.scalars.length - 1; index >= 0; index -= 1) {
      if (needed.has(arity + index)) columnsRead(relation.scalars[index]!, needed);
    }
    const kept = sorted(needed);
    const below = kept.filter((index) => index < arity);
    const to = positions(kept);
    const scalars = kept
      .filter((index) => index >= arity)
      .map((index) => remapColumns(relation.scalars[index - arity]!, to));
    return build.project(
      build.map(this.prune(relation.input, below), scalars),
      wanted.map((index) => to(index)),
    );
  }

  #join(
    relation: Extract<MirRelation, { kind: 'join' }>,
    wanted: readonly number[],
    pick: (pruned: MirRelation, kept: readonly number[]) => MirRelation,
  ): MirRelation {
    const kept = union(wanted, [
      ...relation.equivalences.flatMap((item) => item.scalars),
      ...relation.residual,
    ]);
    const to = positions(kept);
    let offset = 0;
    const inputs = relation.inputs.map((input) => {
      const start = offset;
      offset += input.columns.length;
      const mine = kept.filter((index) => index >= start && index < offset).map((index) => index - start);
      return this.prune(input, mine);
    });
    const equivalences = relation.equivalences.map((item) => ({
      ...item,
      scalars: item.scalars.map((scalar) => remapColumns(scalar, to)),
    }));
    const residual = relation.residual.map((scalar) => remapColumns(scalar, to));
    return pick(build.join(inputs, equivalences, residual), kept);
  }

  #reduce(
    relation: Extract<MirRelation, { kind: 'reduce' }>,
    wanted: readonly number[],
    pick: (pruned: MirRelation, kept: readonly number[]) => MirRelation,
  ): MirRelation {
    const keyCount = relation.keys.length;
    const aggregates = relation.aggregates
      .map((aggregate, index) => ({ aggregate, index: keyCount + index }))
      .filter(({ index }) => wanted.includes(index));
    const below = union(
      [],
      [...relation.keys, ...aggregates.flatMap(({ aggregate }) => aggregateScalars(aggregate))],
    );
    const to = positions(below);
    const remap = (scalar: MirScalar): MirScalar => remapColumns(scalar, to);
    const node = build.reduce(
      this.prune(relation.input, below),
      relation.keys.map(remap),
      aggregates.map(({ aggregate }) => ({
        ...aggregate,
        arguments: aggregate.arguments.map(remap),
        order: aggregate.order.map((key) => ({ ...key, scalar: remap(key.scalar) })),
        filter: aggregate.filter === null ? null : remap(aggregate.filter),
      })),
    );
    return pick(node, [...relation.keys.map((_, index) => index), ...aggregates.map(({ index }) => index)]);
  }

  #let(relation: Extract<MirRelation, { kind: 'let' }>, wanted: readonly number[]): MirRelation {
    this.#read.set(relation.binding, new Set());
    const body = this.prune(relation.body, wanted);
    const kept = sorted(this.#read.get(relation.binding)!);
    const value = this.prune(relation.value, kept);
    const narrowed = build.getLet(relation.binding, value.columns);
    const to = positions(kept);
    // Every read stands under the projection that pruning put there, or wants all columns.
    const narrow = (node: MirRelation): MirRelation => {
      if (node.kind === 'getLet') return node.binding === relation.binding ? narrowed : node;
      if (!freeBindings(node).has(relation.binding)) return node;
      if (node.kind === 'project' && node.input.kind === 'getLet') {
        return build.project(
          narrowed,
          node.indexes.map((index) => to(index)),
        );
      }
      return withInputs(node, inputs(node).map(narrow));
    };
    const rewritten = kept.length === relation.value.columns.length ? body : narrow(body);
    return build.letIn(relation.binding, value, rewritten);
  }
}

export const demand: Rule = {
  name: 'demand',
  apply: (relation) => new Pruner().prune(relation, all(relation)),
};
