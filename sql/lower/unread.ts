/**
 * Subqueries in columns that nothing reads are not computed, nor are their errors raised: as in PostgreSQL, where a subquery in FROM
 * loses the outputs that are not used. The column stays, with a constant in it.
 *
 *     select x from (select x, (select y from t where t.x = s.x) from s)   →   select x from (select x, null from s)
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import { aggregateScalars } from '../hir/aggregate.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { freeOfRelation, freeOfScalar, mapRelationParts, mapScalarParts } from '../hir/traverse.ts';
import { isVolatileThroughout } from '../hir/volatile.ts';

type Columns = ReadonlySet<number>;

/** The relation without them, where only the columns `read` are read of it; null: all are. */
export function withoutUnread(relation: HirRelation, read: Columns | null): HirRelation {
  return computesSubqueries(relation) ? new Pruner().relation(relation, read) : relation;
}

const known = new WeakMap<HirRelation, boolean>();

/** Whether a column of the relation, or of one in it, is computed by a subquery. */
function computesSubqueries(relation: HirRelation): boolean {
  let answer = known.get(relation);
  if (answer === undefined) {
    answer = relation.kind === 'map' && relation.scalars.some(hasSubquery);
    const inScalar = (scalar: HirScalar): HirScalar => {
      if (answer !== true && hasSubquery(scalar)) mapScalarParts(scalar, parts);
      return scalar;
    };
    const parts = {
      scalar: inScalar,
      relation: (inner: HirRelation): HirRelation => {
        answer ||= computesSubqueries(inner);
        return inner;
      },
    };
    if (!answer) mapRelationParts(relation, parts);
    known.set(relation, answer);
  }
  return answer;
}

class Pruner {
  /** What is read at each place that names a CTE, by the numbers of those around. */
  readonly #uses = new Map<number, (Columns | null)[]>();

  relation(relation: HirRelation, read: Columns | null): HirRelation {
    const names = freeOfRelation(relation).bindings.some((binding) => this.#uses.has(binding));
    return names || computesSubqueries(relation) ? this.#pruned(relation, read) : relation;
  }

  #pruned(relation: HirRelation, read: Columns | null): HirRelation {
    switch (relation.kind) {
      case 'getLet':
        this.#uses.get(relation.binding)?.push(read);
        return relation;
      case 'let':
        return this.#ofLet(relation, read);
      case 'join':
        return this.#ofJoin(relation, read);
      case 'map':
        return this.#ofMap(relation, read);
      case 'project': {
        const indexes = relation.indexes.filter((_, i) => read?.has(i) ?? true);
        return this.#within(relation, new Set(indexes));
      }
      case 'filter':
        return this.#within(relation, and(read, columnsOf([relation.condition])));
      case 'topK': {
        const needed = [...relation.partition, ...relation.order.map(({ column }) => column)];
        return this.#within(relation, and(read, needed));
      }
      case 'aggregate': {
        const scalars = [...relation.keys, ...relation.aggregates.flatMap(aggregateScalars)];
        return this.#within(relation, new Set(columnsOf(scalars)));
      }
      case 'window': {
        const calls = relation.calls.flatMap((call) => [
          ...call.arguments,
          ...(call.filter === null ? [] : [call.filter]),
          ...[call.frame.start, call.frame.end].flatMap((bound) => ('column' in bound ? [bound.column] : [])),
        ]);
        const order = relation.order.map(({ column }) => column);
        return this.#within(relation, and(read, [...relation.partition, ...order, ...calls]));
      }
      case 'setOperation':
        return this.#within(relation, relation.operation === 'union' && relation.all ? read : null);
      default:
        return this.#within(relation, null);
    }
  }

  /** The node over its parts, of whose rows only these columns are read. */
  #within(relation: HirRelation, read: Columns | null): HirRelation {
    return mapRelationParts(relation, {
      scalar: this.#scalar,
      relation: (inner) => this.relation(inner, read),
    });
  }

  readonly #scalar = (scalar: HirScalar): HirScalar => {
    if (!hasSubquery(scalar)) return scalar;
    return mapScalarParts(scalar, {
      scalar: this.#scalar,
      relation: (inner) => this.relation(inner, null),
    });
  };

  #ofMap(relation: Extract<HirRelation, { kind: 'map' }>, read: Columns | null): HirRelation {
    const width = relation.input.columns.length;
    const scalars = relation.scalars.map((scalar, i) => {
      if (read === null || read.has(width + i) || !hasSubquery(scalar) || isVolatileThroughout(scalar)) {
        return this.#scalar(scalar);
      }
      const { type } = relation.columns[width + i]!;
      const text = type.nullable ? null : type.name === 'bool' ? 'f' : undefined;
      return text === undefined ? this.#scalar(scalar) : ({ kind: 'literal', type, text } as const);
    });
    const input = this.relation(relation.input, and(read, columnsOf(scalars)));
    const isSame = input === relation.input && scalars.every((scalar, i) => scalar === relation.scalars[i]);
    return isSame ? relation : { ...relation, input, scalars };
  }

  #ofJoin(relation: Extract<HirRelation, { kind: 'join' }>, read: Columns | null): HirRelation {
    const width = relation.left.columns.length;
    const needed = and(read, relation.on === null ? [] : columnsOf([relation.on]));
    const ofRight =
      needed === null
        ? null
        : new Set([...needed].flatMap((index) => (index < width ? [] : [index - width])));
    const right = this.relation(relation.right, ofRight);
    const lateral = relation.lateral === true ? freeOfRelation(right).columns : [];
    const around = lateral.flatMap(({ level, index }) => (level === 1 ? [index] : []));
    const left = this.relation(relation.left, and(needed, around));
    const on = relation.on === null ? null : this.#scalar(relation.on);
    const isSame = left === relation.left && right === relation.right && on === relation.on;
    return isSame ? relation : { ...relation, left, right, on };
  }

  /** A CTE that is named once is that query in its place; one that is named more often is computed as it is written. */
  #ofLet(relation: Extract<HirRelation, { kind: 'let' }>, read: Columns | null): HirRelation {
    const uses: (Columns | null)[] = [];
    if (computesSubqueries(relation.value)) this.#uses.set(relation.binding, uses);
    const body = this.relation(relation.body, read);
    const value = this.relation(relation.value, uses.length === 1 ? uses[0]! : null);
    return body === relation.body && value === relation.value ? relation : { ...relation, body, value };
  }
}

/** The columns of its own row that expressions read. */
function columnsOf(scalars: readonly HirScalar[]): number[] {
  return scalars.flatMap((scalar) =>
    freeOfScalar(scalar).columns.flatMap(({ level, index }) => (level === 0 ? [index] : [])),
  );
}

function and(read: Columns | null, more: readonly number[]): Columns | null {
  return read === null ? null : new Set([...read, ...more]);
}
