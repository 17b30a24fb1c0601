/** CREATE [OR REPLACE] VIEW: a name for a query, bound again when it is used. */
import { nodeAs } from '../../sql/ast/accessors.ts';
import type { CreateView } from '../../sql/ast/create-view.ts';
import { intoClauseOf } from '../../sql/ast/select-into.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import {
  NotUpdatable,
  columnCollation,
  refuseSystemName,
  updatableView,
  writableView,
} from '../../sql/bind/bind.ts';
import { project } from '../../sql/bind/relation.ts';
import type { CatalogColumn, CatalogRelation } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { HirQuery } from '../../sql/hir.ts';
import { isAnonymous } from '../../sql/types/record.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, positionOf } from '../catalog/names.ts';
import { type Definition, type ViewObject, kindName } from '../catalog/objects.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { RecordingCatalog } from './planning.ts';
import { type Runnable, command } from './prepared.ts';
import { replaceDefinition } from './replace/replace.ts';
import { isStorageParameter } from './storage-parameters.ts';
import { leaveOutViewOptions, readCheckOption, unknownOption } from './view-options.ts';

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
      hint: 'Leave it out: a window’s row is there from its first row on, and follows what comes.',
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
  const option = statement.with.find(({ name }) => !isStorageParameter(name, 'view'));
  if (option && !statement.materialized) throw unknownOption(parsed, option.name, option.location);
  const select = nodeAs(statement.query.node, 'SelectStmt');
  if (!statement.materialized && select !== undefined && intoClauseOf(select) !== undefined) {
    throw new SqlError({ sqlstate: '0A000', message: 'views must not contain SELECT INTO' });
  }
  const catalog = system.planning.catalogFor(session);
  const query = system.planning.bindMaintained(
    session,
    { ...parsed, node: statement.query.node },
    { catalog },
  );
  if (statement.materialized && readsTemporary(system, catalog)) {
    const message = 'materialized views must not use temporary tables or views';
    throw new SqlError({ sqlstate: '0A000', message });
  }
  const names = statement.columns ?? [];
  if (names.length > query.columns.length) {
    throw new SqlError({
      sqlstate: '42601',
      message: statement.materialized
        ? 'too many column names were specified'
        : 'CREATE VIEW specifies more column names than columns',
      position: positionOf(parsed, names[query.columns.length]?.location),
    });
  }
  const columns = query.columns.map((column, index): CatalogColumn => {
    if (isAnonymous(column.type.name)) {
      const message = `column "${names[index]?.name ?? column.name}" has pseudo-type record`;
      throw new SqlError({ sqlstate: '42P16', message });
    }
    const type = column.type.name === 'unknown' ? { ...column.type, name: 'text' as const } : column.type;
    const { domain } = column;
    const name = names[index]?.name ?? column.name;
    const collation = columnCollation(column.origin, catalog) ?? undefined;
    // What it is read from, or a cast, depends on the domain.
    return { name, type, defaultText: null, collation, ...(domain === undefined ? {} : { domain }) };
  });
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (statement.materialized) refuseSystemName(name);
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

/** Whether a query that was bound reads what goes with the session. */
export function readsTemporary(system: System, { resolved }: RecordingCatalog): boolean {
  return [...resolved].some((id) => isTemporarySchema(system.catalog.object(id).schema));
}

/** A view as binding sees it, before the catalog has it. */
function asRelation({ query, definition, catalog }: BoundDefinition): CatalogRelation {
  const relation = project(query.relation, query.finishing.projection);
  return {
    ...{ id: 0, schema: '', name: '', kind: 'view', keys: [], primaryKeyName: null, estimatedRows: null },
    columns: query.columns.map(({ name, type, domain }) => ({ name, type, domain, defaultText: null })),
    definition: {
      query: definition.query,
      checkOption: null,
      relationAt: (at) => {
        const reference = definition.references.find((other) => other.at === at);
        return reference === undefined ? null : catalog.relation(reference.object);
      },
    },
    boundView: () => relation,
  };
}

/** A check option is of views that are written through. */
export function requireUpdatable(view: CatalogRelation): void {
  const found = updatableView(view);
  if (!(found instanceof NotUpdatable)) return;
  const message = 'WITH CHECK OPTION is supported only on automatically updatable views';
  throw new SqlError({ sqlstate: '0A000', message, hint: found.detail });
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
      leaveOutViewOptions(session, parsed, statement.with, 'view');
      const bound = bindDefinition(system, session, parsed, statement);
      const checkOption = statement.checkOption ?? readCheckOption(parsed, statement.with);
      if (checkOption) requireUpdatable(asRelation(bound));
      const writable = writableView(asRelation(bound));
      const becomes = !statement.temporary && readsTemporary(system, bound.catalog);
      if (becomes) {
        const message = `view "${statement.name.parts.at(-1)}" will be a temporary view`;
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
      }
      const persistence = statement.temporary || becomes ? 'temporary' : 'unsaid';
      const target = newName(system.catalog, session, parsed, statement.name, persistence);
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
      if (existing) {
        await replaceDefinition(system, { ...existing, checkOption, writable }, bound, parsed.text);
        return 'CREATE VIEW';
      }
      const { columns, catalog, definition } = bound;
      const view: ViewObject = {
        kind: 'view',
        id: system.catalog.allocateObject(),
        ...target,
        dependsOn: [...catalog.resolved],
        statement: parsed.text,
        columns,
        checkOption,
        writable,
        ...definition,
      };
      await commitCatalog(system, [{ kind: 'add', object: view }]);
      return 'CREATE VIEW';
    }, session),
  );
}
