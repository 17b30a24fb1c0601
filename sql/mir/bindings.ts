/**
 * The bindings that relations read.
 */
import type { MirRelation, MirType } from '../mir.ts';
import { hasSome, kinds } from './kinds.ts';
import * as build from './relation.ts';
import { inputs, mapInputs, rewriteRelation, visitRelation, withInputs } from './traverse.ts';

/** Numbers of bindings. */
export type Bindings = ReadonlySet<number>;

const NONE: Bindings = new Set();
const READS = kinds('getLet');

/** The bindings that a relation reads and does not make itself. */
export function freeBindings(relation: MirRelation): Bindings {
  if (!hasSome(relation, READS)) return NONE;
  const { notes } = relation;
  if (notes.free !== null) return notes.free;
  let found: Bindings = relation.kind === 'getLet' ? new Set([relation.binding]) : NONE;
  for (const input of inputs(relation)) found = both(found, freeBindings(input));
  if (relation.kind === 'let' && found.has(relation.binding)) {
    // A value never reads its own binding, and bindings are unique.
    const rest = new Set(found);
    rest.delete(relation.binding);
    found = rest.size === 0 ? NONE : rest;
  }
  notes.free = found;
  return found;
}

function both(left: Bindings, right: Bindings): Bindings {
  if (left.size === 0 || left === right) return right;
  if (right.size === 0) return left;
  return new Set([...left, ...right]);
}

/** The bindings that a relation makes, in all its parts. */
export function boundIn(relation: MirRelation): number[] {
  const found: number[] = [];
  visitRelation(relation, (node) => {
    if (node.kind === 'let') found.push(node.binding);
  });
  return found;
}

/** The same relation with other numbers for the bindings that it makes. */
export function renumberBindings(relation: MirRelation, fresh: () => number): MirRelation {
  const to = new Map(boundIn(relation).map((binding) => [binding, fresh()]));
  return rewriteRelation(relation, (node) => {
    if (node.kind === 'getLet') {
      const binding = to.get(node.binding);
      return binding === undefined ? node : build.getLet(binding, node.columns);
    }
    return node.kind === 'let' ? build.letIn(to.get(node.binding)!, node.value, node.body) : node;
  });
}

/** How often a binding is read in a relation. */
export function countReads(relation: MirRelation, binding: number): number {
  if (relation.kind === 'getLet') return relation.binding === binding ? 1 : 0;
  if (!freeBindings(relation).has(binding)) return 0;
  return inputs(relation).reduce((sum, input) => sum + countReads(input, binding), 0);
}

/** The relation with `value` wherever a binding is read. */
export function substituteBinding(relation: MirRelation, binding: number, value: MirRelation): MirRelation {
  if (relation.kind === 'getLet') return relation.binding === binding ? value : relation;
  if (!freeBindings(relation).has(binding)) return relation;
  return withInputs(
    relation,
    inputs(relation).map((input) => substituteBinding(input, binding, value)),
  );
}

function sameTypes(left: readonly MirType[], right: readonly MirType[]): boolean {
  return (
    left === right ||
    (left.length === right.length &&
      left.every((type, index) => {
        const other = right[index]!;
        return (
          type === other ||
          (type.name === other.name && type.typmod === other.typmod && type.nullable === other.nullable)
        );
      }))
  );
}

/**
 * `getLet` nodes carry their binding's columns: after a rewrite of the value, readers are brought up to date (NULL may
 * have become impossible).
 */
export function refreshBindings(relation: MirRelation): MirRelation {
  const types = new Map<number, readonly MirType[]>();
  const walk = (node: MirRelation): MirRelation => {
    if (node.kind === 'getLet') {
      const columns = types.get(node.binding);
      return columns === undefined || sameTypes(columns, node.columns)
        ? node
        : build.getLet(node.binding, columns);
    }
    if (node.notes.fresh || !hasSome(node, READS)) return node;
    let after: MirRelation;
    if (node.kind === 'let') {
      const value = walk(node.value);
      types.set(node.binding, value.columns);
      after = withInputs(node, [value, walk(node.body)]);
    } else {
      after = mapInputs(node, walk);
    }
    if (freeBindings(after).size === 0) after.notes.fresh = true;
    return after;
  };
  return walk(relation);
}
