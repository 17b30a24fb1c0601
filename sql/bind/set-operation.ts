/** UNION, INTERSECT, EXCEPT. */
import type { SelectStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirRelation, HirScalar } from '../hir.ts';
import { coerceToCommon } from './coerce.ts';
import { requireEquality, requireOrder } from './comparable.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindListItem, bindLimit, sortDirection } from './order.ts';
import { asRelation, prepareSelectStatement } from './query.ts';
import type { PreparedSelect, Target } from './query.ts';
import { projectScalars } from './relation.ts';
import { relabel, typeOf } from './scalar.ts';
import { itemFor } from './scope.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

const words = { SETOP_UNION: 'UNION', SETOP_INTERSECT: 'INTERSECT', SETOP_EXCEPT: 'EXCEPT' } as const;

/** Prepares a set operation: both sides take the common types. */
export function prepareSetOperation(select: SelectStmt, context: QueryContext): PreparedSelect {
  const { statement } = context;
  const word = words[select.op as keyof typeof words];
  const left = prepareSelectStatement(select.larg!, context);
  const into = select.rarg!.intoClause;
  if (into !== undefined) {
    const message = 'INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT';
    throw statement.error('42601', message, locationOf(into.rel ?? {}));
  }
  const right = prepareSelectStatement(select.rarg!, context);
  if (left.targets.length !== right.targets.length) {
    throw statement.error(
      '42601',
      `each ${word} query must have the same number of columns`,
      right.targets[0]?.bound.at,
    );
  }
  const leftScalars: HirScalar[] = [];
  const rightScalars: HirScalar[] = [];
  const results: ((scalar: HirScalar) => HirScalar)[] = [];
  for (const [i, target] of left.targets.entries()) {
    const { type, scalars, made } = coerceToCommon(statement, [target.bound, right.targets[i]!.bound], word);
    if (select.all !== true) requireEquality(statement, type.name, target.bound.at);
    leftScalars.push(relabel(scalars[0]!, type));
    rightScalars.push(relabel(scalars[1]!, type));
    results.push(made);
  }
  const inputs = [asRelation(left.finish(leftScalars)), asRelation(right.finish(rightScalars))] as const;
  const columns = inputs[0].columns.map((column, i): HirColumn =>
    combine(column, inputs[1].columns[i]!, word),
  );
  const operation = word.toLowerCase() as 'union' | 'intersect' | 'except';
  const relation: HirRelation = {
    kind: 'setOperation',
    columns,
    operation,
    all: select.all === true,
    left: inputs[0],
    right: inputs[1],
  };
  const targets = columns.map((column, index): Target => ({
    name: column.name,
    bound: {
      scalar: results[index]!({ kind: 'column', index, type: column.type }),
      at: left.targets[index]!.bound.at,
    },
  }));
  const order = (select.sortClause ?? []).map((node) => {
    const sortBy = nodeAs(node, 'SortBy')!;
    const item = sortItem(sortBy, targets, [left, right].flatMap(leaves), context);
    const { scalar, at } = targets[item]!.bound;
    requireOrder(statement, typeOf(scalar).name, at);
    return { column: item, ...sortDirection(statement, sortBy) };
  });
  const limit = bindLimit(select, context, { items: [], outer: context.outer });
  return {
    targets,
    operands: [left, right],
    finish: (scalars) => ({
      relation: projectScalars(
        relation,
        scalars.map((scalar, i) => ({ name: columns[i]!.name, scalar })),
      ),
      projection: columns.map((_, i) => i),
      order,
      ...limit,
    }),
  };
}

function combine(left: HirColumn, right: HirColumn, word: string): HirColumn {
  const same = left.type.typmod === right.type.typmod;
  const nullable =
    word === 'UNION'
      ? left.type.nullable || right.type.nullable
      : word === 'INTERSECT'
        ? left.type.nullable && right.type.nullable
        : left.type.nullable;
  return { name: left.name, type: { name: left.type.name, typmod: same ? left.type.typmod : -1, nullable } };
}

/** The queries that a set operation is of, without those that are set operations themselves. */
function leaves(query: PreparedSelect): readonly PreparedSelect[] {
  return query.operands?.flatMap(leaves) ?? [query];
}

/** Only output names and positions can be sorted by. `queries`: those that it is of. */
function sortItem(
  sortBy: NonNullable<ReturnType<typeof nodeAs<'SortBy'>>>,
  targets: readonly Target[],
  queries: readonly PreparedSelect[],
  context: QueryContext,
): number {
  const { statement } = context;
  const columnsOf = (of: readonly Target[]): ScopeColumn[] =>
    of.map(({ name, bound }) => ({ name, scalar: bound.scalar }));
  const hidden = queries.map((query, i): ScopeItem => ({
    ...itemFor(`*SELECT* ${i + 1}`, null, columnsOf(query.targets)),
    byName: false,
    byColumn: false,
  }));
  const result = { ...itemFor(null, null, columnsOf(targets)), isJoin: true };
  const scope = { items: [...hidden, result], outer: context.outer };
  const item = bindListItem(sortBy.node!, targets, expressionContext(context, scope, 'ORDER BY'), 'ORDER BY');
  if (item.kind === 'target') return item.index;
  throw statement.error('0A000', 'invalid UNION/INTERSECT/EXCEPT ORDER BY clause', item.at, {
    detail: 'Only result column names can be used, not expressions or functions.',
    hint: 'Add the expression/function to every SELECT, or move the UNION into a FROM clause.',
  });
}
