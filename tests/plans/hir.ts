/**
 * HIR by hand, for tests that are about lowering and not about names.
 */
import type { HirAggregate, HirQuery, HirRelation, HirScalar } from '../../sql/hir.ts';
import type { NullableType, SqlType } from '../../sql/types/type.ts';
import { fakeCatalog, type } from './fake-catalog.ts';

const catalog = fakeCatalog();

export const int = (value: number | null): HirScalar => ({
  kind: 'literal',
  type: { name: 'int4', typmod: -1 },
  text: value === null ? null : String(value),
});

export const col = (index: number, columnType: NullableType = type('int4')): HirScalar => ({
  kind: 'column',
  index,
  type: columnType,
});

export function call(
  opcode: string,
  name: string,
  operands: HirScalar[],
  result: SqlType = type('bool'),
  canError = false,
): HirScalar {
  return { kind: 'call', opcode, name, strict: true, canError, arguments: operands, type: result };
}

export const eq = (left: HirScalar, right: HirScalar): HirScalar => call('int4eq', '=', [left, right]);
export const gt = (left: HirScalar, right: HirScalar): HirScalar => call('int4gt', '>', [left, right]);
export const plus = (left: HirScalar, right: HirScalar): HirScalar =>
  call('int4pl', '+', [left, right], type('int4'), true);
export const div = (left: HirScalar, right: HirScalar): HirScalar =>
  call('int4div', '/', [left, right], type('int4'), true);
export const not = (operand: HirScalar): HirScalar => ({ kind: 'not', operand });

export function get(name: string): HirRelation {
  const relation = catalog.findRelation(null, name);
  if (relation === null) throw new Error(`no relation ${name}`);
  return {
    kind: 'get',
    object: relation.id,
    columns: relation.columns.map((column) => ({ name: column.name, type: column.type })),
  };
}

export function filter(input: HirRelation, condition: HirScalar): HirRelation {
  return { kind: 'filter', input, condition, columns: input.columns };
}

export function map(input: HirRelation, ...scalars: HirScalar[]): HirRelation {
  const columns = scalars.map((scalar) => ({
    name: '?column?',
    type: { ...type('bool'), ...('type' in scalar ? scalar.type : {}), nullable: true },
  }));
  return { kind: 'map', input, scalars, columns: [...input.columns, ...columns] };
}

export function project(input: HirRelation, ...indexes: number[]): HirRelation {
  return { kind: 'project', input, indexes, columns: indexes.map((index) => input.columns[index]!) };
}

export function join(
  kind: 'inner' | 'left' | 'right' | 'full',
  left: HirRelation,
  right: HirRelation,
  on: HirScalar | null,
): HirRelation {
  const outer = (side: HirRelation, nulls: boolean): HirRelation['columns'] =>
    side.columns.map((column) => ({
      ...column,
      type: { ...column.type, nullable: column.type.nullable || nulls },
    }));
  return {
    kind: 'join',
    type: kind,
    left,
    right,
    on,
    columns: [
      ...outer(left, kind === 'right' || kind === 'full'),
      ...outer(right, kind === 'left' || kind === 'full'),
    ],
  };
}

export function aggregate(input: HirRelation, keys: HirScalar[], aggregates: HirAggregate[]): HirRelation {
  return {
    kind: 'aggregate',
    input,
    keys,
    aggregates,
    groupingSets: null,
    global: keys.length === 0,
    columns: [
      ...keys.map((key) => ({ name: 'key', type: { ...type('int4'), ...('type' in key ? key.type : {}) } })),
      ...aggregates.map((item) => ({ name: item.function, type: item.type })),
    ],
  };
}

export function setOperation(
  operation: 'union' | 'intersect' | 'except',
  all: boolean,
  left: HirRelation,
  right: HirRelation,
): HirRelation {
  return { kind: 'setOperation', operation, all, left, right, columns: left.columns };
}

export const countAll: HirAggregate = {
  function: 'countAll',
  arguments: [],
  distinct: false,
  order: [],
  filter: null,
  type: type('int8', false),
};

export function any(left: HirScalar, relation: HirRelation, comparison?: HirScalar): HirScalar {
  return {
    kind: 'quantified',
    quantifier: 'any',
    left,
    comparison: comparison ?? eq(col(0), col(1)),
    equality: comparison === undefined,
    relation,
  };
}

export function query(relation: HirRelation): HirQuery {
  return {
    relation,
    finishing: {
      order: [],
      limit: null,
      offset: null,
      withTies: false,
      projection: relation.columns.map((_, index) => index),
    },
    columns: relation.columns,
    parameters: [],
  };
}
