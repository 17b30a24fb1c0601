/** CREATE TABLE: columns, defaults, the primary key, which is the table's arrangement, and its constraints. */
import type { ColumnDef, CreateStmt, RangeVar } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { type BoundColumns, type BoundPrimaryKey, bindColumnDefinitions } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { parse } from '../../sql/parse/parse.ts';
import { layoutByColumns } from '../../sql/physical/layout.ts';
import { objectName } from '../../sql/object-name.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { type Persistence, nameIsTaken, newName, positionOf } from '../catalog/names.ts';
import { constrain } from '../catalog/constraints.ts';
import type { IndexObject, TableObject } from '../catalog/objects.ts';
import { inOneCommit } from '../catalog/staged-ddl.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import type { Installation } from '../dataflows/dataflows.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { parseBoolean } from '../session/settings/definition.ts';
import { leaveOutOptions } from './alter/options.ts';
import { givenParameter } from './storage-parameters.ts';
import { keyStatement, namedChecks, uniquesOf, withNotNulls, withSequences } from './constraint-objects.ts';
import { arrangingOf, prepareCreateIndex } from './create-index.ts';
import { hasNoEffect } from './no-effect.ts';
import { defineSequence } from './create-sequence.ts';
import { namedForeignKeys, startReferring } from './foreign-keys.ts';
import { createOf, likeComments, likeIndexes, withoutLike } from './like-clause.ts';
import { type Runnable, command } from './prepared.ts';
import { withoutOf } from './typed-table.ts';

export function prepareCreateTable(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  node: CreateStmt,
  declares: Declares = node,
): Runnable {
  const made = prepareTable(system, session, parsed, node, declares);
  const copies = (node.tableElts ?? []).some((element) => nodeAs(element, 'TableLikeClause')?.options);
  if (!copies) return made;
  return command((session) =>
    inOneCommit(system, session, async (staged) => {
      const nothing = { parameters: [], formats: [] };
      const target = newName(
        staged.catalog,
        session,
        parsed,
        rangeName(node.relation),
        persistenceOf(node.relation),
      );
      const isThere = staged.catalog.find(target.schema, target.name) !== null;
      await prepareTable(staged, session, parsed, node, declares).run(session, nothing);
      // With IF NOT EXISTS there may be another table.
      if (isThere) return 'CREATE TABLE';
      const like = { system: staged, session, parsed, statement: node };
      for (const text of likeIndexes(like, target)) {
        const [index] = parse(text);
        const statement = index!.statement.kind === 'postgres' ? index!.statement.node : undefined;
        const { run } = prepareCreateIndex(staged, session, index!, nodeAs(statement, 'IndexStmt')!);
        await run(session, nothing);
      }
      const comments = likeComments(like, target);
      if (comments.length > 0) await commitCatalog(staged, comments);
      return 'CREATE TABLE';
    }),
  );
}

/** The table alone, with its keys. */
function prepareTable(
  system: System,
  session: SessionContext,
  written: ParsedStatement,
  node: CreateStmt,
  declares: Declares = node,
): Runnable {
  const { parsed: listed, ofType } = withoutOf(system, session, written, node);
  const parsed = withoutLike(system, session, listed, createOf(listed) ?? node);
  const statement = createOf(parsed) ?? node;
  const relation = statement.relation;
  refuseForms(parsed, statement);
  const definition = declaredBy(
    declares,
    bindColumnDefinitions(
      relation?.relname ?? '',
      statement.tableElts ?? [],
      system.planning.bindEnvironment(session, parsed),
      undefined,
      undefined,
      relation?.schemaname,
    ),
  );
  const name = rangeName(relation);
  return command((session) =>
    system.ddl.run(async () => {
      leaveOutForms(session, parsed, statement);
      const target = newName(system.catalog, session, parsed, name, persistenceOf(relation));
      const onCommit = onCommitOf(statement.oncommit, target);
      if (nameIsTaken(system.catalog, session, target, statement.if_not_exists ?? false))
        return 'CREATE TABLE';
      const { primaryKey } = definition;
      const owner = system.catalog.allocateObject();
      // There are no rows that NOT VALID could leave unseen.
      const checks = namedChecks(system, target.name, definition.columns, definition.checks, session).map(
        (check) => ({ ...check, validated: check.enforced }),
      );
      const taken = [...checks, ...(primaryKey ? [primaryKey] : [])].map(({ name }) => name);
      const required = withNotNulls(
        system.catalog,
        target.name,
        definition.columns,
        definition.notNulls,
        taken,
      );
      const { columns, sequences } = withSequences(system, owner, target, {
        columns: required,
        sequences: definition.sequences,
      });
      const columnTypes = columns.map((column) => toColumnType(column.type));
      const layout = layoutByColumns(columnTypes, primaryKey?.columns ?? null);
      const arrangement = system.catalog.allocateArrangement();
      const bare: TableObject = {
        kind: 'table',
        id: owner,
        ...target,
        dependsOn: ofType === null ? [] : [ofType],
        ...(ofType === null ? {} : { ofType }),
        statement: parsed.text,
        columns,
        arrangement,
        layout,
        keys: primaryKey ? [primaryKey.columns] : [],
        primaryKeyName: primaryKey ? primaryKey.name : null,
        checks,
        foreignKeys: [],
        ...(onCommit === null ? {} : { onCommit }),
      };
      const keys = uniquesOf(system, bare, definition.uniques);
      const context = { system, session, parsed };
      const declared = definition.foreignKeys.map((foreignKey) => ({
        ...foreignKey,
        validated: foreignKey.enforced,
      }));
      const foreignKeys = namedForeignKeys(context, bare, keys, declared);
      const primary = primaryKey && primaryIndex(system, bare, primaryKey);
      const qualified = `${target.schema}.${target.name}`;
      system.engine.createCollection(arrangement, qualified, columnTypes, layout, primaryKey !== null, {
        constraint: bare.primaryKeyName ?? objectName(target.name, '', 'pkey'),
        columns: columns.map((column) => column.name),
      });
      const installations: Installation[] = [];
      const abandoned = (): void => {
        for (const installation of installations) system.dataflows.drop(installation);
        for (const { id } of sequences) system.engine.dropSequence(id);
        system.engine.drop(arrangement);
      };
      const uniques: IndexObject[] = [];
      let table = bare;
      try {
        for (const sequence of sequences) defineSequence(system, sequence);
        for (const index of keys) {
          const installation = system.dataflows.share(
            arrangingOf(bare, index, uniques),
            () => system.sequencer.last,
          );
          installations.push(installation);
          const { arrangement, uses } = installation;
          uniques.push({ ...index, arrangement, uses });
        }
        const referring = startReferring(system, { ...bare, foreignKeys }, foreignKeys);
        installations.push(...referring.installations);
        table = referring.table;
        await Promise.all(installations.map(({ ready }) => ready));
        constrain(system, table, uniques);
      } catch (error) {
        abandoned();
        throw error;
      }
      const objects = [...sequences, table, ...(primary ? [primary] : []), ...uniques];
      if (onCommit !== null) session.hasOnCommit = true;
      session.transaction.fresh.add(table.id);
      await commitCatalog(
        system,
        objects.map((object) => ({ kind: 'add', object })),
        { abandoned },
      );
      return 'CREATE TABLE';
    }, session),
  );
}

/** The list of a statement as it was written, whose columns have their types from nowhere else; none of CREATE TABLE AS. */
type Declares = Pick<CreateStmt, 'tableElts'>;

/** Columns that come by LIKE, OF or AS have no dimensions that were declared. */
function declaredBy({ tableElts = [] }: Declares, definition: BoundColumns): BoundColumns {
  const declared = new Set(tableElts.map((element) => typedName(nodeAs(element, 'ColumnDef'))));
  const columns = definition.columns.map((column) =>
    declared.has(column.name) ? column : { ...column, dimensions: undefined },
  );
  return { ...definition, columns };
}

/** The name of a column that has its type here; those of CREATE TABLE … OF have none. */
function typedName(column: ColumnDef | undefined): string | undefined {
  return column?.typeName === undefined ? undefined : column.colname;
}

/** How long a statement says that a relation is there. */
export function persistenceOf(relation: RangeVar | undefined): Persistence {
  switch (relation?.relpersistence) {
    case 't':
      return 'temporary';
    case 'u':
      return 'unlogged';
    default:
      return 'unsaid';
  }
}

/** ON COMMIT; null where rows stay, which is what is said by saying nothing. */
function onCommitOf(
  action: CreateStmt['oncommit'],
  { schema }: { readonly schema: string },
): TableObject['onCommit'] | null {
  if (action === undefined || action === 'ONCOMMIT_NOOP') return null;
  if (!isTemporarySchema(schema)) {
    const message = 'ON COMMIT can only be used on temporary tables';
    throw new SqlError({ sqlstate: '42P16', message });
  }
  if (action === 'ONCOMMIT_PRESERVE_ROWS') return null;
  return action === 'ONCOMMIT_DROP' ? 'drop' : 'deleteRows';
}

/** The index that a primary key is: the table's own arrangement. */
export function primaryIndex(
  system: System,
  table: TableObject,
  { columns, included }: Pick<BoundPrimaryKey, 'columns' | 'included'>,
): IndexObject {
  const name = table.primaryKeyName ?? '';
  return {
    kind: 'index',
    id: system.catalog.allocateObject(),
    schema: table.schema,
    name,
    dependsOn: [table.id],
    statement: keyStatement(table, name, { columns, included, nullsEqual: false }),
    table: table.id,
    arrangement: table.arrangement,
    layout: table.layout,
    unique: true,
    primary: true,
    constraint: true,
    nullsEqual: false,
    columns: columns.map((column) => column + 1),
    partial: false,
    uses: [],
  };
}

/** Forms of CREATE TABLE that would make another table than the one that is made here. */
export function refuseForms(parsed: ParsedStatement, statement: CreateStmt): void {
  const form =
    statement.partspec || statement.partbound
      ? 'CREATE TABLE with partitions'
      : statement.inhRelations?.length
        ? 'CREATE TABLE … INHERITS'
        : statement.tablespacename
          ? 'CREATE TABLE … TABLESPACE'
          : statement.accessMethod
            ? 'CREATE TABLE … USING'
            : null;
  if (form) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `${form} is not supported`,
      hint: 'All tables are kept in the same way: write CREATE TABLE name (columns).',
      position: positionOf(parsed, statement.relation?.location),
    });
  }
}

/** What a table may be declared with and is not different by: UNLOGGED, and storage parameters. */
export function leaveOutForms(
  session: SessionContext,
  parsed: ParsedStatement,
  { relation, options = [] }: Pick<CreateStmt, 'relation' | 'options'>,
): void {
  if (relation?.relpersistence === 'u') {
    hasNoEffect(session, 'UNLOGGED', 'All tables are kept in the same way.');
  }
  const given = options.map((node) => givenParameter(nodeAs(node, 'DefElem')!));
  const oids = given.find(({ name }) => name === 'oids');
  if (oids !== undefined && parseBoolean(oids.text ?? '') !== false) {
    throw new SqlError({ sqlstate: '0A000', message: 'tables declared WITH OIDS are not supported' });
  }
  leaveOutOptions(
    session,
    parsed,
    given.filter((parameter) => parameter !== oids),
    'table',
  );
}
