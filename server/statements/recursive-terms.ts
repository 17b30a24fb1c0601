/** Where a WITH item may read itself: in the recursive term, once, and not within what would need all its rows at once. */
import type { CommonTableExpr, Node, RangeVar } from '@pgsql/types';
import { nameParts, nodeAs } from '../../sql/ast/accessors.ts';
import { SqlError } from '../../sql/error.ts';
import { functionsNamed } from '../../sql/functions/table.ts';

interface Reference {
  readonly at: number | undefined;
  /** What it stands within that it must not; null: nothing. */
  readonly within: string | null;
}

/** The places where a query names a WITH item. */
export function referencesIn(query: Node | undefined, name: string): Reference[] {
  const found: Reference[] = [];
  const visit = (value: unknown, within: string | null): void => {
    if (Array.isArray(value)) {
      for (const each of value) visit(each, within);
      return;
    }
    if (value === null || typeof value !== 'object') return;
    for (const [kind, child] of Object.entries(value)) {
      if (kind === 'RangeVar') {
        const range = child as RangeVar;
        if (range.relname === name && range.schemaname === undefined)
          found.push({ at: range.location, within });
        continue;
      }
      visitKind(kind, child, within);
    }
  };
  const visitKind = (kind: string, child: unknown, within: string | null): void => {
    const node = { [kind]: child } as Node;
    const select = nodeAs(node, 'SelectStmt');
    if (select) {
      // An item of the same name hides this one.
      const own = (select.withClause?.ctes ?? []).map((each) => nodeAs(each, 'CommonTableExpr'));
      if (own.some((each) => each?.ctename === name)) return;
      visitSelect(select, within);
      return;
    }
    const join = nodeAs(node, 'JoinExpr');
    if (join) {
      const outer = within ?? 'an outer join';
      visit(join.larg, ['JOIN_RIGHT', 'JOIN_FULL'].includes(join.jointype ?? '') ? outer : within);
      visit(join.rarg, ['JOIN_LEFT', 'JOIN_FULL'].includes(join.jointype ?? '') ? outer : within);
      visit(join.quals, within);
      return;
    }
    visit(child, kind === 'SubLink' ? (within ?? 'a subquery') : within);
  };
  const visitSelect = (select: object, within: string | null): void => {
    const { op, larg, rarg, withClause, ...rest } = select as {
      op?: string;
      larg?: object;
      rarg?: object;
      withClause?: unknown;
    };
    visit(withClause, within ?? 'a subquery');
    const left = op === 'SETOP_INTERSECT' ? 'INTERSECT' : null;
    const right = op === 'SETOP_INTERSECT' ? 'INTERSECT' : op === 'SETOP_EXCEPT' ? 'EXCEPT' : null;
    if (larg) visitSelect(larg, within ?? left);
    if (rarg) visitSelect(rarg, within ?? right);
    visit(rest, within);
  };
  visit(query, null);
  return found;
}

/** Throws unless the item has the form that recursion needs. */
export function refuseIllFormed(
  { ctename: name = '', ctequery, location, search_clause: search, cycle_clause: cycle }: CommonTableExpr,
  positionOf: (location: number | undefined) => number | undefined,
): void {
  const refused = (message: string, at: number | undefined, sqlstate = '42P19'): SqlError =>
    new SqlError({ sqlstate, message, position: positionOf(at) });
  const select = nodeAs(ctequery, 'SelectStmt')!;
  if (select.op !== 'SETOP_UNION' || !select.larg || !select.rarg) {
    const form = 'does not have the form non-recursive-term UNION [ALL] recursive-term';
    throw refused(`recursive query "${name}" ${form}`, location);
  }
  if (search ?? cycle) throw refused(`${search ? 'SEARCH' : 'CYCLE'} is not supported`, location, '0A000');
  const beneath = (what: string): string => `recursive reference to query "${name}" must not appear ${what}`;
  const [early] = referencesIn({ SelectStmt: select.larg }, name);
  if (early) throw refused(beneath('within its non-recursive term'), early.at);
  const clauses: readonly (readonly [string, Node | undefined])[] = [
    ['ORDER BY', select.sortClause?.[0]],
    ['OFFSET', select.limitOffset],
    ['LIMIT', select.limitCount],
    ['FOR UPDATE/SHARE', select.lockingClause?.[0]],
  ];
  for (const [clause, node] of clauses) {
    if (node !== undefined) {
      throw refused(`${clause} in a recursive query is not implemented`, leftmost(node), '0A000');
    }
  }
  const references = referencesIn({ SelectStmt: select.rarg }, name);
  const wrong = references.find(({ within }) => within !== null);
  if (wrong) throw refused(beneath(`within ${wrong.within!}`), wrong.at);
  if (references.length > 1) throw refused(beneath('more than once'), references[1]!.at);
  const aggregate = (select.rarg.targetList ?? []).map(aggregateIn).find((at) => at !== null);
  if (aggregate !== undefined) {
    throw refused("aggregate functions are not allowed in a recursive query's recursive term", aggregate);
  }
}

/** Where the first thing in a tree stands. */
export function leftmost(value: unknown): number | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const places = Object.entries(value).flatMap(([key, child]) =>
    key === 'location' && child >= 0 ? [child as number] : (leftmost(child) ?? []),
  );
  return places.length === 0 ? undefined : Math.min(...places);
}

/** Where an aggregate is called, outside of subqueries and window functions. */
function aggregateIn(value: unknown): number | null {
  if (value === null || typeof value !== 'object' || 'SubLink' in value) return null;
  const call = nodeAs(value as Node, 'FuncCall');
  if (call && call.over === undefined) {
    const name = nameParts(call.funcname).at(-1) ?? '';
    if (functionsNamed(name).some(({ kind }) => kind === 'aggregate')) return call.location ?? 0;
  }
  for (const child of Object.values(value)) {
    const found = aggregateIn(child);
    if (found !== null) return found;
  }
  return null;
}
