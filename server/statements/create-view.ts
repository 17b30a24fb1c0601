/** CREATE [OR REPLACE] VIEW: a name for a query, bound again when it is used. */
import type { CreateView } from '../../sql/ast/create-view.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { HirQuery } from '../../sql/hir.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, positionOf } from '../catalog/names.ts';
import { type Definition, type ViewObject, kindName } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { RecordingCatalog } from './planning.ts';
import { type Runnable, command } from './prepared.ts';

/** A view's query, bound, with what it depends on. */
export interface BoundDefinition {
  readonly query: HirQuery;
  readonly columns: readonly CatalogColumn[];
  readonly catalog: RecordingCatalog;
  /** What the catalog keeps of it. */
  readonly definition: Definition;
}

/** Binds the query of a view or a materialized view and names its columns. */
export function bindDefinition(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateView,
): BoundDefinition {
  if (parsed.extensions.emitOnWindowClose !== undefined) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'EMIT ON WINDOW CLOSE is not supported yet',
      position: positionOf(parsed, parsed.extensions.emitOnWindowClose),
    });
  }
  if (parsed.extensions.asOf) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'AS OF is not supported in a view',
      position: positionOf(parsed, parsed.extensions.asOf.location),
    });
  }
  const option = statement.with[0];
  if (option) {
    throw new SqlError({
      sqlstate: '22023',
      message: `unrecognized view option "${option.name}"`,
      position: positionOf(parsed, option.location),
    });
  }
  const catalog = system.planning.catalogFor(session);
  const query = system.planning.bindMaintained(
    session,
    { ...parsed, node: statement.query.node },
    { catalog },
  );
  const names = statement.columns ?? [];
  if (names.length > query.columns.length) {
    throw new SqlError({
      sqlstate: '42601',
      message: 'CREATE VIEW specifies more column names than columns',
      position: positionOf(parsed, names[query.columns.length]?.location),
    });
  }
  const columns = query.columns.map((column, index): CatalogColumn => {
    const type = column.type.name === 'unknown' ? { ...column.type, name: 'text' as const } : column.type;
    return { name: names[index]?.name ?? column.name, type, defaultText: null };
  });
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) {
      throw new SqlError({ sqlstate: '42701', message: `column "${name}" specified more than once` });
    }
    seen.add(name);
  }
  const definition: Definition = {
    query: statement.query.text,
    references: catalog.references(statement.query.location),
    queryColumns: query.columns.map((column) => column.name),
    searchPath: session.searchPath,
    timeZone: session.timeZone,
  };
  return { query, columns, catalog, definition };
}

export function prepareCreateView(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateView,
): Runnable {
  bindDefinition(system, session, parsed, statement); // errors before anything waits
  return command((session) =>
    system.ddl.run(async () => {
      const { columns, catalog, definition } = bindDefinition(system, session, parsed, statement);
      const target = newName(system.catalog, session, parsed, statement.name);
      const existing = statement.orReplace ? system.catalog.find(target.schema, target.name) : null;
      if (!existing && nameIsTaken(system.catalog, session, target, statement.ifNotExists))
        return 'CREATE VIEW';
      if (existing && existing.kind !== 'view') {
        throw new SqlError({
          sqlstate: '42809',
          message: `"${target.name}" is not a view`,
          hint: `It is a ${kindName(existing.kind)}.`,
        });
      }
      const view: ViewObject = {
        kind: 'view',
        id: existing?.id ?? system.catalog.allocateObject(),
        ...target,
        dependsOn: [...catalog.resolved],
        statement: parsed.text,
        columns,
        ...definition,
      };
      if (existing) refuseChangedColumns(existing, view);
      if (existing) refuseCycle(system, existing.id, view);
      if (existing) refuseMaintainedReaders(system, existing.id, view.name);
      await commitCatalog(system, [{ kind: existing ? 'replace' : 'add', object: view }]);
      return 'CREATE VIEW';
    }),
  );
}

/** PostgreSQL's rule: a replaced view keeps its columns and may get more at the end. */
function refuseChangedColumns(before: ViewObject, after: ViewObject): void {
  before.columns.forEach((column, index) => {
    const replacement = after.columns[index];
    if (!replacement) throw new SqlError({ sqlstate: '42P16', message: 'cannot drop columns from view' });
    if (replacement.name !== column.name) {
      throw new SqlError({
        sqlstate: '42P16',
        message: `cannot change name of view column "${column.name}" to "${replacement.name}"`,
        hint: 'Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.',
      });
    }
    if (replacement.type.name !== column.type.name || replacement.type.typmod !== column.type.typmod) {
      throw new SqlError({
        sqlstate: '42P16',
        message: `cannot change data type of view column "${column.name}" from ${column.type.name} to ${replacement.type.name}`,
      });
    }
  });
}

function refuseCycle(system: System, id: number, view: ViewObject): void {
  const visit = (from: number): void => {
    if (from === id) {
      throw new SqlError({
        sqlstate: '42P17',
        message: `infinite recursion detected in rules for relation "${view.name}"`,
      });
    }
    for (const next of system.catalog.object(from).dependsOn) visit(next);
  };
  view.dependsOn.forEach(visit);
}

/** A materialized view was compiled with the old definition; replacing it beneath would make the two disagree. */
function refuseMaintainedReaders(system: System, id: number, name: string): void {
  const visit = (from: number): void => {
    for (const reader of system.catalog.dependents(from)) {
      if (reader.kind === 'materializedView' || reader.kind === 'sink') {
        throw new SqlError({
          sqlstate: '0A000',
          message: `cannot replace view "${name}" because ${kindName(reader.kind)} ${reader.name} is maintained from it`,
          hint: `Drop ${kindName(reader.kind)} ${reader.name} first.`,
        });
      }
      if (reader.kind === 'view') visit(reader.id);
    }
  };
  visit(id);
}
