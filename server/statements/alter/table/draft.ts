/** A table while ALTER TABLE changes it: columns by identity, so that their numbers come last. */
import type { CatalogColumn } from '../../../../sql/catalog.ts';
import { quoteIdentifier } from '../../../../sql/functions/quote.ts';
import type { BoundCheck, BoundForeignKey, BoundNotNull } from '../../../../sql/bind/bind.ts';
import type {
  CatalogObject,
  CheckConstraint,
  ForeignKeyConstraint,
  IndexObject,
  SequenceObject,
  TableObject,
} from '../../../catalog/objects.ts';
import { declarationOf } from '../../../catalog/definition-text.ts';
import type { System } from '../../../system.ts';
import type { Catalog } from '../../../catalog/catalog.ts';
import { namedNotNull } from '../../constraint-objects.ts';
import { typeText } from '../../create-table-as.ts';

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
  /** What a new constraint has behind INCLUDE; the others' is in their statements. */
  readonly included?: readonly string[];
}

export interface DraftCheck {
  /** As it was; null for a new one, which the rows have to be looked at for. */
  readonly before: CheckConstraint | null;
  name: string | null;
  readonly text: string;
  readonly columns: readonly DraftColumn[];
  /** Not NOT VALID. */
  readonly validated: boolean;
  readonly enforced: boolean;
  readonly noInherit: boolean;
}

export interface DraftForeignKey {
  /** As it was; null for a new one. */
  readonly before: ForeignKeyConstraint | null;
  readonly name: string | null;
  readonly columns: readonly DraftColumn[];
  readonly declared: BoundForeignKey | null;
}

export class TableDraft {
  readonly table: TableObject;
  columns: DraftColumn[];
  primary: {
    name: string;
    columns: readonly DraftColumn[];
    readonly isNew: boolean;
    /** Behind INCLUDE. */
    readonly included: readonly string[];
    /** Of the index that a new one was before. */
    readonly comment?: string | undefined;
  } | null;
  indexes: DraftIndex[];
  checks: DraftCheck[];
  foreignKeys: DraftForeignKey[];
  ofType: TableObject['ofType'];
  /** DROP … CASCADE: foreign keys of other tables go too. */
  cascades = false;
  /** Columns that may not be NULL any more. */
  readonly notNull: DraftColumn[] = [];
  readonly newSequences: SequenceObject[] = [];
  readonly droppedSequences: SequenceObject[] = [];
  /** Sequences of identity columns that get other options, or begin anew with `restart`. */
  readonly alteredSequences: {
    readonly before: SequenceObject;
    readonly after: SequenceObject;
    readonly restart: string | null;
  }[] = [];
  /** What CASCADE takes along: views and what depends on them. */
  readonly dropped: CatalogObject[] = [];
  /** Rows have to be written anew: their columns, types, or key are others. */
  rewrites = false;

  readonly #catalog: Catalog;

  constructor(system: System, table: TableObject) {
    this.#catalog = system.catalog;
    this.table = table;
    this.ofType = table.ofType;
    this.columns = table.columns.map((column, before) => ({ column, before, expression: null }));
    const at = (number: number): DraftColumn => this.columns[number]!;
    const [key] = table.keys;
    const [primary] = system.catalog
      .dependents(table.id)
      .filter((object): object is IndexObject => object.kind === 'index' && object.primary);
    const included = (primary && declarationOf(primary)?.included) ?? [];
    const name = table.primaryKeyName ?? '';
    this.primary = key === undefined ? null : { name, columns: key.map(at), isNew: false, included };
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
      validated: check.validated,
      enforced: check.enforced,
      noInherit: check.noInherit,
    }));
    this.foreignKeys = table.foreignKeys.map((before) => ({
      before,
      name: before.name,
      columns: before.columns.map(at),
      declared: null,
    }));
  }

  /** Other properties of a foreign key that stays. */
  alterForeignKey(foreignKey: DraftForeignKey, changed: Partial<ForeignKeyConstraint>): void {
    const { before } = foreignKey;
    if (before === null) return;
    const at = this.foreignKeys.indexOf(foreignKey);
    this.foreignKeys[at] = { ...foreignKey, before: { ...before, ...changed } };
  }

  /** VALIDATE CONSTRAINT: the rows are looked at for a condition that was NOT VALID. */
  validate(check: DraftCheck): void {
    this.checks = this.checks.map((each) => (each === check ? { ...each, validated: true } : each));
  }

  /** A column goes, and indexes and constraints over it with it. */
  drop(column: DraftColumn): void {
    const { name } = column.column;
    this.columns = this.columns.filter((other) => other !== column);
    this.indexes = this.indexes.filter(({ before, columns }) => {
      const hasTexts = before !== null && (columns.includes(null) || before.partial);
      const inExpression = hasTexts && readsColumn(before.statement, name);
      const isIncluded = before !== null && (declarationOf(before)?.included.includes(name) ?? false);
      return !columns.includes(column) && !inExpression && !isIncluded;
    });
    this.checks = this.checks.filter(({ columns }) => !columns.includes(column));
    this.foreignKeys = this.foreignKeys.filter(({ columns }) => !columns.includes(column));
    const { primary } = this;
    if (primary?.columns.includes(column) === true || primary?.included.includes(name) === true) {
      this.primary = null;
    }
    this.rewrites = true;
  }

  find(name: string): DraftColumn | undefined {
    return this.columns.find(({ column }) => column.name === name);
  }

  /** The columns as the binder takes them. */
  get catalogColumns(): CatalogColumn[] {
    return this.columns.map(({ column }) => column);
  }

  addChecks(checks: readonly BoundCheck[]): void {
    for (const { columns, ...check } of checks) {
      this.checks.push({ ...check, before: null, columns: columns.map((number) => this.columns[number]!) });
    }
  }

  /** A column gets a NOT NULL, which its rows are to be looked at for unless it is NOT VALID. */
  addNotNull(
    target: DraftColumn,
    declared?: Pick<BoundNotNull, 'name' | 'noInherit'> | undefined,
    validated = true,
  ): void {
    const { column } = target;
    const isTaken = (name: string): boolean => this.hasConstraint(name);
    const notNull = namedNotNull(this.#catalog, this.table.name, column.name, declared, isTaken);
    target.column = { ...column, notNull: { ...notNull, validated: false } };
    if (validated) this.validateNotNull(target);
  }

  /** There are to be no NULLs in the column: the rows are looked at before it is of a type without them. */
  validateNotNull(target: DraftColumn): void {
    const { notNull, type, ...column } = target.column;
    if (notNull === undefined || notNull.validated) return;
    const validated = { ...notNull, validated: true };
    target.column = { ...column, type: { ...type, nullable: false }, notNull: validated };
    this.notNull.push(target);
  }

  /** Whether a key has the name, which its index has too. */
  isKeyName(name: string): boolean {
    const isUnique = this.indexes.some((index) => index.before?.constraint === true && index.name === name);
    return isUnique || this.primary?.name === name;
  }

  hasConstraint(name: string): boolean {
    return (
      this.isKeyName(name) ||
      [...this.checks, ...this.foreignKeys].some((other) => other.name === name) ||
      this.notNullOf(name) !== undefined
    );
  }

  /** The column whose NOT NULL has the name. */
  notNullOf(name: string): DraftColumn | undefined {
    return this.columns.find(({ column }) => column.notNull?.name === name);
  }

  /** The query of the rows that the table will have, over the table as it was; `from` is its name. */
  rows(from: string): string {
    const computed = this.columns.some(({ column }) => column.generated !== undefined);
    if (!computed)
      return `SELECT ${this.columns.map((column) => this.#valueOf(column)).join(', ')} FROM ${from}`;
    // What is generated reads the columns as they will be.
    const given = this.columns.filter(({ column }) => column.generated === undefined);
    const named = given.map(
      (each) =>
        `CAST(${this.#valueOf(each)} AS ${typeText(this.#catalog, each.column.type)}) AS ${quoteIdentifier(each.column.name)}`,
    );
    const values = this.columns.map(({ column: { name, generated } }) =>
      generated === undefined ? quoteIdentifier(name) : `(${generated.text})`,
    );
    return `SELECT ${values.join(', ')} FROM (SELECT ${named.join(', ')} FROM ${from}) AS ${quoteIdentifier(this.table.name)}`;
  }

  /** What a column's values are, over the table as it was. */
  #valueOf({ expression, before }: DraftColumn): string {
    if (expression !== null) return expression;
    return before === null ? 'NULL' : quoteIdentifier(this.table.columns[before]!.name);
  }
}

function readsColumn(statement: string | null, name: string): boolean {
  return statement !== null && (statement.includes(name) || statement.includes(quoteIdentifier(name)));
}
