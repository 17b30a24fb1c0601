/** A table while ALTER TABLE changes it: columns by identity, so that their numbers come last. */
import type { CatalogColumn } from '../../../../sql/catalog.ts';
import { quoteIdentifier } from '../../../../sql/functions/quote.ts';
import type { BoundCheck } from '../../../../sql/bind/bind.ts';
import type {
  CatalogObject,
  CheckConstraint,
  IndexObject,
  SequenceObject,
  TableObject,
} from '../../../catalog/objects.ts';
import type { System } from '../../../system.ts';

export interface DraftColumn {
  column: CatalogColumn;
  /** Its number in the table as it was; null for a new one. */
  readonly before: number | null;
  /** What its values are, over the table as it was; null: its own values before, or NULL. */
  expression: string | null;
}

/** A unique constraint or an index. */
export interface DraftIndex {
  /** As it was; null for a new one. */
  readonly before: IndexObject | null;
  name: string;
  /** Null where it is an expression. */
  readonly columns: readonly (DraftColumn | null)[];
  readonly nullsEqual: boolean;
}

export interface DraftCheck {
  /** As it was; null for a new one, which the rows have to be looked at for. */
  readonly before: CheckConstraint | null;
  name: string | null;
  readonly text: string;
  readonly columns: readonly DraftColumn[];
}

export class TableDraft {
  readonly table: TableObject;
  columns: DraftColumn[];
  primary: { name: string; columns: readonly DraftColumn[]; readonly isNew: boolean } | null;
  indexes: DraftIndex[];
  checks: DraftCheck[];
  /** Columns that may not be NULL any more. */
  readonly notNull: DraftColumn[] = [];
  readonly newSequences: SequenceObject[] = [];
  readonly droppedSequences: SequenceObject[] = [];
  /** What CASCADE takes along: views and what depends on them. */
  readonly dropped: CatalogObject[] = [];
  /** Rows have to be written anew: their columns, types, or key are others. */
  rewrites = false;

  constructor(system: System, table: TableObject) {
    this.table = table;
    this.columns = table.columns.map((column, before) => ({ column, before, expression: null }));
    const at = (number: number): DraftColumn => this.columns[number]!;
    const [key] = table.keys;
    this.primary =
      key === undefined ? null : { name: table.primaryKeyName ?? '', columns: key.map(at), isNew: false };
    this.indexes = system.catalog.dependents(table.id).flatMap((object): DraftIndex[] => {
      if (object.kind !== 'index' || object.table !== table.id || object.primary) return [];
      const columns = object.columns.map((number) => (number === 0 ? null : at(number - 1)));
      return [{ before: object, name: object.name, columns, nullsEqual: object.nullsEqual }];
    });
    this.checks = table.checks.map((check) => ({
      before: check,
      name: check.name,
      text: check.text,
      columns: check.columns.map(at),
    }));
  }

  find(name: string): DraftColumn | undefined {
    return this.columns.find(({ column }) => column.name === name);
  }

  /** The columns as the binder takes them. */
  get catalogColumns(): CatalogColumn[] {
    return this.columns.map(({ column }) => column);
  }

  addChecks(checks: readonly BoundCheck[]): void {
    for (const { name, text, columns } of checks) {
      const read = columns.map((number) => this.columns[number]!);
      this.checks.push({ before: null, name, text, columns: read });
    }
  }

  /** What a column's values are, over the table as it was. */
  valueOf({ expression, before }: DraftColumn): string {
    if (expression !== null) return expression;
    return before === null ? 'NULL' : quoteIdentifier(this.table.columns[before]!.name);
  }
}
