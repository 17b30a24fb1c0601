/**
 * Which relations compute the same by the same means: equal numbers for equal trees. NULL's possibility does not count.
 */
import type { MirAggregate, MirOrder, MirRelation, MirScalar } from '../../mir.ts';
import { inputs } from '../../mir/traverse.ts';
import { scalarKey } from '../../mir/scalar.ts';

/** Numbers for relations, of one rule's run. */
export class RelationIdentity {
  readonly #known = new Map<MirRelation, number>();
  readonly #numbers = new Map<string, number>();

  /** The number of a relation. */
  of(relation: MirRelation): number {
    const known = this.#known.get(relation);
    if (known !== undefined) return known;
    const below = inputs(relation).map((input) => this.of(input));
    const text = `${relation.kind} ${below.join()} ${ownText(relation)}`;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    this.#known.set(relation, number);
    return number;
  }

  same(left: MirRelation, right: MirRelation): boolean {
    return left === right || this.of(left) === this.of(right);
  }
}

const scalars = (list: readonly MirScalar[]): string => list.map(scalarKey).join(';');
const optional = (scalar: MirScalar | null): string => (scalar === null ? '' : scalarKey(scalar));
const orders = (list: readonly MirOrder[]): string =>
  list.map(({ column, descending, nullsFirst }) => `${column} ${descending} ${nullsFirst}`).join();

/** What a node says beside what it reads. */
function ownText(relation: MirRelation): string {
  switch (relation.kind) {
    case 'constant':
      return `${typesText(relation)} ${JSON.stringify(relation.rows)}`;
    case 'get':
      return String(relation.object);
    case 'getLet':
    case 'let':
      return String(relation.binding);
    case 'filter':
      return scalars(relation.predicates);
    case 'map':
      return scalars(relation.scalars);
    case 'project':
      return relation.indexes.join();
    case 'flatMap': {
      const calls = relation.calls.map((call) => `${call.function}(${scalars(call.arguments)})`);
      return `${relation.ordinality} ${calls.join()} ${typesText(relation)}`;
    }
    case 'join': {
      const classes = relation.equivalences.map((item) => `${item.nullSafe} ${scalars(item.scalars)}`);
      return `${classes.join()} where ${scalars(relation.residual)}`;
    }
    case 'semiJoin': {
      const keys = relation.keys.map((key) => `${key.nullSafe} ${scalars([key.left, key.right])}`);
      return `${relation.anti} ${keys.join()}`;
    }
    case 'reduce':
      return `${scalars(relation.keys)} ${relation.aggregates.map((aggregate) => aggregateText(aggregate)).join()}`;
    case 'topK': {
      const { partition, order, limit, offset, withTies } = relation;
      return `${scalars(partition)} ${orders(order)} ${optional(limit)} ${optional(offset)} ${withTies}`;
    }
    case 'window':
      return `${scalars(relation.partition)} ${orders(relation.order)} ${JSON.stringify(relation.calls, withoutNullable)}`;
    case 'guard':
      return `${scalars(relation.keys)} ${JSON.stringify([relation.sqlstate, relation.message, relation.hint])}`;
    case 'union':
      return `${JSON.stringify(relation.keys)} ${typesText(relation)}`;
    case 'distinct':
    case 'negate':
    case 'threshold':
      return '';
  }
}

/** What an aggregate says; `textOf`: what a scalar over the rows says. */
export function aggregateText(
  aggregate: MirAggregate,
  textOf: (scalar: MirScalar) => string = scalarKey,
): string {
  const { function: name, distinct, order, filter, type } = aggregate;
  const keys = order.map((key) => `${textOf(key.scalar)} ${key.descending} ${key.nullsFirst}`);
  const read = aggregate.arguments.map(textOf).join(';');
  return `${name} ${type.name},${type.typmod} ${distinct}(${read}) ${keys.join()} ${filter === null ? '' : textOf(filter)}`;
}

function typesText(relation: MirRelation): string {
  return relation.columns.map(({ name, typmod }) => `${name},${typmod}`).join();
}

function withoutNullable(name: string, value: unknown): unknown {
  return name === 'nullable' ? undefined : value;
}
