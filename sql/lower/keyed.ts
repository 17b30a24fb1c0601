/**
 * Relations that read the rows around them in equalities only. They are computed once, for all values of the
 * equalities' inner sides, which become keys before the relation's own columns:
 *
 *     (select sum(v) from u where u.k = t.b)   →   select u.k, sum(v) from u group by u.k, joined to t by t.b = u.k
 *
 * Nothing in them may raise an error: they are also computed for values that no row around them has.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { aggregateScalars } from '../hir/aggregate.ts';
import type { Free } from '../hir/traverse.ts';
import type { MirKeyPair, MirRelation, MirScalar } from '../mir.ts';
import { keyPair } from '../mir/equality.ts';
import { join, mapOnly, project, semiJoin, map, union } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { aggregateDefaults, aggregateOver } from './aggregates.ts';
import type { LoweringContext } from './context.ts';
import { distinctBySqlEquality } from './distinct.ts';
import { joinOver } from './joins.ts';
import { filterOver, hirConjuncts, lowerRelation, mapOver, topKOver } from './relation.ts';
import { range } from './row.ts';
import { windowOver } from './window.ts';
import type { Domain, Row } from './row.ts';
import { lowerPlainScalar } from './scalar.ts';

interface Key {
  /** Over the free columns, in their order. */
  readonly outer: MirScalar;
  readonly nullSafe: boolean;
}

export interface Keyed {
  /** The keys, then the relation's columns. */
  readonly relation: MirRelation;
  readonly keys: readonly Key[];
  /** The one row under keys that it does not have; null: none. */
  readonly defaults: readonly MirScalar[] | null;
}

type Outer = Free['columns'];

/** The keys as pairs over a row that has the free columns. */
export function keyPairs(keyed: Keyed, free: Outer, row: Row): MirKeyPair[] {
  return keyed.keys.map(({ outer, nullSafe }, index) => ({
    left: build.substitute(outer, (at) => {
      const place = row.place(free[at]!.level, free[at]!.index);
      return build.column(place, row.columns[place]!);
    }),
    right: build.column(index, keyed.relation.columns[index]!),
    nullSafe,
  }));
}

/** A keyed relation for the rows of a domain: the domain's columns, then its own. */
export function keyedUnder(
  context: LoweringContext,
  domain: NonNullable<Domain>,
  keyed: Keyed,
  free: Outer,
): MirRelation {
  const width = domain.columns.length;
  const place = (level: number, index: number): number =>
    domain.columns.findIndex((column) => column.level === level && column.index === index);
  const pairs = keyPairs(keyed, free, { columns: domain.relation.columns, place });
  const own = range(keyed.relation.columns.length - pairs.length, width + pairs.length);
  const joined = (relation: MirRelation): MirRelation =>
    project(
      join(
        [domain.relation, relation],
        pairs.map((pair) => ({
          scalars: [pair.left, build.shiftColumns(pair.right, width)],
          nullSafe: pair.nullSafe,
        })),
      ),
      [...range(width), ...own],
    );
  const { defaults } = keyed;
  if (defaults === null) return joined(keyed.relation);
  return context.share(keyed.relation, (shared) => {
    const missing = semiJoin(domain.relation, shared, pairs, { anti: true });
    return union([joined(shared), map(missing, defaults)], context.keysOf(domain.relation));
  });
}

/** The relation by its keys, or null if it has correlation of another kind. Its parts cannot raise errors. */
export function lowerKeyed(context: LoweringContext, hir: HirRelation, outer: Outer): Keyed | null {
  const isPlain = (scalar: HirScalar): boolean => !context.readsAround(scalar);
  /** The input by keys; an input that reads nothing around it has none. */
  const input = (relation: HirRelation): Keyed | null =>
    context.isCorrelated(relation)
      ? lowerKeyed(context, relation, outer)
      : { relation: lowerRelation(context, relation, null), keys: [], defaults: null };
  /** Without a default row: what filters, groups or joins it would have to be done to it too. */
  const plainInput = (relation: HirRelation): Keyed | null => {
    const keyed = input(relation);
    return keyed === null || keyed.defaults !== null ? null : keyed;
  };
  switch (hir.kind) {
    case 'filter': {
      const base = plainInput(hir.input);
      return base === null ? null : withConditions(context, base, hirConjuncts(hir.condition), outer);
    }
    case 'map': {
      if (!hir.scalars.every(isPlain)) return null;
      const base = input(hir.input);
      if (base === null) return null;
      const prefix = prefixOfKeys(base);
      let defaults = base.defaults;
      if (defaults !== null) {
        if (hir.scalars.some(hasSubquery)) return null;
        const row = {
          columns: defaults.map((value) => value.type),
          place: (_: number, index: number) => index,
        };
        const given = defaults;
        const added = hir.scalars.map((scalar) =>
          build.substitute(lowerPlainScalar(context, row, scalar), (index) => given[index]!),
        );
        defaults = [...given, ...added];
      }
      return { ...base, relation: mapOver(context, base.relation, hir.scalars, prefix), defaults };
    }
    case 'project': {
      const base = input(hir.input);
      if (base === null) return null;
      const width = base.keys.length;
      const { defaults } = base;
      return {
        ...base,
        relation: project(base.relation, [...range(width), ...hir.indexes.map((index) => width + index)]),
        defaults: defaults === null ? null : hir.indexes.map((index) => defaults[index]!),
      };
    }
    case 'aggregate': {
      // A set without keys has a row of its own where there are none.
      if (hir.groupingSets?.some((set) => set.length === 0)) return null;
      const scalars = hir.aggregates.flatMap(aggregateScalars);
      if (![...hir.keys, ...scalars].every(isPlain)) return null;
      const base = plainInput(hir.input);
      if (base === null) return null;
      const relation = aggregateOver(context, hir, base.relation, prefixOfKeys(base));
      return { ...base, relation, defaults: aggregateDefaults(context, hir) };
    }
    case 'distinct': {
      const base = plainInput(hir.input);
      return base === null
        ? null
        : { ...base, relation: distinctBySqlEquality(base.relation, base.keys.length) };
    }
    case 'topK': {
      const base = plainInput(hir.input);
      return base === null
        ? null
        : { ...base, relation: topKOver(context, hir, base.relation, base.keys.length) };
    }
    case 'window': {
      const base = plainInput(hir.input);
      return base === null ? null : { ...base, relation: windowOver(hir, base.relation, base.keys.length) };
    }
    case 'join':
      return keyedJoin(context, hir, outer, plainInput);
    case 'let': {
      if (context.isCorrelated(hir.value)) return null;
      let keyed: Keyed | null = null;
      const relation = context.withCte(hir.binding, lowerRelation(context, hir.value, null), [], () => {
        keyed = lowerKeyed(context, hir.body, outer);
        return (keyed as Keyed | null)?.relation ?? lowerRelation(context, hir.value, null);
      });
      return keyed === null ? null : { ...(keyed as Keyed), relation };
    }
    default:
      return null;
  }
}

const prefixOfKeys = (keyed: Keyed) => ({ width: keyed.keys.length, outer: [] });

/** Filters by conditions of which those that read around are equalities: they become keys. */
function withConditions(
  context: LoweringContext,
  base: Keyed,
  conditions: readonly HirScalar[],
  outer: Outer,
): Keyed | null {
  const width = base.keys.length;
  const offset = outer.length + width;
  const row: Row = {
    columns: [...outer.map(({ type }) => type), ...base.relation.columns],
    place: (level, index) =>
      level === 0
        ? offset + index
        : outer.findIndex((column) => column.level === level && column.index === index),
  };
  const plain: HirScalar[] = [];
  const pairs: MirKeyPair[] = [];
  for (const condition of conditions) {
    if (!context.readsAround(condition)) {
      plain.push(condition);
      continue;
    }
    if (hasSubquery(condition)) return null;
    const pair = keyPair(lowerPlainScalar(context, row, condition), outer.length);
    if (pair === null) return null;
    pairs.push(pair);
  }
  const filtered = filterOver(context, base.relation, plain, prefixOfKeys(base));
  const before = build.columnsOfRow(filtered.columns);
  const relation = mapOnly(filtered, [
    ...before.slice(0, width),
    ...pairs.map((pair) => pair.right),
    ...before.slice(width),
  ]);
  const keys = [...base.keys, ...pairs.map(({ left, nullSafe }) => ({ outer: left, nullSafe }))];
  return { relation, keys, defaults: null };
}

function keyedJoin(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'join' }>,
  outer: Outer,
  input: (relation: HirRelation) => Keyed | null,
): Keyed | null {
  const on = hir.on === null ? [] : hirConjuncts(hir.on);
  if (hir.lateral === true) {
    if (context.freeColumns(hir.right).some(({ level }) => level > 1)) return null;
    const left = context.isCorrelated(hir.left) ? input(hir.left) : null;
    if (left === null || !on.every((condition) => !context.readsAround(condition))) return null;
    return { ...left, relation: joinOver(context, hir, left.relation, prefixOfKeys(left)) };
  }
  if (hir.type === 'left') {
    if (context.isCorrelated(hir.right) || !on.every((condition) => !context.readsAround(condition))) {
      return null;
    }
    const left = input(hir.left);
    if (left === null) return null;
    return { ...left, relation: joinOver(context, hir, left.relation, prefixOfKeys(left)) };
  }
  if (hir.type !== 'inner') return null;
  const left = input(hir.left);
  const right = left === null ? null : input(hir.right);
  if (left === null || right === null) return null;
  const both = crossKeyed(left, right);
  return both === null ? null : withConditions(context, both, on, outer);
}

/** The inner join of two relations by keys: keys that both have join them. */
function crossKeyed(left: Keyed, right: Keyed): Keyed | null {
  const arity = left.relation.columns.length;
  const [wide, narrow] = [left.keys.length, right.keys.length];
  const shared = right.keys.flatMap((key, at) => {
    const index = left.keys.findIndex(
      (other) => other.nullSafe === key.nullSafe && build.sameScalar(other.outer, key.outer),
    );
    return index < 0 ? [] : [{ index, at }];
  });
  // Apart from each other they would be multiplied for nothing.
  if (wide > 0 && narrow > 0 && shared.length === 0) return null;
  const joined = join(
    [left.relation, right.relation],
    shared.map(({ index, at }) => ({
      scalars: [
        build.column(index, left.relation.columns[index]!),
        build.column(arity + at, right.relation.columns[at]!),
      ],
      nullSafe: left.keys[index]!.nullSafe,
    })),
  );
  const added = range(narrow).filter((at) => !shared.some((pair) => pair.at === at));
  const relation = project(joined, [
    ...range(wide),
    ...added.map((at) => arity + at),
    ...range(arity - wide, wide),
    ...range(right.relation.columns.length - narrow, arity + narrow),
  ]);
  return { relation, keys: [...left.keys, ...added.map((at) => right.keys[at]!)], defaults: null };
}
