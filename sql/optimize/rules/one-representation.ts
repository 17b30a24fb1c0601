/**
 * Grouping by numbers of which equal ones cannot differ needs no canonical form.
 *
 *     select extract(year from d), sum(x) from t group by 1
 *         reduce by (canonical(year)): sum(x), least_representation(year)   →   reduce by (year): sum(x)
 *
 * 1.0 and 1.00 are equal and not the same, so `lower` groups by what they have in common and shows the least of them: a
 * reduction of its own, joined to the others. A year, a count cast to numeric or a sum of bigint has no digits after the point.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { hasSome, kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { sameScalar } from '../../mir/scalar.ts';
import { rewriteRelation, visitRelation } from '../../mir/traverse.ts';
import type { Rule } from '../pipeline.ts';

/** Results are whole numbers, of scale 0. */
const WHOLE = new Set(['int2_numeric', 'int4_numeric', 'int8_numeric']);
const EXTRACTS = new Set(['extract_date', 'extract_timestamp']);
/** Fields of which the same holds. */
const WHOLE_FIELDS = new Set([
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'quarter',
  'week',
  'dow',
  'doy',
  'isodow',
  'isoyear',
  'decade',
  'century',
]);

type Bindings = ReadonlyMap<number, MirRelation>;

/** Whether equal values of a scalar over `input` are the same. */
function isWhole(scalar: MirScalar, input: MirRelation, bindings: Bindings): boolean {
  if (scalar.type.name !== 'numeric') return false;
  switch (scalar.kind) {
    case 'column':
      return isWholeColumn(input, scalar.index, bindings);
    case 'canonical':
      return isWhole(scalar.operand, input, bindings);
    case 'literal':
      return scalar.text === null || /^-?\d+$/.test(scalar.text);
    case 'case':
      return [...scalar.branches.map(({ result }) => result), scalar.otherwise].every((part) =>
        isWhole(part, input, bindings),
      );
    case 'coalesce':
      return scalar.operands.every((part) => isWhole(part, input, bindings));
    case 'call': {
      const [field] = scalar.arguments;
      if (EXTRACTS.has(scalar.opcode)) return field?.kind === 'literal' && WHOLE_FIELDS.has(field.text ?? '');
      return WHOLE.has(scalar.opcode);
    }
    default:
      return false;
  }
}

function isWholeColumn(relation: MirRelation, index: number, bindings: Bindings): boolean {
  const of = (input: MirRelation, at = index): boolean => isWholeColumn(input, at, bindings);
  switch (relation.kind) {
    case 'constant':
      return relation.rows.every(({ values }) => values[index] === null || /^-?\d+$/.test(values[index]!));
    case 'get':
      return false;
    case 'getLet': {
      const value = bindings.get(relation.binding);
      return value !== undefined && of(value);
    }
    case 'let':
      return of(relation.body);
    case 'project':
      return of(relation.input, relation.indexes[index]);
    case 'map': {
      const scalar = relation.scalars[index - relation.input.columns.length];
      return scalar === undefined ? of(relation.input) : isWhole(scalar, relation, bindings);
    }
    case 'flatMap':
    case 'window':
      return index < relation.input.columns.length && of(relation.input);
    case 'join': {
      let start = 0;
      for (const input of relation.inputs) {
        if (index < start + input.columns.length) return of(input, index - start);
        start += input.columns.length;
      }
      return false;
    }
    case 'semiJoin':
      return of(relation.left);
    case 'union':
      return relation.inputs.every((input) => of(input));
    case 'reduce': {
      const key = relation.keys[index];
      if (key !== undefined) return isWhole(key, relation.input, bindings);
      const { function: name, arguments: args } = relation.aggregates[index - relation.keys.length]!;
      const [argument] = args;
      if (argument === undefined) return false;
      if (name === 'sum') return argument.type.name === 'int8';
      return (
        ['min', 'max', 'leastRepresentation'].includes(name) && isWhole(argument, relation.input, bindings)
      );
    }
    default:
      return of(relation.input);
  }
}

function rewrite(node: build.MirNode<'reduce'>, bindings: Bindings): MirRelation {
  const plain = node.keys.map((key) =>
    key.kind === 'canonical' && isWhole(key.operand, node.input, bindings) ? key.operand : null,
  );
  if (plain.every((key) => key === null)) return node;
  const shownBy = node.aggregates.map(({ function: name, arguments: [argument], filter }) =>
    name === 'leastRepresentation' && filter === null
      ? plain.findIndex((key) => key !== null && sameScalar(key, argument!))
      : -1,
  );
  const reduced = build.reduce(
    node.input,
    node.keys.map((key, index) => plain[index] ?? key),
    node.aggregates.filter((_, index) => shownBy[index]! < 0),
  );
  let next = node.keys.length;
  const columns = node.aggregates.map((_, index) => {
    if (shownBy[index]! >= 0) return shownBy[index]!;
    next += 1;
    return next - 1;
  });
  return build.project(reduced, [...node.keys.map((_, index) => index), ...columns]);
}

const REDUCE = kinds('reduce');

export const oneRepresentation: Rule = {
  name: 'one-representation',
  apply: (relation) => {
    if (!hasSome(relation, REDUCE)) return relation;
    const bindings = new Map<number, MirRelation>();
    visitRelation(relation, (node) => {
      if (node.kind === 'let') bindings.set(node.binding, node.value);
    });
    return rewriteRelation(relation, (node) => (node.kind === 'reduce' ? rewrite(node, bindings) : node));
  },
};
