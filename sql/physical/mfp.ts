/**
 * Adjacent maps, filters and projections of one row, fused into one pass.
 */
import type { Mfp } from '../../engine/plan.generated.ts';
import type { MirScalar, MirType } from '../mir.ts';
import {
  canFail,
  column,
  columnsRead,
  isTrueLiteral,
  remapColumns,
  scalarKey,
  scalarSize,
  substitute,
} from '../mir/scalar.ts';
import { isVolatile } from '../mir/volatile.ts';
import { toExpr } from './expr.ts';

interface FusedPredicate {
  /** Evaluated when so many columns (input, then expressions) stand. */
  readonly position: number;
  readonly condition: MirScalar;
}

/** Immutable; every step yields a new one. Output column `i` is column `projection[i]` of input ++ expressions. */
export class FusedSteps {
  readonly input: readonly MirType[];
  readonly expressions: readonly MirScalar[];
  readonly predicates: readonly FusedPredicate[];
  readonly projection: readonly number[];
  #isVolatile: boolean | null = null;

  private constructor(
    input: readonly MirType[],
    expressions: readonly MirScalar[],
    predicates: readonly FusedPredicate[],
    projection: readonly number[],
  ) {
    this.input = input;
    this.expressions = expressions;
    this.predicates = predicates;
    this.projection = projection;
  }

  static identity(columns: readonly MirType[]): FusedSteps {
    return new FusedSteps(
      columns,
      [],
      [],
      columns.map((_, index) => index),
    );
  }

  /** The steps of both sides over a row of left input columns followed by right input columns. */
  static concat(left: FusedSteps, right: FusedSteps): FusedSteps {
    const input = [...left.input, ...right.input];
    const leftTo = (index: number): number =>
      index < left.input.length ? index : index - left.input.length + input.length;
    const rightTo = (index: number): number =>
      index < right.input.length
        ? left.input.length + index
        : input.length + left.expressions.length + index - right.input.length;
    const rightStart = input.length + left.expressions.length - right.input.length;
    return new FusedSteps(
      input,
      [
        ...left.expressions.map((scalar) => remapColumns(scalar, leftTo)),
        ...right.expressions.map((scalar) => remapColumns(scalar, rightTo)),
      ],
      [
        ...left.predicates.map(({ position, condition }) => ({
          position: position - left.input.length + input.length,
          condition: remapColumns(condition, leftTo),
        })),
        ...right.predicates.map(({ position, condition }) => ({
          position: position + rightStart,
          condition: remapColumns(condition, rightTo),
        })),
      ],
      [...left.projection.map(leftTo), ...right.projection.map(rightTo)],
    );
  }

  get isIdentity(): boolean {
    return (
      this.isProjection &&
      this.projection.length === this.input.length &&
      this.projection.every((c, i) => c === i)
    );
  }

  /** Only picks columns. */
  get isProjection(): boolean {
    const picks = this.predicates.length === 0 && this.projection.every((index) => index < this.input.length);
    return picks && !this.isVolatile;
  }

  get isVolatile(): boolean {
    this.#isVolatile ??=
      this.expressions.some(isVolatile) || this.predicates.some(({ condition }) => isVolatile(condition));
    return this.#isVolatile;
  }

  /** What is volatile of it: steps that differ in it are not the same, though they say the same. */
  get volatileKey(): string {
    if (!this.isVolatile) return '';
    const scalars = [...this.expressions, ...this.predicates.map(({ condition }) => condition)];
    return scalars.filter(isVolatile).map(scalarKey).join(';');
  }

  get canFail(): boolean {
    return this.expressions.some(canFail) || this.predicates.some(({ condition }) => canFail(condition));
  }

  #typeAt(index: number): MirType {
    return index < this.input.length ? this.input[index]! : this.expressions[index - this.input.length]!.type;
  }

  /** A scalar over the output columns, read over input and expressions. */
  #resolve(scalar: MirScalar): MirScalar {
    return remapColumns(scalar, (index) => this.projection[index]!);
  }

  /** Appends scalars over the output columns; each may read those before it. */
  map(scalars: readonly MirScalar[]): FusedSteps {
    const expressions = [...this.expressions];
    let known: Map<string, number> | null = null;
    const projection = [...this.projection];
    for (const scalar of scalars) {
      const resolved = remapColumns(scalar, (index) => projection[index]!);
      if (resolved.kind === 'column') {
        projection.push(resolved.index);
        continue;
      }
      known ??= new Map(expressions.map((each, at) => [scalarKey(each), this.input.length + at]));
      const key = scalarKey(resolved);
      let index = isVolatile(resolved) ? undefined : known.get(key);
      if (index === undefined) {
        index = this.input.length + expressions.push(resolved) - 1;
        known.set(key, index);
      }
      projection.push(index);
    }
    return new FusedSteps(this.input, expressions, this.predicates, projection);
  }

  filter(predicates: readonly MirScalar[]): FusedSteps {
    const position = this.input.length + this.expressions.length;
    const added = predicates
      .filter((predicate) => !isTrueLiteral(predicate))
      .map((predicate) => ({ position, condition: this.#resolve(predicate) }));
    return new FusedSteps(this.input, this.expressions, [...this.predicates, ...added], this.projection);
  }

  project(indexes: readonly number[]): FusedSteps {
    return new FusedSteps(
      this.input,
      this.expressions,
      this.predicates,
      indexes.map((index) => this.projection[index]!),
    );
  }

  /** The same without the last output column, over an input without the column that this is; null where it is read otherwise. */
  withoutLast(): { readonly from: number; readonly steps: FusedSteps } | null {
    const from = this.projection.at(-1)!;
    const scalars = [...this.expressions, ...this.predicates.map(({ condition }) => condition)];
    const isRead =
      from >= this.input.length ||
      this.projection.indexOf(from) < this.projection.length - 1 ||
      scalars.some((scalar) => columnsRead(scalar).has(from));
    if (isRead) return null;
    const to = (index: number): number => (index < from ? index : index - 1);
    const steps = new FusedSteps(
      this.input.toSpliced(from, 1),
      this.expressions.map((scalar) => remapColumns(scalar, to)),
      this.predicates.map(({ position, condition }) => ({
        position: position - 1,
        condition: remapColumns(condition, to),
      })),
      this.projection.slice(0, -1).map(to),
    );
    return { from, steps };
  }

  /**
   * What is volatile, with what reads it, apart: `rest` computes it, and gives all output columns, over those of `first`. Of these
   * `places` are where the output columns `wanted` are, which nothing volatile is taken from; nor is it where it is not `shown`. Null
   * if there is nothing to take.
   */
  volatileApart(
    wanted: readonly number[],
    shown: readonly number[],
  ): { readonly first: FusedSteps; readonly rest: FusedSteps; readonly places: readonly number[] } | null {
    const arity = this.input.length;
    const readBy = (roots: Iterable<number>): Set<number> => {
      const found = new Set<number>();
      const add = (index: number): void => {
        if (found.has(index)) return;
        found.add(index);
        if (index >= arity) columnsRead(this.expressions[index - arity]!).forEach(add);
      };
      for (const index of roots) add(index);
      return found;
    };
    const output = (index: number): number => this.projection[index]!;
    const conditions = this.predicates.flatMap(({ condition }) => [...columnsRead(condition)]);
    const needed = readBy([...wanted.map(output), ...conditions]);
    const isShown = readBy(shown.map(output));
    const later = new Set<number>();
    for (const [at, scalar] of this.expressions.entries()) {
      const reads = [...columnsRead(scalar)];
      const goes = isVolatile(scalar) || reads.some((index) => later.has(index));
      if (goes && !needed.has(arity + at) && isShown.has(arity + at)) later.add(arity + at);
    }
    if (later.size === 0) return null;
    const scalarsLater = [...later].map((index) => this.expressions[index - arity]!);
    const read = new Set([...this.projection, ...scalarsLater.flatMap((scalar) => [...columnsRead(scalar)])]);
    const kept = [...read].filter((index) => !later.has(index));
    const order = [...this.expressions.keys()].map((at) => arity + at).filter((index) => !later.has(index));
    const to = (index: number): number => (index < arity ? index : arity + order.indexOf(index));
    const first = new FusedSteps(
      this.input,
      order.map((index) => remapColumns(this.expressions[index - arity]!, to)),
      this.predicates.map(({ position, condition }) => ({
        position: arity + order.filter((index) => index < position).length,
        condition: remapColumns(condition, to),
      })),
      kept.map(to),
    );
    const behind = [...kept, ...later];
    const place = (index: number): number => behind.indexOf(index);
    const rest = new FusedSteps(
      kept.map((index) => this.#typeAt(index)),
      scalarsLater.map((scalar) => remapColumns(scalar, place)),
      [],
      this.projection.map(place),
    );
    return { first, rest, places: wanted.map((index) => place(this.projection[index]!)) };
  }

  /** A scalar over the output columns as one over the input columns alone; null if that would repeat much work. */
  inline(scalar: MirScalar, limit = 16): MirScalar | null {
    const expand = (index: number): MirScalar =>
      index < this.input.length
        ? column(index, this.#typeAt(index))
        : substitute(this.expressions[index - this.input.length]!, expand);
    const expanded = substitute(this.#resolve(scalar), expand);
    if (limit !== Infinity && isVolatile(expanded)) return null;
    return scalarSize(expanded) > scalarSize(scalar) + limit ? null : expanded;
  }

  /** The plan's program: expressions that nothing needs are left out, unless they are volatile. */
  toMfp(): Mfp {
    const arity = this.input.length;
    const needed = new Set<number>();
    const need = (index: number): void => {
      if (index < arity || needed.has(index)) return;
      needed.add(index);
      for (const read of columnsRead(this.expressions[index - arity]!)) need(read);
    };
    this.projection.forEach(need);
    for (const { condition } of this.predicates) columnsRead(condition).forEach(need);
    for (const [at, scalar] of this.expressions.entries()) if (isVolatile(scalar)) need(arity + at);
    const order = [...needed].toSorted((a, b) => a - b);
    const to = new Map(order.map((index, position) => [index, arity + position]));
    const remap = (index: number): number => (index < arity ? index : to.get(index)!);
    return {
      expressions: order.map((index) => toExpr(remapColumns(this.expressions[index - arity]!, remap))),
      predicates: this.predicates.map(({ position, condition }) => ({
        position: arity + order.filter((index) => index < position).length,
        condition: toExpr(remapColumns(condition, remap)),
      })),
      projection: this.projection.map(remap),
    };
  }
}
