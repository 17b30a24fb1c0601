/** CREATE MATERIALIZED VIEW: its dataflow is installed and hydrated before the name exists. */
import type { CreateView } from '../../sql/ast/create-view.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { article, nameIsTaken, newName } from '../catalog/names.ts';
import { type MaterializedViewObject, kindName } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { bindDefinition } from './create-view.ts';
import { type Runnable, command } from './prepared.ts';
import { replaceDefinition } from './replace/replace.ts';

export function prepareCreateMaterializedView(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateView,
): Runnable {
  bindDefinition(system, session, parsed, statement); // errors before anything waits
  return command((session) =>
    system.ddl.run(async () => {
      const target = newName(system.catalog, session, parsed, statement.name);
      const existing = statement.orReplace ? system.catalog.find(target.schema, target.name) : null;
      if (existing && existing.kind !== 'materializedView') {
        throw new SqlError({
          sqlstate: '42809',
          message: `"${target.name}" is not a materialized view`,
          hint: `It is ${article(kindName(existing.kind))}.`,
        });
      }
      if (existing) {
        const bound = bindDefinition(system, session, parsed, statement);
        await replaceDefinition(system, existing, bound, parsed.text);
        return 'CREATE MATERIALIZED VIEW';
      }
      if (nameIsTaken(system.catalog, session, target, statement.ifNotExists))
        return 'CREATE MATERIALIZED VIEW';
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
      const uses = await system.dataflows.install(compiled, system.sequencer.last);
      const view: MaterializedViewObject = {
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
        uses,
      };
      await commitCatalog(system, [{ kind: 'add', object: view }], {
        abandoned: () => {
          system.engine.drop(arrangement);
          system.dataflows.release(uses);
        },
      });
      return 'CREATE MATERIALIZED VIEW';
    }, session),
  );
}
