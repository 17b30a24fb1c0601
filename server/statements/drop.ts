/** DROP of every object kind: dependents first, all of them or none. */
import type { Drop } from '../../sql/ast/drop.ts';
import type { ObjectKind as NamedKind } from '../../sql/ast/object-kind.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { mentionsType } from '../../sql/types/mentions.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { SYSTEM_SCHEMAS } from '../catalog/catalog.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { constrainAgain, constrainCallers } from '../catalog/constraints.ts';
import { article, lookUp, positionOf, refuseSystemCatalog, requireObject } from '../catalog/names.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import {
  type ForeignKeyConstraint,
  type TableObject,
  type CatalogObject,
  type ObjectKind,
  type SequenceObject,
  type SourceObject,
  describeObject,
  kindName,
} from '../catalog/objects.ts';
import { declarableType } from '../catalog/reader.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { dropExpressionsNaming, refuseNamedInExpressions } from './alter/table/drop-expressions.ts';
import { inOneCommit } from '../catalog/staged-ddl.ts';
import { dropColumns } from './drop-type.ts';
import { refuseInBlock } from './transaction-block.ts';
import { callsSequence } from './names/sequence-defaults.ts';
import { type Runnable, command } from './prepared.ts';

/** The catalog's kinds that a kind in DDL stands for. */
export function catalogKinds(named: NamedKind): readonly ObjectKind[] {
  switch (named) {
    case 'table':
      return ['table'];
    case 'view':
      return ['view'];
    case 'materialized view':
      return ['materializedView'];
    case 'index':
      return ['index'];
    case 'sequence':
      return ['sequence'];
    case 'source':
      return ['source'];
    case 'sink':
      return ['sink'];
    case 'schema':
      return [];
    case 'connection':
      return ['connection'];
    case 'secret':
      return ['secret'];
  }
}

/** DROP SCHEMA. CASCADE takes along what in other schemas calls the functions, and names the types, of this one. */
function prepareDropSchema(system: System, parsed: ParsedStatement, statement: Drop): Runnable {
  const { cascade } = statement;
  return command((session) =>
    inOneCommit(system, session, async (system) => {
      const schemas: CatalogChange[] = [];
      const ids = schemaMembers(system, session, parsed, statement, schemas);
      const members = ids
        .map((id) => system.catalog.object(id))
        .filter((object) => !belongsToTable(object))
        .map((object) => describeObject(object, system.catalog, session.searchPath));
      const cascaded = cascade
        ? [
            ...members,
            ...(await dropColumns(system, session, parsed, ids)),
            ...(await dropExpressionsNaming(system, session, parsed, new Set(ids))),
          ]
        : [];
      await dropObjects(system, session, ids, { cascade, schemas, cascaded });
      return 'DROP SCHEMA';
    }),
  );
}

export function prepareDrop(system: System, parsed: ParsedStatement, statement: Drop): Runnable {
  if (statement.objectKind === 'schema') return prepareDropSchema(system, parsed, statement);
  const tag = `DROP ${statement.objectKind.toUpperCase()}`;
  const { cascade } = statement;
  // DEFAULTs that take from what goes are changed in the same commit.
  const run = <T>(session: SessionContext, work: (system: System) => Promise<T>): Promise<T> =>
    cascade ? inOneCommit(system, session, work) : system.ddl.run(() => work(system), session);
  return command((session) => {
    if (statement.concurrently) refuseConcurrently(session, statement);
    return run(session, async (system) => {
      const ids = statement.names.flatMap((name) => {
        const kinds = catalogKinds(statement.objectKind);
        if (statement.ifExists && !lookUp(system.catalog, session, parsed, name)) {
          const written = name.parts.join('.');
          const message = `${statement.objectKind} "${written}" does not exist, skipping`;
          session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
          return [];
        }
        const found = lookUp(system.catalog, session, parsed, name);
        if (found) refuseSystemCatalog(found);
        return [requireObject(system.catalog, session, parsed, name, kinds, { hint: useDrop }).id];
      });
      const named = statement.objectKind === 'index' ? ids : [];
      const cascaded = cascade
        ? [
            ...(await dropColumns(system, session, parsed, ids)),
            ...(await dropExpressionsNaming(system, session, parsed, new Set(ids))),
          ]
        : [];
      await dropObjects(system, session, ids, { cascade, named, cascaded });
      return tag;
    });
  });
}

function refuseConcurrently(session: SessionContext, { names, cascade }: Drop): void {
  refuseInBlock(session, 'DROP INDEX CONCURRENTLY');
  const what = names.length > 1 ? 'dropping multiple objects' : cascade ? 'CASCADE' : null;
  if (what === null) return;
  const message = `DROP INDEX CONCURRENTLY does not support ${what}`;
  throw new SqlError({ sqlstate: '0A000', message });
}

/** Drops these and, with CASCADE, what depends on them; `named`: indexes that the statement itself names. */
export async function dropObjects(
  system: System,
  session: Pick<SessionContext, 'notice'>,
  ids: readonly number[],
  options: {
    readonly cascade: boolean;
    readonly named?: readonly number[];
    readonly schemas?: readonly CatalogChange[];
    /** What went before, for the notice. */
    readonly cascaded?: readonly string[];
  },
): Promise<void> {
  const { named = [], schemas = [] } = options;
  const objects = system.catalog.dropOrder(ids, options.cascade);
  for (const object of objects) {
    refuseUndroppable(system, object, named, objects);
    refuseColumns(system, object, objects);
  }
  refuseNamedInExpressions(system, objects);
  if (system.staged?.alone === false) objects.forEach(refuseRunning);
  const cascaded = objects.filter(
    (object) =>
      !ids.includes(object.id) &&
      object.kind !== 'sequence' &&
      (object.kind !== 'index' || !objects.some(({ id }) => id === object.table)),
  );
  const unreferred = referredTo(system, objects, options.cascade);
  noticeCascade(session, [
    ...(options.cascaded ?? []),
    ...cascaded.map((object) => describeObject(object, system.catalog)),
    ...unreferred.flatMap(({ before, after }) =>
      before.foreignKeys
        .filter((foreignKey) => !after.foreignKeys.includes(foreignKey))
        .map(({ name }) => `constraint ${name} on ${describeObject(before, system.catalog)}`),
    ),
  ]);
  const drops = objects.map((object): CatalogChange => ({ kind: 'drop', id: object.id }));
  if (drops.length + schemas.length === 0) return;
  const changed = unreferred.map(({ after }): CatalogChange => ({ kind: 'replace', object: after }));
  await commitCatalog(system, [...drops, ...changed, ...schemas], {
    before: async () => {
      for (const object of objects) await stopObject(system, object);
    },
    committed: () => {
      for (const { before, after } of unreferred) {
        constrainAgain(system, after.id);
        releaseForeignKeys(
          system,
          before.foreignKeys.filter((foreignKey) => !after.foreignKeys.includes(foreignKey)),
        );
      }
      objects.forEach((object) => releaseObject(system, object));
    },
  });
}

/** What goes along with what was named. */
export function noticeCascade(session: Pick<SessionContext, 'notice'>, objects: readonly string[]): void {
  const lines = objects.map((object) => `drop cascades to ${object}`);
  if (lines.length === 0) return;
  const notice = { severity: 'NOTICE', sqlstate: '00000' } as const;
  if (lines.length === 1) return session.notice({ ...notice, message: lines[0]! });
  const message = `drop cascades to ${lines.length} other objects`;
  session.notice({ ...notice, message, detail: lines.join('\n') });
}

/** Tables that stay, without the foreign keys to tables that go; without CASCADE that is error 2BP01. */
function referredTo(
  system: System,
  dropped: readonly CatalogObject[],
  cascade: boolean,
): { readonly before: TableObject; readonly after: TableObject }[] {
  const gone = new Set(dropped.map(({ id }) => id));
  const changed: { before: TableObject; after: TableObject }[] = [];
  const lines: string[] = [];
  for (const table of system.catalog.objects()) {
    if (table.kind !== 'table' || gone.has(table.id)) continue;
    const going = table.foreignKeys.filter(({ parent }) => gone.has(parent));
    if (going.length === 0) continue;
    for (const { name, parent } of going) {
      const [child, other] = [table, system.catalog.object(parent)].map((each) =>
        describeObject(each, system.catalog),
      );
      lines.push(`constraint ${name} on ${child} depends on ${other}`);
    }
    const foreignKeys = table.foreignKeys.filter((foreignKey) => !going.includes(foreignKey));
    changed.push({ before: table, after: { ...table, foreignKeys } });
  }
  if (lines.length > 0 && !cascade) {
    const named = dropped.filter(({ kind }) => kind === 'table');
    const what = named.length === 1 ? describeObject(named[0]!, system.catalog) : 'desired object(s)';
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${what} because other objects depend on ${named.length === 1 ? 'it' : 'them'}`,
      detail: lines.join('\n'),
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    });
  }
  return changed;
}

/** After the commit: nobody looks anything up in these any more. */
export function releaseForeignKeys(system: System, foreignKeys: readonly ForeignKeyConstraint[]): void {
  const enforced = foreignKeys.filter((foreignKey) => foreignKey.enforced);
  system.dataflows.release(enforced.map(({ arrangement }) => arrangement));
}

/** The engine forgets what a collection refers to. */
export function forgetReferences(system: System, { arrangement, name, columns }: TableObject): void {
  const relation = { relation: name, columns: columns.map((column) => column.name) };
  const none = { ...relation, domains: [], notNull: [], checks: [], unique: [], foreign: [] };
  system.engine.constrain(arrangement, none, 'UTC');
}

/** What to write instead where the object is of another kind. */
function useDrop({ kind }: CatalogObject): string {
  const noun = kindName(kind);
  return `Use DROP ${noun.toUpperCase()} to remove ${article(noun)}.`;
}

function refuseUndroppable(
  system: System,
  object: CatalogObject,
  named: readonly number[],
  dropped: readonly CatalogObject[],
): void {
  if ((SYSTEM_SCHEMAS as readonly string[]).includes(object.schema)) {
    throw new SqlError({
      sqlstate: '42501',
      message: `permission denied: "${object.name}" is a system catalog`,
    });
  }
  if (object.kind === 'sequence') refuseNeeded(system, object, dropped);
  if (object.kind === 'index' && object.constraint && named.includes(object.id)) {
    const constraint = `constraint ${object.name} on ${describeObject(system.catalog.object(object.table), system.catalog)}`;
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${describeObject(object, system.catalog)} because ${constraint} requires it`,
      hint: `You can drop ${constraint} instead.`,
    });
  }
}

/** A column that takes its values from a sequence needs it; a DEFAULT goes before, with CASCADE. */
function refuseNeeded(system: System, sequence: SequenceObject, dropped: readonly CatalogObject[]): void {
  const { ownedBy, identity } = sequence;
  const shown = describeObject(sequence, system.catalog);
  const readers: string[] = [];
  for (const table of system.catalog.objects()) {
    if ((table.kind !== 'table' && table.kind !== 'view') || dropped.includes(table)) continue;
    for (const [index, column] of table.columns.entries()) {
      const owner = `column ${column.name} of ${describeObject(table, system.catalog)}`;
      if (identity && ownedBy?.table === table.id && ownedBy.column === index) {
        throw new SqlError({
          sqlstate: '2BP01',
          message: `cannot drop ${shown} because ${owner} requires it`,
          hint: `You can drop ${owner} instead.`,
        });
      }
      const { defaultText } = column;
      if (defaultText !== null && callsSequence(defaultText, sequence))
        readers.push(`default value for ${owner} depends on ${shown}`);
    }
  }
  if (readers.length === 0) return;
  throw new SqlError({
    sqlstate: '2BP01',
    message: `cannot drop ${shown} because other objects depend on it`,
    detail: readers.join('\n'),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

/** A source or a sink cannot be started again where it was when a transaction is rolled back. */
function refuseRunning(object: CatalogObject): void {
  if (object.kind !== 'source' && object.kind !== 'sink') return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `dropping ${kindName(object.kind)} ${object.name} inside a transaction block is not supported`,
    hint: `Drop ${kindName(object.kind)} ${object.name} on its own first.`,
  });
}

function schemaMembers(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Drop,
  schemas: CatalogChange[],
): number[] {
  const ids: number[] = [];
  for (const name of statement.names) {
    const written = name.parts.join('.');
    const schema = system.catalog.schema(written);
    if (!schema) {
      const message = `schema "${written}" does not exist`;
      if (!statement.ifExists) {
        throw new SqlError({ sqlstate: '3F000', message, position: positionOf(parsed, name.location) });
      }
      session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
      continue;
    }
    if ((SYSTEM_SCHEMAS as readonly string[]).includes(written) || isTemporarySchema(written)) {
      throw new SqlError({
        sqlstate: '42501',
        message: `permission denied: "${written}" is a system schema`,
      });
    }
    const members = [...system.catalog.objects()].filter((object) => object.schema === written);
    if (members.length > 0 && !statement.cascade) {
      throw new SqlError({
        sqlstate: '2BP01',
        message: `cannot drop schema ${written} because other objects depend on it`,
        detail: members
          .filter((object) => !belongsToTable(object))
          .map((object) => `${describeObject(object, system.catalog)} depends on schema ${written}`)
          .join('\n'),
        hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
      });
    }
    ids.push(...members.map((object) => object.id));
    schemas.push({ kind: 'dropSchema', id: schema.id });
  }
  return ids;
}

/** Columns of a table or a source. */
export interface TypedColumns {
  readonly stored: TableObject | SourceObject;
  readonly columns: readonly string[];
}

/** The columns that are of a type, or of one made of it; of a relation: of the type of its rows. */
export function columnsOfType(system: System, type: CatalogObject): TypedColumns[] {
  const own = declarableType(type);
  if (own === null) return [];
  return [...system.catalog.objects()].flatMap((stored) => {
    if (stored.kind !== 'table' && stored.kind !== 'source') return [];
    const columns = stored.columns.filter(
      (column) => column.domain === type.id || mentionsType(column.type.name, own),
    );
    return columns.length === 0 ? [] : [{ stored, columns: columns.map(({ name }) => name) }];
  });
}

/** Columns of tables and sources need their type; CASCADE has taken them along before. */
function refuseColumns(system: System, object: CatalogObject, dropped: readonly CatalogObject[]): void {
  const type = `type ${quoteIdentifier(object.name)}`;
  const readers = columnsOfType(system, object)
    .filter(({ stored }) => !dropped.includes(stored))
    .flatMap(({ stored, columns }) =>
      columns.map((name) => `column ${name} of ${describeObject(stored, system.catalog)}`),
    );
  if (readers.length === 0) return;
  throw new SqlError({
    sqlstate: '2BP01',
    message: `cannot drop ${describeObject(object, system.catalog)} because other objects depend on it`,
    detail: readers.map((reader) => `${reader} depends on ${type}`).join('\n'),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

/** It goes with its table, and is not told of. */
function belongsToTable(object: CatalogObject): boolean {
  return object.kind === 'index' || (object.kind === 'sequence' && object.ownedBy !== null);
}

/** Before the commit: nothing may write into or out of the object any more. */
export async function stopObject(system: System, object: CatalogObject): Promise<void> {
  if (object.kind === 'source') await system.sources.stop(object.id);
  if (object.kind === 'sink') await system.sinks.stop(object.id);
}

/** After the commit: subscriptions to it end. */
export function endSubscriptions(
  system: System,
  object: CatalogObject,
  what: 'dropped' | 'replaced' | 'altered',
): void {
  // What reads an index's arrangement holds it.
  if (!('arrangement' in object) || object.kind === 'index') return;
  const error = new SqlError({
    sqlstate: '55000',
    message: `${kindName(object.kind)} "${object.name}" was ${what} while the subscription ran`,
    hint: what === 'dropped' ? undefined : 'Subscribe again.',
  });
  for (const arrangement of [object.arrangement, ...system.dataflows.madeFrom(object.arrangement)]) {
    system.subscriptions.endReaders(arrangement, error);
  }
}

/** After the commit: the engine forgets it. */
export function releaseObject(system: System, object: CatalogObject): void {
  endSubscriptions(system, object, 'dropped');
  switch (object.kind) {
    case 'table':
      if (object.foreignKeys.length > 0) {
        forgetReferences(system, object);
        releaseForeignKeys(system, object.foreignKeys);
      }
      system.engine.drop(object.arrangement);
      return;
    case 'systemTable':
    case 'source':
      system.engine.drop(object.arrangement);
      return;
    case 'materializedView':
      if (!object.isComputed) system.dataflows.drop(object);
      return;
    case 'index':
      if (object.unique) constrainAgain(system, object.table);
      system.dataflows.release(object.uses);
      return;
    case 'sequence':
      system.engine.dropSequence(object.id);
      return;
    case 'function':
      constrainCallers(system);
      return;
    case 'view':
    case 'sink':
    case 'secret':
    case 'connection':
    case 'extension':
    case 'type':
      return;
  }
}
