/**
 * Rule 3: predicates in one form, so that later rules recognise them.
 *
 *     not (a = 1 and b < 2)      →  a <> 1 or b >= 2
 *     a = a                      →  a is not null
 *     a = 1 or a = 2             →  a in (1, 2)
 *     where (p) is true and p    →  where p
 *     where a is null and a is not null  →  where false
 *
 * Operands keep their order: an error is reached as it was.
 */
import { operators } from '../../functions/table.ts';
import type { MirRelation, MirScalar } from '../../mir.ts';
import { equalitySides } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import {
  and,
  canFail,
  conjuncts,
  FALSE,
  inList,
  isNull,
  not,
  or,
  sameScalar,
  scalarKey,
  TRUE,
} from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';

interface Comparison {
  readonly opcode: string;
  readonly name: string;
}

/** The opposite of each comparison by its opcode, as pg_operator has it: `not (a < b)` is `a >= b`, also with NULL. */
const NEGATORS: ReadonlyMap<string, Comparison> = (() => {
  const byOid = new Map(operators.map((operator) => [operator.oid, operator]));
  const comparisons = operators.filter((operator) =>
    ['=', '<>', '<', '<=', '>', '>='].includes(operator.name),
  );
  return new Map(
    comparisons.flatMap((operator) => {
      const negator = byOid.get(operator.negator);
      if (negator === undefined || !negator.function.native) return [];
      const entry: Comparison = { opcode: negator.function.opcode, name: negator.name };
      return [[operator.function.opcode, entry] as const];
    }),
  );
})();

function negated(scalar: Extract<MirScalar, { kind: 'call' }>): MirScalar | null {
  const negator = NEGATORS.get(scalar.opcode);
  return negator === undefined ? null : { ...scalar, ...negator };
}

/** Pushes NOT down to where it ends. */
function negate(scalar: MirScalar): MirScalar {
  switch (scalar.kind) {
    case 'not':
      return scalar.operand;
    case 'and':
      return or(scalar.operands.map(negate));
    case 'or':
      return and(scalar.operands.map(negate));
    case 'call':
      return negated(scalar) ?? not(scalar);
    default:
      return not(scalar);
  }
}

/** `x = x`. */
function selfEquality(scalar: MirScalar): MirScalar {
  if (scalar.kind !== 'call' || canFail(scalar)) return scalar;
  const sides = equalitySides(scalar);
  if (sides === null || !sameScalar(sides.left, sides.right)) return scalar;
  return scalar.type.nullable ? not(isNull(scalar.arguments[0]!)) : TRUE;
}

interface Membership {
  readonly operand: MirScalar;
  readonly list: readonly MirScalar[];
}

/** `x = constant` or `x in (constants)`. */
function membership(scalar: MirScalar): Membership | null {
  if (scalar.kind === 'inList') return scalar;
  if (scalar.kind !== 'call' || scalar.name !== '=' || equalitySides(scalar) === null) return null;
  const [left, right] = scalar.arguments as readonly [MirScalar, MirScalar];
  if (left.type.name !== right.type.name) return null;
  if (right.kind === 'literal' && left.kind !== 'literal') return { operand: left, list: [right] };
  if (left.kind === 'literal' && right.kind !== 'literal') return { operand: right, list: [left] };
  return null;
}

/** `x = 1 or x = 2` into one set, if nothing in between can fail. */
function collectSets(operands: readonly MirScalar[]): MirScalar {
  if (operands.some(canFail)) return or(operands);
  const result: MirScalar[] = [];
  const sets = new Map<string, { at: number; operand: MirScalar; list: MirScalar[] }>();
  for (const operand of operands) {
    const member = membership(operand);
    if (member === null) {
      result.push(operand);
      continue;
    }
    const key = scalarKey(member.operand);
    const known = sets.get(key);
    if (known === undefined) {
      sets.set(key, { at: result.push(operand) - 1, operand: member.operand, list: [...member.list] });
      continue;
    }
    for (const item of member.list) {
      if (!known.list.some((other) => sameScalar(other, item))) known.list.push(item);
    }
    result[known.at] = inList(known.operand, known.list);
  }
  return or(result);
}

function dedupe(operands: readonly MirScalar[]): readonly MirScalar[] {
  if (operands.length < 2) return operands;
  const seen = new Set<string>();
  const kept = operands.filter((operand) => {
    const key = scalarKey(operand);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return kept.length === operands.length ? operands : kept;
}

/** The canonical forms of predicates: rules move most of them about as they are. */
const forms = new WeakMap<MirScalar, MirScalar>();

/** A predicate in its canonical form; exported for tests. */
export function canonicalPredicate(scalar: MirScalar): MirScalar {
  if (scalar.kind !== 'and' && scalar.kind !== 'or' && scalar.kind !== 'not' && scalar.kind !== 'call')
    return scalar;
  let form = forms.get(scalar);
  if (form === undefined) {
    form = canonicalForm(scalar);
    forms.set(scalar, form);
    // Of what is canonical nothing else becomes.
    forms.set(form, form);
  }
  return form;
}

function canonicalForm(scalar: MirScalar): MirScalar {
  switch (scalar.kind) {
    case 'and': {
      const operands = scalar.operands.map(canonicalPredicate).flatMap(conjuncts);
      return and(dedupe(operands));
    }
    case 'or': {
      const operands = scalar.operands
        .map(canonicalPredicate)
        .flatMap((operand) => (operand.kind === 'or' ? operand.operands : [operand]));
      return collectSets(dedupe(operands));
    }
    case 'not': {
      const pushed = negate(scalar.operand);
      return pushed.kind === 'not' ? pushed : canonicalPredicate(pushed);
    }
    case 'call':
      return selfEquality(scalar);
    default:
      return scalar;
  }
}

/** Whether some conjunct is the opposite; what could fail before it is left alone. */
function deniesNull(predicates: readonly MirScalar[], isNullOf: MirScalar): boolean {
  return (
    !predicates.some(canFail) &&
    predicates.some((other) => other.kind === 'not' && sameScalar(other.operand, isNullOf))
  );
}

/** Conjuncts that only have to be true: IS TRUE adds nothing. */
function canonicalConjuncts(predicates: readonly MirScalar[]): readonly MirScalar[] {
  const canonical = predicates.flatMap((predicate) =>
    conjuncts(canonicalPredicate(predicate.kind === 'isTrue' ? predicate.operand : predicate)),
  );
  const kept = dedupe(canonical);
  if (kept.some((predicate) => predicate.kind === 'isNull' && deniesNull(kept, predicate))) return [FALSE];
  const same =
    kept.length === predicates.length && kept.every((item, index) => sameScalar(item, predicates[index]!));
  return same ? predicates : kept;
}

function rewrite(relation: MirRelation): MirRelation {
  if (relation.kind === 'filter') {
    const predicates = canonicalConjuncts(relation.predicates);
    return predicates === relation.predicates ? relation : build.filter(relation.input, predicates);
  }
  if (relation.kind === 'join') {
    const residual = canonicalConjuncts(relation.residual);
    return residual === relation.residual
      ? relation
      : build.join(relation.inputs, relation.equivalences, residual);
  }
  return relation;
}

export const canonicalPredicates = localRule('canonical-predicates', kinds('filter', 'join'), rewrite);
