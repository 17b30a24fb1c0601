/**
 * Rule 31: of partners that are compared by an inequality alone, where it only matters whether there is one, the greatest or
 * the least stands for all, and both where any other value will do.
 *
 *     select * from events e where not exists (select 1 from events f where f.item = e.item and f.at > e.at)
 *         →   … where not exists (select 1 from (select item, max(at) as at from events group by item) f
 *                                 where f.item = e.item and f.at > e.at)
 *
 * Some value of a group is greater than another one if the greatest is, and different if the greatest or the least is; NULLs
 * are neither. A row is then compared with one of
 * its group instead of with each, whose number would be the square of the group's. Not where the rows that ask are those of
 * one value: an index finds their partners. After demand, which tells what is read.
 */
import { functionsNamed, operators } from '../../functions/table.ts';
import type { MirEquivalence, MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { equalitySides, representation } from '../../mir/equality.ts';
import { hasSome, kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import {
  canFail,
  canonical,
  column,
  columnsRead,
  isColumnFree,
  or,
  remapColumns,
  shiftColumns,
} from '../../mir/scalar.ts';
import { inputs as inputsOf, withInputs } from '../../mir/traverse.ts';
import type { Keys } from '../analysis/keys.ts';
import { coversKey, keyColumn } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule } from '../pipeline.ts';

type MirCall = Extract<MirScalar, { kind: 'call' }>;

type Extreme = 'min' | 'max';

/** Which extremes of its left side decide each inequality, by opcode. */
const DECIDES: ReadonlyMap<string, readonly Extreme[]> = (() => {
  const extremes: Readonly<Record<string, readonly Extreme[]>> = {
    '>': ['max'],
    '>=': ['max'],
    '<': ['min'],
    '<=': ['min'],
    // Values of which none is another than this are all alike.
    '<>': ['min', 'max'],
  };
  return new Map(
    operators.flatMap(({ name, function: { opcode } }) => {
      const extreme = extremes[name];
      return extreme === undefined ? [] : [[opcode, extreme] as const];
    }),
  );
})();

/** The types that have a maximum. */
const ORDERED: ReadonlySet<string> = new Set(functionsNamed('max').map((entry) => entry.arguments[0]!));

interface Inequality {
  /** Where it stands in the residual. */
  readonly at: number;
  readonly call: MirCall;
  /** Which argument is the partner's. */
  readonly own: number;
  /** One of them decides it. */
  readonly functions: readonly Extreme[];
}

const reads = (scalar: MirScalar, [start, end]: readonly [number, number]): boolean =>
  [...columnsRead(scalar)].some((index) => index >= start && index < end);

/** The one condition of the residual that reads a partner, if it is an inequality of its and the others' columns. */
function inequalityOf(residual: readonly MirScalar[], partner: readonly [number, number]): Inequality | null {
  const reading = residual.flatMap((scalar, at) => (reads(scalar, partner) ? [{ scalar, at }] : []));
  if (reading.length !== 1) return null;
  const { scalar, at } = reading[0]!;
  if (scalar.kind !== 'call' || scalar.arguments.length !== 2 || canFail(scalar)) return null;
  const decides = DECIDES.get(scalar.opcode);
  const own = scalar.arguments.findIndex((argument) => reads(argument, partner));
  const value = scalar.arguments[own]!;
  const whole = [...columnsRead(value)].every((index) => index >= partner[0] && index < partner[1]);
  if (decides === undefined || !whole || reads(scalar.arguments[1 - own]!, partner)) return null;
  if (!ORDERED.has(representation(value.type))) return null;
  const functions = own === 0 ? decides : decides.map((extreme) => (extreme === 'max' ? 'min' : 'max'));
  return { at, call: scalar, own, functions };
}

interface Key {
  /** Which of the join's equivalences, and which of its scalars, is the partner's. */
  readonly equivalence: number;
  readonly scalar: number;
}

/** The partner's side of each equivalence that it is in; null if one has two of its scalars. */
function keysOfPartner(
  equivalences: readonly MirEquivalence[],
  partner: readonly [number, number],
): Key[] | null {
  const keys: Key[] = [];
  for (const [equivalence, { scalars }] of equivalences.entries()) {
    const own = scalars.flatMap((scalar, at) => (reads(scalar, partner) ? [at] : []));
    if (own.length > 1 || own.length === scalars.length) return null;
    if (own.length === 1) keys.push({ equivalence, scalar: own[0]! });
  }
  return keys;
}

type Bindings = ReadonlyMap<number, MirRelation>;

/** What each binding of a relation is. */
function bindingsOf(relation: MirRelation): Bindings {
  const bindings = new Map<number, MirRelation>();
  const walk = (node: MirRelation): void => {
    if (node.kind === 'let') bindings.set(node.binding, node.value);
    if (hasSome(node, kinds('let'))) inputsOf(node).forEach(walk);
  };
  walk(relation);
  return bindings;
}

/** Whether a relation is read for the rows of one value, or of some. */
function isLookedUp(relation: MirRelation, bindings: Bindings): boolean {
  const fixes = (predicate: MirScalar): boolean => {
    if (predicate.kind === 'inList') return predicate.list.every(isColumnFree);
    const sides = equalitySides(predicate);
    return sides !== null && (isColumnFree(sides.left) || isColumnFree(sides.right));
  };
  if (relation.kind === 'filter' && relation.predicates.some(fixes)) return true;
  const value = relation.kind === 'getLet' ? bindings.get(relation.binding) : undefined;
  const read = value === undefined ? inputsOf(relation) : [value];
  return read.some((input) => isLookedUp(input, bindings));
}

/** What is known of the rest of the plan. */
interface Around {
  readonly keysOf: (input: MirRelation) => Keys;
  readonly bindings: Bindings;
}

/** The join's shown columns, of which only the set of rows matters, with a partner's extremes in its place. */
function withExtremes(
  join: build.MirNode<'join'>,
  shown: readonly number[],
  { keysOf, bindings }: Around,
): MirRelation | null {
  const starts = columnStarts(join.inputs);
  for (const [index, input] of join.inputs.entries()) {
    const start = starts[index]!;
    const end = start + input.columns.length;
    if (shown.some((at) => at >= start && at < end)) continue;
    const inequality = inequalityOf(join.residual, [start, end]);
    const keys = inequality && keysOfPartner(join.equivalences, [start, end]);
    if (inequality === null || keys === null) continue;
    const scalars = keys.map(({ equivalence, scalar }) =>
      shiftColumns(join.equivalences[equivalence]!.scalars[scalar]!, -start),
    );
    if (coversKey(keysOf(input), new Set(scalars.flatMap((scalar) => keyColumn(scalar) ?? [])))) continue;
    if (join.inputs.some((other) => other !== input && isLookedUp(other, bindings))) continue;
    const value = shiftColumns(inequality.call.arguments[inequality.own]!, -start);
    const extremes = build.reduce(
      input,
      scalars,
      inequality.functions.map((extreme) => ({
        function: extreme,
        arguments: [value],
        distinct: false,
        order: [],
        filter: null,
        type: value.type,
      })),
    );
    const removed = input.columns.length - extremes.columns.length;
    const to = (at: number): number => (at < end ? at : at - removed);
    const keyAt = (at: number): MirScalar => {
      const key = column(start + at, extremes.columns[at]!);
      return scalars[at]?.kind === 'canonical' ? canonical(key) : key;
    };
    const equivalences = join.equivalences.map((item, equivalence) => ({
      ...item,
      scalars: item.scalars.map((scalar, position) => {
        const at = keys.findIndex((key) => key.equivalence === equivalence && key.scalar === position);
        return at === -1 ? remapColumns(scalar, to) : keyAt(at);
      }),
    }));
    const residual = join.residual.map((scalar, at) => {
      if (at !== inequality.at) return remapColumns(scalar, to);
      const other = remapColumns(inequality.call.arguments[1 - inequality.own]!, to);
      const { call, own, functions } = inequality;
      const decided = functions.map((_, number): MirScalar => {
        const extreme = keyAt(keys.length + number);
        return { ...call, arguments: own === 0 ? [extreme, other] : [other, extreme] };
      });
      return or(decided);
    });
    const inputs = join.inputs.with(index, extremes);
    return build.project(build.join(inputs, equivalences, residual), shown.map(to));
  }
  return null;
}

/** Other rows that are the same set. */
function asSet(relation: MirRelation, around: Around): MirRelation {
  if (!hasSome(relation, JOIN)) return relation;
  switch (relation.kind) {
    case 'project':
      if (relation.input.kind === 'join') {
        return withExtremes(relation.input, relation.indexes, around) ?? relation;
      }
      return withInputs(relation, [asSet(relation.input, around)]);
    case 'filter':
    case 'map':
      return withInputs(relation, [asSet(relation.input, around)]);
    case 'union':
      return withInputs(
        relation,
        relation.inputs.map((input) => asSet(input, around)),
      );
    default:
      return relation;
  }
}

function rewrite(node: MirRelation, around: Around): MirRelation {
  if (node.kind === 'distinct') return withInputs(node, [asSet(node.input, around)]);
  if (node.kind === 'semiJoin') return withInputs(node, [node.left, asSet(node.right, around)]);
  return node;
}

const JOIN = kinds('join');

export const extremePartner: Rule = {
  name: 'extreme-partner',
  apply: (relation, context) => {
    if (!hasSome(relation, JOIN)) return relation;
    const bindings = bindingsOf(relation);
    return rewriteWithKeys(relation, context.keysOfObject, kinds('distinct', 'semiJoin'), (node, keysOf) =>
      rewrite(node, { keysOf, bindings }),
    );
  },
};
