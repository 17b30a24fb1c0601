import type { WithClause } from '@pgsql/types';
import { locationOf, nodeAs, nodeKind, stringOf } from '../ast/accessors.ts';
import type { HirColumn, HirRelation } from '../hir.ts';
import type { CteEntry, QueryContext } from './context.ts';
import type { WorkingTable } from './environment.ts';
import { bindOrderedSubquery } from './query.ts';
import { literal } from './scalar.ts';

/** The context in which the statement under WITH is bound, and how its outcome is wrapped. */
export interface BoundWith {
  readonly context: QueryContext;
  /** Puts the bindings that are used around the body. */
  wrap(body: HirRelation): HirRelation;
}

/** Binds WITH. A binding that nobody refers to is checked and dropped. */
export function bindWith(clause: WithClause | undefined, context: QueryContext): BoundWith {
  if (clause === undefined) return { context, wrap: (body) => body };
  const { statement } = context;
  const bound: { entry: CteEntry; value: HirRelation }[] = [];
  let ctes = context.ctes;
  const nodes = (clause.ctes ?? []).map((node) => nodeAs(node, 'CommonTableExpr')!);
  const names = new Set<string>();
  for (const node of nodes) {
    if (names.has(node.ctename!)) {
      throw statement.error(
        '42712',
        `WITH query name "${node.ctename}" specified more than once`,
        locationOf(node),
      );
    }
    names.add(node.ctename!);
  }
  nodes.forEach((node, i) => {
    const name = node.ctename!;
    const at = locationOf(node);
    const known = statement.environment.workingTables?.get(node);
    if (known !== undefined) {
      const given = node.aliascolnames?.map(stringOf) ?? [];
      const value = constantRows(known);
      const columns = renamed(value.columns, given, name, context, at);
      const binding = statement.newBinding();
      const visible = columns.length;
      const entry: CteEntry = { name, binding, columns, visible, order: [], used: false, refusal: null };
      bound.push({ entry, value: { ...value, columns } });
      ctes = [entry, ...ctes];
      return;
    }
    const query = node.ctequery!;
    if (nodeKind(query) !== 'SelectStmt') {
      const hint = 'Run it before as a statement of its own, in the same transaction.';
      throw statement.error('0A000', 'statements that write are not supported in WITH', at, { hint });
    }
    if (node.search_clause !== undefined) throw statement.unsupported('SEARCH', at);
    if (node.cycle_clause !== undefined) throw statement.unsupported('CYCLE', at);
    // Under RECURSIVE each name is visible in all; that it is used so is what we cannot do.
    const pending = clause.recursive === true ? nodes.slice(i) : [];
    const inner: QueryContext = {
      ...context,
      ctes: [...pending.map((later) => refusedEntry(later.ctename!)), ...ctes],
      laterCtes: clause.recursive === true ? [] : nodes.slice(i).map((later) => later.ctename!),
    };
    const { relation: value, visible, order } = bindOrderedSubquery(query, inner);
    const names = node.aliascolnames?.map(stringOf) ?? [];
    const columns = [
      ...renamed(value.columns.slice(0, visible), names, name, context, at),
      ...value.columns.slice(visible),
    ];
    const binding = statement.newBinding();
    const entry: CteEntry = { name, binding, columns, visible, order, used: false, refusal: null };
    bound.push({ entry, value: { ...value, columns } });
    ctes = [entry, ...ctes];
  });
  const wrap = (body: HirRelation): HirRelation =>
    bound.reduceRight(
      (inner, { entry, value }): HirRelation =>
        entry.used
          ? {
              kind: 'let',
              columns: inner.columns,
              binding: entry.binding,
              name: entry.name,
              value,
              body: inner,
            }
          : inner,
      body,
    );
  return { context: { ...context, ctes }, wrap };
}

function constantRows({ columns, rows }: WorkingTable): HirRelation {
  return {
    kind: 'constant',
    columns: columns.map(({ name, type }) => ({ name, type: { ...type, nullable: true } })),
    rows: rows.map((row) => row.map((text, i) => literal(columns[i]!.type.name, text))),
  };
}

function refusedEntry(name: string): CteEntry {
  const refusal = 'recursive common table expressions';
  return { name, binding: -1, columns: [], visible: 0, order: [], used: false, refusal };
}

function renamed(
  columns: readonly HirColumn[],
  names: readonly string[],
  cte: string,
  context: QueryContext,
  at: number | undefined,
): HirColumn[] {
  if (names.length > columns.length) {
    throw context.statement.error(
      '42P10',
      `WITH query "${cte}" has ${columns.length} columns available but ${names.length} columns specified`,
      at,
    );
  }
  return columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }));
}
