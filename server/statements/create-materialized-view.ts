/** CREATE MATERIALIZED VIEW: a dataflow that maintains a query's rows. */
import type { CreateView } from '../../sql/ast/create-view.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { article, nameIsTaken, newName } from '../catalog/names.ts';
import { type MaterializedViewObject, kindName } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { bindDefinition } from './create-view.ts';
import { type Making, makeMaintained } from './maintained-object.ts';
import { type Runnable, command } from './prepared.ts';
import { replaceDefinition } from './replace/replace.ts';
import { isIndexed, readsAsView } from './stored-view.ts';
import { hasNoEffect } from './no-effect.ts';
import { leaveOutViewOptions, readViewOptions } from './view-options.ts';

export function prepareCreateMaterializedView(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateView,
): Runnable {
  bindDefinition(system, session, parsed, statement); // errors before anything waits
  const { background, onError, stored } = readViewOptions(parsed, statement.with);
  return command(async (session) => {
    leaveOutViewOptions(session, parsed, statement.with, 'materializedView');
    if (statement.withNoData) {
      hasNoEffect(session, 'WITH NO DATA', 'A materialized view is always up to date.');
    }
    const replaces = statement.orReplace && (await replaceExisting(system, session, parsed, statement));
    if (replaces) return 'CREATE MATERIALIZED VIEW';
    const isTaken = (target: { schema: string; name: string }): boolean =>
      nameIsTaken(system.catalog, session, target, statement.ifNotExists);
    const plan = (): Making | null => {
      const target = newName(system.catalog, session, parsed, statement.name, 'permanent');
      if (isTaken(target)) return null;
      const { query, columns, catalog, definition } = bindDefinition(system, session, parsed, statement);
      const arrangement = system.catalog.allocateArrangement();
      const name = `materialized view ${target.schema}.${target.name}`;
      const compiled = system.planning.compileQuery(
        session,
        query,
        { kind: 'maintain', arrangement, name },
        catalog,
      );
      if (!compiled.layout) throw new Error('a maintained plan has a layout');
      const object: MaterializedViewObject = {
        kind: 'materializedView',
        id: system.catalog.allocateObject(),
        ...target,
        dependsOn: [...catalog.resolved],
        statement: parsed.text,
        columns,
        ...definition,
        arrangement,
        layout: compiled.layout,
        keys: compiled.keys,
        uses: [],
        onError,
        mustStore: stored,
        isComputed: readsAsView(compiled, { mustStore: stored, onError }),
        bySettings: compiled.bySettings,
        appendOnly: compiled.appendOnly,
        body: compiled.body,
      };
      const maintained = { ...compiled, skipsErrors: onError === 'skip' };
      return { object, maintained, background };
    };
    await makeMaintained(system, session, plan, isTaken);
    return 'CREATE MATERIALIZED VIEW';
  });
}

/** OR REPLACE of a view that is there; false when there is none. */
function replaceExisting(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateView,
): Promise<boolean> {
  const { onError, stored } = readViewOptions(parsed, statement.with);
  return system.ddl.run(async () => {
    const target = newName(system.catalog, session, parsed, statement.name, 'permanent');
    const existing = system.catalog.find(target.schema, target.name);
    if (!existing) return false;
    if (existing.kind !== 'materializedView') {
      throw new SqlError({
        sqlstate: '42809',
        message: `"${target.name}" is not a materialized view`,
        hint: `It is ${article(kindName(existing.kind))}.`,
      });
    }
    const bound = bindDefinition(system, session, parsed, statement);
    await replaceDefinition(
      system,
      { ...existing, onError, mustStore: stored || isIndexed(system, existing) },
      bound,
      parsed.text,
    );
    return true;
  }, session);
}
