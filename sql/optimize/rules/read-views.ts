/**
 * Rule 30: what a materialized view keeps is read there.
 *
 *     select … from (select g, count(*) from t group by g) x join …   →   select … from by_g join …
 *
 * A part of the query that is the whole of a view, but for the order of its columns and columns that it lacks. The largest
 * such parts, of those that keep state. A group that is wanted by its key is looked up in the view of all groups. Once the query is simplified: conditions that restrict a part are in it then, so
 * what is left would be computed as it is in the view, and what means the same has mostly one form. Before conditions are derived
 * from what stands around a part, which would tell it from the view. Which views there are is asked once, by what they read.
 */
import type { CatalogViewBody, ObjectId, ViewBody } from '../../catalog.ts';
import type { MirFinishing, MirRelation } from '../../mir.ts';
import { hasSome } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { mapInputs, visitRelation } from '../../mir/traverse.ts';
import type { BodyForm, FormContext } from '../analysis/body-form.ts';
import { BodyForms, KEEPS_STATE } from '../analysis/body-form.ts';
import { loosened } from '../analysis/loosened.ts';
import type { Rule, RuleContext } from '../pipeline.ts';
import { demand } from './demand.ts';

/** The views that there are. */
export interface ReadableViews extends FormContext {
  /** Those that are computed from nothing but these relations. */
  over(relations: ReadonlySet<ObjectId>): readonly CatalogViewBody[];
  /** Those that the plan reads. */
  readonly used: ReadonlySet<CatalogViewBody>;
  /** The plan reads one. */
  use(view: CatalogViewBody): void;
}

/** The form of a view's query by which others find it; null where none would. */
export function bodyOf(relation: MirRelation, context: RuleContext, forms: FormContext): ViewBody | null {
  if (!hasSome(relation, KEEPS_STATE)) return null;
  const read = demand.apply(relation, context);
  const reads = [...relationsIn(read)];
  return reads.length === 0 ? null : { ...new BodyForms(forms).of(read), reads };
}

function relationsIn(relation: MirRelation): Set<ObjectId> {
  const objects = new Set<ObjectId>();
  visitRelation(relation, (node) => {
    if (node.kind === 'get') objects.add(node.object);
  });
  return objects;
}

function apply(relation: MirRelation, context: RuleContext): MirRelation {
  const { views } = context;
  if (views === undefined || !hasSome(relation, KEEPS_STATE)) return relation;
  const known = views.over(relationsIn(relation));
  if (known.length === 0) return relation;
  const whole = demand.apply(relation, context);
  const forms = new BodyForms(views);
  forms.of(whole);
  let found = false;
  const readFrom = (node: MirRelation): MirRelation | null => {
    const form = forms.of(node);
    for (const view of known) {
      const read = view.body.core === form.core ? readInstead(node, form, view) : null;
      if (read === null) continue;
      views.use(view);
      return read;
    }
    return null;
  };
  const readGroup = (node: MirRelation): MirRelation | null => {
    const all = loosened(node);
    const read = all && readFrom(all.relation);
    return read && build.filter(read, all.fixed);
  };
  const walk = (node: MirRelation): MirRelation => {
    if (!hasSome(node, KEEPS_STATE)) return node;
    const read = readFrom(node) ?? readGroup(node);
    if (read === null) return mapInputs(node, walk);
    found = true;
    return read;
  };
  const after = walk(whole);
  return found ? after : relation;
}

/** The view with the columns of `relation`; null if it lacks one. */
function readInstead(relation: MirRelation, form: BodyForm, view: CatalogViewBody): MirRelation | null {
  const columns = [...view.columns];
  const indexes: number[] = [];
  for (const [at, text] of form.columns.entries()) {
    const index = view.body.columns.indexOf(text);
    const type = relation.columns[at]!;
    const kept = columns[index];
    if (kept === undefined || kept.name !== type.name || kept.typmod !== type.typmod) return null;
    // What is not NULL in the query is not in the view.
    if (!type.nullable) columns[index] = { ...kept, nullable: false };
    indexes.push(index);
  }
  return build.project(build.get(view.object, columns), indexes);
}

/** Of a query that is answered once: with its ORDER BY and LIMIT, which stay where they are, it may be all of a view. */
export function readViewsBelow(
  { order, limit, offset, withTies }: MirFinishing,
  relation: MirRelation,
  context: RuleContext,
): MirRelation {
  // An offset would be done twice.
  if (limit === null || offset !== null) return apply(relation, context);
  const whole = build.topK(relation, { partition: [], order, limit, offset, withTies });
  const after = apply(whole, context);
  if (after === whole) return relation;
  return after.kind === 'topK' ? after.input : after;
}

export const readViews: Rule = { name: 'read-views', apply };
