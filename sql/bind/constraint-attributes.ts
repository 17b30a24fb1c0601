/** DEFERRABLE and its like behind a column's constraint: they stand in its list as constraints of their own. */
import type { Constraint } from '@pgsql/types';
import { locationOf } from '../ast/accessors.ts';
import type { Statement } from './statement.ts';

const ATTRIBUTES: Readonly<Record<string, { readonly clause: string; readonly pair: string }>> = {
  CONSTR_ATTR_DEFERRABLE: { clause: 'DEFERRABLE', pair: 'DEFERRABLE/NOT DEFERRABLE' },
  CONSTR_ATTR_NOT_DEFERRABLE: { clause: 'NOT DEFERRABLE', pair: 'DEFERRABLE/NOT DEFERRABLE' },
  CONSTR_ATTR_DEFERRED: { clause: 'INITIALLY DEFERRED', pair: 'INITIALLY IMMEDIATE/DEFERRED' },
  CONSTR_ATTR_IMMEDIATE: { clause: 'INITIALLY IMMEDIATE', pair: 'INITIALLY IMMEDIATE/DEFERRED' },
  CONSTR_ATTR_ENFORCED: { clause: 'ENFORCED', pair: 'ENFORCED/NOT ENFORCED' },
  CONSTR_ATTR_NOT_ENFORCED: { clause: 'NOT ENFORCED', pair: 'ENFORCED/NOT ENFORCED' },
};

/** What may be deferred, and what may be left unenforced. */
const TIMED = new Set(['CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION', 'CONSTR_FOREIGN']);
const ENFORCED = new Set(['CONSTR_CHECK', 'CONSTR_FOREIGN']);

/** The constraints without the attributes, each with those that follow it. */
export function withAttributes(constraints: readonly Constraint[], statement: Statement): Constraint[] {
  const merged: Constraint[] = [];
  let given = new Set<string>();
  for (const constraint of constraints) {
    const attribute = ATTRIBUTES[constraint.contype ?? ''];
    if (attribute === undefined) {
      merged.push(constraint);
      given = new Set();
      continue;
    }
    const { clause, pair } = attribute;
    const at = locationOf(constraint);
    const last = merged.pop();
    const applies = pair.startsWith('ENFORCED') ? ENFORCED : TIMED;
    if (last === undefined || !applies.has(last.contype ?? '')) {
      throw statement.error('42601', `misplaced ${clause} clause`, at);
    }
    if (given.has(pair)) throw statement.error('42601', `multiple ${pair} clauses not allowed`, at);
    given.add(pair);
    const notDeferrable = given.has('DEFERRABLE/NOT DEFERRABLE') && last.deferrable !== true;
    const deferred = clause === 'INITIALLY DEFERRED' || last.initdeferred === true;
    if (deferred && (clause === 'NOT DEFERRABLE' || (clause === 'INITIALLY DEFERRED' && notDeferrable))) {
      const message = 'constraint declared INITIALLY DEFERRED must be DEFERRABLE';
      throw statement.error('42601', message, at);
    }
    merged.push({
      ...last,
      ...(clause === 'DEFERRABLE' || clause === 'INITIALLY DEFERRED' ? { deferrable: true } : {}),
      ...(clause === 'INITIALLY DEFERRED' ? { initdeferred: true } : {}),
      ...(clause === 'NOT ENFORCED' ? { is_enforced: false } : {}),
    });
  }
  return merged;
}
