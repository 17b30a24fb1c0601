/** ALTER VIEW. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { CheckOption } from '../../../sql/catalog.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import type { ViewObject } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';
import { requireUpdatable } from '../create-view.ts';
import { withCheckOption } from '../names/current-options.ts';
import type { Runnable } from '../prepared.ts';
import { readCheckOption } from '../view-options.ts';
import { replaceQuery } from './as-query.ts';
import { alteredParameters, leaveOutOptions } from './options.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { renameColumn } from './rename-column.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterView(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['view'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['view'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'rename_column':
      return alterObject(system, parsed, statement, ['view'], (object) =>
        renameColumn(system, parsed, object, action.column, action.to.name),
      );
    case 'as_query':
      return alterObject(system, parsed, statement, ['view'], (object, session) =>
        replaceQuery(system, session, parsed, statement, object, action.query),
      );
    case 'set_options':
      return alterObject(system, parsed, statement, ['view'], async (view, session) => {
        leaveOutOthers(session, parsed, statement);
        const checkOption = readCheckOption(parsed, action.options);
        if (checkOption !== undefined) await setCheckOption(system, session, view, checkOption);
      });
    case 'reset_options':
      return alterObject(system, parsed, statement, ['view'], async (view, session) => {
        leaveOutOthers(session, parsed, statement);
        const resets = action.names.some(({ name }) => name === 'check_option');
        if (resets) await setCheckOption(system, session, view, undefined);
      });
    default:
      throw unsupportedAction(statement);
  }
}

function leaveOutOthers(session: SessionContext, parsed: ParsedStatement, statement: Alter): void {
  const others = alteredParameters(statement).filter(({ name }) => name !== 'check_option');
  leaveOutOptions(session, parsed, others, 'view');
}

async function setCheckOption(
  system: System,
  session: SessionContext,
  view: ViewObject,
  checkOption: CheckOption | undefined,
): Promise<void> {
  if (checkOption !== undefined) requireUpdatable(system.planning.catalogFor(session).relation(view.id)!);
  const statement = view.statement === null ? null : withCheckOption(view.statement, checkOption);
  await commitCatalog(system, [{ kind: 'replace', object: { ...view, statement, checkOption } }]);
}
