/**
 * The rows that a command has written, as a relation: what the query of its RETURNING reads. They are arranged by their
 * number, an int8 that stands behind their columns.
 */
import type { ArrangementId } from '../engine/index.ts';
import type { CatalogArrangement, CatalogReader, CatalogRelation, ObjectId } from './catalog.ts';
import type { HirColumn } from './hir.ts';
import { layoutByColumns } from './physical/layout.ts';
import { toColumnType } from './types/column-type.ts';

/** No object has this oid. */
export const WRITTEN: ObjectId = 0;
/** `WRITTEN` of the plan language. */
const ARRANGEMENT: ArrangementId = 0;

/** A catalog that knows the rows too; `columns` are theirs. */
export function withWritten(catalog: CatalogReader, columns: readonly HirColumn[]): CatalogReader {
  const all = [...columns, { name: 'number', type: { name: 'int8' as const, typmod: -1, nullable: false } }];
  const key = [columns.length];
  const relation: CatalogRelation = {
    id: WRITTEN,
    schema: 'returning',
    name: 'written',
    kind: 'systemTable',
    columns: all.map(({ name, type }) => ({ name, type, defaultText: null })),
    keys: [key],
    primaryKeyName: null,
    estimatedRows: null,
  };
  const arrangement: CatalogArrangement = {
    id: ARRANGEMENT,
    relation: WRITTEN,
    layout: layoutByColumns(
      all.map(({ type }) => toColumnType(type)),
      key,
    ),
    primary: true,
    name: null,
  };
  const own: Partial<CatalogReader> = {
    relation: (id) => (id === WRITTEN ? relation : catalog.relation(id)),
    arrangements: (id) => (id === WRITTEN ? [arrangement] : catalog.arrangements(id)),
  };
  return new Proxy(catalog, {
    get: (target, name: keyof CatalogReader): unknown => {
      const value: unknown = own[name] ?? target[name];
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
