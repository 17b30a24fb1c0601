/**
 * HIR relations to MIR relations, one kind after another. Under a `domain` the result is empty, and nothing in it can
 * raise an error, while the domain is empty.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import * as build from '../mir/relation.ts';
import { column } from '../mir/scalar.ts';
import { groupingKey } from '../mir/equality.ts';
import { lowerAggregate } from './aggregates.ts';
import { hasSubquery, relationCanRaise } from './can-raise.ts';
import type { Domain, LoweringContext } from './context.ts';
import { distinctBySqlEquality } from './distinct.ts';
import { lowerJoin } from './joins.ts';
import { lowerPlainScalar, ScalarScope } from './scalar.ts';
import { lowerSetOperation } from './set-operations.ts';
import { applyConjuncts, lowerScalar } from './subqueries.ts';
import { lowerTimeWindow } from './time-windows.ts';

export function lowerRelation(context: LoweringContext, hir: HirRelation, domain: Domain): MirRelation {
  // What cannot raise is computed as it is, and its result tied to the domain: fewer rows than its leaves have.
  if (domain !== null && !isLeaf(hir) && !relationCanRaise(hir)) {
    return under(domain, lowerRelation(context, hir, null));
  }
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
    case 'getLet':
      return under(domain, context.cte(hir.binding));
    case 'let': {
      const value = lowerRelation(context, hir.value, domain);
      return context.withCte(hir.binding, value, () => lowerRelation(context, hir.body, domain));
    }
    case 'filter': {
      const scope = new ScalarScope(context, lowerRelation(context, hir.input, domain));
      const arity = scope.relation.columns.length;
      applyConjuncts(scope, hirConjuncts(hir.condition));
      return scope.finish(build.project(scope.relation, range(arity)));
    }
    case 'map':
      return lowerMap(context, lowerRelation(context, hir.input, domain), hir.scalars);
    case 'project':
      return build.project(lowerRelation(context, hir.input, domain), hir.indexes);
    case 'join':
      return lowerJoin(context, hir, domain);
    case 'aggregate':
      return lowerAggregate(context, hir, domain);
    case 'distinct':
      return distinctBySqlEquality(lowerRelation(context, hir.input, domain));
    case 'topK': {
      const input = lowerRelation(context, hir.input, domain);
      const expression = (scalar: HirScalar | null): MirScalar | null =>
        scalar === null ? null : lowerPlainScalar(context, [], scalar);
      return build.topK(input, {
        partition: hir.partition.map((index) => groupingKey(column(index, input.columns[index]!))),
        order: hir.order,
        limit: expression(hir.limit),
        offset: expression(hir.offset),
        withTies: hir.withTies,
      });
    }
    case 'setOperation':
      return lowerSetOperation(context, hir, domain);
    case 'timeWindow':
      return lowerTimeWindow(context, hir, domain);
  }
}

function isLeaf(hir: HirRelation): boolean {
  return hir.kind === 'constant' || hir.kind === 'get' || hir.kind === 'getLet';
}

/** A relation that is only there while its domain is. */
function under(domain: Domain, relation: MirRelation): MirRelation {
  if (domain === null) return relation;
  return build.isUnit(relation) ? domain : build.join([relation, domain]);
}

/** Rows of literals are a constant; a row that computes is a Map over one row. */
function lowerConstant(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'constant' }>,
  domain: Domain,
): MirRelation {
  const columns: MirType[] = hir.columns.map((item) => item.type);
  const literals: { values: (string | null)[]; diff: number }[] = [];
  const computed: MirRelation[] = [];
  for (const row of hir.rows) {
    if (row.every((scalar) => scalar.kind === 'literal')) {
      literals.push({ values: row.map((scalar) => scalar.text), diff: 1 });
    } else {
      const mapped = lowerMap(context, domain ?? build.UNIT, row);
      computed.push(mapped);
    }
  }
  if (computed.length === 0) return under(domain, build.constant(columns, literals));
  const parts = computed;
  if (literals.length > 0) parts.unshift(under(domain, build.constant(columns, literals)));
  return parts.length === 1 ? parts[0]! : build.union(parts);
}

function lowerMap(context: LoweringContext, input: MirRelation, scalars: readonly HirScalar[]): MirRelation {
  const arity = input.columns.length;
  if (!scalars.some(hasSubquery)) {
    return build.map(
      input,
      scalars.map((scalar) => lowerPlainScalar(context, input.columns, scalar)),
    );
  }
  const scope = new ScalarScope(context, input);
  const lowered = scalars.map((scalar) => lowerScalar(scope, scalar, []));
  const width = scope.relation.columns.length;
  const mapped = build.map(scope.relation, lowered);
  return scope.finish(build.project(mapped, [...range(arity), ...range(scalars.length, width)]));
}

/** The conjuncts of a condition, in order. */
export function hirConjuncts(scalar: HirScalar): HirScalar[] {
  return scalar.kind === 'and' ? scalar.operands.flatMap(hirConjuncts) : [scalar];
}

function range(length: number, from = 0): number[] {
  return Array.from({ length }, (_, index) => from + index);
}
