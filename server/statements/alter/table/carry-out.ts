/**
 * The end of ALTER TABLE. While it runs nobody else commits to the table. Where rows have to be written anew, they go into a
 * collection beside the old one, and all that is maintained from the table is computed beside the old too; one commit puts
 * them in their places, with the rows of the catalog.
 */
import { EngineError, type Transaction } from '../../../../engine/index.ts';
import type { CatalogColumn, ObjectId } from '../../../../sql/catalog.ts';
import { SqlError } from '../../../../sql/error.ts';
import { quoteIdentifier } from '../../../../sql/functions/quote.ts';
import type { SessionValue } from '../../../../sql/hir.ts';
import { parse } from '../../../../sql/parse/parse.ts';
import { layoutByColumns, layoutByKey } from '../../../../sql/physical/layout.ts';
import { objectName } from '../../../../sql/object-name.ts';
import { toColumnType } from '../../../../sql/types/column-type.ts';
import type { CatalogChange } from '../../../catalog/catalog.ts';
import { commitCatalog } from '../../../catalog/commit.ts';
import { referringTo } from '../../../catalog/foreign-keys.ts';
import { constrain, constrainAgain } from '../../../catalog/constraints.ts';
import {
  type CatalogObject,
  type CheckConstraint,
  type ForeignKeyConstraint,
  type IndexObject,
  type SequenceObject,
  type TableObject,
  isKey,
} from '../../../catalog/objects.ts';
import type { System } from '../../../system.ts';
import { namedChecks, uniquesOf } from '../../constraint-objects.ts';
import { arrangingOf, indexKeyAgain } from '../../create-index.ts';
import { changeSequence, defineSequence } from '../../create-sequence.ts';
import { primaryIndex } from '../../create-table.ts';
import {
  endSubscriptions,
  forgetReferences,
  releaseForeignKeys,
  releaseObject,
  stopObject,
} from '../../drop.ts';
import { namedForeignKeys, startReferring } from '../../foreign-keys.ts';
import { firstRow } from '../../internal-query.ts';
import { withIndexName } from '../../names/create-text.ts';
import { tableText } from '../../names/table-text.ts';
import { SYSTEM_SESSION } from '../../planning.ts';
import { sessionParameters } from '../../snapshot.ts';
import { readersOf, rebuild, refuseSinks } from '../../replace/rebuild.ts';
import type { ActionContext } from './actions.ts';
import { refuseKeptRows } from './kept-rows.ts';
import type { DraftColumn, TableDraft } from './draft.ts';
import {
  followed,
  lockParents,
  lostForeignKeys,
  referringTables,
  refuseOtherTypes,
  releasedBy,
  verifyForeignKeys,
} from './foreign-keys.ts';

/** What was made, to be taken back or to be kept. */
class Effects {
  readonly before: (() => Promise<void>)[] = [];
  readonly abandoned: (() => void)[] = [];
  readonly committed: (() => void)[] = [];

  abandon(): void {
    for (const undo of this.abandoned.splice(0).toReversed()) undo();
  }

  commit(): void {
    for (const action of this.committed.splice(0)) action();
  }
}

export async function carryOut(context: ActionContext, draft: TableDraft): Promise<void> {
  const { system, session } = context;
  const old = draft.table;
  const own = system.staged ? null : system.engine.beginTransaction();
  const writes = own ?? session.transaction.writes;
  const effects = new Effects();
  try {
    await system.sequencer.lock(old.arrangement, writes);
    let retired = false;
    const unlock = (): void => system.sequencer.unlock(old.arrangement, retired);
    effects.abandoned.push(unlock);
    const changes = await prepare(context, draft, writes, effects);
    retired = draft.rewrites;
    effects.committed.push(unlock);
    const abandoned = (): void => {
      retired = false;
      effects.abandon();
    };
    const before = async (): Promise<void> => {
      for (const action of effects.before) await action();
    };
    await commitCatalog(system, changes, { before, abandoned, committed: () => effects.commit() }, writes);
  } catch (error) {
    effects.abandon();
    throw error;
  } finally {
    own?.close();
  }
}

async function prepare(
  context: ActionContext,
  draft: TableDraft,
  writes: Transaction,
  effects: Effects,
): Promise<CatalogChange[]> {
  const { system } = context;
  const { table: old } = draft;
  const secondary = secondaryIndexes(system, old);
  for (const sequence of draft.newSequences) {
    defineSequence(system, sequence);
    effects.abandoned.push(() => system.engine.dropSequence(sequence.id));
  }
  for (const { before, after, restart } of draft.alteredSequences) {
    effects.abandoned.push(changeSequence(system, before, after, restart));
  }
  const { table: unarranged, indexes: named, added, newKeys, lost } = newTable(context, draft);
  refuseKeptRows(system, old, unarranged);
  await lockParents(system, unarranged, newKeys, writes, effects);
  const drops = dropsOf(system, draft, named);
  const readers = readersOf(system, old.id).filter(
    ({ id, kind }) =>
      kind !== 'index' && kind !== 'sequence' && !draft.dropped.some((other) => other.id === id),
  );
  if (draft.rewrites) {
    refuseSinks(old, readers, 'alter');
    createCollection(system, unarranged);
    effects.abandoned.push(() => system.engine.drop(unarranged.arrangement));
  }
  const sequences = draft.newSequences.map((object): CatalogChange => ({ kind: 'add', object }));
  await verifyNewKey(context, draft);
  if (draft.rewrites) await copyRows(context, draft, unarranged, sequences, writes);
  await verify(context, draft, { table: unarranged, added, newKeys, writes });
  const indexes = await arrangeIndexes(system, draft, unarranged, named, effects);
  const { table, installations } = startReferring(
    system,
    unarranged,
    draft.rewrites ? unarranged.foreignKeys : newKeys,
  );
  for (const installation of installations) {
    effects.abandoned.push(() => system.dataflows.drop(installation));
    await installation.ready;
  }
  const uniques = indexes.filter(({ unique, primary }) => unique && !primary);
  // The commit would look at rows that NOT VALID leaves unseen, where it brings them anew.
  const seen = {
    foreignKeys: table.foreignKeys.filter(({ validated }) => validated),
    checks: table.checks.filter(({ validated }) => validated),
    columns: table.columns.map((column) =>
      column.notNull?.validated === false ? { ...column, notNull: undefined } : column,
    ),
  };
  constrain(system, { ...table, ...seen }, uniques);
  if (draft.rewrites) effects.abandoned.push(() => forgetReferences(system, table));
  if (!draft.rewrites) effects.abandoned.push(() => constrainAgain(system, old.id));
  const changes: CatalogChange[] = [
    ...drops.map((object): CatalogChange => ({ kind: 'drop', id: object.id })),
    ...sequences,
    { kind: 'replace', object: table },
    ...ownedSequences(system, draft).map((object): CatalogChange => ({ kind: 'replace', object })),
    ...indexes.map((object): CatalogChange => ({
      kind: system.catalog.has(object.id) ? 'replace' : 'add',
      object,
    })),
  ];
  const children = referringTables(system, draft, lost);
  changes.push(...children.map((object): CatalogChange => ({ kind: 'replace', object })));
  const released = releasedBy(system, draft, lost);
  effects.before.push(async () => {
    for (const object of drops) await stopObject(system, object);
  });
  if (draft.rewrites) {
    const following = readers.map((reader) => withReferences(reader, draft));
    const followed = following.filter((object, index) => object !== readers[index]);
    changes.push(...followed.map((object): CatalogChange => ({ kind: 'replace', object })));
    const rebuilt = await rebuild(system, following, system.catalog.after(changes), 'altered');
    effects.abandoned.push(rebuilt.effects.abandoned);
    effects.committed.push(rebuilt.effects.committed, () => {
      if (old.foreignKeys.length > 0) forgetReferences(system, old);
      retire(system, old, secondary);
    });
    changes.push(...rebuilt.changes);
  }
  effects.committed.push(() => {
    const kept = draft.rewrites ? [] : table.foreignKeys;
    const own = old.foreignKeys.filter(({ id }) => !kept.some((other) => other.id === id && other.enforced));
    // Those who refer to the table look its keys up in the new one.
    for (const { table: child } of referringTo(system.catalog, old.id)) constrainAgain(system, child.id);
    for (const { id } of children) constrainAgain(system, id);
    const unseen =
      seen.foreignKeys.length < table.foreignKeys.length ||
      seen.checks.length < table.checks.length ||
      seen.columns.some((column, at) => column !== table.columns[at]);
    if (unseen) constrainAgain(system, table.id);
    releaseForeignKeys(system, [...own, ...released]);
  });
  effects.committed.push(() => {
    // The old table's own indexes go with it; `constrain` of the new one stands.
    for (const object of drops) if (object.kind !== 'index') releaseObject(system, object);
    if (!draft.rewrites) {
      for (const object of drops) if (object.kind === 'index') system.dataflows.release(object.uses);
    }
  });
  return changes;
}

/** The old collection with its indexes, when nobody reads them any more. */
function retire(system: System, old: TableObject, indexes: readonly IndexObject[]): void {
  endSubscriptions(system, old, 'altered');
  system.running.afterCurrent(() => {
    for (const index of indexes) system.dataflows.release(index.uses);
    system.engine.drop(old.arrangement);
    system.sequencer.forget(old.arrangement);
  });
}

function indexesOf(system: System, table: TableObject): IndexObject[] {
  return system.catalog
    .dependents(table.id)
    .filter((object): object is IndexObject => object.kind === 'index' && object.table === table.id);
}

/** Those that have an arrangement of their own. */
function secondaryIndexes(system: System, table: TableObject): IndexObject[] {
  return indexesOf(system, table).filter(({ primary }) => !primary);
}

/** The table and its indexes as they will be; `added`: the checks that its rows are to be looked at for. */
function newTable(
  context: ActionContext,
  draft: TableDraft,
): {
  readonly table: TableObject;
  readonly indexes: IndexObject[];
  readonly added: readonly CheckConstraint[];
  readonly newKeys: readonly ForeignKeyConstraint[];
  readonly lost: ReadonlySet<ObjectId>;
} {
  const { system, session } = context;
  const { table: old } = draft;
  const numberOf = (column: TableDraft['columns'][number]): number => draft.columns.indexOf(column);
  const columns = draft.catalogColumns;
  const key = draft.primary?.columns.map(numberOf) ?? null;
  const columnTypes = columns.map((column) => toColumnType(column.type));
  const layout = layoutByColumns(columnTypes, key);
  const kept = draft.checks.flatMap(({ before, name, columns: read, validated }): CheckConstraint[] =>
    before ? [{ ...before, name: name ?? before.name, columns: read.map(numberOf), validated }] : [],
  );
  const validated = kept.filter(
    (check) => check.validated && old.checks.some((before) => before.id === check.id && !before.validated),
  );
  const fresh = namedChecks(
    system,
    old.name,
    columns,
    draft.checks
      .filter(({ before }) => before === null)
      .map(({ columns: read, ...check }) => ({ ...check, columns: read.map(numberOf) })),
    session,
    [...kept, ...columns.flatMap(({ notNull }) => notNull ?? [])].map(({ name }) => name),
  );
  const { ofType } = draft;
  const bare: TableObject = {
    ...old,
    dependsOn: [
      ...old.dependsOn.filter((id) => id !== old.ofType),
      ...(ofType === undefined ? [] : [ofType]),
    ],
    ofType,
    columns,
    keys: key ? [key] : [],
    primaryKeyName: draft.primary?.name ?? null,
    checks: [...kept, ...fresh],
    foreignKeys: [],
    ...(draft.rewrites ? { arrangement: system.catalog.allocateArrangement(), layout } : {}),
  };
  const oldPrimary = indexesOf(system, old).find(({ primary }) => primary);
  const indexes: IndexObject[] = [];
  if (key && draft.primary) {
    const made = primaryIndex(system, bare, { columns: key, included: draft.primary.included });
    const { id, comment, constraintComment } = oldPrimary ?? {};
    const isKept = id !== undefined && !draft.primary.isNew;
    const same = isKept ? { id, comment, constraintComment } : { comment: draft.primary.comment };
    indexes.push({ ...made, ...same, name: draft.primary.name });
  }
  for (const { before: index, name, columns: read } of draft.indexes) {
    if (!index) continue;
    if (!draft.rewrites) {
      indexes.push(name === index.name ? index : renamedIndex(draft, index, name));
      continue;
    }
    const numbers = read.map((column) => (column === null ? 0 : numberOf(column) + 1));
    const again = layoutByKey(columnTypes, indexKeyAgain(system, index, numbers, bare));
    const arrangement = system.catalog.allocateArrangement();
    indexes.push({ ...renamedIndex(draft, index, name), columns: numbers, layout: again, arrangement });
  }
  const keys = draft.indexes
    .filter((index) => index.before === null)
    .map(({ name, columns: read, nullsEqual, included = [] }) => ({
      included,
      name: name === '' ? null : name,
      columns: read.map((column) => numberOf(column!)),
      nullsEqual,
    }));
  const staying = new Set(indexes.map(({ id }) => id));
  const gone = new Set(indexesOf(system, old).flatMap(({ id }) => (staying.has(id) ? [] : [id])));
  indexes.push(...uniquesOf(system, bare, keys, gone));
  const uniques = indexes.filter(({ primary }) => !primary);
  const unique = uniques.filter((index) => index.unique);
  const lost = lostForeignKeys(context, draft, bare, unique);
  const keptKeys = draft.foreignKeys.flatMap(({ before, columns: read }): ForeignKeyConstraint[] =>
    before && !lost.has(before.id) ? [followed(system, draft, bare, before, read)] : [],
  );
  const withKept: TableObject = { ...bare, foreignKeys: keptKeys };
  const declared = draft.foreignKeys.flatMap(({ declared: own, columns: read }) =>
    own ? [{ ...own, columns: read.map(numberOf) }] : [],
  );
  const newKeys = namedForeignKeys(context, withKept, unique, declared);
  const enforcedNow = keptKeys.filter(
    ({ id, enforced }) => enforced && old.foreignKeys.some((before) => before.id === id && !before.enforced),
  );
  const table: TableObject = { ...bare, foreignKeys: [...keptKeys, ...newKeys] };
  refuseOtherTypes(system, draft, table, lost);
  return {
    table: {
      ...table,
      statement: tableText(
        table,
        indexes.filter((index) => index.unique),
        system.catalog,
      ),
    },
    indexes,
    added: [...validated, ...fresh.filter((check) => check.validated)],
    newKeys: [...enforcedNow, ...newKeys],
    lost,
  };
}

/** An index under the name of the constraint that it becomes. */
function renamedIndex({ table }: TableDraft, index: IndexObject, name: string): IndexObject {
  if (index.statement === null || name === index.name) return { ...index, name };
  const columns = index.columns.map((number) => table.columns[number - 1]?.name ?? '');
  return { ...index, name, statement: withIndexName(index.statement, name, columns) };
}

/** Sequences that go with columns, by the columns' numbers now. */
function ownedSequences(system: System, draft: TableDraft): SequenceObject[] {
  const { id } = draft.table;
  return system.catalog.dependents(id).flatMap((object): SequenceObject[] => {
    if (object.kind !== 'sequence' || object.ownedBy?.table !== id) return [];
    if (draft.droppedSequences.includes(object)) return [];
    const { column } = object.ownedBy;
    const now = draft.columns.findIndex(({ before }) => before === column);
    const altered = draft.alteredSequences.find(({ before }) => before.id === object.id)?.after;
    if (now < 0 || (now === column && !altered)) return [];
    return [{ ...(altered ?? object), ownedBy: { table: id, column: now } }];
  });
}

/** What goes: sequences, indexes and constraints of columns that go, and what CASCADE takes along. */
function dropsOf(system: System, draft: TableDraft, indexes: readonly IndexObject[]): CatalogObject[] {
  const kept = new Set<ObjectId>(indexes.map(({ id }) => id));
  const gone = indexesOf(system, draft.table).filter(({ id }) => !kept.has(id));
  return [...draft.dropped, ...draft.droppedSequences, ...gone];
}

function createCollection(system: System, table: TableObject): void {
  system.engine.createCollection(
    table.arrangement,
    `${table.schema}.${table.name}`,
    table.columns.map((column) => toColumnType(column.type)),
    table.layout,
    table.keys.length > 0,
    {
      constraint: table.primaryKeyName ?? objectName(table.name, '', 'pkey'),
      columns: table.columns.map((column) => column.name),
    },
  );
}

/** A name that nobody has, for the table as it will be beside the table as it is. */
const BESIDE = '........altered........';

/** The server with the new table beside the old, without what would check or know its rows. */
function beside(system: System, table: TableObject, sequences: readonly CatalogChange[]): System {
  const columns = table.columns.map(({ name, type }): CatalogColumn => ({
    name,
    type: { ...type, nullable: true },
    defaultText: null,
  }));
  const object: TableObject = {
    ...table,
    id: system.catalog.allocateObject(),
    name: BESIDE,
    columns,
    keys: [],
  };
  const catalog = system.catalog.after([...sequences, { kind: 'add', object }]);
  return { ...system, catalog, planning: system.planning.over(catalog) };
}

function besideName({ schema }: TableObject): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(BESIDE)}`;
}

/** Writes the rows of the table, with the values that they will have, into its new collection. */
async function copyRows(
  { system: main, session }: ActionContext,
  draft: TableDraft,
  table: TableObject,
  sequences: readonly CatalogChange[],
  writes: Transaction,
): Promise<void> {
  const system = beside(main, table, sequences);
  const { schema, name } = draft.table;
  const from = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const [parsed] = parse(`INSERT INTO ${besideName(table)} ${draft.rows(from)}`);
  if (parsed?.statement.kind !== 'postgres') throw new Error('an INSERT');
  const { searchPath, temporarySchema, timeZone } = session;
  const settings = { ...SYSTEM_SESSION, searchPath, temporarySchema, timeZone };
  const ownWrites = writes.arrangements().length > 0;
  const catalog = system.planning.catalogFor(settings, { ownWrites });
  const { node } = parsed.statement;
  const compiled = system.planning.compileWrite(settings, parsed, node, { catalog });
  const known = new Set<SessionValue>(['sessionNumber', 'readOnly']);
  if (compiled.sessionValues.some((value) => !known.has(value) && !value.endsWith('Timestamp'))) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'values of the session in ALTER TABLE are not supported',
    });
  }
  const plan = system.engine.prepare(compiled.plan);
  const timestamp = system.sequencer.last;
  try {
    const { returning } = await system.engine.write(plan, {
      timestamp,
      parameters: sessionParameters(system, session, compiled.sessionValues, timestamp),
      timeZone: session.timeZone,
      transaction: writes,
      encoding: { kind: 'dataRow', formats: [] },
      cancel: session.cancel,
    });
    returning?.close();
  } catch (error) {
    if (error instanceof EngineError && error.sqlstate === '23505') {
      throw new SqlError({
        sqlstate: '23505',
        message: `could not create unique index "${table.primaryKeyName}"`,
        detail: error.detail?.replace(/already exists\.$/, 'is duplicated.'),
        about: { schema: table.schema, table: table.name, constraint: table.primaryKeyName ?? undefined },
      });
    }
    throw error;
  } finally {
    plan.close();
  }
}

function hasNulls({ table }: TableDraft, { column }: DraftColumn): SqlError {
  const message = `column "${column.name}" of relation "${table.name}" contains null values`;
  const about = { schema: table.schema, table: table.name, column: column.name };
  return new SqlError({ sqlstate: '23502', message, about });
}

/** A primary key has no NULLs: those are told where no other values of it repeat, as NULLs do not in PostgreSQL's index. */
async function verifyNewKey({ system, session }: ActionContext, draft: TableDraft): Promise<void> {
  const key = draft.primary?.isNew === true ? draft.primary.columns : [];
  if (key.some(({ before, expression }) => before === null || expression !== null)) return;
  const { schema, name, columns } = draft.table;
  const from = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const names = key.map(({ before }) => quoteIdentifier(columns[before!]!.name));
  for (const [at, target] of key.entries()) {
    if (!draft.notNull.includes(target)) continue;
    const nulls = `SELECT '' FROM ${from} WHERE ${names[at]} IS NULL LIMIT 1`;
    if ((await firstRow(system, session, nulls)) === null) continue;
    const given = names.map((column) => `${column} IS NOT NULL`).join(' AND ');
    const list = names.join(', ');
    const repeated = `SELECT '' FROM ${from} WHERE ${given} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`;
    if ((await firstRow(system, session, repeated)) === null) throw hasNulls(draft, target);
    return;
  }
}

/** Looks at the rows for what the table demands now and did not before. */
async function verify(
  { system: main, session }: ActionContext,
  draft: TableDraft,
  made: {
    readonly table: TableObject;
    readonly added: readonly CheckConstraint[];
    readonly newKeys: readonly ForeignKeyConstraint[];
    readonly writes: Transaction;
  },
): Promise<void> {
  const { table, added, newKeys, writes } = made;
  const system = beside(main, table, []);
  const reader = { cancel: session.cancel, transaction: { writes } };
  const relation = besideName(table);
  const violated = async (condition: string): Promise<boolean> =>
    (await firstRow(system, reader, `SELECT '' FROM ${relation} WHERE ${condition} LIMIT 1`)) !== null;
  for (const target of draft.notNull) {
    const { name } = target.column;
    if (!draft.columns.includes(target) || !(await violated(`${quoteIdentifier(name)} IS NULL`))) continue;
    throw hasNulls(draft, target);
  }
  const isComputed = ({ before, expression, column }: DraftColumn): boolean =>
    before === null ||
    expression !== null ||
    column.generated?.text !== draft.table.columns[before]!.generated?.text;
  const rewritten = draft.columns.some(isComputed);
  for (const { name, text } of rewritten ? table.checks.filter((check) => check.validated) : added) {
    if (!(await violated(`NOT (${text})`))) continue;
    const message = `check constraint "${name}" of relation "${table.name}" is violated by some row`;
    const about = { schema: table.schema, table: table.name, constraint: name };
    throw new SqlError({ sqlstate: '23514', message, about });
  }
  await verifyForeignKeys(main, {
    draft,
    table,
    relation,
    newKeys,
    query: (sql) => firstRow(system, reader, sql),
  });
  const looked = draft.indexes.filter(({ before, columns }) =>
    before === null ? true : isUniqueKey(before) && columns.some((column) => isComputed(column!)),
  );
  for (const { name, columns, nullsEqual } of looked) {
    const names = columns.map((column) => column!.column.name);
    const list = names.map(quoteIdentifier);
    const distinct = nullsEqual ? '' : `WHERE ${list.map((column) => `${column} IS NOT NULL`).join(' AND ')}`;
    const row = await firstRow(
      system,
      reader,
      `SELECT ${list.map((column) => `${column}::text`).join(', ')} FROM ${relation} ${distinct}
        GROUP BY ${list.join(', ')} HAVING count(*) > 1 LIMIT 1`,
    );
    if (row === null) continue;
    const constraint = name || [table.name, ...names, 'key'].join('_');
    throw new SqlError({
      sqlstate: '23505',
      message: `could not create unique index "${constraint}"`,
      detail: `Key (${names.join(', ')})=(${row.map((value) => value ?? 'null').join(', ')}) is duplicated.`,
      about: { schema: table.schema, table: table.name, constraint },
    });
  }
}

function isUniqueKey(index: IndexObject): boolean {
  return index.unique && isKey(index);
}

/** The indexes with the arrangements that they name. */
async function arrangeIndexes(
  system: System,
  draft: TableDraft,
  table: TableObject,
  indexes: readonly IndexObject[],
  effects: Effects,
): Promise<IndexObject[]> {
  const isArranged = ({ id, primary }: IndexObject): boolean =>
    primary || (!draft.rewrites && system.catalog.has(id));
  const arranged = indexes.filter(isArranged);
  for (const index of indexes) {
    if (isArranged(index)) continue;
    const others = arranged.filter(({ unique }) => unique);
    const installation = system.dataflows.share(
      arrangingOf(table, index, others),
      () => system.sequencer.last,
    );
    effects.abandoned.push(() => system.dataflows.drop(installation));
    await installation.ready;
    const { arrangement, uses } = installation;
    arranged.push({ ...index, arrangement, uses });
  }
  return arranged;
}

/** A reader whose query goes on seeing the columns that it saw. */
function withReferences(reader: CatalogObject, draft: TableDraft): CatalogObject {
  if (!('references' in reader)) return reader;
  const dropped = draft.table.columns.flatMap((_, number) =>
    draft.columns.some(({ before }) => before === number) ? [] : [number],
  );
  const references = reader.references.map((reference) => {
    if (reference.object !== draft.table.id) return reference;
    const seen = reference.columns ?? draft.table.columns.length;
    return { ...reference, columns: seen - dropped.filter((number) => number < seen).length };
  });
  return { ...reader, references };
}
