import type { Node, SelectStmt } from '@pgsql/types';
import { nodeAs } from '../ast/accessors.ts';
import type { HirColumn, HirScalar } from '../hir.ts';
import { coerceToCommon } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { bindListItem, bindLimit, sortDirection } from './order.ts';
import type { PreparedSelect, Target } from './query.ts';
import { projectScalars } from './relation.ts';
import { expandStar } from './select.ts';
import { isNullable } from './scalar.ts';
import { itemFor } from './scope.ts';
import type { Bound } from './statement.ts';

/** The rows of VALUES, bound but not yet of common types. */
export function bindValuesRows(lists: readonly Node[], context: QueryContext): Bound[][] {
  const { statement } = context;
  const expression = expressionContext(context, { items: [], outer: context.outer }, 'VALUES');
  let width = -1;
  return lists.map((list) => {
    const items = nodeAs(list, 'List')?.items ?? [];
    const row = items.flatMap(
      (item) => expandStar(item, expression)?.map(({ bound }) => bound) ?? [bindExpression(item, expression)],
    );
    if (width >= 0 && row.length !== width) {
      throw statement.error('42601', 'VALUES lists must all be the same length', row[0]?.at);
    }
    width = row.length;
    return row;
  });
}

/** VALUES as a query: columns column1, column2… of common types. */
export function prepareValues(select: SelectStmt, context: QueryContext): PreparedSelect {
  const { statement } = context;
  const rows = bindValuesRows(select.valuesLists ?? [], context);
  const width = rows[0]?.length ?? 0;
  const columns: HirColumn[] = [];
  const results: HirScalar[] = [];
  const values: HirScalar[][] = rows.map(() => []);
  for (let i = 0; i < width; i++) {
    const { type, scalars, made } = coerceToCommon(
      statement,
      rows.map((row) => row[i]!),
      'VALUES',
    );
    const column = { ...type, nullable: scalars.some(isNullable) };
    columns.push({ name: `column${i + 1}`, type: column });
    results.push(made({ kind: 'column', index: i, type: column }));
    scalars.forEach((scalar, row) => values[row]!.push(scalar));
  }
  const targets = columns.map((column, index): Target => ({
    name: column.name,
    bound: { scalar: results[index]!, at: rows[0]?.[index]?.at },
  }));
  const scope = {
    items: [
      itemFor(
        '*VALUES*',
        null,
        targets.map(({ name, bound }) => ({ name, scalar: bound.scalar })),
      ),
    ],
    outer: context.outer,
  };
  const expression = expressionContext(context, scope, 'ORDER BY');
  const sort = (select.sortClause ?? []).map((node) => {
    const sortBy = nodeAs(node, 'SortBy')!;
    const item = bindListItem(sortBy.node!, targets, expression, 'ORDER BY');
    if (item.kind === 'expression')
      throw statement.unsupported('ORDER BY an expression over VALUES', item.at);
    return { column: item.index, ...sortDirection(statement, sortBy) };
  });
  const limit = bindLimit(select, context, { items: [], outer: context.outer });
  return {
    targets,
    finish: (scalars) => {
      const constant = { kind: 'constant', columns, rows: values } as const;
      const relation = projectScalars(
        constant,
        scalars.map((scalar, i) => ({ name: columns[i]!.name, scalar })),
      );
      return { relation, projection: columns.map((_, i) => i), order: sort, ...limit };
    },
  };
}
