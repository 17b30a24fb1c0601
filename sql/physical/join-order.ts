/**
 * Join order: greedy by equality keys, from each possible start, judged by the rows that the steps are expected to
 * make (rule 25). No exhaustive search.
 */
import type { MirRelation } from '../mir.ts';
import { columnStarts } from '../mir/column-starts.ts';
import { columnsRead } from '../mir/scalar.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { coversKey, keyColumn } from '../optimize/analysis/keys.ts';

/** What ordering knows of an input. */
export interface InputFacts {
  /** Rows expected. */
  readonly rows: number;
  /** Rows expected if nothing were filtered out. */
  readonly total: number;
  readonly keys: Keys;
  /** Whether an arrangement by these columns exists, or one by a unique key among them. */
  readonly isArrangedBy: (columns: ReadonlySet<number>) => boolean;
}

/** What a row costs that has to be arranged for a join, beside one that is read where it is. */
const ARRANGING = 0.5;
const READING = 0.01;

/** Above so many inputs only the first input is tried as a start. */
const MAX_STARTS = 12;

/** An order in which the inputs can be joined. */
export interface JoinOrder {
  readonly order: readonly number[];
  /** Rows expected after each step. */
  readonly rows: readonly number[];
  /** Each input is joined by an equality with those before it. */
  readonly connected: boolean;
  readonly cost: number;
}

/** The orders in which to join the inputs: the best, and the best from each start that was tried. */
export function joinOrders(
  join: Extract<MirRelation, { kind: 'join' }>,
  facts: readonly InputFacts[],
): { readonly best: JoinOrder; readonly from: readonly JoinOrder[] } {
  const links = equalityLinks(join);
  const count = join.inputs.length;
  const from = Array.from({ length: count <= MAX_STARTS ? count : 1 }, (_, start) =>
    greedy(start, links, facts),
  );
  const best = from.reduce((least, candidate) => (candidate.cost < least.cost * 0.999 ? candidate : least));
  return { best, from };
}

interface Link {
  /** Inputs that have a member of the class, with the plain columns (of the input) that are members. */
  readonly columns: ReadonlyMap<number, readonly number[]>;
}

function equalityLinks(join: Extract<MirRelation, { kind: 'join' }>): Link[] {
  const offsets = columnStarts(join.inputs);
  return join.equivalences.map(({ scalars }) => {
    const columns = new Map<number, number[]>();
    for (const scalar of scalars) {
      const [first] = columnsRead(scalar);
      if (first === undefined) continue;
      const input = offsets.findLastIndex((offset) => offset <= first);
      const list = columns.get(input) ?? [];
      const index = keyColumn(scalar);
      if (index !== null) list.push(index - offsets[input]!);
      columns.set(input, list);
    }
    return { columns };
  });
}

/** The plain columns of an input by which it is linked to others; null: not at all. */
function linkedColumns(
  links: readonly Link[],
  input: number,
  others: readonly number[],
): ReadonlySet<number> | null {
  const matched = new Set<number>();
  let connected = false;
  for (const link of links) {
    if (!link.columns.has(input) || !others.some((other) => link.columns.has(other))) continue;
    connected = true;
    for (const column of link.columns.get(input)!) matched.add(column);
  }
  return connected ? matched : null;
}

function readingCost(fact: InputFacts, columns: ReadonlySet<number> | null): number {
  const arranged = columns !== null && columns.size > 0 && fact.isArrangedBy(columns);
  return fact.rows * (arranged ? READING : ARRANGING);
}

function greedy(start: number, links: readonly Link[], facts: readonly InputFacts[]): JoinOrder {
  const order = [start];
  let { rows } = facts[start]!;
  const after = [rows];
  let cost = rows;
  let connected = true;
  while (order.length < facts.length) {
    let next: Step | null = null;
    for (const input of facts.keys()) {
      if (order.includes(input)) continue;
      const step = stepTo(input, order, rows, links, facts);
      const better =
        next === null ||
        (step.connected && !next.connected) ||
        (step.connected === next.connected && step.rows + step.cost < next.rows + next.cost);
      if (better) next = step;
    }
    // The first is arranged by what the second is joined by.
    if (order.length === 1) {
      cost += readingCost(facts[start]!, linkedColumns(links, start, [next!.input]));
    }
    order.push(next!.input);
    rows = next!.rows;
    after.push(rows);
    connected &&= next!.connected;
    cost += rows + next!.cost;
  }
  return { order, rows: after, connected, cost };
}

interface Step {
  readonly input: number;
  /** Rows expected after it. */
  readonly rows: number;
  /** Of reading the input. */
  readonly cost: number;
  readonly connected: boolean;
}

/** Joining one more input to those in `order`, of which `rows` are expected. */
function stepTo(
  input: number,
  order: readonly number[],
  rows: number,
  links: readonly Link[],
  facts: readonly InputFacts[],
): Step {
  const fact = facts[input]!;
  const matched = linkedColumns(links, input, order);
  const one = fact.keys.some((key) => key.length === 0);
  const cost = readingCost(fact, matched);
  if (matched === null) {
    return { input, cost, rows: one ? rows : rows * Math.max(fact.rows, 1), connected: one };
  }
  return { input, cost, rows: joinedRows(input, matched, order, rows, links, facts), connected: true };
}

/** By a key of either side, each row of the other meets at most one: those that its filters leave. */
function joinedRows(
  input: number,
  matched: ReadonlySet<number>,
  order: readonly number[],
  rows: number,
  links: readonly Link[],
  facts: readonly InputFacts[],
): number {
  const fact = facts[input]!;
  if (coversKey(fact.keys, matched)) return Math.max(1, (rows * fact.rows) / Math.max(1, fact.total));
  for (const other of order) {
    const columns = linkedColumns(links, other, [input]);
    if (columns !== null && coversKey(facts[other]!.keys, columns)) {
      return Math.max(1, (rows * fact.rows) / Math.max(1, facts[other]!.total));
    }
  }
  return Math.max(rows, fact.rows) * 2;
}

const UNKNOWN_ROWS = 10_000;

/** Few rows say little about those that come. */
const LEAST_ROWS = 1000;

/** What expectations are made of. */
export interface RowFacts {
  readonly rowsOf: (object: number) => number | null;
  readonly bindings: ReadonlyMap<number, number>;
  readonly ignored: 'filters ignored' | null;
  /** What was expected of relations before, by the same facts. */
  readonly known: Map<MirRelation, number>;
}

/** Rows expected of a relation: the catalog's count, less for filters unless they are `ignored`. */
export function expectedRows(relation: MirRelation, facts: RowFacts): number {
  let rows = facts.known.get(relation);
  if (rows === undefined) {
    rows = deriveRows(relation, facts);
    facts.known.set(relation, rows);
  }
  return rows;
}

function deriveRows(relation: MirRelation, facts: RowFacts): number {
  const { rowsOf, bindings, ignored } = facts;
  const of = (input: MirRelation): number => expectedRows(input, facts);
  switch (relation.kind) {
    case 'constant':
      return relation.rows.length;
    case 'get':
      return Math.max(LEAST_ROWS, rowsOf(relation.object) ?? UNKNOWN_ROWS);
    case 'getLet':
      return bindings.get(relation.binding) ?? UNKNOWN_ROWS;
    case 'let':
      return expectedRows(relation.body, {
        ...facts,
        bindings: new Map([...bindings, [relation.binding, of(relation.value)]]),
      });
    case 'filter': {
      if (ignored !== null) return of(relation.input);
      const equalities = relation.predicates.filter(
        (predicate) => predicate.kind === 'call' && predicate.name === '=',
      ).length;
      return of(relation.input) * 0.1 ** equalities * 0.5 ** (relation.predicates.length - equalities);
    }
    case 'join':
      return Math.max(...relation.inputs.map(of));
    case 'semiJoin':
      return of(relation.left) * 0.5;
    case 'reduce':
      return relation.keys.length === 0 ? 1 : of(relation.input) * 0.3;
    case 'distinct':
      return relation.columns.length === 0 ? 1 : of(relation.input) * 0.5;
    case 'union':
      return relation.inputs.reduce((sum, input) => sum + of(input), 0);
    case 'flatMap':
      return of(relation.input) * 3;
    default:
      return of(relation.input);
  }
}
