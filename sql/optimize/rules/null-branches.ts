/**
 * Rule 6, late: rows whose key is NULL by construction meet nothing in a join.
 *
 *     (a left join b on …) join c on c.x = b.y   →   (a join b on …) join c on c.x = b.y
 *
 * An outer join is a union by then, of rows with a partner and rows with NULLs in its place; the latter go where a join
 * above compares such a column. Conditions in WHERE do the same by being pushed into the union.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { columnsRead, isNullLiteral, remapColumns, shiftColumns, visitScalar } from '../../mir/scalar.ts';
import { withInputs } from '../../mir/traverse.ts';
import { localRule } from '../local-rule.ts';
import { rejectsNull } from './not-null-keys.ts';

/** Whether a column is NULL in every row. */
function isNullColumn(relation: MirRelation, index: number): boolean {
  switch (relation.kind) {
    case 'project':
      return isNullColumn(relation.input, relation.indexes[index]!);
    case 'filter':
      return isNullColumn(relation.input, index);
    case 'map': {
      const scalar = relation.scalars[index - relation.input.columns.length];
      if (scalar === undefined) return isNullColumn(relation.input, index);
      return isNullLiteral(scalar) || (scalar.kind === 'column' && isNullColumn(relation, scalar.index));
    }
    default:
      return false;
  }
}

/** The input without the parts in which one of the scalars over it is NULL. */
function withoutNulls(input: MirRelation, scalars: readonly MirScalar[]): MirRelation {
  if (input.kind === 'project') {
    const below = withoutNulls(
      input.input,
      scalars.map((scalar) => remapColumns(scalar, (index) => input.indexes[index]!)),
    );
    return below === input.input ? input : build.project(below, input.indexes);
  }
  if (input.kind === 'let') {
    const body = withoutNulls(input.body, scalars);
    return body === input.body ? input : build.letIn(input.binding, input.value, body);
  }
  if (input.kind !== 'union') return input;
  const isNullIn = (part: MirRelation, scalar: MirScalar): boolean => {
    const read: MirScalar[] = [];
    visitScalar(scalar, (node) => {
      if (node.kind === 'column') read.push(node);
    });
    return read.some(
      (node) => node.kind === 'column' && isNullColumn(part, node.index) && rejectsNull(scalar, node),
    );
  };
  const kept = input.inputs.filter((part) => !scalars.some((scalar) => isNullIn(part, scalar)));
  if (kept.length === input.inputs.length) return input;
  return kept.length === 0 ? build.empty(input.columns) : build.union(kept, input.keys);
}

function rewrite(node: MirRelation): MirRelation {
  if (node.kind === 'join') {
    let start = 0;
    const inputs = node.inputs.map((input) => {
      const [from, end] = [start, start + input.columns.length];
      start = end;
      const keys = node.equivalences
        .filter(({ nullSafe }) => !nullSafe)
        .flatMap(({ scalars }) => scalars)
        .filter((scalar) => [...columnsRead(scalar)].every((index) => index >= from && index < end));
      return withoutNulls(
        input,
        keys.map((key) => shiftColumns(key, -from)),
      );
    });
    return withInputs(node, inputs);
  }
  if (node.kind !== 'semiJoin') return node;
  const keys = node.keys.filter(({ nullSafe }) => !nullSafe);
  const left = node.anti
    ? node.left
    : withoutNulls(
        node.left,
        keys.map((key) => key.left),
      );
  const right = withoutNulls(
    node.right,
    keys.map((key) => key.right),
  );
  return withInputs(node, [left, right]);
}

export const nullBranches = localRule('null-branches', kinds('join', 'semiJoin'), rewrite, kinds('union'));
