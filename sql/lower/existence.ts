/** EXISTS: whether anything is applied to a row. */
import type { HirRelation, HirScalar } from '../hir.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { join, map, negate, union, UNIT } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { appendExistence, apply } from './apply.ts';
import type { Applied } from './apply.ts';
import { isOneRow } from './can-raise.ts';
import { nonEmpty } from './context.ts';
import type { ScalarScope } from './scalar.ts';

/** Joins a relation of exactly one row and one column; returns the column. */
export function appendOne(scope: ScalarScope, row: MirRelation): MirScalar {
  const index = scope.relation.columns.length;
  scope.relation = join([scope.relation, row]);
  return build.column(index, row.columns[0]!);
}

/** One row: true if `relation` has rows, else false. */
function existence(scope: ScalarScope, relation: MirRelation): MirRelation {
  const some = scope.bind(nonEmpty(relation));
  const none = union([UNIT, negate(some)], [[]]);
  return union([map(some, [build.TRUE]), map(none, [build.FALSE])], [[]]);
}

/** A column that says whether the row has any of the applied rows. */
export function existenceColumn(scope: ScalarScope, applied: Applied): MirScalar {
  return applied.keys.length === 0
    ? appendOne(scope, existence(scope, applied.relation))
    : appendExistence(scope, applied);
}

/** What decides whether a relation has rows: PostgreSQL does not evaluate the SELECT list of EXISTS either. */
export function existenceOf(relation: HirRelation): HirRelation {
  switch (relation.kind) {
    case 'map':
    case 'project':
    case 'distinct':
    case 'window':
      return existenceOf(relation.input);
    case 'topK': {
      const { limit, offset } = relation;
      const keeps = limit === null || (limit.kind === 'literal' && Number(limit.text) > 0);
      return keeps && offset === null ? existenceOf(relation.input) : relation;
    }
    default:
      return relation;
  }
}

export function exists(
  scope: ScalarScope,
  scalar: Extract<HirScalar, { kind: 'exists' }>,
  reach: readonly MirScalar[],
): MirScalar {
  const relation = existenceOf(scalar.relation);
  if (isOneRow(relation)) return build.TRUE;
  return existenceColumn(scope, withoutDefaults(scope, relation, reach));
}

/** Applied with its default rows among the others, if it has any. */
export function withoutDefaults(
  scope: ScalarScope,
  relation: HirRelation,
  reach: readonly MirScalar[],
  raises = false,
): Applied {
  return apply(scope, relation, { reach, raises, defaults: false });
}
