/**
 * Hypothetical-set aggregates, `rank(5) WITHIN GROUP (ORDER BY x)`: the place that a row with the direct arguments would have.
 * Each is counts of the rows before it, so it is bound to those.
 */
import type { FuncCall } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import { displayType } from '../types/format.ts';
import { plain } from '../types/table.ts';
import { placeAggregate } from './aggregate-call.ts';
import { coerce, coerceToBoolean, coerceToCommon } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { makeOperator, notDistinct } from './operator.ts';
import { makeRecord } from './record.ts';
import { sortDirection } from './order.ts';
import type { SortDirection } from './order.ts';
import { and, literal, not, or, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** A sort key with the value that the hypothetical row has for it. */
interface Key extends SortDirection {
  readonly value: Bound;
  readonly given: Bound;
}

const names = ['rank', 'dense_rank', 'percent_rank', 'cume_dist'] as const;

type HypotheticalSet = (typeof names)[number];

/** Whether WITHIN GROUP makes an aggregate of the window function. */
export function isHypotheticalSet(name: string): name is HypotheticalSet {
  return (names as readonly string[]).includes(name);
}

/** Binds a call with WITHIN GROUP. */
export function bindHypotheticalSet(
  node: FuncCall,
  name: HypotheticalSet,
  context: ExpressionContext,
): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const inside: ExpressionContext = { ...context, insideAggregate: true };
  const direct = (node.args ?? []).map((argument) => bindExpression(argument, inside));
  const sorts = (node.agg_order ?? []).map((order) => nodeAs(order, 'SortBy')!);
  const sorted = sorts.map((sort) => bindExpression(sort.node!, inside));
  if (direct.length !== sorted.length) {
    const types = [...direct, ...sorted].map(({ scalar }) => displayType(typeOf(scalar).name));
    const signature = `${nameParts(node.funcname).join('.')}(${types.join(', ')})`;
    throw statement.error('42883', `function ${signature} does not exist`, at, {
      hint: `To use the hypothetical-set aggregate ${name}, the number of hypothetical direct arguments (here ${direct.length}) must match the number of ordering columns (here ${sorted.length}).`,
    });
  }
  const read = direct.flatMap(({ scalar }) => freeOfScalar(scalar).columns);
  if (read.some(({ level }) => level > 0)) {
    throw statement.unsupported(`${name} WITHIN GROUP of a column of an outer query`, direct[0]!.at);
  }
  // A group's rows have the same value of what the group has one of.
  context.collector?.direct.push(...direct.map(({ scalar }) => scalar));
  const keys = sorted.map((value, i): Key => {
    const pair = coerceToCommon(statement, [value, direct[i]!], 'WITHIN GROUP').scalars;
    const [compared, given] = pair as [HirScalar, HirScalar];
    return {
      given: { scalar: given, at: direct[i]!.at },
      value: { scalar: compared, at: value.at },
      ...sortDirection(statement, sorts[i]!),
    };
  });
  let filter: HirScalar | null = null;
  if (node.agg_filter !== undefined) {
    const bound = bindExpression(node.agg_filter, {
      ...context,
      clause: 'FILTER',
      collector: null,
      windows: null,
    });
    filter = coerceToBoolean(statement, bound, 'FILTER');
  }
  const count = (condition: HirScalar | null, distinct?: HirScalar): Bound => {
    const conditions = [filter, condition].filter((part) => part !== null);
    const called = {
      function: distinct === undefined ? ('countAll' as const) : ('count' as const),
      arguments: distinct === undefined ? [] : [distinct],
      distinct: distinct !== undefined,
      order: [],
      filter: conditions.length === 0 ? null : and(conditions),
      type: { ...plain('int8'), nullable: false },
    };
    return { scalar: placeAggregate(context, called, at), at };
  };
  const operator = (op: string, left: Bound, right: Bound): Bound => ({
    scalar: makeOperator(context, op, left, right, at),
    at,
  });
  const one: Bound = { scalar: literal('int8', '1'), at };
  const before = precedes(context, keys, at);
  const float = (bound: Bound): Bound => ({ scalar: coerce(statement, bound, 'float8', 'implicit')!, at });
  switch (name) {
    case 'rank':
      return operator('+', count(before), one);
    case 'dense_rank': {
      const [key] = keys;
      if (keys.length !== 1 || key === undefined) {
        const record = makeRecord(
          keys.map(({ value }, index) => ({ name: `f${index + 1}`, scalar: value.scalar })),
        );
        return operator('+', count(before, record), one);
      }
      // NULLs are one value of their own, which a distinct count passes over.
      const isNull: HirScalar = { kind: 'isNull', operand: key.value.scalar };
      const ofNull: HirScalar = {
        kind: 'case',
        branches: [
          { condition: operator('>', count(and([before, isNull])), zero(at)).scalar, result: one.scalar },
        ],
        otherwise: literal('int8', '0'),
        type: plain('int8'),
      };
      const distinct = operator('+', count(before, key.value.scalar), { scalar: ofNull, at });
      return operator('+', distinct, one);
    }
    case 'percent_rank': {
      const all = count(null);
      const share = operator('/', float(count(before)), float(all));
      const empty: HirScalar = operator('=', all, zero(at)).scalar;
      return {
        scalar: {
          kind: 'case',
          branches: [{ condition: empty, result: literal('float8', '0') }],
          otherwise: share.scalar,
          type: plain('float8'),
        },
        at,
      };
    }
    case 'cume_dist': {
      const upTo = count(or([before, same(context, keys, at)]));
      return operator('/', float(operator('+', upTo, one)), float(operator('+', count(null), one)));
    }
  }
}

function zero(at: number | undefined): Bound {
  return { scalar: literal('int8', '0'), at };
}

function equal(context: ExpressionContext, key: Key, at: number | undefined): HirScalar {
  return notDistinct(context, key.value, key.given, at);
}

function same(context: ExpressionContext, keys: readonly Key[], at: number | undefined): HirScalar {
  return and(keys.map((key) => equal(context, key, at)));
}

/** Whether a row comes before the hypothetical one. */
function precedes(context: ExpressionContext, keys: readonly Key[], at: number | undefined): HirScalar {
  let result: HirScalar | null = null;
  for (const key of keys.toReversed()) {
    const less = makeOperator(context, key.descending ? '>' : '<', key.value, key.given, at);
    const isNull = (bound: Bound): HirScalar => ({ kind: 'isNull', operand: bound.scalar });
    const [first, second] = key.nullsFirst ? [key.value, key.given] : [key.given, key.value];
    const byNull = and([isNull(first), not(isNull(second))]);
    const own = or([{ kind: 'isTrue', operand: less }, byNull]);
    result = result === null ? own : or([own, and([equal(context, key, at), result])]);
  }
  return result!;
}
