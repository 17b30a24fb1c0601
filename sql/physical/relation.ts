/**
 * MIR relations to operators, one kind after another. Maps, filters and projections wait in the flow until something
 * needs rows; nothing is decided later than here.
 */
import type { ObjectId } from '../catalog.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { isAppendOnly } from '../optimize/analysis/append-only.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { coversKey, keyColumn, uniqueKeys } from '../optimize/analysis/keys.ts';
import { equalityKey } from '../mir/equality.ts';
import { column, columnsOfRow } from '../mir/scalar.ts';
import { eachRowOnce, isVolatile } from '../mir/volatile.ts';
import { toColumnType } from '../types/column-type.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { toExpr, toKeyExpr, toOrderKey } from './expr.ts';
import { planDeltaJoin } from './delta-join.ts';
import { expectedRows, joinOrders } from './join-order.ts';
import { joinFlows, planJoin } from './join.ts';
import { planLookup } from './lookup.ts';
import { planDistinct, planReduce } from './reduce.ts';
import { planFirstRows } from './sorted-scan.ts';

/** What is known of the values of bindings. */
class Bindings {
  readonly flows = new Map<number, Flow>();
  readonly keys = new Map<number, Keys>();
  readonly rows = new Map<number, number>();
  readonly appendOnly = new Set<number>();
}

/** Renders the relations of one plan; a let's value is rendered once. */
export class RelationPlanner {
  readonly #builder: PlanBuilder;
  readonly #bindings = new Bindings();
  /** Rows of named relations, and those expected of others, which ordering joins asks for again and again. */
  readonly #counts = new Map<ObjectId, number | null>();
  readonly #expected = { filtered: new Map<MirRelation, number>(), whole: new Map<MirRelation, number>() };
  /** Range scans are planned: not below joins, which may have an arrangement of the whole relation by their keys. */
  #ranges = true;

  constructor(builder: PlanBuilder) {
    this.#builder = builder;
  }

  plan(relation: MirRelation): Flow {
    const builder = this.#builder;
    switch (relation.kind) {
      case 'constant':
        return builder.flow(
          builder.add('constant', relation.columns, {
            kind: 'constant',
            rows: relation.rows.map((row) => ({ values: [...row.values], diff: row.diff })),
          }),
        );
      case 'get':
        return builder.flow(builder.import(builder.primary(relation.object), relation.columns));
      case 'getLet':
        return this.#bindings.flows.get(relation.binding)!;
      case 'let': {
        const { binding, value, body } = relation;
        const { flows, keys, rows, appendOnly } = this.#bindings;
        keys.set(binding, this.#keys(value));
        rows.set(binding, this.#rows(value));
        if (this.#isAppendOnly(value)) appendOnly.add(binding);
        const flow = this.plan(value);
        // Every reader has the values that were computed once.
        flows.set(binding, flow.steps.isVolatile ? builder.flow(builder.materialize(flow)) : flow);
        return this.plan(body);
      }
      case 'filter': {
        const flow = this.plan(
          relation.predicates.some(isVolatile) ? eachRowOnce(relation.input) : relation.input,
        );
        const { predicates } = relation;
        const found = planLookup(builder, flow, predicates, { ranges: this.#ranges }) ?? { flow, predicates };
        const { steps } = found.flow;
        return { ...found.flow, steps: steps.filter(found.predicates), columns: relation.columns };
      }
      case 'map': {
        const flow = this.plan(
          relation.scalars.some(isVolatile) ? eachRowOnce(relation.input) : relation.input,
        );
        return { ...flow, steps: flow.steps.map(relation.scalars), columns: relation.columns };
      }
      case 'project': {
        if (relation.input.kind === 'join') return this.#join(relation.input, relation.indexes);
        const flow = this.plan(relation.input);
        return { ...flow, steps: flow.steps.project(relation.indexes), columns: relation.columns };
      }
      case 'flatMap': {
        const flow = this.plan(relation.input);
        return builder.flow(
          builder.add(relation.calls.map((call) => call.function).join(', '), relation.columns, {
            kind: 'flatMap',
            input: builder.materialize(flow),
            calls: relation.calls.map((call) => ({ ...call, arguments: call.arguments.map(toExpr) })),
            ordinality: relation.ordinality,
          }),
        );
      }
      case 'join':
        return this.#join(
          relation,
          relation.columns.map((_, index) => index),
        );
      case 'semiJoin':
        return this.#semiJoin(relation);
      case 'reduce':
        return planReduce(builder, relation, this.plan(relation.input), this.#isMonotonic(relation.input));
      case 'distinct':
        return planDistinct(builder, this.plan(relation.input), columnsOfRow(relation.columns));
      case 'topK': {
        const flow = this.plan(relation.input);
        const first = relation.partition.length > 0 ? null : planFirstRows(builder, flow, relation);
        if (first !== null) return first;
        return builder.flow(
          builder.add('top-k', relation.columns, {
            kind: 'topK',
            input: builder.materialize(flow),
            key: relation.partition.map(toKeyExpr),
            order: relation.order.map(toOrderKey),
            limit: optional(relation.limit),
            offset: optional(relation.offset),
            withTies: relation.withTies,
            ...(isBounded(relation.limit) && this.#isMonotonic(relation.input) ? { monotonic: true } : {}),
          }),
        );
      }
      case 'window':
        return builder.flow(
          builder.add('window', relation.columns, {
            kind: 'window',
            input: this.#node(relation.input),
            key: relation.partition.map(toKeyExpr),
            order: relation.order.map(toOrderKey),
            calls: relation.calls.map((call) => ({
              function: call.function,
              arguments: [...call.arguments],
              filter: call.filter,
              frame: call.frame,
              result: toColumnType(call.type),
            })),
          }),
        );
      case 'guard':
        return builder.flow(
          builder.add('guard', relation.columns, {
            kind: 'guard',
            input: this.#node(relation.input),
            key: relation.keys.map(toKeyExpr),
            sqlstate: relation.sqlstate,
            message: relation.message,
            ...(relation.hint === undefined ? {} : { hint: relation.hint }),
          }),
        );
      case 'negate':
        return builder.flow(
          builder.add('negate', relation.columns, { kind: 'negate', input: this.#node(relation.input) }),
        );
      case 'threshold':
        return builder.flow(
          builder.add('threshold', relation.columns, {
            kind: 'threshold',
            input: this.#node(relation.input),
          }),
        );
      case 'union':
        return builder.flow(
          builder.add('union', relation.columns, {
            kind: 'union',
            inputs: relation.inputs.map((input) => this.#node(input)),
          }),
        );
    }
  }

  #withoutRanges<T>(work: () => T): T {
    const before = this.#ranges;
    this.#ranges = false;
    try {
      return work();
    } finally {
      this.#ranges = before;
    }
  }

  #node(relation: MirRelation): number {
    return this.#builder.materialize(this.plan(relation));
  }

  #keys(relation: MirRelation): Keys {
    if (relation.notes.keys !== null) return relation.notes.keys;
    return uniqueKeys(relation, (object) => this.#builder.catalog.relation(object).keys, this.#bindings.keys);
  }

  /** Nothing that is forgotten of such a relation comes back into a result. */
  #isMonotonic(relation: MirRelation): boolean {
    return this.#builder.monotonicForms && this.#isAppendOnly(relation);
  }

  #isAppendOnly(relation: MirRelation): boolean {
    return isAppendOnly(relation, {
      object: (object) => this.#builder.catalog.relation(object).appendOnly === true,
      binding: (binding) => this.#bindings.appendOnly.has(binding),
    });
  }

  #rows(relation: MirRelation, ignored: 'filters ignored' | null = null): number {
    return expectedRows(relation, {
      rowsOf: (object) => this.#rowsOf(object),
      bindings: this.#bindings.rows,
      ignored,
      known: ignored === null ? this.#expected.filtered : this.#expected.whole,
    });
  }

  #rowsOf(object: ObjectId): number | null {
    let rows = this.#counts.get(object);
    if (rows === undefined) {
      rows = this.#builder.catalog.relation(object).estimatedRows;
      this.#counts.set(object, rows);
    }
    return rows;
  }

  #join(relation: Extract<MirRelation, { kind: 'join' }>, demand: readonly number[]): Flow {
    const flows = this.#withoutRanges(() => relation.inputs.map((input) => this.plan(input)));
    const facts = relation.inputs.map((input, index) => {
      const arranged = new Map<string, boolean>();
      return {
        rows: this.#rows(input),
        total: this.#rows(input, 'filters ignored'),
        keys: this.#keys(input),
        isArrangedBy: (columns: ReadonlySet<number>) => {
          const names = [...columns].join();
          let known = arranged.get(names);
          if (known === undefined) {
            known = this.#isArrangedBy(flows[index]!, columns);
            arranged.set(names, known);
          }
          return known;
        },
      };
    });
    const orders = joinOrders(relation, facts);
    return (
      planDeltaJoin(this.#builder, relation, { flows, facts, orders, demand }) ??
      planJoin(this.#builder, relation, flows, orders.best.order, demand)
    );
  }

  #isArrangedBy(flow: Flow, columns: ReadonlySet<number>): boolean {
    const keys = [...columns].map((index) => equalityKey(column(index, flow.columns[index]!)));
    return (
      this.#builder.existingOrder(flow, keys) !== null || this.#builder.existingUnique(flow, keys) !== null
    );
  }

  /** left ⋉ right = left ⋈ distinct(keys of right); left ▷ right = left − left ⋉ right. */
  #semiJoin(relation: Extract<MirRelation, { kind: 'semiJoin' }>): Flow {
    const builder = this.#builder;
    const [left, right] = this.#withoutRanges(() => [this.plan(relation.left), this.plan(relation.right)]);
    const own = new Set<number>();
    for (const key of relation.keys) {
      const index = keyColumn(key.right);
      if (index !== null) own.add(index);
    }
    const unique = coversKey(this.#keys(relation.right), own);
    const rightKeys: readonly MirScalar[] = relation.keys.map((key) => key.right);
    const keyed = unique ? right : planDistinct(builder, right, rightKeys);
    const pairs = relation.keys.map((key, index) => ({
      left: key.left,
      right: unique ? key.right : { kind: 'column' as const, index, type: key.right.type },
      nullSafe: key.nullSafe,
    }));
    const kept = left.columns.map((_, index) => index);
    const semi = joinFlows(builder, left, keyed, pairs, (steps) => steps.project(kept), relation.columns);
    if (!relation.anti) return semi;
    const matched = builder.add('negate', relation.columns, {
      kind: 'negate',
      input: builder.materialize(semi),
    });
    return builder.flow(
      builder.add('union', relation.columns, {
        kind: 'union',
        inputs: [builder.materialize(left), matched],
      }),
    );
  }
}

/** A LIMIT of some rows. */
function isBounded(limit: MirScalar | null): boolean {
  return limit?.kind === 'literal' && limit.text !== null;
}

function optional(scalar: MirScalar | null): ReturnType<typeof toExpr> | null {
  return scalar === null ? null : toExpr(scalar);
}
