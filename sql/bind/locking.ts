/** FOR UPDATE and FOR SHARE: where they may stand. What they do is done before the statement runs. */
import type { LockingClause, Node, SelectStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { HirRelation } from '../hir.ts';
import type { QueryContext } from './context.ts';
import type { Statement } from './statement.ts';

const STRENGTHS: Readonly<Record<string, string>> = {
  LCS_FORKEYSHARE: 'FOR KEY SHARE',
  LCS_FORSHARE: 'FOR SHARE',
  LCS_FORNOKEYUPDATE: 'FOR NO KEY UPDATE',
  LCS_FORUPDATE: 'FOR UPDATE',
};

/** FOR UPDATE, as it is written. */
export function strengthOf({ strength }: LockingClause): string {
  return STRENGTHS[strength ?? ''] ?? 'FOR UPDATE';
}

export function checkLocking(select: SelectStmt, { statement, ctes }: QueryContext): void {
  const own = (select.withClause?.ctes ?? []).map((node) => nodeAs(node, 'CommonTableExpr')?.ctename);
  const isCte = (relation: string): boolean =>
    own.includes(relation) || ctes.some(({ name }) => name === relation);
  for (const node of select.lockingClause ?? []) {
    const clause = nodeAs(node, 'LockingClause')!;
    const name = strengthOf(clause);
    if (statement.environment.inView === true) throw statement.unsupported(`${name} in a view`);
    const refused = refusedWith(select);
    if (refused !== null) throw statement.error('0A000', `${name} ${refused}`);
    for (const relation of clause.lockedRels ?? []) {
      const range = nodeAs(relation, 'RangeVar')!;
      const entries = (select.fromClause ?? []).flatMap(entriesOf);
      const entry = entries.find(({ alias }) => alias === range.relname);
      if (entry === undefined) {
        const message = `relation "${range.relname}" in ${name} clause not found in FROM clause`;
        throw statement.error('42P01', message, locationOf(range));
      }
      const what = entry.relation !== undefined && isCte(entry.relation) ? 'a WITH query' : entry.what;
      if (what === 'relation' || what === 'subquery') continue;
      throw statement.error('0A000', `${name} cannot be applied to ${what}`, locationOf(range));
    }
  }
}

/** What a row of the result would be made of, so that it is no row of a table. */
export function checkLocked(
  select: SelectStmt,
  uses: { readonly aggregates: boolean; readonly windows: boolean; readonly sets: boolean },
  statement: Statement,
): void {
  const clause = nodeAs(select.lockingClause?.[0], 'LockingClause');
  if (clause === undefined) return;
  const refuse = (what: string): never => {
    throw statement.error('0A000', `${strengthOf(clause)} is not allowed with ${what}`);
  };
  if (uses.aggregates) refuse('aggregate functions');
  if (uses.windows) refuse('window functions');
  if (uses.sets) refuse('set-returning functions in the target list');
}

/** Refuses to lock the rows of queries in FROM, and of views, that are no rows of tables. */
export function checkLockedQueries(select: SelectStmt, context: QueryContext): void {
  for (const node of select.lockingClause ?? []) {
    const clause = nodeAs(node, 'LockingClause')!;
    const named = clause.lockedRels?.map((relation) => nodeAs(relation, 'RangeVar')!.relname);
    const isLocked = (alias: string | undefined): boolean => named === undefined || named.includes(alias);
    const refused = (select.fromClause ?? []).map((item) => refusedWithin(item, isLocked, context));
    const first = refused.find((what) => what !== null);
    if (first !== undefined) throw context.statement.error('0A000', `${strengthOf(clause)} ${first}`);
  }
}

/** How an item of FROM refuses to be locked; null: it does not. */
function refusedWithin(
  node: Node | undefined,
  isLocked: (alias: string | undefined) => boolean,
  context: QueryContext,
): string | null {
  if (node === undefined) return null;
  const join = nodeAs(node, 'JoinExpr');
  if (join !== undefined) {
    return refusedWithin(join.larg, isLocked, context) ?? refusedWithin(join.rarg, isLocked, context);
  }
  const subquery = nodeAs(node, 'RangeSubselect');
  if (subquery !== undefined) {
    const inner = nodeAs(subquery.subquery, 'SelectStmt');
    if (inner === undefined || inner.valuesLists !== undefined) return null;
    if (!isLocked(subquery.alias?.aliasname)) return null;
    const within = (item: Node): string | null => refusedWithin(item, () => true, context);
    return refusedWith(inner) ?? (inner.fromClause ?? []).map(within).find((what) => what !== null) ?? null;
  }
  const range = nodeAs(node, 'RangeVar');
  if (range === undefined || !isLocked(range.alias?.aliasname ?? range.relname)) return null;
  const { statement, ctes } = context;
  const schema = range.schemaname ?? null;
  if (schema === null && ctes.some(({ name }) => name === range.relname)) return null;
  const found = statement.environment.catalog.findRelation(schema, range.relname!);
  return found?.kind === 'view' && found.boundView !== undefined ? refusedOf(found.boundView()) : null;
}

/** How a view refuses, by what it computes. */
function refusedOf(relation: HirRelation): string | null {
  switch (relation.kind) {
    case 'map':
    case 'project':
      return refusedOf(relation.input);
    case 'filter': {
      const { input } = relation;
      const isHaving = input.kind === 'aggregate' && input.keys.length === 0 && input.groupingSets === null;
      return isHaving ? 'is not allowed with HAVING clause' : refusedOf(input);
    }
    case 'topK':
      return relation.partition.length > 0
        ? 'is not allowed with DISTINCT clause'
        : refusedOf(relation.input);
    case 'distinct':
      return 'is not allowed with DISTINCT clause';
    case 'aggregate': {
      const isGrouped = relation.keys.length > 0 || relation.groupingSets !== null;
      return `is not allowed with ${isGrouped ? 'GROUP BY clause' : 'aggregate functions'}`;
    }
    case 'window': {
      const beneath = refusedOf(relation.input);
      return beneath ?? 'is not allowed with window functions';
    }
    case 'join':
      return refusedOf(relation.left) ?? refusedOf(relation.right);
    // A set operation among them: it has no FROM in which there would be something to lock.
    default:
      return null;
  }
}

function refusedWith(select: SelectStmt): string | null {
  if ((select.op ?? 'SETOP_NONE') !== 'SETOP_NONE') return 'is not allowed with UNION/INTERSECT/EXCEPT';
  if (select.valuesLists !== undefined) return 'cannot be applied to VALUES';
  if (select.distinctClause !== undefined) return 'is not allowed with DISTINCT clause';
  if (select.groupClause !== undefined) return 'is not allowed with GROUP BY clause';
  if (select.havingClause !== undefined) return 'is not allowed with HAVING clause';
  return null;
}

/** What an alias in FROM can stand for; where nothing can be locked, as the refusal calls it. */
type Entry = {
  readonly alias: string;
  readonly what: 'relation' | 'subquery' | 'a join' | 'a function' | 'a table function';
  /** Of a relation that is named without a schema: a name that can be WITH's. */
  readonly relation?: string;
};

/** What can be named of an item of FROM: an alias of a join hides what is joined. */
function entriesOf(node: Node): Entry[] {
  const join = nodeAs(node, 'JoinExpr');
  if (join !== undefined) {
    const alias = join.alias ?? join.join_using_alias;
    const own: Entry[] = alias === undefined ? [] : [{ alias: alias.aliasname!, what: 'a join' }];
    if (join.alias !== undefined) return own;
    return [join.larg, join.rarg].flatMap((side) => (side === undefined ? [] : entriesOf(side))).concat(own);
  }
  const range = nodeAs(node, 'RangeVar');
  if (range !== undefined) {
    const alias = range.alias?.aliasname ?? range.relname!;
    const isBare = range.schemaname === undefined;
    return [{ alias, what: 'relation', ...(isBare ? { relation: range.relname! } : {}) }];
  }
  const subquery = nodeAs(node, 'RangeSubselect');
  const called = nodeAs(node, 'RangeFunction');
  const alias = (subquery ?? called ?? nodeAs(node, 'JsonTable'))?.alias?.aliasname;
  if (alias === undefined) return [];
  if (subquery !== undefined) return [{ alias, what: 'subquery' }];
  return [{ alias, what: called === undefined ? 'a table function' : 'a function' }];
}
