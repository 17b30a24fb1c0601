/**
 * What is another thing under other settings of a session: its time zone, the forms of dates and intervals. Views are computed under none.
 */
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { children, visitScalar } from './scalar.ts';
import { mapScalars, visitRelation } from './traverse.ts';

/** timestamptz and its ranges, intervals, and arrays and records of these: as texts, or in computations with others. */
const SHOWN_BY_SETTINGS = /tz|interval/;

export function isShownBySettings({ name }: MirType): boolean {
  return SHOWN_BY_SETTINGS.test(name);
}

/** Whether more than columns and literals is made of what is another thing under other settings; false only if surely not. */
export function dependsOnSettings(scalar: MirScalar): boolean {
  let depends = false;
  visitScalar(scalar, (node) => {
    if (node.kind === 'column' || node.kind === 'literal' || node.kind === 'parameter') return;
    depends ||= [node, ...children(node)].some(({ type }) => isShownBySettings(type));
    // Of jsonb, `jsonb_path_exists_tz`.
    if (node.kind === 'call') depends ||= /tz/i.test(`${node.opcode} ${node.name}`);
    // Of a text like 'today'.
    if (node.kind === 'input') depends ||= /date|time/.test(node.type.name);
  });
  return depends;
}

/** Whether a relation computes such things; false only if surely not. */
export function computesBySettings(relation: MirRelation): boolean {
  let depends = false;
  visitRelation(relation, (node) => {
    mapScalars(node, (scalar) => {
      depends ||= dependsOnSettings(scalar);
      // A set of times is made of them.
      depends ||= node.kind === 'flatMap' && isShownBySettings(scalar.type);
      return scalar;
    });
    // A frame ends so long before a row.
    depends ||=
      node.kind === 'window' && node.order.some(({ column }) => isShownBySettings(node.columns[column]!));
  });
  return depends;
}
