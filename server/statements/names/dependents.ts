/** Objects whose text names others, when those get other names. */
import type { CatalogRelation, ObjectId } from '../../../sql/catalog.ts';
import { SqlError } from '../../../sql/error.ts';
import { parse } from '../../../sql/parse/parse.ts';
import {
  type CatalogObject,
  type FunctionObject,
  type NameReference,
  type SinkObject,
  describeObject,
} from '../../catalog/objects.ts';
import type { System } from '../../system.ts';
import { RecordingCatalog, SYSTEM_SESSION } from '../planning.ts';
import { withConnectionName, withIndexColumn, withQuery, withRelationName } from './create-text.ts';
import {
  type ColumnRenaming,
  type Planners,
  type Renaming,
  renameColumnInQuery,
  renameInQuery,
} from './references.ts';
import { withTypeName } from './type-names.ts';

/** A schema that is renamed with all that is in it: unqualified names go on meaning the same. */
export interface SchemaRenaming {
  searchPath(path: readonly string[]): readonly string[];
}

/** The dependent as it reads after the renamings. 0A000 where its text cannot be written so that it means the same. */
export function afterRenaming(
  system: System,
  planners: Planners,
  dependent: CatalogObject,
  renamings: readonly Renaming[],
  schema: SchemaRenaming | null = null,
): CatalogObject {
  const [connections, others] = partition(
    renamings,
    ({ object }) => system.catalog.object(object).kind === 'connection',
  );
  if (connections.length > 0) {
    const renamed = namingConnections(dependent, connections, schema === null);
    return others.length === 0 ? renamed : afterRenaming(system, planners, renamed, others, schema);
  }
  switch (dependent.kind) {
    case 'view':
    case 'materializedView': {
      const path = schema ? schema.searchPath(dependent.searchPath) : dependent.searchPath;
      const rewritten = renameInQuery(planners, dependent, renamings, path);
      if (!rewritten) throw cannotFollow(system, dependent, renamings[0]!.object);
      return withDefinition(dependent, rewritten);
    }
    case 'sink': {
      const relation = sinkQuery(system, dependent);
      if (!relation) return namingRelation(dependent, dependent.dependsOn[0], renamings, schema === null);
      const rewritten = renameInQuery(planners, relation, renamings, [], {
        pathUnknown: true,
        qualify: schema === null && renamings.some(({ from, to }) => from.schema !== to.schema),
      });
      if (!rewritten) throw cannotFollow(system, dependent, renamings[0]!.object);
      return { ...dependent, statement: withQuery(dependent.statement!, rewritten.query) };
    }
    case 'index':
      return namingRelation(dependent, dependent.table, renamings, schema === null);
    case 'table':
    case 'systemTable':
    case 'source':
    case 'sequence':
    case 'secret':
    case 'connection':
    case 'extension':
    case 'type':
      return dependent;
    case 'function':
      return namingTypes(system, dependent, renamings);
  }
}

/** The dependent as it reads after a column was renamed. 0A000 where it uses the column and cannot say so. */
export function afterColumnRenaming(
  system: System,
  planners: Planners,
  dependent: CatalogObject,
  renaming: ColumnRenaming & { readonly to: string },
): CatalogObject {
  const { object, columns, index, to } = renaming;
  const refused = cannotFollow(system, dependent, object, columns[index]);
  switch (dependent.kind) {
    case 'view':
    case 'materializedView': {
      const rewritten = renameColumnInQuery(planners, dependent, renaming);
      if (!rewritten) throw refused;
      return withDefinition(dependent, rewritten);
    }
    case 'sink': {
      const relation = sinkQuery(system, dependent);
      const rewritten = relation && renameColumnInQuery(planners, relation, renaming);
      if (!rewritten) throw refused;
      return { ...dependent, statement: withQuery(dependent.statement!, rewritten.query) };
    }
    case 'index': {
      if (dependent.statement === null) return dependent;
      const statement = withIndexColumn(dependent.statement, columns[index]!, to);
      if (statement === null) throw refused;
      return { ...dependent, statement };
    }
    case 'table':
    case 'systemTable':
    case 'source':
    case 'sequence':
    case 'secret':
    case 'connection':
    case 'extension':
    case 'type':
      return dependent;
    case 'function':
      throw cannotFollow(system, dependent, object, columns[index]);
  }
}

function withDefinition<O extends CatalogObject & { readonly query: string }>(
  object: O,
  definition: Pick<O, 'query'>,
): O {
  const { query } = definition;
  const { statement } = object;
  const text = statement === null || query === object.query ? statement : withQuery(statement, query);
  return { ...object, ...definition, statement: text };
}

/** A source or a sink that reaches outside through connections. */
function namingConnections<O extends CatalogObject>(
  object: O,
  renamings: readonly Renaming[],
  qualify: boolean,
): O {
  if (object.statement === null) return object;
  const statement = renamings.reduce(
    (text, { from, to }) => withConnectionName(text, from, to, qualify && from.schema !== to.schema),
    object.statement,
  );
  return { ...object, statement };
}

function partition<T>(all: readonly T[], holds: (each: T) => boolean): [T[], T[]] {
  return [all.filter(holds), all.filter((each) => !holds(each))];
}

/** An index or a sink that names its relation and nothing else. */
function namingRelation<O extends CatalogObject>(
  object: O,
  relation: ObjectId | undefined,
  renamings: readonly Renaming[],
  qualify: boolean,
): O {
  const renaming = renamings.find((candidate) => candidate.object === relation);
  if (!renaming || object.statement === null) return object;
  const { from, to } = renaming;
  return {
    ...object,
    statement: withRelationName(object.statement, to, qualify && from.schema !== to.schema),
  };
}

/** A function that takes or gives rows. As in PostgreSQL, a body that is a text goes on with the names that it has. */
function namingTypes(
  system: System,
  dependent: FunctionObject,
  renamings: readonly Renaming[],
): CatalogObject {
  const { statement, source } = dependent;
  if (source === '') throw cannotFollow(system, dependent, renamings[0]!.object);
  if (statement === null) return dependent;
  const own = renamings.filter(({ object }) => dependent.dependsOn.includes(object));
  return {
    ...dependent,
    statement: own.reduce((text, { from, to }) => withTypeName(text, from, to), statement),
  };
}

/** The query of a sink with what its names mean, found among what the sink depends on; null for FROM relation. */
function sinkQuery(
  system: System,
  sink: SinkObject,
): {
  query: string;
  references: readonly NameReference[];
  searchPath: readonly string[];
  timeZone: string;
} | null {
  const [parsed] = parse(sink.statement!);
  if (parsed?.statement.kind !== 'create_sink') throw new Error('a sink keeps its statement');
  const { from } = parsed.statement;
  if (from.kind === 'relation') return null;
  const catalog = new DependencyCatalog(
    {
      catalog: system.catalog,
      shared: system.dataflows,
      bindView: (view) => system.planning.bindView(view),
      estimate: () => null,
      searchPath: [],
      user: SYSTEM_SESSION.user,
      database: SYSTEM_SESSION.database,
      ownWrites: false,
    },
    sink.dependsOn.map((id) => system.catalog.object(id)),
  );
  system.planning.bindMaintained(SYSTEM_SESSION, { ...parsed, node: from.query.node }, { catalog });
  const references = catalog.references(from.query.location);
  return { query: from.query.text, references, searchPath: [], timeZone: SYSTEM_SESSION.timeZone };
}

/** Resolves names among some objects: those that a text is known to name. */
class DependencyCatalog extends RecordingCatalog {
  readonly #objects: readonly CatalogObject[];

  constructor(options: ConstructorParameters<typeof RecordingCatalog>[0], objects: readonly CatalogObject[]) {
    super(options);
    this.#objects = objects;
  }

  override findRelation(schema: string | null, name: string, at?: number): CatalogRelation | null {
    const found = this.#objects.filter(
      (object) => object.name === name && (schema === null || object.schema === schema),
    );
    if (found.length > 1) {
      throw new SqlError({ sqlstate: '0A000', message: `"${name}" stands for two relations of a sink` });
    }
    return super.findRelation(found[0]?.schema ?? schema, name, at);
  }
}

function cannotFollow(system: System, dependent: CatalogObject, id: ObjectId, column?: string): SqlError {
  const object = system.catalog.object(id);
  const named = describeObject(object, system.catalog);
  const what = column === undefined ? named : `column ${column} of ${named}`;
  const reader = describeObject(dependent, system.catalog);
  return new SqlError({
    sqlstate: '0A000',
    message: `cannot rename ${what} because the text of ${reader} cannot be changed to follow it`,
    detail: `The names in the definition of ${reader} would no longer mean the same.`,
    hint: `Drop ${reader} first, and create it again afterwards.`,
  });
}
