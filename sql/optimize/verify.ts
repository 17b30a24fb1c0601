/**
 * The verifier: what every rule must leave true. Types and arity of scalars against their inputs, column ranges,
 * bindings in scope, and the result's columns as they were (NULL never newly possible). A failure is a bug of the rule
 * named, never of the query.
 */
import { aggregateScalars } from '../hir/aggregate.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { freeBindings } from '../mir/bindings.ts';
import { representation } from '../mir/equality.ts';
import { inputs } from '../mir/traverse.ts';
import { columnsRead, visitScalar } from '../mir/scalar.ts';
import { windowColumns } from '../mir/window.ts';

export class PlanVerificationError extends Error {
  constructor(rule: string, problem: string) {
    super(`planner: after ${rule}: ${problem}`);
    this.name = 'PlanVerificationError';
  }
}

/** bpchar is text with blanks. */
function sameRepresentation(left: MirType, right: MirType): boolean {
  if (left.name === right.name) return true;
  const of = (type: MirType): string => (type.name === 'bpchar' ? 'text' : representation(type));
  return of(left) === of(right);
}

/** `lax`: makes no plan wrong, an error in tests only. */
type Fail = (problem: string, lax?: 'lax') => void;

/**
 * Bits of what was found in order; a rule that rewrote a part of a relation leaves the rest to be skipped. Once more each,
 * shifted, for strict verification.
 */
const NODE = 1;
/** With all that is below; it reads no bindings of what is around. */
const WHOLE = 2;
const STRICT = 2;

/**
 * Checks a whole relation; `before`: what its columns were before the rule. `strict`: a column that lost its NOT NULL
 * is an error too (tests); it makes no plan wrong.
 */
export function verify(
  relation: MirRelation,
  before: readonly MirType[],
  rule: string,
  strict: boolean,
): void {
  const fail: Fail = (problem, lax) => {
    if (lax === 'lax' && !strict) return;
    throw new PlanVerificationError(rule, problem);
  };
  sameColumns(relation.columns, before, 'result', fail);
  relation.columns.forEach((type, index) => {
    if (type.nullable && !before[index]!.nullable) fail(`result column ${index} became nullable`, 'lax');
  });
  walk(relation, new Map(), fail, strict ? STRICT : 0);
}

function sameColumns(
  actual: readonly MirType[],
  expected: readonly MirType[],
  what: string,
  fail: Fail,
): void {
  if (actual.length !== expected.length) fail(`${what} has ${actual.length} columns, not ${expected.length}`);
  actual.forEach((type, index) => {
    const other = expected[index]!;
    if (!sameRepresentation(type, other)) {
      fail(`${what} column ${index} is ${type.name}(${type.typmod}), not ${other.name}(${other.typmod})`);
    }
  });
}

/** `arity`: how many of the columns are there when the scalar is computed. */
function checkScalar(
  scalar: MirScalar,
  columns: readonly MirType[],
  arity: number,
  what: string,
  fail: Fail,
): void {
  visitScalar(scalar, (node) => {
    if (node.kind !== 'column') return;
    const type = node.index < arity ? columns[node.index] : undefined;
    if (type === undefined) {
      fail(`${what} reads column ${node.index} of ${arity}`);
      return;
    }
    if (!sameRepresentation(type, node.type)) {
      fail(`${what} reads column ${node.index} as ${node.type.name}, it is ${type.name}`);
    }
    if (type.nullable && !node.type.nullable) {
      fail(`${what} takes column ${node.index} as not null`, 'lax');
    }
  });
}

type CheckScalar = (node: MirScalar, columns: readonly MirType[], what?: string, arity?: number) => void;

type Scope = ReadonlyMap<number, readonly MirType[]>;

function walk(relation: MirRelation, bindings: Scope, fail: Fail, shift: number): void {
  const { notes } = relation;
  if (notes.verified & (WHOLE << shift)) return;
  if (relation.kind === 'getLet') {
    checkReference(relation, bindings, fail);
    return;
  }
  if (relation.kind === 'let') {
    walk(relation.value, bindings, fail, shift);
    walk(relation.body, new Map([...bindings, [relation.binding, relation.value.columns]]), fail, shift);
  } else {
    for (const input of inputs(relation)) walk(input, bindings, fail, shift);
  }
  if (!(notes.verified & (NODE << shift))) {
    checkNode(relation, fail);
    notes.verified |= NODE << shift;
  }
  if (freeBindings(relation).size === 0) notes.verified |= WHOLE << shift;
}

function checkReference(
  relation: Extract<MirRelation, { kind: 'getLet' }>,
  bindings: Scope,
  fail: Fail,
): void {
  const bound = bindings.get(relation.binding);
  if (bound === undefined) {
    fail(`binding ${relation.binding} out of scope`);
    return;
  }
  sameColumns(relation.columns, bound, `binding ${relation.binding}`, fail);
  bound.forEach((type, index) => {
    if (type.nullable && !relation.columns[index]!.nullable) {
      fail(`binding ${relation.binding} column ${index} is read as not null`, 'lax');
    }
  });
}

function checkNode(relation: MirRelation, fail: Fail): void {
  const scalar: CheckScalar = (node, columns, what = relation.kind, arity = columns.length) =>
    checkScalar(node, columns, arity, what, fail);
  switch (relation.kind) {
    case 'constant':
      for (const row of relation.rows) {
        if (row.values.length !== relation.columns.length) fail('constant row of another width');
      }
      return;
    case 'let':
      sameColumns(relation.columns, relation.body.columns, 'let', fail);
      return;
    case 'filter':
      for (const predicate of relation.predicates) {
        scalar(predicate, relation.input.columns);
        if (predicate.type.name !== 'bool') fail(`a predicate of type ${predicate.type.name}`);
      }
      return;
    case 'map':
      relation.scalars.forEach((item, index) =>
        scalar(item, relation.columns, 'map', relation.input.columns.length + index),
      );
      return;
    case 'project':
      for (const index of relation.indexes) {
        if (relation.input.columns[index] === undefined) fail(`project reads column ${index}`);
      }
      return;
    case 'flatMap':
      for (const { arguments: operands } of relation.calls) {
        for (const operand of operands) scalar(operand, relation.input.columns);
      }
      return;
    case 'join':
      checkJoin(relation, scalar, fail);
      return;
    case 'semiJoin':
      for (const key of relation.keys) {
        scalar(key.left, relation.left.columns, 'left key');
        scalar(key.right, relation.right.columns, 'right key');
      }
      return;
    case 'reduce':
      for (const key of relation.keys) scalar(key, relation.input.columns);
      for (const read of relation.aggregates.flatMap(aggregateScalars)) {
        scalar(read, relation.input.columns);
      }
      return;
    case 'topK':
      for (const key of relation.partition) scalar(key, relation.input.columns);
      for (const order of relation.order) {
        if (relation.columns[order.column] === undefined) fail(`order by column ${order.column}`);
      }
      return;
    case 'window': {
      const arity = relation.input.columns.length;
      for (const key of relation.partition) scalar(key, relation.input.columns);
      const read = [...relation.order.map((order) => order.column), ...relation.calls.flatMap(windowColumns)];
      for (const index of read) if (index >= arity) fail(`window reads column ${index} of ${arity}`);
      return;
    }
    case 'guard':
      for (const key of relation.keys) scalar(key, relation.input.columns);
      return;
    case 'union':
      for (const input of relation.inputs) sameUnionColumns(input, relation, fail);
      for (const key of relation.keys) {
        if (key.some((index) => relation.columns[index] === undefined)) fail('union key out of range');
      }
      return;
    default:
      return;
  }
}

/** Union inputs may differ in typmod: the result's is that of the first. */
function sameUnionColumns(input: MirRelation, relation: MirRelation, fail: Fail): void {
  if (input.columns.length !== relation.columns.length) fail('union of different widths');
  input.columns.forEach((type, index) => {
    if (!sameRepresentation(type, relation.columns[index]!)) {
      fail(`union of ${type.name} with ${relation.columns[index]!.name} in column ${index}`);
    }
  });
}

function checkJoin(relation: Extract<MirRelation, { kind: 'join' }>, scalar: CheckScalar, fail: Fail): void {
  const starts: number[] = [];
  let arity = 0;
  for (const input of relation.inputs) {
    starts.push(arity);
    arity += input.columns.length;
  }
  const inputOf = (index: number): number => starts.findLastIndex((start) => start <= index);
  for (const item of relation.equivalences) {
    if (item.scalars.length < 2) fail('an equivalence of less than two scalars');
    for (const member of item.scalars) {
      scalar(member, relation.columns, 'equivalence');
      const read = new Set([...columnsRead(member)].map(inputOf));
      if (read.size !== 1) fail('an equivalence scalar that does not read one input');
    }
  }
  for (const predicate of relation.residual) scalar(predicate, relation.columns, 'residual');
}
