/**
 * Join order: greedy by equality keys, from each possible start, judged by the rows that the steps are expected to
 * make (rule 25). No exhaustive search.
 */
import type { MirRelation } from '../mir.ts';
import { columnsRead } from '../mir/scalar.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { coversKey, keyColumn } from '../optimize/analysis/keys.ts';

/** What ordering knows of an input. */
export interface InputFacts {
  /** Rows expected. */
  readonly rows: number;
  readonly keys: Keys;
}

/** Above so many inputs only the first input is tried as a start. */
const MAX_STARTS = 12;

/** The order in which to join the inputs. */
export function joinOrder(
  join: Extract<MirRelation, { kind: 'join' }>,
  facts: readonly InputFacts[],
): number[] {
  const links = equalityLinks(join);
  const count = join.inputs.length;
  const starts = Array.from({ length: count <= MAX_STARTS ? count : 1 }, (_, index) => index);
  let best: { order: number[]; cost: number } | null = null;
  for (const start of starts) {
    const candidate = greedy(start, links, facts);
    if (best === null || candidate.cost < best.cost * 0.999) best = candidate;
  }
  return best?.order ?? [];
}

interface Link {
  /** Inputs that have a member of the class, with the plain columns (of the input) that are members. */
  readonly columns: ReadonlyMap<number, readonly number[]>;
}

function equalityLinks(join: Extract<MirRelation, { kind: 'join' }>): Link[] {
  const offsets: number[] = [];
  let arity = 0;
  for (const input of join.inputs) {
    offsets.push(arity);
    arity += input.columns.length;
  }
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

function greedy(
  start: number,
  links: readonly Link[],
  facts: readonly InputFacts[],
): { order: number[]; cost: number } {
  const order = [start];
  let rows = facts[start]!.rows;
  let cost = rows;
  while (order.length < facts.length) {
    let next: { input: number; rows: number; connected: boolean } | null = null;
    for (const [input, fact] of facts.entries()) {
      if (order.includes(input)) continue;
      const matched = new Set<number>();
      let connected = false;
      for (const link of links) {
        if (!link.columns.has(input) || !order.some((done) => link.columns.has(done))) continue;
        connected = true;
        for (const column of link.columns.get(input)!) matched.add(column);
      }
      const one = fact.keys.some((key) => key.length === 0);
      const after = joinedRows(rows, fact, connected, coversKey(fact.keys, matched));
      const better =
        next === null ||
        (connected || one ? 1 : 0) > (next.connected ? 1 : 0) ||
        ((connected || one) === next.connected && after < next.rows);
      if (better) next = { input, rows: after, connected: connected || one };
    }
    order.push(next!.input);
    rows = next!.rows;
    cost += rows + facts[next!.input]!.rows * 0.01;
  }
  return { order, cost };
}

function joinedRows(rows: number, fact: InputFacts, connected: boolean, unique: boolean): number {
  if (unique) return rows;
  if (!connected) return rows * Math.max(fact.rows, 1);
  return Math.max(rows, fact.rows) * 2;
}

const UNKNOWN_ROWS = 10_000;

/** Rows expected of a relation: the catalog's count, less for filters. */
export function expectedRows(
  relation: MirRelation,
  rowsOf: (object: number) => number | null,
  bindings: ReadonlyMap<number, number>,
): number {
  const of = (input: MirRelation): number => expectedRows(input, rowsOf, bindings);
  switch (relation.kind) {
    case 'constant':
      return relation.rows.length;
    case 'get':
      return rowsOf(relation.object) ?? UNKNOWN_ROWS;
    case 'getLet':
      return bindings.get(relation.binding) ?? UNKNOWN_ROWS;
    case 'let':
      return expectedRows(
        relation.body,
        rowsOf,
        new Map([...bindings, [relation.binding, of(relation.value)]]),
      );
    case 'filter': {
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
