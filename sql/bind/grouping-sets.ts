/** GROUPING SETS, ROLLUP and CUBE: the sets of keys that they stand for, and GROUPING(). */
import type { GroupingFunc, GroupingSet, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { freeOfScalar, liftScalar } from '../hir/traverse.ts';
import { plain } from '../types/table.ts';
import { siteAt } from './aggregate-site.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import type { Bound, Statement } from './statement.ts';

/** PostgreSQL's limit. */
const MOST_SETS = 4096;

/** The keys of GROUP BY, and which of them each grouping set has. */
export interface BoundGroupBy {
  readonly keys: readonly HirScalar[];
  /** null: one set of all keys. */
  readonly sets: readonly (readonly number[])[] | null;
  /** With several sets: the keys that are columns of the SELECT list, by these. */
  readonly keysOfTargets: ReadonlyMap<number, number>;
}

/**
 * The grouping sets of a GROUP BY list: those of its items, each with each. `keyOf` gives the number of an expression
 * among the keys.
 */
export function groupingSets(
  nodes: readonly Node[],
  keysOf: (node: Node) => readonly number[],
  statement: Statement,
): readonly (readonly number[])[] | null {
  if (!nodes.some((node) => nodeAs(node, 'GroupingSet') !== undefined)) {
    for (const node of nodes) keysOf(node);
    return null;
  }
  const sets = nodes
    .map((node) => setsOf(node, keysOf, statement))
    .reduce(
      (left, right) => {
        if (left.length * right.length > MOST_SETS) throw tooMany(statement);
        return left.flatMap((one) => right.map((other) => [...new Set([...one, ...other])]));
      },
      [[]],
    );
  return sets;
}

function tooMany(statement: Statement): Error {
  return statement.error('54001', `too many grouping sets present (maximum ${MOST_SETS})`);
}

function setsOf(
  node: Node,
  keysOf: (node: Node) => readonly number[],
  statement: Statement,
): (readonly number[])[] {
  const set = nodeAs(node, 'GroupingSet');
  if (set === undefined) return [keysOf(node)];
  const content = set.content ?? [];
  switch ((set as GroupingSet).kind) {
    case 'GROUPING_SET_ROLLUP': {
      const parts = content.map(keysOf);
      return [...parts.map((_, i) => parts.slice(0, parts.length - i).flat()), []];
    }
    case 'GROUPING_SET_CUBE': {
      const parts = content.map(keysOf);
      if (parts.length > 12)
        throw statement.error('54011', 'CUBE is limited to 12 elements', locationOf(set));
      const count = 1 << parts.length;
      return Array.from({ length: count }, (_, i) =>
        parts.flatMap((part, at) => ((count - 1 - i) & (1 << (parts.length - 1 - at)) ? part : [])),
      );
    }
    case 'GROUPING_SET_SETS':
      return content.flatMap((part) => setsOf(part, keysOf, statement));
    case 'GROUPING_SET_EMPTY':
      return [[]];
    default:
      return [content.flatMap(keysOf)];
  }
}

/** The first column that stands for a GROUPING(). */
const GROUPINGS = 1 << 25;

/** Whether a column of this number is a GROUPING(). */
export function isGrouping(index: number): boolean {
  return index >= GROUPINGS;
}

/** The arguments of the GROUPING() that a column stands for. */
export function groupingArguments(groupings: readonly (readonly Bound[])[], index: number): readonly Bound[] {
  return groupings[index - GROUPINGS]!;
}

/**
 * GROUPING(a, b…): a column until the grouping sets are known, of the innermost query that its arguments read, its own if
 * they read none.
 */
export function bindGroupingFunction(node: GroupingFunc, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const args = (node.args ?? []).map((argument) => bindExpression(argument, context));
  if (args.length > 31) {
    throw statement.error('54023', 'GROUPING must have fewer than 32 arguments', at);
  }
  const read = args.flatMap(({ scalar }) => freeOfScalar(scalar).columns);
  const level = read.length === 0 ? 0 : Math.min(...read.map((column) => column.level));
  const site = siteAt(context, level);
  if (level === 0 && context.insideAggregate) {
    throw statement.error('42803', 'aggregate function calls cannot be nested', at);
  }
  if (site === 'FROM') {
    const message = 'grouping operations are not allowed in FROM clause of their own query level';
    throw statement.error('42803', message, at);
  }
  if (site.collector === null) {
    throw statement.error('42803', `grouping operations are not allowed in ${site.clause}`, at);
  }
  const lifted = args.map((bound) => ({ ...bound, scalar: liftScalar(bound.scalar, -level) }));
  const index = GROUPINGS + site.collector.groupings.push(lifted) - 1;
  const type = { ...plain('int4'), nullable: false };
  return { scalar: liftScalar({ kind: 'column', index, type }, level), at };
}

/** What GROUPING() is in each set: a bit for each argument that is not one of its keys, the last the lowest. */
export function groupingValue(
  places: readonly number[],
  sets: readonly (readonly number[])[] | null,
  setColumn: HirScalar,
): HirScalar {
  const type = plain('int4');
  const literal = (value: number): HirScalar => ({ kind: 'literal', type, text: String(value) });
  if (sets === null) return literal(0);
  const values = sets.map((set) => places.reduce((bits, key) => bits * 2 + (set.includes(key) ? 0 : 1), 0));
  const distinct = [...new Set(values)];
  const last = distinct.pop()!;
  if (distinct.length === 0) return literal(last);
  return {
    kind: 'case',
    branches: distinct.map((value) => ({
      condition: {
        kind: 'inList',
        operand: setColumn,
        list: values.flatMap((other, set) => (other === value ? [literal(set)] : [])),
      },
      result: literal(value),
    })),
    otherwise: literal(last),
    type,
  };
}
