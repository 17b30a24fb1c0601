/**
 * The optimizer: rules in order, each with its reason; what they leave is verified.
 */
import type { ObjectId, Reference } from '../catalog.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import type { LoweredQuery } from '../lower/lower.ts';
import { belowFinishing } from './analysis/first-rows.ts';
import type { Keys } from './analysis/keys.ts';
import { refreshBindings } from '../mir/bindings.ts';
import { cancelNegation } from './rules/cancel-negation.ts';
import { canonicalPredicates } from './rules/canonical-predicates.ts';
import { commonFactors } from './rules/common-factors.ts';
import { demand } from './rules/demand.ts';
import { denseRankTopK } from './rules/dense-rank-top-k.ts';
import { distinctArguments } from './rules/distinct-arguments.ts';
import { extremePartner } from './rules/extreme-partner.ts';
import { extremeRows } from './rules/extreme-rows.ts';
import { fallibleKeys } from './rules/fallible-keys.ts';
import { foldConstants } from './rules/fold-constants.ts';
import { foreignKeyJoin } from './rules/foreign-key-join.ts';
import { fuse } from './rules/fuse.ts';
import { inlineLet } from './rules/inline-let.ts';
import { keyedDistinct } from './rules/keyed-distinct.ts';
import { keyedReduce } from './rules/keyed-reduce.ts';
import { notNullKeys } from './rules/not-null-keys.ts';
import { nullBranches } from './rules/null-branches.ts';
import { oneRepresentation } from './rules/one-representation.ts';
import { partnersOnce } from './rules/partners-once.ts';
import { propagateEmpty } from './rules/propagate-empty.ts';
import { pushPredicates } from './rules/push-predicates.ts';
import type { ReadableViews } from './rules/read-views.ts';
import { readViews, readViewsBelow } from './rules/read-views.ts';
import { selfJoin } from './rules/self-join.ts';
import { sharedPredicates } from './rules/shared-predicates.ts';
import { shareSubplans } from './rules/share-subplans.ts';
import { spreadEqualities } from './rules/spread-equalities.ts';
import { thresholdElision } from './rules/threshold-elision.ts';
import { topKBelowMap } from './rules/top-k-below-map.ts';
import { topKBelowOuterJoin } from './rules/top-k-below-outer-join.ts';
import { topKBelowReference } from './rules/top-k-below-reference.ts';
import { topKBelowUnion } from './rules/top-k-below-union.ts';
import { unreadPartner } from './rules/unread-partner.ts';
import { windowTopK } from './rules/window-top-k.ts';
import { PlanVerificationError, verify } from './verify.ts';

/** What rules may ask for. */
export interface RuleContext {
  /** Folds a scalar without columns and parameters; null if it raises an error. */
  fold(scalar: MirScalar): MirScalar | null;
  keysOfObject(object: ObjectId): Keys;
  /** Absent where the plan may be right at times when they do not hold: before they came, or when they have gone. */
  readonly foreignKeys?: ForeignKeys;
  /** Absent where no view is read that the query does not name. */
  readonly views?: ReadableViews;
  /** Tests: a rule that does not come to rest, or loses NOT NULL, is an error. */
  readonly strict?: boolean;
}

/** The foreign keys that hold. */
export interface ForeignKeys {
  /** Those that refer to a table. */
  to(object: ObjectId): readonly Reference[];
  /** The plan depends on one. */
  use(): void;
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
  /** The same before it was known which views there are. */
  readonly simplified: MirRelation;
}

interface Group {
  readonly rules: readonly Rule[];
  /** Whether the rules feed each other and run until nothing changes. */
  readonly repeat: boolean;
  /** Only if one of these rules has changed something in the group before. */
  readonly after?: readonly Rule[];
}

/** Each makes the next one see more: bindings opened, constants known, neighbours joined, rows dropped early. */
const SIMPLIFY: Group = {
  rules: [
    inlineLet,
    foldConstants,
    canonicalPredicates,
    commonFactors,
    fuse,
    propagateEmpty,
    pushPredicates,
    sharedPredicates,
    nullBranches,
    windowTopK,
  ],
  repeat: true,
};

/** While both parts of an outer join, and rows and the grouping of them, still read the same: later rules tell them apart. */
const KEPT_SIDES: Group = {
  rules: [extremeRows, topKBelowOuterJoin, topKBelowUnion, topKBelowReference, inlineLet, fuse],
  repeat: true,
};

/** Before conditions are derived from what is around a part: it would no longer be what a view has. */
const READ_VIEWS: Group = { rules: [readViews], repeat: false };

/** Those that look at the outermost ORDER BY and LIMIT too, which are no part of the relation. */
const FOR_FINISHING: readonly Rule[] = [topKBelowOuterJoin, topKBelowUnion, topKBelowReference];

const PIPELINE: readonly Group[] = [
  SIMPLIFY,
  KEPT_SIDES,
  READ_VIEWS,
  // Once, when other ranks are top-ks and views have been found by their Windows.
  { rules: [denseRankTopK], repeat: false },
  // Once, on joins that are whole and inputs that have their predicates: what is derived is pushed by the next round.
  { rules: [spreadEqualities, notNullKeys, fallibleKeys], repeat: false },
  SIMPLIFY,
  // What keys make needless, where predicates have fixed columns and joins are whole.
  {
    rules: [selfJoin, keyedDistinct, keyedReduce, distinctArguments, oneRepresentation, thresholdElision],
    repeat: true,
  },
  SIMPLIFY,
  { rules: [shareSubplans], repeat: false },
  // Late: the projections that it puts in would stand between neighbours.
  { rules: [demand], repeat: false },
  // What demand shows to be unread; then again, for what that leaves unread, and what it leaves to fuse.
  {
    rules: [
      ...[inlineLet, fuse, cancelNegation, unreadPartner, foreignKeyJoin],
      // What is shared by now is the same on both sides.
      ...[selfJoin, extremePartner, keyedDistinct, propagateEmpty],
    ],
    repeat: true,
  },
  {
    rules: [demand],
    repeat: false,
    after: [
      ...[cancelNegation, unreadPartner, foreignKeyJoin],
      ...[selfJoin, extremePartner, keyedDistinct, propagateEmpty],
    ],
  },
  // When outer joins that nobody reads are gone; what it reads again, it reads of all columns.
  { rules: [partnersOnce], repeat: false },
  { rules: [demand], repeat: false, after: [partnersOnce] },
  // When columns that nobody reads are gone: what is left of a map is not fused with what is below the top-k.
  { rules: [topKBelowMap], repeat: false },
  { rules: [inlineLet, fuse], repeat: true },
];

/** The names of all rules, for tests that leave one out. */
export const RULE_NAMES: readonly string[] = [
  ...new Set(PIPELINE.flatMap((group) => group.rules.map((rule) => rule.name))),
];

const MAX_ROUNDS = 20;

/** Only the rules that need nothing of what is around: for a view that many statements read. */
export function simplify(relation: MirRelation, context: RuleContext): MirRelation {
  return runGroup(SIMPLIFY, relation, context, new Set(), () => undefined);
}

/**
 * Runs the rules, except those named in `without` (tests and the oracle compare). What comes out is verified; after each
 * rule only where tests ask for it (`strict`), and to name the rule that is wrong.
 */
export function optimize(
  query: LoweredQuery,
  context: RuleContext,
  without: ReadonlySet<string> = new Set(),
): OptimizedQuery {
  const strict = context.strict ?? false;
  const { columns } = query.relation;
  if (strict) return { [optimized]: true, ...runRules(query, context, without, true) };
  const { relation, simplified } = runRules(query, context, without, false);
  try {
    verify(relation, columns, 'all rules', false);
  } catch (error) {
    if (error instanceof PlanVerificationError) runRules(query, context, without, true);
    throw error;
  }
  return { [optimized]: true, relation, simplified };
}

function runRules(
  { relation: from, finishing }: LoweredQuery,
  context: RuleContext,
  without: ReadonlySet<string>,
  verifyEach: boolean,
): Pick<OptimizedQuery, 'relation' | 'simplified'> {
  const check = (relation: MirRelation, rule: string): void => {
    if (verifyEach) verify(relation, from.columns, rule, context.strict ?? false);
  };
  check(from, 'lower');
  /** The rules that changed something in the group before. */
  let changed = new Set<Rule>();
  let relation = from;
  let simplified = from;
  for (const group of PIPELINE) {
    if (group === READ_VIEWS) {
      simplified = relation;
      if (finishing !== null && !without.has(readViews.name)) {
        const outcome = readViewsBelow(finishing, relation, context);
        if (outcome !== relation) relation = refreshBindings(outcome);
        check(relation, readViews.name);
        continue;
      }
    }
    if (group.after && !group.after.some((rule) => changed.has(rule))) continue;
    changed = new Set();
    if (group === KEPT_SIDES && finishing !== null) {
      for (const rule of FOR_FINISHING) {
        if (without.has(rule.name)) continue;
        const outcome = belowFinishing(rule, relation, finishing, context);
        if (outcome === relation) continue;
        relation = refreshBindings(outcome);
        check(relation, rule.name);
      }
    }
    relation = runGroup(group, relation, context, without, (outcome, rule) => {
      changed.add(rule);
      check(outcome, rule.name);
    });
  }
  return { relation, simplified };
}

function runGroup(
  group: Group,
  from: MirRelation,
  context: RuleContext,
  without: ReadonlySet<string>,
  changed: (relation: MirRelation, rule: Rule) => void,
): MirRelation {
  let relation = from;
  for (let round = 0; ; round += 1) {
    const before = relation;
    for (const rule of group.rules) {
      if (without.has(rule.name)) continue;
      const after = rule.apply(relation, context);
      if (after === relation) continue;
      relation = refreshBindings(after);
      changed(relation, rule);
    }
    if (relation === before || !group.repeat) return relation;
    if (round === MAX_ROUNDS) {
      if (context.strict) throw new Error(`planner: no rest after ${MAX_ROUNDS} rounds`);
      return relation;
    }
  }
}
