/** ALTER VIEW … ALTER COLUMN … SET DEFAULT, DROP DEFAULT: what an INSERT into the view gives a column that it does not name. */
import { bindDefault } from '../../../sql/bind/bind.ts';
import { withFoundSequences } from '../../../sql/bind/sequence-names.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import type { ViewObject } from '../../catalog/objects.ts';
import type { Action, ActionContext } from './table/actions.ts';
import { requireColumnOf } from './table/other-relations.ts';
import { expressionBehind } from './table/segments.ts';

export async function setViewDefaults(
  { system, session, parsed }: ActionContext,
  view: ViewObject,
  actions: readonly Action[],
): Promise<void> {
  const environment = system.planning.bindEnvironment(session, parsed);
  let { columns } = view;
  for (const { command, segment } of actions) {
    const { name = '', def } = command;
    requireColumnOf(view, name);
    const at = columns.findIndex((column) => column.name === name);
    if (def !== undefined) bindDefault(def, columns[at]!, environment);
    const { catalog } = environment;
    const written = (): string => expressionBehind(parsed.source.text, segment, 'default', catalog);
    const defaultText = def === undefined ? null : withFoundSequences(written(), catalog);
    columns = columns.with(at, { ...columns[at]!, defaultText });
  }
  await commitCatalog(system, [{ kind: 'replace', object: { ...view, columns } }]);
}
