/** ALTER VIEW and ALTER MATERIALIZED VIEW … AS query: another definition for a view that is there. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { CreateView } from '../../../sql/ast/create-view.ts';
import type { Query } from '../../../sql/ast/query.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { type MaterializedViewObject, type ViewObject, kindName } from '../../catalog/objects.ts';
import { isTemporarySchema } from '../../catalog/temporary.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';
import { bindDefinition } from '../create-view.ts';
import { replaceDefinition } from '../replace/replace.ts';

export async function replaceQuery(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Alter,
  view: ViewObject | MaterializedViewObject,
  query: Query,
): Promise<void> {
  const create: CreateView = {
    kind: 'create_view',
    orReplace: true,
    materialized: view.kind === 'materializedView',
    temporary: isTemporarySchema(view.schema),
    ifNotExists: false,
    name: statement.name,
    columns: undefined,
    query,
    with: [],
    withNoData: false,
    checkOption: undefined,
  };
  const { source } = parsed;
  const { location, end } = statement.name;
  const name = source.text.slice(source.utf16OfByte(location), source.utf16OfByte(end));
  const text = `CREATE ${kindName(view.kind).toUpperCase()} ${name} AS ${query.text}`;
  await replaceDefinition(system, view, bindDefinition(system, session, parsed, create), text);
}
