/**
 * CREATE TABLE … AS and SELECT … INTO: a table with the query's columns, and an INSERT of its rows. Two statements, which
 * the session puts into one transaction (`isComposite`).
 */
import type { CreateTableAsStmt, IntoClause, Node } from '@pgsql/types';
import { nodeAs, rangeName, stringOf } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { columnCollation } from '../../sql/bind/bind.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { parse } from '../../sql/parse/parse.ts';
import { formatType } from '../../sql/types/format.ts';
import { ownTypesOf } from '../../sql/types/mentions.ts';
import { isAnonymous } from '../../sql/types/record.ts';
import { elementType } from '../../sql/types/table.ts';
import type { SqlType } from '../../sql/types/type.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { nameIsTaken, newName } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { leaveOutForms, persistenceOf, prepareCreateTable, refuseForms } from './create-table.ts';
import type { Runnable } from './prepared.ts';
import { prepareWrite } from './write.ts';

export function prepareCreateTableAs(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateTableAsStmt,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  const { query, into = {} } = statement;
  if (query === undefined || !('SelectStmt' in query)) {
    throw new SqlError({ sqlstate: '0A000', message: 'CREATE TABLE AS of this statement is not supported' });
  }
  refuseForms(parsed, {
    relation: into.rel,
    tablespacename: into.tableSpaceName,
    accessMethod: into.accessMethod,
  });
  const bound = system.planning.bindQuery(session, { ...parsed, node: query }, { parameterTypes });
  const reader = system.planning.catalogFor(session);
  const shown = bound.columns.map((column) => ({
    ...column,
    collation: columnCollation(column.origin, reader) ?? undefined,
  }));
  const columns = namedColumns(shown, into);
  return {
    parameterTypes: bound.parameters,
    columns: null,
    run: async (session, execution) => {
      leaveOutForms(session, parsed, { relation: into.rel, options: into.options });
      const target = newName(system.catalog, session, parsed, rangeName(into.rel), persistenceOf(into.rel));
      const created = { kind: 'command', tag: 'CREATE TABLE AS' } as const;
      if (nameIsTaken(system.catalog, session, target, statement.if_not_exists ?? false)) return created;
      const name = `${quoteIdentifier(target.schema)}.${quoteIdentifier(target.name)}`;
      const onCommit = into.onCommit === undefined ? '' : ON_COMMIT[into.onCommit];
      const create = parse(`CREATE TABLE ${name} (${columnTexts(system.catalog, columns)})${onCommit}`)[0]!;
      const node = create.statement.kind === 'postgres' ? create.statement.node : undefined;
      await prepareCreateTable(system, session, create, nodeAs(node, 'CreateStmt')!, {}).run(session, {
        parameters: [],
        formats: [],
      });
      if (into.skipData) return created;
      const insert: Node = {
        InsertStmt: {
          relation: { schemaname: target.schema, relname: target.name, inh: true, relpersistence: 'p' },
          selectStmt: query,
          override: 'OVERRIDING_NOT_SET',
        },
      };
      const filled = await prepareWrite(system, session, parsed, insert, bound.parameters).run(
        session,
        execution,
      );
      if (filled.kind !== 'command') throw new Error('an INSERT without RETURNING gives a tag');
      return { kind: 'command', tag: filled.tag.replace('INSERT 0', 'SELECT') };
    },
  };
}

const ON_COMMIT: Readonly<Record<NonNullable<IntoClause['onCommit']>, string>> = {
  ONCOMMIT_NOOP: '',
  ONCOMMIT_PRESERVE_ROWS: ' ON COMMIT PRESERVE ROWS',
  ONCOMMIT_DELETE_ROWS: ' ON COMMIT DELETE ROWS',
  ONCOMMIT_DROP: ' ON COMMIT DROP',
};

interface NamedColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly domain?: ObjectId | undefined;
  readonly collation?: string | undefined;
}

function namedColumns(columns: readonly NamedColumn[], into: IntoClause): NamedColumn[] {
  const names = into.colNames ?? [];
  if (names.length > columns.length) {
    throw new SqlError({ sqlstate: '42601', message: 'too many column names were specified' });
  }
  return columns.map(({ name, type, domain, collation }, index) => ({
    name: names[index] === undefined ? name : stringOf(names[index]),
    type,
    domain,
    collation,
  }));
}

function columnTexts(catalog: Catalog, columns: readonly NamedColumn[]): string {
  return columns
    .map(({ name, type, domain, collation }) => {
      if (isAnonymous(type.name)) {
        throw new SqlError({ sqlstate: '42P16', message: `column "${name}" has pseudo-type record` });
      }
      const named = domain === undefined ? typeText(catalog, type) : ownTypeText(catalog, domain);
      return [quoteIdentifier(name), named, ...collateWords(collation)].join(' ');
    })
    .join(', ');
}

/** The type as a column's definition names it. */
export function typeText(catalog: Catalog, type: SqlType): string {
  if (type.name === 'unknown') return 'text';
  const [own] = ownTypesOf([type.name]);
  if (own === undefined) return formatType(type);
  return `${ownTypeText(catalog, own)}${elementType(type.name) === null ? '' : '[]'}`;
}

/** COLLATE behind the type of a column that has another collation than its type. */
export function collateWords(collation: string | undefined): string[] {
  return collation === undefined ? [] : ['COLLATE', quoteIdentifier(collation)];
}

export function ownTypeText(catalog: Catalog, type: ObjectId): string {
  const { schema, name } = catalog.object(type);
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
