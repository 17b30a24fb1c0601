/**
 * A small catalog for planner tests: some relations with fixed arrangements.
 */
import type { CatalogArrangement, CatalogReader, CatalogRelation } from '../../sql/catalog.ts';
import { layoutByColumns } from '../../sql/physical/layout.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { NullableType, TypeName } from '../../sql/types/type.ts';

export function type(name: TypeName, nullable = true, typmod = -1): NullableType {
  return { name, typmod, nullable };
}

interface TableSpec {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly (readonly [string, NullableType])[];
  readonly key: readonly number[] | null;
  readonly rows: number;
  /** A source to which rows are only added. */
  readonly appendOnly?: true;
  /** Further arrangements: index name (null: shared) and key columns. */
  readonly indexes?: readonly (readonly [string | null, readonly number[]])[];
}

const SPECS: readonly TableSpec[] = [
  {
    id: 16384,
    name: 't',
    columns: [
      ['a', type('int4', false)],
      ['b', type('int4')],
      ['c', type('text')],
    ],
    key: [0],
    rows: 1000,
    indexes: [['t_b', [1]]],
  },
  {
    id: 16385,
    name: 'u',
    columns: [
      ['k', type('int4')],
      ['v', type('int4')],
    ],
    key: null,
    rows: 1000,
  },
  {
    id: 16386,
    name: 'orders',
    columns: [
      ['id', type('int8', false)],
      ['customer_id', type('int8')],
      ['total', type('numeric', true, ((10 << 16) | 2) + 4)],
      ['placed', type('timestamp')],
    ],
    key: [0],
    rows: 100_000,
  },
  {
    id: 16387,
    name: 'customers',
    columns: [
      ['id', type('int8', false)],
      ['name', type('text')],
      ['credit', type('numeric')],
    ],
    key: [0],
    rows: 5000,
  },
  {
    id: 16388,
    name: 'w',
    columns: [
      ['n', type('numeric')],
      ['s', type('text')],
    ],
    key: null,
    rows: 100,
  },
  {
    id: 16389,
    name: 'feed',
    columns: [
      ['k', type('int4')],
      ['v', type('text')],
    ],
    key: null,
    rows: 100_000,
    appendOnly: true,
  },
];

/** A catalog of the tables above, in schema public. */
export function fakeCatalog(): CatalogReader {
  const relations = SPECS.map((spec): CatalogRelation => ({
    id: spec.id,
    schema: 'public',
    name: spec.name,
    kind: spec.appendOnly ? 'source' : 'table',
    columns: spec.columns.map(([name, columnType]) => ({ name, type: columnType, defaultText: null })),
    keys: spec.key === null ? [] : [spec.key],
    primaryKeyName: spec.key === null ? null : `${spec.name}_pkey`,
    estimatedRows: spec.rows,
    ...(spec.appendOnly ? { appendOnly: true } : {}),
  }));
  const arrangements = new Map<number, CatalogArrangement[]>(
    SPECS.map((spec) => {
      const columns = spec.columns.map(([, columnType]) => toColumnType(columnType));
      const keys: (readonly [string | null, readonly number[] | null])[] = [
        [null, spec.key],
        ...(spec.indexes ?? []),
      ];
      return [
        spec.id,
        keys.map(([name, key], index) => ({
          id: (spec.id - 16383) * 10 + index,
          relation: spec.id,
          layout: layoutByColumns(columns, key),
          primary: index === 0,
          name,
        })),
      ];
    }),
  );
  return {
    version: 1,
    under: (_path, work) => work(),
    database: 'tidewire',
    user: 'tidewire',
    searchPath: ['public', 'pg_catalog'],
    implicitSchemas: ['pg_catalog'],
    findRelation: (schema, name) =>
      relations.find(
        (relation) => relation.name === name && (schema === null || schema === relation.schema),
      ) ?? null,
    relation: (id) => {
      const found = relations.find((relation) => relation.id === id);
      if (found === undefined) throw new Error(`no relation ${id}`);
      return found;
    },
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
    hasSchema: (name) => name === 'public',
    findClass: () => null,
    classNamed: () => null,
    schemaId: () => null,
    visibility: () => ({ schemas: [11, 2200], shadowed: [] }),
    relationNames: () => relations.map((relation) => relation.name),
    arrangements: (id) => arrangements.get(id) ?? [],
    viewsOver: () => [],
  };
}
