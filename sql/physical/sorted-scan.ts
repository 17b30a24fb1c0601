/**
 * Rows that are wanted in an order, up to a limit, are read in the order of an arrangement's keys (rule 21).
 *
 *     SELECT … FROM t ORDER BY id LIMIT 10                       →  scan t [id] in order
 *     SELECT … FROM t WHERE id < $1 ORDER BY id DESC LIMIT 10    →  scan t [id] to $1 in descending order
 *     SELECT … FROM t WHERE city = $1 ORDER BY day LIMIT 10      →  scan t [city, day] ($1) in order
 *     SELECT max(day) FROM t WHERE city = $1                     →  the maximum of the first row of the same, descending
 *
 * Whoever takes the first rows sorts them all the same, and stops where a row differs from those that are enough in the sort keys that
 * the arrangement has: the answer is that of a scan. It is never more work than one, but may be more than a look-up of few rows,
 * which therefore stays.
 */
import type { Expr, KeyRange } from '../../engine/plan.generated.ts';
import type { CatalogArrangement, ObjectId } from '../catalog.ts';
import type { MirOrder, MirScalar } from '../mir.ts';
import { equalityKey, needsCanonical, representation } from '../mir/equality.ts';
import { column, columnsRead, isNull, literal, not } from '../mir/scalar.ts';
import type { Flow, PlanBuilder } from './builder.ts';
import { sameExpr, toExpr, toOrderKey } from './expr.ts';
import { boundsOf, fixedKeys, ORDERED } from './lookup.ts';
import type { Bound, FixedKey } from './lookup.ts';

export interface SortedFlow {
  readonly flow: Flow;
  /** How many of the first sort keys its rows come in the order of. */
  readonly keys: number;
}

/** A sort key over the relation's columns. */
interface Wanted extends MirOrder {
  readonly scalar: MirScalar;
  readonly key: Expr;
}

interface Candidate {
  readonly arrangement: CatalogArrangement;
  readonly prefix: readonly Expr[];
  readonly range: KeyRange;
  readonly descending: boolean;
  readonly keys: number;
}

const endCount = ({ from, to }: KeyRange): number => (from === null ? 0 : 1) + (to === null ? 0 : 1);

/** The sort keys up to the first that no arrangement can have. */
function wantedOrder(flow: Flow, order: readonly MirOrder[]): Wanted[] {
  const wanted: Wanted[] = [];
  for (const item of order) {
    const scalar = flow.steps.inline(column(item.column, flow.columns[item.column]!), Infinity);
    if (scalar === null || columnsRead(scalar).size === 0 || !ORDERED.has(representation(scalar.type))) break;
    wanted.push({ ...item, scalar, key: toExpr(equalityKey(scalar)) });
  }
  return wanted;
}

function candidateOf(
  arrangement: CatalogArrangement,
  wanted: readonly Wanted[],
  fixed: readonly FixedKey[],
  bounds: readonly Bound[],
  present: readonly Expr[],
): Candidate | null {
  const fields = arrangement.layout.key.map(({ expr }) => expr);
  const valueOf = (field: Expr): Expr | undefined =>
    fixed.find(({ key, values, each }) => values.length === 1 && each !== true && sameExpr(key, field))
      ?.values[0];
  const values = fields.map(valueOf);
  const open = values.findIndex((value) => value === undefined);
  if (open < 0) return null;
  const boundsOn = (field: Expr): readonly Bound[] => bounds.filter(({ key }) => sameExpr(key, field));
  const isPresent = (field: Expr): boolean => present.some((key) => sameExpr(key, field));
  let at = open;
  let keys = 0;
  let descending: boolean | null = null;
  for (const item of wanted) {
    // Rows that pass the conditions do not differ in it.
    if (valueOf(item.key) === undefined) {
      while (at < fields.length && values[at] !== undefined) at += 1;
      const isNext = at < fields.length && sameExpr(fields[at]!, item.key);
      // NULLs are the last of a packed field; a comparison lets none pass.
      const nullsFit =
        !item.scalar.type.nullable ||
        item.descending === item.nullsFirst ||
        boundsOn(item.key).length > 0 ||
        isPresent(item.key);
      if (!isNext || !nullsFit || (descending !== null && item.descending !== descending)) break;
      ({ descending } = item);
      at += 1;
    }
    keys += 1;
  }
  if (descending === null) return null;
  const end = (side: Bound['side']): Expr | null =>
    boundsOn(fields[open]!).find((bound) => bound.side === side)?.value ?? null;
  const range = {
    from: end('from'),
    to: end('to'),
    ...(end('to') === null && isPresent(fields[open]!) ? { present: true } : {}),
  };
  return { arrangement, prefix: values.slice(0, open) as Expr[], range, descending, keys };
}

/** More fixed fields first, then more sort keys, then ranges with more ends. */
function isBetter(one: Candidate, other: Candidate): boolean {
  const ranks = ({ prefix, keys, range }: Candidate): number[] => [prefix.length, keys, endCount(range)];
  const mine = ranks(one);
  const theirs = ranks(other);
  const first = mine.findIndex((rank, index) => rank !== theirs[index]);
  return first >= 0 && mine[first]! > theirs[first]!;
}

/** Whether the rows are looked up already, and may be fewer than a scan in order would pass over. */
function isNarrower(builder: PlanBuilder, flow: Flow, { prefix, range }: Candidate): boolean {
  const { operator } = builder.nodes[flow.node]!;
  if (operator.kind !== 'lookup') return false;
  const [key] = operator.keys;
  if (operator.keys.length !== 1 || operator.each !== undefined) return true;
  if (prefix.length !== key!.length) return prefix.length < key!.length;
  return operator.range !== undefined && endCount(range) < endCount(operator.range);
}

/** Which arrangement has the flow's rows in the order of the most sort keys. */
function chooseArrangement(
  builder: PlanBuilder,
  flow: Flow,
  order: readonly MirOrder[],
): (Candidate & { readonly object: ObjectId }) | null {
  const object = builder.relationRead(flow.node);
  if (!builder.sortedScans || object === null || flow.steps.isVolatile) return null;
  const wanted = wantedOrder(flow, order);
  if (wanted.length === 0) return null;
  const conditions = flow.steps.predicates
    .map(({ condition }) => condition)
    .filter((condition) => [...columnsRead(condition)].every((index) => index < flow.steps.input.length));
  const fixed = fixedKeys(conditions);
  const bounds = boundsOf(conditions);
  const present = conditions.flatMap((condition) =>
    condition.kind === 'not' && condition.operand.kind === 'isNull'
      ? [toExpr(equalityKey(condition.operand.operand))]
      : [],
  );
  let chosen: Candidate | null = null;
  for (const arrangement of builder.catalog.arrangements(object)) {
    const candidate = candidateOf(arrangement, wanted, fixed, bounds, present);
    if (candidate !== null && (chosen === null || isBetter(candidate, chosen))) chosen = candidate;
  }
  return chosen === null || isNarrower(builder, flow, chosen) ? null : { ...chosen, object };
}

/** The flow's rows in the order of as many sort keys as an arrangement has; null: none has any. For who wants the first of them. */
export function planSortedScan(
  builder: PlanBuilder,
  flow: Flow,
  order: readonly MirOrder[],
): SortedFlow | null {
  const chosen = chooseArrangement(builder, flow, order);
  if (chosen === null) return null;
  const { arrangement, prefix, range, descending, keys, object } = chosen;
  const node = builder.add(`lookup ${builder.relationName(object)}`, flow.steps.input, {
    kind: 'lookup',
    arrangement: arrangement.id,
    layout: arrangement.layout,
    keys: [[...prefix]],
    range,
    ...(descending ? { descending } : {}),
  });
  return { flow: { ...flow, node }, keys };
}

interface Window {
  readonly order: readonly MirOrder[];
  readonly limit: MirScalar | null;
  readonly offset: MirScalar | null;
  readonly withTies: boolean;
}

/**
 * The first of the flow's rows for a query that is answered once: read in their order, where an arrangement has it, or out of all of
 * them, where that takes no state. Null where neither is.
 */
export function planFirstRows(builder: PlanBuilder, flow: Flow, window: Window): Flow | null {
  const { order, limit } = window;
  if (!builder.sortedScans || limit === null) return null;
  const whole = !flow.steps.isVolatile && isStateless(builder, flow.node) ? { flow, keys: 0 } : null;
  const sorted = planSortedScan(builder, flow, order) ?? whole;
  return sorted === null ? null : firstOf(builder, sorted, window);
}

/** Whether a node's rows are had one by one. */
function isStateless(builder: PlanBuilder, node: number): boolean {
  const { operator } = builder.nodes[node]!;
  switch (operator.kind) {
    case 'constant':
    case 'import':
    case 'lookup':
      return true;
    case 'topK':
      return operator.sorted !== undefined;
    case 'mfp':
      return !builder.isVolatile(node) && isStateless(builder, operator.input);
    case 'union':
      return operator.inputs.every((input) => isStateless(builder, input));
    default:
      return false;
  }
}

function firstOf(builder: PlanBuilder, sorted: SortedFlow, { order, limit, offset, withTies }: Window): Flow {
  const { columns } = sorted.flow;
  const node = builder.add('top-k', columns, {
    kind: 'topK',
    input: builder.materialize(sorted.flow),
    key: [],
    order: order.map(toOrderKey),
    limit: toExpr(limit!),
    offset: offset === null ? null : toExpr(offset),
    withTies,
    sorted: sorted.keys,
  });
  return builder.flow(node);
}

/** The least or the greatest value of a scalar over a flow's rows. */
export interface Extreme {
  readonly scalar: MirScalar;
  readonly greatest: boolean;
}

/**
 * For each of the extremes the rows that have it: one, or all where equal values can differ. Null where an arrangement is missing
 * for one of them, since all rows are read then. If there are several, each has a row if there is any, so that its group is there.
 */
export function planExtremeRows(
  builder: PlanBuilder,
  flow: Flow,
  extremes: readonly Extreme[],
): Flow[] | null {
  const alone = extremes.length === 1;
  const chains = extremes.map(({ scalar, greatest }) => {
    // In descending order NULLs come first; in ascending order they come last, and one that does says that there is a row.
    const present = scalar.type.nullable && (greatest || alone);
    if (present && !alone) return null;
    const index = flow.columns.length;
    const columns = [...flow.columns, scalar.type];
    const kept = present ? [not(isNull(column(index, scalar.type)))] : [];
    const steps = flow.steps.map([scalar]).filter(kept).project([index]);
    const order = [{ column: 0, descending: greatest, nullsFirst: greatest }];
    const values: Flow = { ...flow, steps, columns: [columns[index]!] };
    return chooseArrangement(builder, values, order) === null ? null : { values, order, scalar };
  });
  if (!chains.every((chain) => chain !== null)) return null;
  return chains.map(({ values, order, scalar }) => {
    const limit = literal({ name: 'int8', typmod: -1 }, '1');
    const window = { order, limit, offset: null, withTies: needsCanonical(scalar.type) };
    return firstOf(builder, planSortedScan(builder, values, order)!, window);
  });
}
