/**
 * The optimizer: rules in order, each with its reason; verified after each.
 */
import type { ObjectId } from '../catalog.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import type { LoweredQuery } from '../lower/lower.ts';
import type { Keys } from './analysis/keys.ts';
import { refreshBindings } from '../mir/traverse.ts';
import { verify } from './verify.ts';

/** What rules may ask for. */
export interface RuleContext {
  /** Folds a scalar without columns and parameters; null if it raises an error. */
  fold(scalar: MirScalar): MirScalar | null;
  keysOfObject(object: ObjectId): Keys;
}

/** A rewrite of a whole relation that keeps its result. */
export interface Rule {
  readonly name: string;
  readonly apply: (relation: MirRelation, context: RuleContext) => MirRelation;
}

const optimized: unique symbol = Symbol('optimized');

/** A relation as the optimizer leaves it; only the optimizer builds it. */
export interface OptimizedQuery {
  readonly [optimized]: true;
  readonly relation: MirRelation;
}

/** Rules that feed each other run until nothing changes. */
interface Group {
  readonly rules: readonly Rule[];
}

const PIPELINE: readonly Group[] = [];

const MAX_ROUNDS = 20;

/** Runs the rules, except those named in `without` (tests and the oracle compare). */
export function optimize(
  query: LoweredQuery,
  context: RuleContext,
  without: ReadonlySet<string> = new Set(),
): OptimizedQuery {
  const { columns } = query.relation;
  let relation = query.relation;
  verify(relation, columns, 'lower');
  for (const group of PIPELINE) {
    for (let round = 0; ; round += 1) {
      const before = relation;
      for (const rule of group.rules) {
        if (without.has(rule.name)) continue;
        const after = rule.apply(relation, context);
        if (after === relation) continue;
        relation = refreshBindings(after);
        verify(relation, columns, rule.name);
      }
      if (relation === before || round === MAX_ROUNDS) break;
    }
  }
  return { [optimized]: true, relation };
}
