/**
 * Literal keys to index look-ups and range scans (rule 21).
 *
 *     SELECT … FROM t WHERE id = $1                     →  lookup t [id] in ($1)
 *     SELECT … FROM t WHERE id IN (1, 2)                →  lookup t [id] in (1), (2)
 *     SELECT … FROM t WHERE id = ANY ($1)               →  lookup t [id] in (each $1)
 *     SELECT … FROM t WHERE (a, b) IN ((1, 2), (3, 4))  →  lookup t [a, b] in (1, 2), (3, 4)
 *     SELECT … FROM t WHERE day >= $1 AND day < $2      →  lookup t [day] from $1 to $2
 *     SELECT … FROM t WHERE city = $1 AND day > $2      →  lookup t [city, day] in ($1), from $2
 *
 * A look-up needs an arrangement whose whole key is fixed by equalities with expressions without columns. Else the first
 * fields may be, and the next lie in a range. The conditions stay above: they drop what a NULL parameter finds and the ends
 * of a range, and cost little on the few rows. An equality that alone fixes a field without NULLs holds for all that is found.
 */
import type { Expr, KeyRange } from '../../engine/plan.generated.ts';
import type { CatalogArrangement } from '../catalog.ts';
import type { MirScalar } from '../mir.ts';
import { equalityKey, equalitySides, representation, widen } from '../mir/equality.ts';
import { canFail, isColumnFree } from '../mir/scalar.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { sameExpr, toExpr } from './expr.ts';

/** Look-ups of more keys than this are scans. */
const MAX_KEYS = 1024;

export interface FixedKey {
  readonly key: Expr;
  readonly values: readonly Expr[];
  /** The one value is an array, whose elements are meant. */
  readonly each?: boolean;
  /** The equality that says so. */
  readonly by?: MirScalar;
}

/** Several key expressions that are fixed together: to one row of values or another. */
interface FixedRows {
  readonly keys: readonly Expr[];
  readonly rows: readonly (readonly Expr[])[];
}

/** Key expressions of the relation that the predicates fix to some values. */
export function fixedKeys(predicates: readonly MirScalar[]): FixedKey[] {
  const fixed: FixedKey[] = [];
  for (const predicate of predicates) {
    // Later conditions are evaluated only for rows that pass this one: a look-up by them would skip its errors, which
    // the error law allows, so order does not matter here.
    if (predicate.kind === 'inList') {
      const keys = predicate.list.map((item) =>
        equalitySides({ kind: 'notDistinct', left: predicate.operand, right: item, type: predicate.type }),
      );
      if (keys.some((sides) => sides === null) || predicate.list.some(canFail)) continue;
      const values = keys.filter((_, index) => {
        const item = predicate.list[index]!;
        return !(item.kind === 'literal' && item.text === null);
      });
      if (keys.length === 0 || canFail(predicate.operand)) continue;
      fixed.push({ key: toExpr(keys[0]!.left), values: values.map((sides) => toExpr(sides!.right)) });
      continue;
    }
    const array = arrayKey(predicate);
    if (array !== null) fixed.push(array);
    const sides = equalitySides(predicate);
    if (sides === null || canFail(sides.left) || canFail(sides.right)) continue;
    if (isColumnFree(sides.right) && !isColumnFree(sides.left)) {
      fixed.push({ key: toExpr(sides.left), values: [toExpr(sides.right)], by: predicate });
    } else if (isColumnFree(sides.left) && !isColumnFree(sides.right)) {
      fixed.push({ key: toExpr(sides.right), values: [toExpr(sides.left)], by: predicate });
    }
  }
  return fixed;
}

/** `left = ANY (array)`, where the array's elements are as they stand in keys. */
function arrayKey(predicate: MirScalar): FixedKey | null {
  if (predicate.kind !== 'quantifiedArray' || predicate.all) return null;
  const { left, array, comparison } = predicate;
  const sides = equalitySides(comparison);
  const bare = sides?.left.kind === 'element' && sides.right.kind === 'element';
  if (!bare || !isColumnFree(array) || isColumnFree(left) || canFail(array) || canFail(left)) return null;
  const key = equalityKey(left);
  // Else what stands in keys is not what stands in the array.
  if (key !== left || representation(left.type) !== representation(sides.right.type)) return null;
  return { key: toExpr(key), values: [toExpr(array)], each: true };
}

/** What the disjunctions among the predicates fix: each of their operands the same expressions, by equalities. */
function fixedRows(predicates: readonly MirScalar[]): FixedRows[] {
  return predicates.flatMap((predicate): FixedRows[] => {
    if (predicate.kind !== 'or') return [];
    const rows = predicate.operands.map((operand) =>
      fixedKeys(operand.kind === 'and' ? operand.operands : [operand]).filter(
        ({ values, each }) => values.length === 1 && each !== true,
      ),
    );
    const keys = rows[0]!.map(({ key }) => key);
    const values = rows.map((row) =>
      keys.map((key) => row.find((item) => sameExpr(item.key, key))?.values[0]),
    );
    const whole = values.every((row) => row.length > 0 && row.every((value) => value !== undefined));
    return whole ? [{ keys, rows: values as Expr[][] }] : [];
  });
}

export interface Bound {
  readonly key: Expr;
  readonly side: 'from' | 'to';
  readonly value: Expr;
}

/** Types whose packed form is in the order of their comparison operators. */
export const ORDERED: ReadonlySet<string> = new Set([
  'int2',
  'int4',
  'int8',
  'oid',
  'float4',
  'float8',
  'numeric',
  'text',
  'bytea',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'inet',
  'macaddr',
  'macaddr8',
  'bit',
]);
const SIDES: Readonly<Record<string, 'from' | 'to'>> = { '>': 'from', '>=': 'from', '<': 'to', '<=': 'to' };
const MIXED_INTEGERS = /^int[248][248](?:lt|le|gt|ge)$/;
const WIDTHS: Readonly<Record<string, number>> = { int2: 2, int4: 4, int8: 8 };

/** The sides of a comparison as values of one type; null if they cannot be. */
function comparable(scalar: Extract<MirScalar, { kind: 'call' }>): readonly [MirScalar, MirScalar] | null {
  const [left, right] = scalar.arguments;
  if (left === undefined || right === undefined) return null;
  if (MIXED_INTEGERS.test(scalar.opcode)) {
    const wider = WIDTHS[left.type.name]! > WIDTHS[right.type.name]! ? left : right;
    const sides = [widen(left, wider.type.name), widen(right, wider.type.name)] as const;
    return sides[0] === null || sides[1] === null ? null : [sides[0], sides[1]];
  }
  const type = representation(left.type);
  return ORDERED.has(type) && type === representation(right.type) ? [left, right] : null;
}

/** Key expressions that the predicates bound on one side. */
export function boundsOf(predicates: readonly MirScalar[]): Bound[] {
  return predicates.flatMap((predicate): Bound[] => {
    if (predicate.kind !== 'call' || canFail(predicate)) return [];
    const side = SIDES[predicate.name];
    const sides = side === undefined ? null : comparable(predicate);
    if (side === undefined || sides === null) return [];
    const [left, right] = sides;
    if (isColumnFree(right) && !isColumnFree(left)) {
      return [{ key: toExpr(equalityKey(left)), side, value: toExpr(equalityKey(right)) }];
    }
    if (!isColumnFree(left) || isColumnFree(right)) return [];
    const opposite = side === 'from' ? 'to' : 'from';
    return [{ key: toExpr(equalityKey(right)), side: opposite, value: toExpr(equalityKey(left)) }];
  });
}

interface Choice {
  readonly arrangement: CatalogArrangement;
  readonly keys: Expr[][];
  /** Fields that are arrays. */
  readonly each: readonly number[];
  /** None: the whole key is fixed. */
  readonly range: KeyRange | null;
  /** Equalities that hold for all that is found. */
  readonly implied: readonly MirScalar[];
}

/** A whole key by rows of values, and by what else is fixed. */
function choiceOfRows(
  arrangement: CatalogArrangement,
  fixed: readonly FixedKey[],
  { keys: together, rows }: FixedRows,
): Choice | null {
  const { key } = arrangement.layout;
  const places = key.map((part) => together.findIndex((other) => sameExpr(other, part.expr)));
  const others = key.map((part) => fixed.find((item) => sameExpr(item.key, part.expr)));
  const found = key.length > 0 && places.every((place, at) => place >= 0 || others[at] !== undefined);
  if (!found || places.every((place) => place < 0)) return null;
  const each = places.flatMap((place, at) => (place < 0 && others[at]!.each === true ? [at] : []));
  const keys = rows.flatMap((row) =>
    places.reduce<Expr[][]>(
      (made, place, at) => {
        const values = place >= 0 ? [row[place]!] : others[at]!.values;
        return made.flatMap((begun) => values.map((value) => [...begun, value]));
      },
      [[]],
    ),
  );
  return keys.length > MAX_KEYS ? null : { arrangement, keys, each, range: null, implied: [] };
}

/** How an arrangement finds the rows; null: it does not help. */
function choiceOf(
  arrangement: CatalogArrangement,
  fixed: readonly FixedKey[],
  bounds: readonly Bound[],
): Choice | null {
  const { key } = arrangement.layout;
  const parts = key.map((part) => fixed.find((item) => sameExpr(item.key, part.expr)));
  const first = parts.findIndex((part) => part === undefined);
  const prefix = parts.slice(0, first < 0 ? parts.length : first).map((part) => part!.values);
  if (prefix.reduce((product, values) => product * values.length, 1) > MAX_KEYS) return null;
  const keys = prefix.reduce<Expr[][]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
  const each = parts.flatMap((part, at) => (part?.each === true ? [at] : []));
  if (first < 0) {
    const implied = parts.flatMap((part, at) =>
      part!.by !== undefined && !key[at]!.column.nullable ? [part!.by] : [],
    );
    return key.length === 0 ? null : { arrangement, keys, each, range: null, implied };
  }
  // A range is of one row of values.
  if (each.some((at) => at < first)) return null;
  const mine = bounds.filter((bound) => sameExpr(bound.key, key[first]!.expr));
  const end = (side: Bound['side']): Expr | null => mine.find((bound) => bound.side === side)?.value ?? null;
  const range = { from: end('from'), to: end('to') };
  return prefix.length === 0 && mine.length === 0
    ? null
    : { arrangement, keys, each: [], range, implied: [] };
}

/** More fixed fields first, then ranges with more ends; where both are the same, a whole key, which is found at once. */
function weight({ keys, range }: Choice): number {
  const fields = 4 * (keys[0]?.length ?? 0);
  if (range === null) return fields + 0.5;
  return fields + (range.from === null ? 0 : 1) + (range.to === null ? 0 : 1);
}

/**
 * The flow's rows that can satisfy the predicates, by the longest key that they fix, or else by the first fields of one and
 * a range if `ranges`, and the predicates that are still to be looked at; null: scan. The flow must be a named relation,
 * projected at most.
 */
export function planLookup(
  builder: PlanBuilder,
  flow: Flow,
  predicates: readonly MirScalar[],
  { ranges }: { readonly ranges: boolean },
): { readonly flow: Flow; readonly predicates: readonly MirScalar[] } | null {
  const object = builder.relationOf(flow.node);
  if (!builder.lookups || object === null || !flow.steps.isProjection) return null;
  const over = predicates.map((predicate) => flow.steps.inline(predicate, Infinity)!);
  const fixed = fixedKeys(over);
  const together = fixedRows(over);
  const bounds = ranges ? boundsOf(over) : [];
  let chosen: Choice | null = null;
  for (const arrangement of builder.catalog.arrangements(object)) {
    const choices = [
      choiceOf(arrangement, fixed, bounds),
      ...together.map((rows) => choiceOfRows(arrangement, fixed, rows)),
    ];
    for (const choice of choices) {
      if (choice === null || (choice.range !== null && !ranges)) continue;
      if (chosen === null || weight(choice) > weight(chosen)) chosen = choice;
    }
  }
  if (chosen === null) return null;
  const { arrangement, keys, each, range, implied } = chosen;
  const node = builder.add(`lookup ${builder.relationName(object)}`, flow.steps.input, {
    kind: 'lookup',
    arrangement: arrangement.id,
    layout: arrangement.layout,
    keys,
    ...(range === null ? {} : { range }),
    ...(each.length === 0 ? {} : { each: [...each] }),
  });
  builder.noteLookup(node, object);
  return {
    flow: { ...flow, node },
    predicates: predicates.filter((_, at) => !implied.includes(over[at]!)),
  };
}
