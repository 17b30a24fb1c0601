/** ALTER MATERIALIZED VIEW. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import type { OnError } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { storeRows } from '../stored-view.ts';
import { readAlteredOptions, readResetOptions } from '../view-options.ts';
import { replaceQuery } from './as-query.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { renameColumn } from './rename-column.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterMaterializedView(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['materializedView'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['materializedView'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'rename_column':
      return alterObject(system, parsed, statement, ['materializedView'], (object) =>
        renameColumn(system, parsed, object, action.column, action.to.name),
      );
    case 'as_query':
      return alterObject(system, parsed, statement, ['materializedView'], (object, session) =>
        replaceQuery(system, session, parsed, statement, object, action.query),
      );
    case 'set_options':
      return setOnError(system, parsed, statement, (session) =>
        readAlteredOptions(session, parsed, action.options),
      );
    case 'reset_options':
      return setOnError(system, parsed, statement, (session) =>
        readResetOptions(session, parsed, action.names),
      );
    default:
      throw unsupportedAction(statement);
  }
}

/** What reads the view from now on obeys; subscriptions and views that read it already go on as they began. */
function setOnError(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
  read: (session: SessionContext) => OnError | null,
): Runnable {
  return alterObject(system, parsed, statement, ['materializedView'], async (before, session) => {
    const onError = read(session);
    if (onError === null) return;
    const view = onError === 'skip' ? await storeRows(system, before) : before;
    await commitCatalog(system, [{ kind: 'replace', object: { ...view, onError } }], {
      committed: () => {
        if (!view.isComputed) system.engine.skipErrors(view.arrangement, onError === 'skip');
      },
    });
  });
}
