/** Making relations of HIR. */
import type { HirColumn, HirOrder, HirRelation, HirScalar } from '../hir.ts';
import { columnType } from './scalar.ts';
import type { Statement } from './statement.ts';

/** One row without columns: what SELECT without FROM reads. */
export const oneRow: HirRelation = { kind: 'constant', columns: [], rows: [[]] };

export function filter(input: HirRelation, condition: HirScalar): HirRelation {
  return { kind: 'filter', columns: input.columns, input, condition };
}

/** The relation, or the error that `never`, a condition on the row of `one` that is never true, raises though there are no rows. */
export function orError(relation: HirRelation, one: HirRelation, never: HirScalar): HirRelation {
  const absent = relation.columns.map(({ name, type }) => ({
    name,
    scalar: { kind: 'raise', sqlstate: 'XX000', message: 'a row that there cannot be', type } as const,
  }));
  return {
    kind: 'setOperation',
    columns: relation.columns,
    operation: 'union',
    all: true,
    left: relation,
    right: projectScalars(filter(one, never), absent),
  };
}

export function project(
  input: HirRelation,
  indexes: readonly number[],
  names?: readonly string[],
): HirRelation {
  const columns = indexes.map((index, i) => ({
    ...input.columns[index]!,
    ...(names ? { name: names[i]! } : {}),
  }));
  const identity = indexes.length === input.columns.length && indexes.every((index, i) => index === i);
  if (identity) return names === undefined ? input : { ...input, columns };
  return { kind: 'project', columns, input, indexes };
}

/** The scalars over `input` as the output's columns: a Map for what is not a column, then a Project. */
export function projectScalars(
  input: HirRelation,
  scalars: readonly { readonly name: string; readonly scalar: HirScalar }[],
): HirRelation {
  const width = input.columns.length;
  const made: { name: string; scalar: HirScalar }[] = [];
  const indexes = scalars.map(({ name, scalar }) => {
    const isOwn = scalar.kind === 'column' && scalar.level === undefined;
    const place = isOwn ? input.columns[scalar.index] : undefined;
    if (isOwn && place!.type.name === scalar.type.name && place!.type.typmod === scalar.type.typmod) {
      return scalar.index;
    }
    made.push({ name, scalar });
    return width + made.length - 1;
  });
  return project(
    map(input, made),
    indexes,
    scalars.map(({ name }) => name),
  );
}

/** Appends columns, if there are any. */
export function map(
  input: HirRelation,
  scalars: readonly { readonly name: string; readonly scalar: HirScalar }[],
): HirRelation {
  if (scalars.length === 0) return input;
  const columns = scalars.map(({ name, scalar }): HirColumn => ({ name, type: columnType(scalar) }));
  return {
    kind: 'map',
    columns: [...input.columns, ...columns],
    input,
    scalars: scalars.map(({ scalar }) => scalar),
  };
}

export function topK(
  input: HirRelation,
  options: {
    readonly partition?: readonly number[];
    readonly order: readonly HirOrder[];
    readonly limit: HirScalar | null;
    readonly offset: HirScalar | null;
    readonly withTies?: boolean;
  },
): HirRelation {
  return {
    kind: 'topK',
    columns: input.columns,
    input,
    partition: options.partition ?? [],
    order: options.order,
    limit: options.limit,
    offset: options.offset,
    withTies: options.withTies ?? false,
  };
}

/** A column of a relation as a scalar. */
export function columnOf(relation: HirRelation, index: number): HirScalar {
  return { kind: 'column', index, type: relation.columns[index]!.type };
}

/** Views' relations, which are bound once and used again and again, by whether there are CTE bindings in them. */
const binds = new WeakMap<HirRelation, boolean>();

function hasBindings(relation: HirRelation): boolean {
  let known = binds.get(relation);
  if (known === undefined) {
    const search = (value: unknown): boolean => {
      if (Array.isArray(value)) return value.some(search);
      if (value === null || typeof value !== 'object') return false;
      return (value as { kind?: unknown }).kind === 'let' || Object.values(value).some(search);
    };
    binds.set(relation, (known = search(relation)));
  }
  return known;
}

/**
 * The relation with numbers of its own for its CTE bindings: a view's definition may be used twice in a statement.
 */
export function withFreshBindings(statement: Statement, relation: HirRelation): HirRelation {
  if (!hasBindings(relation)) return relation;
  const renumbered = new Map<number, number>();
  const fresh = (binding: number): number => {
    let number = renumbered.get(binding);
    if (number === undefined) renumbered.set(binding, (number = statement.newBinding()));
    return number;
  };
  // Relations stand in relations and in subqueries; both are plain trees, so one walk over all values finds them.
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const walked = value.map(walk);
      return walked.some((element, i) => element !== value[i]) ? walked : value;
    }
    if (value === null || typeof value !== 'object') return value;
    const node = value as Record<string, unknown>;
    let changed = false;
    const copy: Record<string, unknown> = {};
    for (const [name, child] of Object.entries(node)) {
      const walked =
        name === 'binding' && (node['kind'] === 'let' || node['kind'] === 'getLet')
          ? fresh(child as number)
          : walk(child);
      changed ||= walked !== child;
      copy[name] = walked;
    }
    return changed ? copy : value;
  };
  return walk(relation) as HirRelation;
}
