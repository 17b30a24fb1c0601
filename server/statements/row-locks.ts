/**
 * SELECT … FOR UPDATE and FOR SHARE. Rows are not locked one by one: in a transaction block the statement takes its tables, until the
 * transaction ends, against other such statements; nobody else waits for it. Outside of a block a statement is alone in
 * its transaction, and there is nothing that a lock could keep from it.
 */
import type { LockingClause, Node, SelectStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { strengthOf } from '../../sql/bind/locking.ts';
import { SqlError } from '../../sql/error.ts';
import { requireWritable } from '../session/access-mode.ts';
import type { Timestamp } from '../../engine/index.ts';
import { lookUp } from '../catalog/names.ts';
import { kindName } from '../catalog/objects.ts';
import { AdvisoryLocks, type LockMode } from '../session/advisory-locks.ts';
import type { OpenTransaction, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Runnable } from './prepared.ts';

/** A SELECT that locks, in a statement. */
interface Locking {
  readonly select: SelectStmt;
  readonly clause: LockingClause;
  /** It is the statement itself, no part of one. */
  readonly isWhole: boolean;
}

/** The tables that transactions have taken. */
export class RowLocks {
  readonly #locks = new AdvisoryLocks();
  /** The tables that each transaction has taken, by its number. */
  readonly #taken = new Map<number, Set<string>>();
  /** When a table was last given back. */
  readonly #released = new Map<string, Timestamp>();

  /** Takes a table, after who has it; false: somebody has it, and `waits` is not said. */
  async take(
    session: SessionContext,
    table: ObjectId,
    { mode, waits }: { readonly mode: LockMode; readonly waits: boolean },
  ): Promise<boolean> {
    const { transaction } = session;
    const key = String(table);
    const request = { owner: transaction.number, mode, span: 'transaction' } as const;
    if (!this.#locks.tryTake(key, request)) {
      if (!waits) return false;
      await this.#locks.take(key, request, session.cancelled);
    }
    const taken = this.#taken.get(transaction.number);
    if (taken) taken.add(key);
    else this.#taken.set(transaction.number, new Set([key]));
    // What the transaction has read may be changed: it cannot see what it waited for.
    if (transaction.timestamp !== null && (this.#released.get(key) ?? 0) > transaction.timestamp) {
      const message = 'could not serialize access due to concurrent update';
      throw new SqlError({ sqlstate: '40001', message });
    }
    return true;
  }

  /** The end of a transaction. `now`: its commit is not later. */
  release({ number }: OpenTransaction, now: Timestamp): void {
    const taken = this.#taken.get(number);
    if (!taken) return;
    this.#taken.delete(number);
    for (const key of taken) this.#released.set(key, now);
    this.#locks.giveAll(number, ['transaction']);
  }
}

/** The SELECTs of a statement that lock. */
export function lockingIn(node: Node): Locking[] {
  const found: Locking[] = [];
  const visit = (value: unknown, isWhole: boolean): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, false);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    const select = (value as { SelectStmt?: SelectStmt }).SelectStmt;
    for (const each of select?.lockingClause ?? []) {
      found.push({ select: select!, clause: nodeAs(each, 'LockingClause')!, isWhole });
    }
    for (const child of Object.values(value)) visit(child, false);
  };
  visit(node, true);
  return found;
}

/** The statement, which takes its tables before it runs; `none` is what it gives where it skips all rows. */
export function lockingFirst(
  system: System,
  locks: RowLocks,
  parsed: ParsedStatement,
  locking: readonly Locking[],
  runnable: Runnable,
  none: () => Runnable,
): Runnable {
  const { direct: _none, planLength: _kept, ...rest } = runnable;
  return {
    ...rest,
    run: async (session, execution) => {
      const { transaction } = session;
      requireWritable(transaction, `SELECT ${strengthOf(locking[0]!.clause)}`);
      const locked = locking.map((each) => tablesOf(system, session, parsed, each.select, each.clause));
      if (!transaction.explicit) return runnable.run(session, execution);
      for (const [at, { clause, isWhole }] of locking.entries()) {
        const { strength, waitPolicy } = clause;
        const mode = strength === 'LCS_FORSHARE' || strength === 'LCS_FORKEYSHARE' ? 'shared' : 'exclusive';
        const waits = waitPolicy !== 'LockWaitError' && !(isWhole && waitPolicy === 'LockWaitSkip');
        for (const { id, name } of locked[at]!) {
          if (await locks.take(session, id, { mode, waits })) continue;
          if (waitPolicy === 'LockWaitSkip') return none().run(session, execution);
          const message = `could not obtain lock on row in relation "${name}"`;
          throw new SqlError({ sqlstate: '55P03', message });
        }
      }
      return runnable.run(session, execution);
    },
  };
}

/** The tables of FROM that the clause is about; those that views are over stand for them. 42809: what has no rows to lock. */
function tablesOf(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { fromClause = [], withClause }: SelectStmt,
  { lockedRels }: LockingClause,
): { readonly id: ObjectId; readonly name: string }[] {
  const named = lockedRels?.map((node) => nodeAs(node, 'RangeVar')?.relname);
  const ctes = (withClause?.ctes ?? []).map((node) => nodeAs(node, 'CommonTableExpr')?.ctename);
  const found = new Map<ObjectId, string>();
  const add = (id: ObjectId): void => {
    const object = system.catalog.object(id);
    if (object.kind === 'table') found.set(id, object.name);
    else if (object.kind === 'view') {
      for (const { object: next } of object.references) add(next);
    } else if (object.kind === 'materializedView' || object.kind === 'sequence') {
      const message = `cannot lock rows in ${kindName(object.kind)} "${object.name}"`;
      throw new SqlError({ sqlstate: '42809', message });
    }
  };
  const visit = (node: Node): void => {
    const join = nodeAs(node, 'JoinExpr');
    if (join) [join.larg, join.rarg].forEach((side) => side && visit(side));
    const inner = nodeAs(nodeAs(node, 'RangeSubselect')?.subquery, 'SelectStmt');
    if (inner) (inner.fromClause ?? []).forEach(visit);
    const range = nodeAs(node, 'RangeVar');
    if (!range || (named && !named.includes(range.alias?.aliasname ?? range.relname))) return;
    const isCte = range.schemaname === undefined && ctes.includes(range.relname);
    const object = isCte ? null : lookUp(system.catalog, session, parsed, rangeName(range));
    if (object) add(object.id);
  };
  fromClause.forEach(visit);
  return [...found].map(([id, name]) => ({ id, name })).toSorted((a, b) => a.id - b.id);
}

/** The same SELECT, of no rows. */
export function withoutRows(select: SelectStmt): SelectStmt {
  const never: Node = { A_Const: { boolval: { boolval: false } } };
  const { whereClause } = select;
  return {
    ...select,
    whereClause: whereClause ? { BoolExpr: { boolop: 'AND_EXPR', args: [whereClause, never] } } : never,
  };
}
