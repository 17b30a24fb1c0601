/**
 * The meaning of the plan language, by its documentation: a reference interpreter over bags of a few rows. Layouts are
 * checked on the way: a row must be found again in key and value.
 */
import type { Expr, KeyExpr, Layout, Mfp, Plan } from '../../engine/plan.generated.ts';
import { aggregate, Bag, groupBy, top } from './bag.ts';
import type { Row, Value } from './evaluate.ts';
import { tableRows } from './table-functions.ts';
import { windowRows } from './windows.ts';
import { DataError, evaluate, isTrueValue } from './evaluate.ts';

/** Rows of the imported relations by arrangement. */
export type ArrangementData = (arrangement: number) => readonly Row[];

/** What a plan yields: for a write, what is inserted (or deleted). */
export function interpretPlan(plan: Plan, data: ArrangementData, parameters: readonly Value[] = []): Bag {
  const bags: Bag[] = [];
  const arities = plan.nodes.map((node) => node.columns.length);
  const layouts = plan.nodes.map((node) => ('layout' in node.operator ? node.operator.layout : null));
  const of = (expr: Expr, row: Row): Value => evaluate(expr, row, parameters);
  const keyOf = (key: readonly KeyExpr[], row: Row): Row => key.map(({ expr }) => of(expr, row));
  const imported = (id: number, layout: Layout): Bag => {
    const bag = Bag.of(data(id));
    for (const { row } of bag.rows.values()) checkLayout(layout, row, keyOf(layout.key, row));
    return bag;
  };
  const mfp = (input: Bag, program: Mfp, arity: number): Bag =>
    input.transform((row, emit) => {
      if (row.length !== arity) throw new Error(`row of ${row.length} columns, expected ${arity}`);
      const out = runMfp(program, row, of);
      if (out !== null) emit(out);
    });
  const output = plan.output;
  for (const [index, { operator, columns }] of plan.nodes.entries()) {
    const input = (at: number): Bag => {
      if (at >= index) throw new Error(`node ${index} reads node ${at}`);
      return bags[at]!;
    };
    const result = new Bag();
    switch (operator.kind) {
      case 'constant':
        for (const row of operator.rows) result.add(row.values, row.diff);
        break;
      case 'import':
        copy(imported(operator.arrangement, operator.layout), result);
        break;
      case 'lookup': {
        if (operator.each !== undefined)
          throw new Error('look-ups by the elements of arrays are not interpreted');
        const keys = new Set(operator.keys.map((row) => JSON.stringify(row.map((expr) => of(expr, [])))));
        // The conditions of a range stay above: any superset of its rows will do.
        const fields = operator.keys[0]?.length ?? 0;
        for (const entry of imported(operator.arrangement, operator.layout).rows.values()) {
          const key = keyOf(operator.layout.key, entry.row).slice(0, fields);
          if (keys.has(JSON.stringify(key))) result.add(entry.row, entry.diff);
        }
        break;
      }
      case 'mfp':
        copy(mfp(input(operator.input), operator.mfp, arities[operator.input]!), result);
        break;
      case 'arrange':
        copy(
          input(operator.input).transform((row, emit) => {
            checkLayout(operator.layout, row, keyOf(operator.layout.key, row));
            emit(row);
          }),
          result,
        );
        break;
      case 'join': {
        const [left, right] = [layouts[operator.left], layouts[operator.right]];
        if (left == null || right == null) throw new Error(`node ${index} joins what is not arranged`);
        if (left.key.length !== operator.nullSafe.length || right.key.length !== operator.nullSafe.length) {
          throw new Error(`node ${index}: keys of different lengths`);
        }
        left.key.forEach((key, at) => sameType(key, right.key[at]!));
        const joined = new Bag();
        joined.inherit(input(operator.left));
        joined.inherit(input(operator.right));
        const rights = [...input(operator.right).rows.values()].map((entry) => ({
          ...entry,
          key: keyOf(right.key, entry.row),
        }));
        for (const a of input(operator.left).rows.values()) {
          const key = keyOf(left.key, a.row);
          for (const b of rights) {
            const match = key.every(
              (part, at) => part === b.key[at] && (part !== null || operator.nullSafe[at]!),
            );
            if (match) joined.add([...a.row, ...b.row], a.diff * b.diff);
          }
        }
        copy(mfp(joined, operator.closure, arities[operator.left]! + arities[operator.right]!), result);
        break;
      }
      case 'deltaJoin': {
        // At one time each path alone makes all rows.
        const made = operator.paths.map((path) => {
          let rows = mfp(input(path.source), path.start, arities[path.source]!);
          let arity = path.columns.length;
          for (const stage of path.stages) {
            const layout = layouts[stage.arrangement];
            if (layout == null) throw new Error(`node ${index} looks up what is not arranged`);
            layout.key.forEach((key, at) => sameType(key, stage.key[at]!));
            const joined = new Bag();
            joined.inherit(rows);
            joined.inherit(input(stage.arrangement));
            for (const a of rows.rows.values()) {
              const key = keyOf(stage.key, a.row);
              for (const b of input(stage.arrangement).rows.values()) {
                const match = keyOf(layout.key, b.row).every(
                  (part, at) => part === key[at] && (part !== null || stage.nullSafe[at]!),
                );
                if (match) joined.add([...a.row, ...b.row], a.diff * b.diff);
              }
            }
            rows = mfp(joined, stage.closure, arity + arities[stage.arrangement]!);
            arity = stage.columns.length;
          }
          return rows;
        });
        const text = (bag: Bag): string =>
          JSON.stringify([...bag.rows.values()].map(({ row, diff }) => JSON.stringify([row, diff])).sort());
        if (made.some((bag) => text(bag) !== text(made[0]!)))
          throw new Error(`the paths of node ${index} make different rows`);
        copy(made[0]!, result);
        break;
      }
      case 'reduce': {
        const source = input(operator.input);
        result.inherit(source);
        const groups = groupBy(
          source,
          (row) => keyOf(operator.key, row),
          (sqlstate, diff) => result.fail(sqlstate, diff),
        );
        for (const group of groups.values()) {
          if (group.rows.reduce((sum, { diff }) => sum + diff, 0) <= 0) continue;
          const calls = operator.class.class === 'distinct' ? [] : operator.class.aggregates;
          try {
            const values = calls.map((call) =>
              aggregate(
                {
                  function: call.function,
                  distinct: false,
                  type: call.arguments[0]?.column.scalar ?? 'int8',
                  argument: call.arguments.length === 0 ? null : (row) => of(call.arguments[0]!.expr, row),
                  filter: call.filter === null ? null : (row) => of(call.filter!, row),
                },
                group.rows,
              ),
            );
            const row = [...group.key, ...values];
            checkLayout(operator.layout, row, keyOf(operator.layout.key, row));
            result.add(row, 1);
          } catch (error) {
            if (!(error instanceof DataError)) throw error;
            result.fail(error.sqlstate, 1);
          }
        }
        break;
      }
      case 'topK': {
        const source = input(operator.input);
        result.inherit(source);
        const groups = groupBy(
          source,
          (row) => keyOf(operator.key, row),
          (sqlstate, diff) => result.fail(sqlstate, diff),
        );
        for (const group of groups.values()) {
          const rows = top(group.rows, {
            order: operator.order,
            types: columns.map((column) => column.scalar),
            limit: operator.limit === null ? null : of(operator.limit, []),
            offset: operator.offset === null ? null : of(operator.offset, []),
            withTies: operator.withTies,
          });
          for (const row of rows) result.add(row, 1);
        }
        break;
      }
      case 'window': {
        const source = input(operator.input);
        result.inherit(source);
        const groups = groupBy(
          source,
          (row) => keyOf(operator.key, row),
          (sqlstate, diff) => result.fail(sqlstate, diff),
        );
        const types = plan.nodes[operator.input]!.columns.map((column) => column.scalar);
        for (const group of groups.values()) {
          for (const row of windowRows(group.rows, operator.order, operator.calls, types)) result.add(row, 1);
        }
        break;
      }
      case 'negate':
        for (const { row, diff } of input(operator.input).rows.values()) result.add(row, -diff);
        result.inherit(input(operator.input), -1);
        break;
      case 'threshold':
        for (const { row, diff } of input(operator.input).rows.values()) if (diff > 0) result.add(row, diff);
        result.inherit(input(operator.input));
        break;
      case 'union':
        for (const at of operator.inputs) copy(input(at), result);
        break;
      case 'guard': {
        const source = input(operator.input);
        result.inherit(source);
        const groups = groupBy(
          source,
          (row) => keyOf(operator.key, row),
          () => undefined,
        );
        for (const { rows } of groups.values()) {
          if (rows.reduce((sum, { diff }) => sum + diff, 0) > 1) result.fail(operator.sqlstate, 1);
          else for (const { row, diff } of rows) result.add(row, diff);
        }
        break;
      }
      case 'flatMap':
        copy(
          input(operator.input).transform((row, emit) => {
            const calls = operator.calls.map((call) => ({
              function: call.function,
              arguments: call.arguments.map((argument) => evaluate(argument, row)),
            }));
            for (const made of tableRows(calls, operator.ordinality)) emit([...row, ...made]);
          }),
          result,
        );
        break;
    }
    for (const { row } of result.rows.values()) {
      if (row.length !== columns.length)
        throw new Error(`node ${index} yields rows of ${row.length} columns`);
      row.forEach((field, at) => {
        if (field === null && !columns[at]!.nullable)
          throw new Error(`node ${index} yields NULL in column ${at}`);
      });
    }
    bags.push(result);
  }
  if (output.kind === 'write') return bags[output.inserted ?? output.deleted!]!;
  const bag = bags[output.node]!;
  if (output.kind !== 'rows') return bag;
  return bag.transform((row, emit) => emit(output.finishing.projection.map((index) => row[index]!)));
}

function copy(from: Bag, to: Bag): void {
  to.inherit(from);
  for (const { row, diff } of from.rows.values()) to.add(row, diff);
}

function sameType(left: KeyExpr, right: KeyExpr): void {
  const text = (type: string): string => (['varchar', 'name', 'char'].includes(type) ? 'text' : type);
  if (text(left.column.scalar) !== text(right.column.scalar)) {
    throw new Error(`join keys of types ${left.column.scalar} and ${right.column.scalar}`);
  }
}

function runMfp(program: Mfp, row: Row, of: (expr: Expr, row: Row) => Value): Row | null {
  // Expressions are computed when something needs them.
  const computed = new Map<number, Value>();
  const at = (index: number): Value => {
    if (index < row.length) return row[index]!;
    if (!computed.has(index)) computed.set(index, of(program.expressions[index - row.length]!, view));
    return computed.get(index)!;
  };
  const view = new Proxy([], {
    get: (_, name) => (name === 'length' ? row.length + program.expressions.length : at(Number(name))),
  }) as unknown as Row;
  let position = 0;
  for (const predicate of program.predicates) {
    if (predicate.position < position) throw new Error('predicates out of order');
    position = predicate.position;
    if (!isTrueValue(of(predicate.condition, view))) return null;
  }
  return program.projection.map(at);
}

function checkLayout(layout: Layout, row: Row, key: Row): void {
  const fields = layout.value.map((column) => row[column]!);
  const restored = layout.restore.map((place) =>
    place.in === 'key' ? key[place.index] : fields[place.index],
  );
  if (JSON.stringify(restored) !== JSON.stringify(row)) {
    throw new Error(`layout loses ${JSON.stringify(row)}: ${JSON.stringify(restored)}`);
  }
}
