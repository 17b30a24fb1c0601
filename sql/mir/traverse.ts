/**
 * Walking and rebuilding MIR relations.
 */
import type { MirAggregate, MirRelation, MirScalar } from '../mir.ts';
import * as build from './relation.ts';

/** The relations that a node reads directly. */
export function inputs(relation: MirRelation): readonly MirRelation[] {
  switch (relation.kind) {
    case 'constant':
    case 'get':
    case 'getLet':
      return [];
    case 'let':
      return [relation.value, relation.body];
    case 'join':
    case 'union':
      return relation.inputs;
    case 'semiJoin':
      return [relation.left, relation.right];
    default:
      return [relation.input];
  }
}

/** The same node over other inputs, columns computed anew. */
export function withInputs(relation: MirRelation, to: readonly MirRelation[]): MirRelation {
  if (inputs(relation).every((input, index) => input === to[index])) return relation;
  const first = to[0]!;
  switch (relation.kind) {
    case 'constant':
    case 'get':
    case 'getLet':
      return relation;
    case 'let':
      return build.letIn(relation.binding, first, to[1]!);
    case 'filter':
      return build.filter(first, relation.predicates);
    case 'map':
      return build.map(first, relation.scalars);
    case 'project':
      return build.project(first, relation.indexes);
    case 'flatMap':
      return build.flatMap(
        first,
        relation.calls,
        relation.ordinality,
        relation.columns.slice(relation.input.columns.length),
      );
    case 'join':
      return build.join(to, relation.equivalences, relation.residual);
    case 'semiJoin':
      return build.semiJoin(first, to[1]!, relation.keys, relation);
    case 'reduce':
      return build.reduce(first, relation.keys, relation.aggregates);
    case 'distinct':
      return build.distinct(first);
    case 'topK':
      return build.topK(first, relation);
    case 'window':
      return build.window(first, relation);
    case 'guard':
      return build.guard(first, relation.keys, relation);
    case 'negate':
      return build.negate(first);
    case 'threshold':
      return build.threshold(first);
    case 'union':
      return build.union(to, relation.keys);
  }
}

/** The same node over what `to` makes of each input; itself where that changes none. */
export function mapInputs(relation: MirRelation, to: (input: MirRelation) => MirRelation): MirRelation {
  switch (relation.kind) {
    case 'constant':
    case 'get':
    case 'getLet':
      return relation;
    case 'let':
    case 'semiJoin':
    case 'join':
    case 'union': {
      const before = inputs(relation);
      let after: MirRelation[] | null = null;
      for (let index = 0; index < before.length; index += 1) {
        const input = to(before[index]!);
        if (after === null && input !== before[index]) after = before.slice(0, index);
        after?.push(input);
      }
      return after === null ? relation : withInputs(relation, after);
    }
    default: {
      const input = to(relation.input);
      return input === relation.input ? relation : withInputs(relation, [input]);
    }
  }
}

/** Rewrites bottom-up. */
export function rewriteRelation(
  relation: MirRelation,
  rewrite: (node: MirRelation) => MirRelation,
): MirRelation {
  const walk = (node: MirRelation): MirRelation => rewrite(mapInputs(node, walk));
  return walk(relation);
}

/** Visits every node, parents first. */
export function visitRelation(relation: MirRelation, visit: (node: MirRelation) => void): void {
  visit(relation);
  for (const input of inputs(relation)) visitRelation(input, visit);
}

/** Rewrites the scalars of one node; the node's columns are computed anew. */
export function mapScalars(relation: MirRelation, rewrite: (scalar: MirScalar) => MirScalar): MirRelation {
  let changed = false;
  const each = (scalar: MirScalar): MirScalar => {
    const result = rewrite(scalar);
    changed ||= result !== scalar;
    return result;
  };
  const optional = (scalar: MirScalar | null): MirScalar | null => (scalar === null ? null : each(scalar));
  const aggregate = (node: MirAggregate): MirAggregate => ({
    ...node,
    arguments: node.arguments.map(each),
    order: node.order.map((key) => ({ ...key, scalar: each(key.scalar) })),
    filter: optional(node.filter),
  });
  switch (relation.kind) {
    case 'filter': {
      const predicates = relation.predicates.map(each);
      return changed ? build.filter(relation.input, predicates) : relation;
    }
    case 'map': {
      const scalars = relation.scalars.map(each);
      return changed ? build.map(relation.input, scalars) : relation;
    }
    case 'flatMap': {
      const calls = relation.calls.map((call) => ({ ...call, arguments: call.arguments.map(each) }));
      const appended = relation.columns.slice(relation.input.columns.length);
      return changed ? build.flatMap(relation.input, calls, relation.ordinality, appended) : relation;
    }
    case 'join': {
      const equivalences = relation.equivalences.map((item) => ({
        ...item,
        scalars: item.scalars.map(each),
      }));
      const residual = relation.residual.map(each);
      return changed ? build.join(relation.inputs, equivalences, residual) : relation;
    }
    case 'semiJoin': {
      const keys = relation.keys.map((key) => ({ ...key, left: each(key.left), right: each(key.right) }));
      return changed ? build.semiJoin(relation.left, relation.right, keys, relation) : relation;
    }
    case 'reduce': {
      const keys = relation.keys.map(each);
      const aggregates = relation.aggregates.map(aggregate);
      return changed ? build.reduce(relation.input, keys, aggregates) : relation;
    }
    case 'topK': {
      const partition = relation.partition.map(each);
      const limit = optional(relation.limit);
      const offset = optional(relation.offset);
      return changed ? build.topK(relation.input, { ...relation, partition, limit, offset }) : relation;
    }
    case 'window': {
      const partition = relation.partition.map(each);
      return changed ? build.window(relation.input, { ...relation, partition }) : relation;
    }
    case 'guard': {
      const keys = relation.keys.map(each);
      return changed ? build.guard(relation.input, keys, relation) : relation;
    }
    default:
      return relation;
  }
}
