/**
 * Part of rule 11: DISTINCT inside an aggregate where it changes nothing.
 *
 *     max(distinct x)                                      →   max(x)
 *     select b, count(distinct id) … group by b            →   count(id)      (id is the primary key)
 *
 * The group's keys and the arguments tell rows apart, so no value comes twice in a group.
 */
import type { MirAggregate, MirRelation } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import type { Keys } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import { settledBit } from '../local-rule.ts';
import type { Rule } from '../pipeline.ts';
import { holdKey } from './keyed-distinct.ts';

/** Functions for which a value once is as good as twice. */
const IDEMPOTENT: ReadonlySet<MirAggregate['function']> = new Set([
  'min',
  'max',
  'boolAnd',
  'boolOr',
  'bitAnd',
  'bitOr',
]);

function rewrite(node: build.MirNode<'reduce'>, keysOf: (input: MirRelation) => Keys): MirRelation {
  if (!node.aggregates.some(({ distinct }) => distinct)) return node;
  const keys = keysOf(node.input);
  let changed = false;
  const aggregates = node.aggregates.map((aggregate) => {
    if (!aggregate.distinct) return aggregate;
    const needless =
      IDEMPOTENT.has(aggregate.function) ||
      // With an order, what is distinct is the order's keys.
      (aggregate.order.length === 0 && holdKey(keys, [...node.keys, ...aggregate.arguments]));
    changed ||= needless;
    return needless ? { ...aggregate, distinct: false } : aggregate;
  });
  return changed ? build.reduce(node.input, node.keys, aggregates) : node;
}

const bit = settledBit();

export const distinctArguments: Rule = {
  name: 'distinct-arguments',
  apply: (relation, { keysOfObject }) =>
    rewriteWithKeys(
      relation,
      keysOfObject,
      kinds('reduce'),
      (node, keysOf) => (node.kind === 'reduce' ? rewrite(node, keysOf) : node),
      bit,
    ),
};
