/**
 * Rule 12: a grouping in which every group is one row computes its aggregates of that row.
 *
 *     select id, count(*), max(x) from t group by id        (id is the primary key)  →  select id, 1, x from t
 *     select id, sum(x) filter (where p) from t group by id                          →  select id, case when p then x end
 *
 * Only if every aggregate has such a form; a sum whose type is another than its argument's is widened.
 */
import { functions } from '../../functions/table.ts';
import type { MirAggregate, MirRelation, MirScalar } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { call, caseOf, isNull, isTrueLiteral, literal, relabel } from '../../mir/scalar.ts';
import type { SqlType } from '../../types/type.ts';
import type { Rule } from '../pipeline.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import { settledBit } from '../local-rule.ts';
import { holdKey } from './keyed-distinct.ts';

/** Casts that a sum of one value is; none can fail. */
const SUM_CASTS: Readonly<Record<string, string>> = {
  'int2 int8': 'int28',
  'int4 int8': 'int48',
  'int8 numeric': 'int8_numeric',
};
const NATIVE = new Set(functions.filter((entry) => entry.native).map((entry) => entry.opcode));

function sumOfOne(argument: MirScalar, to: SqlType): MirScalar | null {
  const from = argument.type.name;
  if (from === 'numeric' && to.name === 'numeric') return relabel(argument, to);
  const opcode = SUM_CASTS[`${from} ${to.name}`];
  if (opcode === undefined || !NATIVE.has(opcode)) return null;
  return call(opcode, to.name, [argument], to, { strict: true, canError: false });
}

/** What an aggregate is of one row, without its FILTER. */
function ofOne({ function: name, arguments: [argument], type }: MirAggregate): MirScalar | null {
  const number = (value: 0 | 1): MirScalar => literal(type, String(value));
  if (name === 'countAll') return number(1);
  if (argument === undefined) return null;
  switch (name) {
    case 'count':
      if (!argument.type.nullable) return number(1);
      return caseOf([{ condition: isNull(argument), result: number(0) }], number(1), type);
    case 'min':
    case 'max':
    case 'leastRepresentation':
    case 'boolAnd':
    case 'boolOr':
      return relabel(argument, type);
    case 'sum':
      return sumOfOne(argument, type);
    default:
      return null;
  }
}

function scalarOf(aggregate: MirAggregate): MirScalar | null {
  const value = ofOne(aggregate);
  const { filter, type } = aggregate;
  if (value === null || filter === null || isTrueLiteral(filter)) return value;
  const counts = aggregate.function === 'count' || aggregate.function === 'countAll';
  return caseOf([{ condition: filter, result: value }], literal(type, counts ? '0' : null), type);
}

function rewrite(node: build.MirNode<'reduce'>): MirRelation | null {
  const values = node.aggregates.map(scalarOf);
  return values.every((value) => value !== null)
    ? build.mapOnly(node.input, [...node.keys, ...values])
    : null;
}

const bit = settledBit();

export const keyedReduce: Rule = {
  name: 'keyed-reduce',
  apply: (relation, context) =>
    rewriteWithKeys(
      relation,
      context.keysOfObject,
      kinds('reduce'),
      (node, keysOf) =>
        node.kind === 'reduce' && holdKey(keysOf(node.input), node.keys) ? (rewrite(node) ?? node) : node,
      bit,
    ),
};
