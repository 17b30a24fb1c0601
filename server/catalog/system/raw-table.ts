import type { TypeName } from '../../../sql/types/type.ts';
import type { Catalog, SchemaObject } from '../catalog.ts';
import type { CatalogObject } from '../objects.ts';

/** A value as JSON carries it to the native decoder. */
export type RawValue = string | number | boolean | null;

/** A raw relation: its columns, and the rows that each object has in it. */
export interface RawTable {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: TypeName])[];
  /** Column numbers that no two rows have the same values in; none: the whole row. */
  readonly key?: readonly number[];
  /** Rows that are always there. */
  readonly fixed?: () => RawValue[][];
  readonly ofSchema?: (schema: SchemaObject) => RawValue[][];
  readonly ofObject?: (object: CatalogObject, catalog: Catalog) => RawValue[][];
}
