/** What gives another value each time it is computed. */
import { functions } from '../functions/table.ts';
import type { HirRelation, HirScalar } from '../hir.ts';
import { mapRelationParts, mapScalarParts } from './traverse.ts';

const volatile: ReadonlySet<string> = new Set(
  functions.filter((entry) => entry.volatility === 'volatile').map((entry) => entry.opcode),
);

/** Whether a volatile function is called in a scalar; not in its subqueries. */
export function isVolatile(scalar: HirScalar): boolean {
  return volatileWithin(scalar, () => false);
}

/** Whether one is called in a scalar or in its subqueries. */
export function isVolatileThroughout(scalar: HirScalar): boolean {
  return volatileWithin(scalar, isVolatileRelation);
}

/** Whether a volatile function is called anywhere in a relation. */
export function isVolatileRelation(relation: HirRelation): boolean {
  let found = false;
  mapRelationParts(relation, {
    scalar: (scalar) => {
      found ||= volatileWithin(scalar, isVolatileRelation);
      return scalar;
    },
    relation: (inner) => {
      found ||= isVolatileRelation(inner);
      return inner;
    },
  });
  return found;
}

function volatileWithin(scalar: HirScalar, relationIs: (relation: HirRelation) => boolean): boolean {
  let found = scalar.kind === 'call' && volatile.has(scalar.opcode);
  mapScalarParts(scalar, {
    scalar: (part) => {
      found ||= volatileWithin(part, relationIs);
      return part;
    },
    relation: (relation) => {
      found ||= relationIs(relation);
      return relation;
    },
  });
  return found;
}
