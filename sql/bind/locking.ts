/** FOR UPDATE and FOR SHARE: where they may stand. What they do is done before the statement runs. */
import type { LockingClause, SelectStmt } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
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

export function checkLocking(select: SelectStmt, statement: Statement): void {
  for (const node of select.lockingClause ?? []) {
    const clause = nodeAs(node, 'LockingClause')!;
    const name = strengthOf(clause);
    if (statement.environment.inView === true) throw statement.unsupported(`${name} in a view`);
    const refused = refusedWith(select);
    if (refused !== null) throw statement.error('0A000', `${name} ${refused}`);
    for (const relation of clause.lockedRels ?? []) {
      const range = nodeAs(relation, 'RangeVar')!;
      if (namesOf(select.fromClause ?? []).includes(range.relname!)) continue;
      const message = `relation "${range.relname}" in ${name} clause not found in FROM clause`;
      throw statement.error('42P01', message, locationOf(range));
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

function refusedWith(select: SelectStmt): string | null {
  if ((select.op ?? 'SETOP_NONE') !== 'SETOP_NONE') return 'is not allowed with UNION/INTERSECT/EXCEPT';
  if (select.valuesLists !== undefined) return 'cannot be applied to VALUES';
  if (select.distinctClause !== undefined) return 'is not allowed with DISTINCT clause';
  if (select.groupClause !== undefined) return 'is not allowed with GROUP BY clause';
  if (select.havingClause !== undefined) return 'is not allowed with HAVING clause';
  return null;
}

/** The names of the items of FROM. */
function namesOf(nodes: NonNullable<SelectStmt['fromClause']>): string[] {
  return nodes.flatMap((node): string[] => {
    const join = nodeAs(node, 'JoinExpr');
    if (join) return namesOf([join.larg, join.rarg].filter((side) => side !== undefined));
    const range = nodeAs(node, 'RangeVar');
    const alias = range?.alias ?? nodeAs(node, 'RangeSubselect')?.alias;
    return [alias?.aliasname ?? range?.relname ?? ''];
  });
}
