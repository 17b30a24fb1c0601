/** SHOW of a setting, SHOW ALL. */
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { ShowSetting } from '../../../sql/ast/show.ts';
import { textColumns } from '../../results/columns.ts';
import { ReadyCursor, textRow } from '../../results/messages.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';

export function prepareShow(session: Session, parsed: ParsedStatement, statement: ShowSetting): Prepared {
  const all = statement.name.name === 'all';
  const definition = all ? null : session.settings.definition(statement.name.name);
  const columns = definition ? textColumns(definition.name) : textColumns('name', 'setting', 'description');
  return {
    parsed,
    text: parsed.text,
    parameterTypes: [],
    columns,
    endsTransaction: false,
    ddl: null,
    managesTransaction: true,
    run: () => {
      const rows = definition
        ? [textRow([session.settings.get(definition.name)])]
        : session.settings
            .all()
            .map(({ definition, value }) => textRow([definition.name, value, definition.description]));
      return { kind: 'rows', columns, cursor: new ReadyCursor(rows), tag: 'SHOW' };
    },
  };
}
