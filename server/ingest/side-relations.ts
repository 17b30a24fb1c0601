/** Relations that come with a source: where it stands, and what it refused. */
import type { CatalogColumn } from '../../sql/catalog.ts';
import type { TypeName } from '../../sql/types/type.ts';

function column(name: string, type: TypeName, nullable = false): CatalogColumn {
  return { name, type: { name: type, typmod: -1, nullable }, defaultText: null };
}

/** What the relation of a source with several tables shows: where each partition goes on. */
export const progressColumns: readonly CatalogColumn[] = [
  column('partition', 'text'),
  column('offset', 'text'),
];

/** The relation of ON ERROR SKIP INTO: a row for each refused record, as the engine writes it (`Rejects`). */
export const rejectColumns: readonly CatalogColumn[] = [
  column('error_code', 'text'),
  column('error_message', 'text'),
  /** Which column it was, where that is known. */
  column('error_detail', 'text', true),
  /** The file, where there is one. */
  column('path', 'text', true),
  /** Bytes before the record, from the beginning of its stream. */
  column('position', 'int8'),
  /** Record number, from 1. */
  column('line', 'int8'),
  column('bytes', 'bytea'),
];
