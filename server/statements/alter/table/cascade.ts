/** What goes along with what CASCADE drops. */
import { noticeCascade } from '../../drop.ts';
import type { ActionContext } from './actions.ts';

/** Tells it, or leaves that to the statement that the change of the table is a part of. */
export function tellCascade({ session, cascaded }: ActionContext, objects: readonly string[]): void {
  if (cascaded) cascaded.push(...objects);
  else noticeCascade(session, objects);
}
