/**
 * Rule 8: predicates move towards the rows that they drop.
 *
 *     select * from (select a, count(*) from t group by a) where a = 1   →   … from t where a = 1 group by a
 *     select * from a, b where a.x = b.y and a.z > 1                     →   (a where z > 1) join b on x = y
 *
 * The error law: a predicate that can fail passes only what cannot drop a row (a projection, a map that cannot fail, a
 * union); it never enters a join's input. Predicates that cannot fail may overtake those that can: that drops errors,
 * never adds one.
 */
import type { MirEquivalence, MirRelation, MirScalar, MirType } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { equalitySides } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import {
  canFail,
  column,
  columnsRead,
  remapColumns,
  sameScalar,
  scalarSize,
  shiftColumns,
  substitute,
} from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** Splits in order. */
function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}

/** `x is not null` refines the column's type: it stays where it refines a computed column. */
const refines = (predicate: MirScalar): boolean =>
  predicate.kind === 'not' && predicate.operand.kind === 'isNull';

const readsOnly = (scalar: MirScalar, arity: number): boolean =>
  [...columnsRead(scalar)].every((index) => index < arity);

/** Largest computed column that is computed twice so that a predicate can go below it. */
const MAX_DUPLICATED = 4;

function throughMap(
  input: Extract<MirRelation, { kind: 'map' }>,
  predicates: readonly MirScalar[],
): MirRelation | null {
  const arity = input.input.columns.length;
  const total = !input.scalars.some(canFail);
  const expand = (index: number): MirScalar => {
    if (index < arity) return { kind: 'column', index, type: input.columns[index]! };
    return substitute(input.scalars[index - arity]!, expand);
  };
  const cheap = (predicate: MirScalar): boolean =>
    [...columnsRead(predicate)].every((index) => {
      if (index < arity) return true;
      const scalar = expand(index);
      if (refines(predicate) && scalar.kind !== 'column') return false;
      return !canFail(scalar) && scalarSize(scalar) <= MAX_DUPLICATED;
    });
  let blocked = false;
  const [below, above] = partition(predicates, (predicate) => {
    const passes = canFail(predicate) ? total && !blocked && readsOnly(predicate, arity) : cheap(predicate);
    if (!passes) blocked = true;
    return passes;
  });
  if (below.length === 0) return null;
  const pushed = filterPushed(
    input.input,
    below.map((predicate) => substitute(predicate, expand)),
  );
  return build.filter(build.map(pushed, input.scalars), above);
}

/** Distributes conditions over a join: to an input, to the equivalences, or to the residual. */
function distribute(relation: MirJoin, conditions: readonly MirScalar[]): MirRelation {
  const starts = columnStarts(relation.inputs);
  const inputOf = (index: number): number => starts.findLastIndex((start) => start <= index);
  const inputsOf = (scalar: MirScalar): number[] => [...new Set([...columnsRead(scalar)].map(inputOf))];
  const pushed = relation.inputs.map((): MirScalar[] => []);
  const equivalences: MirEquivalence[] = [...relation.equivalences];
  const residual: MirScalar[] = [];
  for (const condition of conditions) {
    const read = inputsOf(condition);
    if (canFail(condition) || read.length === 0) residual.push(condition);
    else if (read.length === 1) pushed[read[0]!]!.push(shiftColumns(condition, -starts[read[0]!]!));
    else {
      const sides = equalitySides(condition);
      const apart =
        sides !== null &&
        inputsOf(sides.left).length === 1 &&
        inputsOf(sides.right).length === 1 &&
        inputsOf(sides.left)[0] !== inputsOf(sides.right)[0];
      if (apart) equivalences.push({ scalars: [sides.left, sides.right], nullSafe: sides.nullSafe });
      else residual.push(condition);
    }
  }
  const inputs = relation.inputs.map((input, index) => filterPushed(input, pushed[index]!));
  return build.join(inputs, equivalences, residual);
}

/** The filter where its predicates go to at last: a step for each round of rules would make every node above it anew. */
function filterPushed(input: MirRelation, predicates: readonly MirScalar[]): MirRelation {
  const filter = build.filter(input, predicates);
  return filter.kind === 'filter' && filter !== input ? pushFilter(filter) : filter;
}

/** Over a part of a union, whose columns may not be NULL where the union's may. */
function readFrom(predicate: MirScalar, whole: readonly MirType[], part: readonly MirType[]): MirScalar {
  const isKnown = (index: number): boolean => whole[index]!.nullable && !part[index]!.nullable;
  if (![...columnsRead(predicate)].some(isKnown)) return predicate;
  return substitute(predicate, (index) => column(index, part[index]!));
}

function pushFilter(relation: Extract<MirRelation, { kind: 'filter' }>): MirRelation {
  const { input, predicates } = relation;
  const total = (predicate: MirScalar): boolean => !canFail(predicate);
  /** Moves what passes `test` below a node of one input. */
  const below = (
    test: (predicate: MirScalar) => boolean,
    rebuild: (pushed: readonly MirScalar[]) => MirRelation,
  ): MirRelation => {
    const [pushed, kept] = partition(predicates, test);
    return pushed.length === 0 ? relation : build.filter(rebuild(pushed), kept);
  };
  switch (input.kind) {
    case 'filter':
      return filterPushed(input.input, [...input.predicates, ...predicates]);
    case 'project':
      return build.project(
        filterPushed(
          input.input,
          predicates.map((predicate) => remapColumns(predicate, (index) => input.indexes[index]!)),
        ),
        input.indexes,
      );
    case 'map':
      return throughMap(input, predicates) ?? relation;
    case 'let':
      return build.letIn(input.binding, input.value, filterPushed(input.body, predicates));
    case 'union':
      return build.union(
        input.inputs.map((part) =>
          filterPushed(
            part,
            predicates.map((predicate) => readFrom(predicate, input.columns, part.columns)),
          ),
        ),
        input.keys,
      );
    case 'negate':
      return build.negate(filterPushed(input.input, predicates));
    case 'distinct':
      return build.distinct(filterPushed(input.input, predicates));
    case 'threshold':
      return below(total, (pushed) => build.threshold(filterPushed(input.input, pushed)));
    case 'semiJoin':
      return below(total, (pushed) =>
        build.semiJoin(filterPushed(input.left, pushed), input.right, input.keys, input),
      );
    case 'flatMap': {
      const arity = input.input.columns.length;
      return below(
        (predicate) => total(predicate) && readsOnly(predicate, arity),
        (pushed) =>
          build.flatMap(
            filterPushed(input.input, pushed),
            input.calls,
            input.ordinality,
            input.columns.slice(arity),
          ),
      );
    }
    case 'reduce':
      return below(
        (predicate) =>
          total(predicate) &&
          columnsRead(predicate).size > 0 &&
          [...columnsRead(predicate)].every(
            (index) =>
              index < input.keys.length &&
              !canFail(input.keys[index]!) &&
              (!refines(predicate) || input.keys[index]!.kind === 'column'),
          ),
        (pushed) =>
          build.reduce(
            filterPushed(
              input.input,
              pushed.map((predicate) => substitute(predicate, (index) => input.keys[index]!)),
            ),
            input.keys,
            input.aggregates,
          ),
      );
    case 'topK':
      return below(
        (predicate) => total(predicate) && decidesOnPartitions(predicate, input.partition),
        (pushed) => build.topK(filterPushed(input.input, pushed), input),
      );
    case 'window':
      return below(
        (predicate) => total(predicate) && decidesOnPartitions(predicate, input.partition),
        (pushed) => build.window(filterPushed(input.input, pushed), input),
      );
    case 'join':
      return distribute(input, [...input.residual, ...predicates]);
    default:
      return relation;
  }
}

/** It keeps or drops whole partitions: it reads columns that partition, and no others. */
function decidesOnPartitions(predicate: MirScalar, partition: readonly MirScalar[]): boolean {
  const read = [...columnsRead(predicate)];
  return (
    read.length > 0 &&
    read.every((index) => partition.some((key) => key.kind === 'column' && key.index === index))
  );
}

function rewrite(relation: MirRelation): MirRelation {
  if (relation.kind === 'filter') return pushFilter(relation);
  if (relation.kind !== 'join') return relation;
  const after = distribute(relation, relation.residual);
  const same =
    after.kind === 'join' &&
    after.residual.length === relation.residual.length &&
    after.residual.every((item, index) => sameScalar(item, relation.residual[index]!));
  return same ? relation : after;
}

export const pushPredicates = localRule('push-predicates', kinds('filter', 'join'), rewrite);
