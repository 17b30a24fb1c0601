/**
 * HIR relations to MIR relations, one kind after another. Under a `domain` the result has the domain's columns before
 * its own: for each row of the domain the relation's rows. Without a row of the domain nothing in it raises an error.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import * as build from '../mir/relation.ts';
import { column, columnsOfRow } from '../mir/scalar.ts';
import { groupingKey } from '../mir/equality.ts';
import { lowerAggregate } from './aggregates.ts';
import { relationCanRaise } from './can-raise.ts';
import { nonEmpty } from './context.ts';
import type { LoweringContext } from './context.ts';
import { distinctBySqlEquality } from './distinct.ts';
import { joinOn, lowerJoin } from './joins.ts';
import { keyedUnder, lowerKeyed } from './keyed.ts';
import { NO_ROW, placeIn, prefixOf, range, rowOf } from './row.ts';
import type { Domain, Prefix } from './row.ts';
import { lowerPlainScalar, ScalarScope } from './scalar.ts';
import { lowerSetOperation } from './set-operations.ts';
import { applyConjuncts } from './conjuncts.ts';
import { lowerScalar } from './subqueries.ts';
import { lowerTableFunction } from './table-function.ts';
import { lowerTimeWindow } from './time-windows.ts';
import { windowOver } from './window.ts';

export function lowerRelation(context: LoweringContext, hir: HirRelation, domain: Domain): MirRelation {
  if (domain !== null && !isLeaf(hir)) {
    const raises = relationCanRaise(hir);
    const free = context.freeColumns(hir);
    // What neither raises nor reads the domain is computed as it is, and its result tied to the domain: fewer rows than
    // its leaves have.
    if (!raises && free.length === 0) return under(domain, lowerRelation(context, hir, null));
    // What raises is computed once if there is any row: under the domain's rows a reduction would take equal ones for one.
    if (free.length === 0 && domain.columns.length > 0) {
      const there: Domain = { relation: nonEmpty(domain.relation), columns: [] };
      return under(domain, lowerRelation(context, hir, there));
    }
    if (!raises) {
      const keyed = lowerKeyed(context, hir, free);
      if (keyed !== null) return keyedUnder(context, domain, keyed, free);
    }
  }
  if (domain === null) {
    const known = context.knownView(hir);
    if (known !== null) return known;
  }
  const prefix = prefixOf(domain);
  switch (hir.kind) {
    case 'constant':
      return lowerConstant(context, hir, domain);
    case 'get':
      return under(
        domain,
        build.get(
          hir.object,
          hir.columns.map((item) => item.type),
        ),
      );
    case 'tableFunction':
      return lowerTableFunction(context, hir, domain);
    case 'getLet':
      return lowerReference(context, hir, domain);
    case 'let': {
      const own = domainFor(context, hir.value, domain);
      const value = lowerRelation(context, hir.value, own);
      return context.withCte(hir.binding, value, prefixOf(own).outer, () =>
        lowerRelation(context, hir.body, domain),
      );
    }
    case 'filter':
      return lowerFilter(context, hir, domain);
    case 'map':
      return mapOver(context, lowerRelation(context, hir.input, domain), hir.scalars, prefix);
    case 'project':
      return build.project(lowerRelation(context, hir.input, domain), [
        ...range(prefix.width),
        ...hir.indexes.map((index) => prefix.width + index),
      ]);
    case 'join':
      return lowerJoin(context, hir, domain);
    case 'aggregate':
      return lowerAggregate(context, hir, domain);
    case 'distinct':
      return distinctBySqlEquality(lowerRelation(context, hir.input, domain), prefix.width);
    case 'topK':
      return topKOver(context, hir, lowerRelation(context, hir.input, domain), prefix.width);
    case 'window':
      return windowOver(hir, lowerRelation(context, hir.input, domain), prefix.width);
    case 'setOperation':
      return lowerSetOperation(context, hir, domain);
    case 'timeWindow':
      return lowerTimeWindow(context, hir, domain);
  }
}

function isLeaf(hir: HirRelation): boolean {
  return hir.kind === 'constant' || hir.kind === 'get' || hir.kind === 'getLet';
}

/** A relation that is only there while its domain is: the domain's columns, then its own. */
export function under(domain: Domain, relation: MirRelation): MirRelation {
  if (domain === null) return relation;
  return build.isUnit(relation) ? domain.relation : build.join([domain.relation, relation]);
}

/**
 * The domain that a part of a relation needs: the whole one if it reads it, whether there is any row if it can only
 * raise errors, else none.
 */
export function domainFor(context: LoweringContext, part: HirRelation, domain: Domain): Domain {
  if (domain === null || context.isCorrelated(part)) return domain;
  if (!relationCanRaise(part)) return null;
  return domain.columns.length === 0 ? domain : { relation: nonEmpty(domain.relation), columns: [] };
}

/** A CTE; one that reads the rows around it is joined to them by what it reads. */
function lowerReference(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'getLet' }>,
  domain: Domain,
): MirRelation {
  const { relation, outer } = context.cte(hir.binding);
  if (outer.length === 0) return under(domain, relation);
  if (domain === null) throw new Error('a correlated CTE without the rows around it');
  const width = domain.columns.length;
  const place = placeIn(prefixOf(domain));
  const joined = build.join(
    [domain.relation, relation],
    outer.map(({ level, index }, at) => ({
      scalars: [
        column(place(level, index), domain.relation.columns[place(level, index)]!),
        column(width + at, relation.columns[at]!),
      ],
      nullSafe: true,
    })),
  );
  const own = range(relation.columns.length - outer.length, width + outer.length);
  return build.project(joined, [...range(width), ...own]);
}

/** Rows of literals are a constant; a row that computes is a Map over one row. */
function lowerConstant(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'constant' }>,
  domain: Domain,
): MirRelation {
  const columns: MirType[] = hir.columns.map((item) => item.type);
  // Rows stay in their order: of two with the same key INSERT … ON CONFLICT takes the first.
  const parts: MirRelation[] = [];
  let literals: { values: (string | null)[]; diff: number }[] = [];
  const endLiterals = (): void => {
    if (literals.length > 0) parts.push(under(domain, build.constant(columns, literals)));
    literals = [];
  };
  for (const row of hir.rows) {
    if (row.every((scalar) => scalar.kind === 'literal')) {
      literals.push({ values: row.map((scalar) => scalar.text), diff: 1 });
    } else {
      endLiterals();
      parts.push(mapOver(context, domain?.relation ?? build.UNIT, row, prefixOf(domain)));
    }
  }
  endLiterals();
  if (parts.length === 0) return under(domain, build.constant(columns, []));
  return parts.length === 1 ? parts[0]! : build.union(parts);
}

function lowerFilter(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'filter' }>,
  domain: Domain,
): MirRelation {
  const conjuncts = hirConjuncts(hir.condition);
  const prefix = prefixOf(domain);
  if (domain !== null && !conjuncts.some(hasSubquery) && domainFor(context, hir.input, domain) === null) {
    const input = lowerRelation(context, hir.input, null);
    const row = { columns: [...domain.relation.columns, ...input.columns], place: placeIn(prefix) };
    const conditions = conjuncts.map((conjunct) => lowerPlainScalar(context, row, conjunct));
    return joinOn(domain.relation, input, conditions);
  }
  return filterOver(context, lowerRelation(context, hir.input, domain), conjuncts, prefix);
}

/** Filters by conjuncts in order. */
export function filterOver(
  context: LoweringContext,
  input: MirRelation,
  conjuncts: readonly HirScalar[],
  prefix: Prefix,
): MirRelation {
  const scope = new ScalarScope(context, input, placeIn(prefix));
  applyConjuncts(scope, conjuncts);
  return scope.finish(build.project(scope.relation, range(input.columns.length)));
}

/** Appends scalars over the row. */
export function mapOver(
  context: LoweringContext,
  input: MirRelation,
  scalars: readonly HirScalar[],
  prefix: Prefix,
): MirRelation {
  const arity = input.columns.length;
  if (!scalars.some(hasSubquery)) {
    return build.map(
      input,
      scalars.map((scalar) => lowerPlainScalar(context, rowOf(input, prefix), scalar)),
    );
  }
  const scope = new ScalarScope(context, input, placeIn(prefix));
  const lowered = scalars.map((scalar) => lowerScalar(scope, scalar, []));
  const width = scope.relation.columns.length;
  const mapped = build.map(scope.relation, lowered);
  return scope.finish(build.project(mapped, [...range(arity), ...range(scalars.length, width)]));
}

/** Top-k within each value of the first `width` columns. */
export function topKOver(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'topK' }>,
  input: MirRelation,
  width: number,
): MirRelation {
  const expression = (scalar: HirScalar | null): MirScalar | null =>
    scalar === null ? null : lowerPlainScalar(context, NO_ROW, scalar);
  const own = (index: number): MirScalar => column(width + index, input.columns[width + index]!);
  return build.topK(input, {
    partition: [
      ...columnsOfRow(input.columns.slice(0, width)),
      ...hir.partition.map((index) => groupingKey(own(index))),
    ],
    order: hir.order.map((key) => ({ ...key, column: width + key.column })),
    limit: expression(hir.limit),
    offset: expression(hir.offset),
    withTies: hir.withTies,
  });
}

/** The conjuncts of a condition, in order; none for true. */
export function hirConjuncts(scalar: HirScalar): HirScalar[] {
  if (scalar.kind === 'and') return scalar.operands.flatMap(hirConjuncts);
  const isTrue = scalar.kind === 'literal' && (scalar.text === 't' || scalar.text === 'true');
  return isTrue ? [] : [scalar];
}
