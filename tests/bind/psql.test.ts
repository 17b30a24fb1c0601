/** What psql 15 sends for its list commands binds over the system views as they are. */
import { expect, test } from 'vitest';
import { bindQuery } from '../../sql/bind/bind.ts';
import type { CatalogReader, CatalogRelation } from '../../sql/catalog.ts';
import { SourceText } from '../../sql/parse/source-text.ts';
import { RAW_TABLES } from '../../server/catalog/system/raw.ts';
import { SYSTEM_VIEWS } from '../../server/catalog/system/views.ts';
import { environmentFor, evaluate, statementOf } from './fixture.ts';

function systemCatalog(): CatalogReader {
  const searchPath = ['pg_catalog', 'public'];
  const relations: CatalogRelation[] = RAW_TABLES.map((raw, i) => ({
    id: 13100 + i,
    schema: 'tw_internal',
    name: raw.name,
    kind: 'systemTable',
    columns: raw.columns.map(([name, type]) => ({
      name,
      type: { name: type, typmod: -1, nullable: true },
      defaultText: null,
    })),
    keys: [],
    primaryKeyName: null,
    estimatedRows: null,
  }));
  const catalog: CatalogReader = {
    under: (_path, work) => work(),
    version: 1,
    database: 'tidewire',
    user: 'tidewire',
    searchPath,
    implicitSchemas: ['pg_catalog'],
    findRelation: (schema, name) =>
      relations.find(
        (relation) =>
          relation.name === name &&
          (schema === null ? searchPath.includes(relation.schema) : relation.schema === schema),
      ) ?? null,
    relation: (id) => relations.find((relation) => relation.id === id)!,
    findType: () => null,
    findDomain: () => null,
    domain: () => {
      throw new Error('there are no domains');
    },
    ownTypes: () => [],
    findFunctions: () => [],
    useFunction: () => undefined,
    meaning: () => null,
    temporarySchema: null,
    hasSchema: () => true,
    findClass: () => null,
    classNamed: () => null,
    schemaId: () => null,
    visibility: () => ({ schemas: [11, 2200], shadowed: [] }),
    relationNames: () => [],
    arrangements: () => [],
    viewsOver: () => [],
  };
  for (const view of SYSTEM_VIEWS) {
    const { node } = statementOf(view.query);
    const environment = {
      catalog,
      evaluate,
      source: new SourceText(view.query),
      inView: true,
      ofSystem: true,
    };
    const bound = bindQuery(node, environment);
    relations.push({
      id: 13200 + relations.length,
      schema: view.schema,
      name: view.name,
      kind: 'view',
      columns: bound.columns.map((column) => ({ ...column, defaultText: null })),
      keys: [],
      primaryKeyName: null,
      estimatedRows: null,
      boundView: () => bound.relation,
    });
  }
  return catalog;
}

const catalog = systemCatalog();

const relationList = (kinds: string, more = '', joins = ''): string => `SELECT n.nspname as "Schema",
  c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"${more}
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam${joins}
WHERE c.relkind IN (${kinds})
      AND n.nspname <> 'pg_catalog'
      AND n.nspname !~ '^pg_toast'
      AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 1,2`;

const owned = ['Schema name', 'Name name', 'Type text', 'Owner name'];

test.each([
  ['\\d', relationList(`'r','p','v','m','S','f',''`), owned],
  ['\\dt', relationList(`'r','p',''`), owned],
  ['\\dv', relationList(`'v',''`), owned],
  ['\\dm', relationList(`'m',''`), owned],
  [
    '\\di',
    relationList(
      `'i','I',''`,
      ', c2.relname as "Table"',
      ` LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_catalog.pg_class c2 ON i.indrelid = c2.oid`,
    ),
    [...owned, 'Table name'],
  ],
  [
    '\\dn',
    `SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner"
     FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
    ['Name name', 'Owner name'],
  ],
  [
    '\\d name, its first query',
    `SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname OPERATOR(pg_catalog.~) '^(users)$' COLLATE pg_catalog.default
     AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3`,
    ['oid oid', 'nspname name', 'relname name'],
  ],
])('%s', (_, text, columns) => {
  const { columns: bound } = bindQuery(statementOf(text).node, environmentFor(text, catalog));
  expect(bound.map(({ name, type }) => `${name} ${type.name}`)).toEqual(columns);
});
