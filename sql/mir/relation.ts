/**
 * Constructors of MIR relations: each computes the columns of its result. They simplify only what is free of judgement
 * (an empty Map is its input); everything else is a rule's.
 */
import type { ObjectId } from '../catalog.ts';
import type {
  MirAggregate,
  MirConstantRow,
  MirEquivalence,
  MirKeyPair,
  MirNotes,
  MirOrder,
  MirRelation,
  MirScalar,
  MirTableCall,
  MirType,
  MirWindowCall,
} from '../mir.ts';
import type { Kinds } from './kinds.ts';
import { kinds } from './kinds.ts';
import { conjuncts } from './scalar.ts';

const CONSTANT = kinds('constant');
const GET = kinds('get');
const GET_LET = kinds('getLet');
const LET = kinds('let');
const FILTER = kinds('filter');
const MAP = kinds('map');
const PROJECT = kinds('project');
const FLAT_MAP = kinds('flatMap');
const JOIN = kinds('join');
const SEMI_JOIN = kinds('semiJoin');
const REDUCE = kinds('reduce');
const DISTINCT = kinds('distinct');
const TOP_K = kinds('topK');
const WINDOW = kinds('window');
const GUARD = kinds('guard');
const NEGATE = kinds('negate');
const THRESHOLD = kinds('threshold');
const UNION = kinds('union');

/** Notes of a new node of this kind over these inputs. */
function notes(kind: Kinds, first: MirRelation | null, second: MirRelation | null = null): MirNotes {
  let below = 0;
  if (first !== null) below |= first.notes.kinds;
  if (second !== null) below |= second.notes.kinds;
  return { kind, kinds: kind | below, free: null, fresh: false, keys: null, settled: 0, verified: 0 };
}

function notesOfAll(kind: Kinds, inputs: readonly MirRelation[]): MirNotes {
  const made = notes(kind, null);
  for (const input of inputs) made.kinds |= input.notes.kinds;
  return made;
}

export type MirNode<K extends MirRelation['kind']> = Extract<MirRelation, { kind: K }>;

export function constant(columns: readonly MirType[], rows: readonly MirConstantRow[]): MirRelation {
  const types = columns.map((type, index) => ({
    ...type,
    nullable: rows.some((row) => row.values[index] === null),
  }));
  return { kind: 'constant', rows, columns: types, notes: notes(CONSTANT, null) };
}

/** One row without columns. */
export const UNIT: MirRelation = {
  kind: 'constant',
  rows: [{ values: [], diff: 1 }],
  columns: [],
  notes: notes(CONSTANT, null),
};

export function empty(columns: readonly MirType[]): MirRelation {
  return {
    kind: 'constant',
    rows: [],
    columns: columns.map((type) => (type.nullable ? { ...type, nullable: false } : type)),
    notes: notes(CONSTANT, null),
  };
}

export function isEmpty(relation: MirRelation): boolean {
  return relation.kind === 'constant' && relation.rows.length === 0;
}

export function isUnit(relation: MirRelation): boolean {
  return (
    relation.kind === 'constant' &&
    relation.columns.length === 0 &&
    relation.rows.length === 1 &&
    relation.rows[0]!.diff === 1
  );
}

export function get(object: ObjectId, columns: readonly MirType[]): MirRelation {
  return { kind: 'get', object, columns, notes: notes(GET, null) };
}

export function getLet(binding: number, columns: readonly MirType[]): MirRelation {
  return { kind: 'getLet', binding, columns, notes: notes(GET_LET, null) };
}

export function letIn(binding: number, value: MirRelation, body: MirRelation): MirRelation {
  return { kind: 'let', binding, value, body, columns: body.columns, notes: notes(LET, value, body) };
}

/** Columns that `predicates` exclude NULL from: `x IS NOT NULL` and nothing cleverer. */
function refine(columns: readonly MirType[], predicates: readonly MirScalar[]): readonly MirType[] {
  let refined: MirType[] | null = null;
  for (const predicate of predicates) {
    if (predicate.kind !== 'not' || predicate.operand.kind !== 'isNull') continue;
    const operand = predicate.operand.operand;
    if (operand.kind !== 'column' || !columns[operand.index]!.nullable) continue;
    refined ??= [...columns];
    refined[operand.index] = { ...columns[operand.index]!, nullable: false };
  }
  return refined ?? columns;
}

export function filter(input: MirRelation, predicates: readonly MirScalar[]): MirRelation {
  if (predicates.length === 0) return input;
  const flat = predicates.flatMap(conjuncts);
  return {
    kind: 'filter',
    input,
    predicates: flat,
    columns: refine(input.columns, flat),
    notes: notes(FILTER, input),
  };
}

/** A plain column is as nullable as what it reads is by now. */
function currentType(scalar: MirScalar, columns: readonly MirType[]): MirType {
  const read = scalar.kind === 'column' ? columns[scalar.index] : undefined;
  return read === undefined || read.nullable || !scalar.type.nullable
    ? scalar.type
    : { ...scalar.type, nullable: false };
}

export function map(input: MirRelation, scalars: readonly MirScalar[]): MirRelation {
  if (scalars.length === 0) return input;
  const columns = [...input.columns];
  for (const scalar of scalars) columns.push(currentType(scalar, columns));
  return { kind: 'map', input, scalars, columns, notes: notes(MAP, input) };
}

export function project(input: MirRelation, indexes: readonly number[]): MirRelation {
  if (indexes.length === input.columns.length && indexes.every((index, position) => index === position)) {
    return input;
  }
  return {
    kind: 'project',
    input,
    indexes,
    columns: indexes.map((index) => input.columns[index]!),
    notes: notes(PROJECT, input),
  };
}

/** A row of computed columns only. */
export function mapOnly(input: MirRelation, scalars: readonly MirScalar[]): MirRelation {
  const arity = input.columns.length;
  const columns = scalars.map((scalar) =>
    scalar.kind === 'column' && scalar.type.name === input.columns[scalar.index]!.name ? scalar.index : null,
  );
  if (columns.every((index) => index !== null)) return project(input, columns);
  return project(
    map(input, scalars),
    scalars.map((_, index) => arity + index),
  );
}

export function flatMap(
  input: MirRelation,
  calls: readonly MirTableCall[],
  ordinality: boolean,
  appended: readonly MirType[],
): MirRelation {
  return {
    kind: 'flatMap',
    input,
    calls,
    ordinality,
    columns: [...input.columns, ...appended],
    notes: notes(FLAT_MAP, input),
  };
}

export function join(
  inputs: readonly MirRelation[],
  equivalences: readonly MirEquivalence[] = [],
  residual: readonly MirScalar[] = [],
): MirRelation {
  if (inputs.length === 1 && equivalences.length === 0) return filter(inputs[0]!, residual);
  const columns: MirType[] = [];
  for (const input of inputs) columns.push(...input.columns);
  return {
    kind: 'join',
    inputs,
    equivalences,
    residual: residual.flatMap(conjuncts),
    columns,
    notes: notesOfAll(JOIN, inputs),
  };
}

export function semiJoin(
  left: MirRelation,
  right: MirRelation,
  keys: readonly MirKeyPair[],
  options: { anti: boolean },
): MirRelation {
  return {
    kind: 'semiJoin',
    anti: options.anti,
    left,
    right,
    keys,
    columns: left.columns,
    notes: notes(SEMI_JOIN, left, right),
  };
}

export function reduce(
  input: MirRelation,
  keys: readonly MirScalar[],
  aggregates: readonly MirAggregate[],
): MirRelation {
  const keyTypes = keys.map((key) => currentType(key, input.columns));
  const columns = [...keyTypes, ...aggregates.map((aggregate) => aggregate.type)];
  return { kind: 'reduce', input, keys, aggregates, columns, notes: notes(REDUCE, input) };
}

export function distinct(input: MirRelation): MirRelation {
  return { kind: 'distinct', input, columns: input.columns, notes: notes(DISTINCT, input) };
}

export function topK(
  input: MirRelation,
  options: {
    partition: readonly MirScalar[];
    order: readonly MirOrder[];
    limit: MirScalar | null;
    offset: MirScalar | null;
    withTies: boolean;
  },
): MirRelation {
  const { partition, order, limit, offset, withTies } = options;
  return {
    kind: 'topK',
    input,
    partition,
    order,
    limit,
    offset,
    withTies,
    columns: input.columns,
    notes: notes(TOP_K, input),
  };
}

export function window(
  input: MirRelation,
  options: {
    partition: readonly MirScalar[];
    order: readonly MirOrder[];
    calls: readonly MirWindowCall[];
  },
): MirRelation {
  const { partition, order, calls } = options;
  if (calls.length === 0) return input;
  const columns = [...input.columns, ...calls.map((call) => call.type)];
  return { kind: 'window', input, partition, order, calls, columns, notes: notes(WINDOW, input) };
}

export function guard(
  input: MirRelation,
  keys: readonly MirScalar[],
  error: { sqlstate: string; message: string; hint?: string | undefined },
): MirRelation {
  const { sqlstate, message, hint } = error;
  const hinted = hint === undefined ? {} : { hint };
  return {
    kind: 'guard',
    input,
    keys,
    sqlstate,
    message,
    ...hinted,
    columns: input.columns,
    notes: notes(GUARD, input),
  };
}

export function negate(input: MirRelation): MirRelation {
  return { kind: 'negate', input, columns: input.columns, notes: notes(NEGATE, input) };
}

export function threshold(input: MirRelation): MirRelation {
  return { kind: 'threshold', input, columns: input.columns, notes: notes(THRESHOLD, input) };
}

/** Inputs have equal types; NULL can occur where it can in one of them, and a modifier holds only if all have it. */
export function union(
  inputs: readonly MirRelation[],
  keys: readonly (readonly number[])[] = [],
): MirRelation {
  const first = inputs[0];
  if (first === undefined) throw new Error('union without inputs');
  const columns = first.columns.map((type, index) => ({
    name: type.name,
    typmod: inputs.every((input) => input.columns[index]!.typmod === type.typmod) ? type.typmod : -1,
    nullable: inputs.some((input) => input.columns[index]!.nullable),
  }));
  return { kind: 'union', inputs, keys, columns, notes: notesOfAll(UNION, inputs) };
}
