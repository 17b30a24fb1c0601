/** Calls whose value is another each time: they are neither folded nor shared, and each is made as often as it is written. */
import { functions } from '../functions/table.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { threshold } from './relation.ts';
import { someChild } from './scalar.ts';
import { mapScalars, visitRelation } from './traverse.ts';

const VOLATILE: ReadonlySet<string> = new Set(
  functions.filter((entry) => entry.volatility === 'volatile').map((entry) => entry.opcode),
);

/** Whether its calls are such. */
export function isVolatileOpcode(opcode: string): boolean {
  return VOLATILE.has(opcode);
}

/** Whether the node itself is such a call. */
export function isVolatileCall(scalar: MirScalar): boolean {
  return scalar.kind === 'call' && isVolatileOpcode(scalar.opcode);
}

/** Whether such a call is in it. */
export function isVolatile(scalar: MirScalar): boolean {
  return isVolatileCall(scalar) || someChild(scalar, isVolatile);
}

/** Whether such a call is anywhere in a relation. */
export function isVolatileThroughout(relation: MirRelation): boolean {
  let found = false;
  visitRelation(relation, (node) => {
    mapScalars(node, (scalar) => {
      found ||= isVolatile(scalar);
      return scalar;
    });
  });
  return found;
}

/**
 * The same rows for such calls to be made over: not as changes that take others back, or else a row and its negation would
 * each get a value of its own.
 */
export function eachRowOnce(relation: MirRelation): MirRelation {
  return isPositive(relation) ? relation : threshold(relation);
}

/** Whether its rows are surely made of additions alone. */
function isPositive(relation: MirRelation): boolean {
  switch (relation.kind) {
    case 'constant':
      return relation.rows.every(({ diff }) => diff > 0);
    case 'get':
    case 'threshold':
      return true;
    case 'map':
    case 'filter':
    case 'project':
    case 'flatMap':
      return isPositive(relation.input);
    case 'union':
      return relation.inputs.every(isPositive);
    default:
      return false;
  }
}
