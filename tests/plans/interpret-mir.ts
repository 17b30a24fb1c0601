/**
 * The meaning of MIR, by definition: a reference interpreter over bags of a few rows.
 */
import type { MirRelation, MirScalar } from '../../sql/mir.ts';
import { toExpr } from '../../sql/physical/expr.ts';
import { aggregate, Bag, groupBy, top } from './bag.ts';
import type { Row, Value } from './evaluate.ts';
import { DataError, evaluate, isTrueValue } from './evaluate.ts';
import { tableRows } from './table-functions.ts';
import { windowRows } from './windows.ts';

/** Rows of the named relations by object. */
export type Data = ReadonlyMap<number, readonly Row[]>;

/** Evaluates a relation. */
export function interpretMir(relation: MirRelation, data: Data): Bag {
  return run(relation, data, new Map());
}

const value = (scalar: MirScalar, row: Row): Value => evaluate(toExpr(scalar), row);
const passes = (predicates: readonly MirScalar[], row: Row): boolean =>
  predicates.every((predicate) => isTrueValue(value(predicate, row)));

function run(relation: MirRelation, data: Data, bindings: ReadonlyMap<number, Bag>): Bag {
  const of = (input: MirRelation): Bag => run(input, data, bindings);
  switch (relation.kind) {
    case 'constant': {
      const bag = new Bag();
      for (const row of relation.rows) bag.add(row.values, row.diff);
      return bag;
    }
    case 'get':
      return Bag.of(data.get(relation.object)!);
    case 'getLet':
      return bindings.get(relation.binding)!;
    case 'let':
      return run(relation.body, data, new Map([...bindings, [relation.binding, of(relation.value)]]));
    case 'filter':
      return of(relation.input).transform((row, emit) => {
        if (passes(relation.predicates, row)) emit(row);
      });
    case 'map':
      return of(relation.input).transform((row, emit) => {
        const wide = [...row];
        for (const scalar of relation.scalars) wide.push(value(scalar, wide));
        emit(wide);
      });
    case 'project':
      return of(relation.input).transform((row, emit) => emit(relation.indexes.map((index) => row[index]!)));
    case 'join': {
      let rows = Bag.of([[]]);
      for (const input of relation.inputs) rows = product(rows, of(input));
      return rows.transform((row, emit) => {
        for (const { scalars, nullSafe } of relation.equivalences) {
          const [first, ...rest] = scalars.map((scalar) => value(scalar, row));
          if (first === null && !nullSafe) return;
          if (rest.some((other) => other !== first)) return;
        }
        if (passes(relation.residual, row)) emit(row);
      });
    }
    case 'semiJoin':
      return semiJoin(relation, of(relation.left), of(relation.right));
    case 'reduce':
      return reduce(relation, of(relation.input));
    case 'distinct': {
      const result = new Bag();
      const input = of(relation.input);
      result.inherit(input);
      for (const { row, diff } of input.rows.values()) if (diff > 0) result.add(row, 1);
      return result;
    }
    case 'topK': {
      const input = of(relation.input);
      const result = new Bag();
      result.inherit(input);
      const groups = groupBy(
        input,
        (row) => relation.partition.map((key) => value(key, row)),
        (sqlstate, diff) => result.fail(sqlstate, diff),
      );
      const options = {
        order: relation.order,
        types: relation.columns.map((type) => type.name),
        limit: relation.limit === null ? null : value(relation.limit, []),
        offset: relation.offset === null ? null : value(relation.offset, []),
        withTies: relation.withTies,
      };
      for (const group of groups.values()) for (const row of top(group.rows, options)) result.add(row, 1);
      return result;
    }
    case 'window': {
      const input = of(relation.input);
      const result = new Bag();
      result.inherit(input);
      const groups = groupBy(
        input,
        (row) => relation.partition.map((key) => value(key, row)),
        (sqlstate, diff) => result.fail(sqlstate, diff),
      );
      const types = relation.input.columns.map((type) => type.name);
      for (const group of groups.values()) {
        for (const row of windowRows(group.rows, relation.order, relation.calls, types)) result.add(row, 1);
      }
      return result;
    }
    case 'guard': {
      const input = of(relation.input);
      const result = new Bag();
      result.inherit(input);
      const groups = groupBy(
        input,
        (row) => relation.keys.map((key) => value(key, row)),
        (sqlstate, diff) => result.fail(sqlstate, diff),
      );
      for (const { rows } of groups.values()) {
        const count = rows.reduce((sum, { diff }) => sum + diff, 0);
        if (count > 1) result.fail(relation.sqlstate, 1);
        else for (const { row, diff } of rows) result.add(row, diff);
      }
      return result;
    }
    case 'negate': {
      const result = new Bag();
      const input = of(relation.input);
      result.inherit(input, -1);
      for (const { row, diff } of input.rows.values()) result.add(row, -diff);
      return result;
    }
    case 'threshold': {
      const result = new Bag();
      const input = of(relation.input);
      result.inherit(input);
      for (const { row, diff } of input.rows.values()) if (diff > 0) result.add(row, diff);
      return result;
    }
    case 'union': {
      const result = new Bag();
      for (const input of relation.inputs.map(of)) {
        result.inherit(input);
        for (const { row, diff } of input.rows.values()) result.add(row, diff);
      }
      return result;
    }
    case 'flatMap':
      return of(relation.input).transform((row, emit) => {
        const calls = relation.calls.map((call) => ({
          function: call.function,
          arguments: call.arguments.map((argument) => value(argument, row)),
        }));
        for (const made of tableRows(calls, relation.ordinality)) emit([...row, ...made]);
      });
  }
}

function product(left: Bag, right: Bag): Bag {
  const result = new Bag();
  result.inherit(left);
  result.inherit(right);
  for (const a of left.rows.values()) {
    for (const b of right.rows.values()) result.add([...a.row, ...b.row], a.diff * b.diff);
  }
  return result;
}

function semiJoin(relation: Extract<MirRelation, { kind: 'semiJoin' }>, left: Bag, right: Bag): Bag {
  const result = new Bag();
  result.inherit(left);
  result.inherit(right);
  const safe = relation.keys.map((key) => key.nullSafe);
  const matchable = (key: Row): boolean => key.every((part, index) => part !== null || safe[index]!);
  const keys = new Set<string>();
  for (const group of groupBy(
    right,
    (row) => relation.keys.map((key) => value(key.right, row)),
    (sqlstate, diff) => result.fail(sqlstate, diff),
  ).values()) {
    const count = group.rows.reduce((sum, { diff }) => sum + diff, 0);
    if (count > 0 && matchable(group.key)) keys.add(JSON.stringify(group.key));
  }
  for (const { row, diff } of left.rows.values()) {
    try {
      const key = relation.keys.map((pair) => value(pair.left, row));
      const found = matchable(key) && keys.has(JSON.stringify(key));
      if (found !== relation.anti) result.add(row, diff);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      result.fail(error.sqlstate, diff);
    }
  }
  return result;
}

function reduce(relation: Extract<MirRelation, { kind: 'reduce' }>, input: Bag): Bag {
  const result = new Bag();
  result.inherit(input);
  const groups = groupBy(
    input,
    (row) => relation.keys.map((key) => value(key, row)),
    (sqlstate, diff) => result.fail(sqlstate, diff),
  );
  for (const group of groups.values()) {
    if (group.rows.reduce((sum, { diff }) => sum + diff, 0) <= 0) continue;
    try {
      const values = relation.aggregates.map((item) =>
        aggregate(
          {
            function: item.function,
            distinct: item.distinct,
            type: item.arguments[0]?.type.name ?? 'int8',
            argument: item.arguments.length === 0 ? null : (row) => value(item.arguments[0]!, row),
            filter: item.filter === null ? null : (row) => value(item.filter!, row),
          },
          group.rows,
        ),
      );
      result.add([...group.key, ...values], 1);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      result.fail(error.sqlstate, 1);
    }
  }
  return result;
}
