/** What pg_get_indexdef and pg_get_constraintdef show, with marked names. */
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import {
  type IndexDeclaration,
  type IndexKey,
  indexDeclaration,
  indexElements,
  predicateText,
} from '../statements/names/create-text.ts';
import { recordType } from '../../sql/types/record.ts';
import { collationName } from '../../sql/types/collations.ts';
import { elementType, plain, typeRow } from '../../sql/types/table.ts';
import type { SqlType, TypeName } from '../../sql/types/type.ts';
import type { NotNullConstraint } from '../../sql/catalog.ts';
import type { Catalog } from './catalog.ts';
import type {
  CatalogObject,
  CheckConstraint,
  ForeignKeyConstraint,
  IndexObject,
  TableObject,
} from './objects.ts';
import { asIndexElement, inOuterParentheses } from './outer-parentheses.ts';
import { markedExpression } from './stored-expressions.ts';
import { OPERATOR_CLASSES, operatorClass } from './system/operator-classes.ts';

/** The indexed columns and expressions, as they are shown. */
export function indexedTexts(index: IndexObject, catalog: Catalog): string[] {
  return keptTexts(index, catalog).map((text, at) =>
    markedExpression(index.columns[at] === 0 ? asIndexElement(text) : text, catalog),
  );
}

/** The expressions that an index is by; null: there are none. */
export function shownExpressions(index: IndexObject, catalog: Catalog): string | null {
  if (!index.columns.includes(0)) return null;
  return keptTexts(index, catalog)
    .filter((_, at) => index.columns[at] === 0)
    .map((text) => markedExpression(inOuterParentheses(text), catalog))
    .join(', ');
}

function keptTexts(index: IndexObject, catalog: Catalog): string[] {
  const table = catalog.object(index.table);
  return elementTexts(index, isColumned(table) ? table.columns : []);
}

/** The condition of a partial index, as it is shown; null: it has none. */
export function shownPredicate(index: IndexObject, catalog: Catalog): string | null {
  return markedExpression(inOuterParentheses(indexPredicate(index)), catalog);
}

/** The columns and expressions as they are kept, over the columns of its relation. */
export function elementTexts(index: IndexObject, columns: readonly { readonly name: string }[]): string[] {
  const written = index.columns.includes(0) && index.statement ? indexElements(index.statement) : [];
  return index.columns.map((number, at) =>
    number === 0 ? (written[at] ?? '') : quoteIdentifier(columns[number - 1]!.name),
  );
}

/** The condition of a partial index, as it is kept; null: it has none. */
export function indexPredicate({ partial, statement }: IndexObject): string | null {
  return partial && statement !== null ? predicateText(statement) : null;
}

/** What was said of an index besides its keys; null: nothing, as of a constraint's. */
export function declarationOf({ statement }: IndexObject): IndexDeclaration | null {
  return statement === null ? null : indexDeclaration(statement);
}

/** How a key is compared and ordered, where that is not as usual: ` COLLATE "C" text_pattern_ops DESC NULLS LAST`. */
function keyOptions(
  { descending, nullsFirst, collation, operatorClass }: IndexKey,
  usual: { readonly collation: string | null; readonly operatorClass: string },
): string {
  const collated =
    collation === null || collation === usual.collation ? '' : ` COLLATE ${quoteIdentifier(collation)}`;
  const classed =
    operatorClass === null || operatorClass === usual.operatorClass
      ? ''
      : ` ${quoteIdentifier(operatorClass)}`;
  const nulls = descending === nullsFirst ? '' : ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
  return `${collated}${classed}${descending ? ' DESC' : ''}${nulls}`;
}

/** `CREATE UNIQUE INDEX name ON schema.table USING btree (a, b DESC) INCLUDE (c)`. */
export function indexDefinition(index: IndexObject, catalog: Catalog): string {
  const table = catalog.object(index.table);
  const on = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
  const nulls = index.nullsEqual ? ' NULLS NOT DISTINCT' : '';
  const declared = declarationOf(index);
  const list = indexedTexts(index, catalog)
    .map((text, at) => {
      const key = declared?.keys[at];
      if (key === undefined) return text;
      const usual = {
        collation: usualCollation(index, at, catalog),
        operatorClass: usualClass(index, at, catalog),
      };
      return `${text}${keyOptions(key, usual)}`;
    })
    .join(', ');
  const included = declared?.included.map(quoteIdentifier).join(', ') ?? '';
  const include = included === '' ? '' : ` INCLUDE (${included})`;
  const predicate = shownPredicate(index, catalog);
  const where = predicate === null ? '' : ` WHERE ${predicate}`;
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(index.name)} ON ${on} USING ${declared?.method ?? 'btree'} (${list})${include}${nulls}${where}`;
}

/** The collation that a key of an index has without saying one: its column's, or its type's. */
function usualCollation(index: IndexObject, at: number, catalog: Catalog): string | null {
  const table = catalog.object(index.table);
  const column = isColumned(table) ? table.columns[index.columns[at]! - 1] : undefined;
  const { name } = keyType(index, at, catalog);
  return column?.collation ?? collationName(typeRow(elementType(name) ?? name).collation);
}

/** The operator class that a key of an index has without saying one. */
export function usualClass(index: IndexObject, at: number, catalog: Catalog): string {
  const oid = operatorClass(typeRow(keyType(index, at, catalog).name));
  return OPERATOR_CLASSES.find(([known]) => known === oid)?.[1] ?? '';
}

/** The type of what an index is by: its column's, or that of an expression, of which only the engine's is known. */
export function keyType({ table, columns, layout }: IndexObject, at: number, catalog: Catalog): SqlType {
  const of = catalog.object(table);
  const column = isColumned(of) ? of.columns[columns[at]! - 1] : undefined;
  if (column !== undefined) return column.type;
  const { scalar } = layout.key[at]!.column;
  const name = scalar.replace(/\(.*\)$/, recordType([])) as TypeName;
  return plain(name);
}

/** `PRIMARY KEY (a, b)`, `UNIQUE (a)`: of the constraint that an index is of. */
export function keyDefinition(index: IndexObject, catalog: Catalog): string {
  const nulls = index.nullsEqual ? ' NULLS NOT DISTINCT' : '';
  const kind = index.primary ? 'PRIMARY KEY' : `UNIQUE${nulls}`;
  const included = declarationOf(index)?.included.map(quoteIdentifier).join(', ') ?? '';
  const include = included === '' ? '' : ` INCLUDE (${included})`;
  return `${kind} (${indexedTexts(index, catalog).join(', ')})${include}`;
}

/** `CHECK ((a > 0))`, of a condition as it is shown. */
export function checkDefinition(
  condition: string,
  { validated, enforced, noInherit }: Pick<CheckConstraint, 'validated' | 'enforced' | 'noInherit'>,
): string {
  const inherits = noInherit ? ' NO INHERIT' : '';
  return `CHECK (${condition})${inherits}${enforced ? (validated ? '' : ' NOT VALID') : ' NOT ENFORCED'}`;
}

/** `NOT NULL a`, as a constraint of the table. */
export function notNullDefinition(column: string, { validated, noInherit }: NotNullConstraint): string {
  const inherits = noInherit ? ' NO INHERIT' : '';
  return `NOT NULL ${quoteIdentifier(column)}${inherits}${validated ? '' : ' NOT VALID'}`;
}

const ACTIONS: Readonly<Record<ForeignKeyConstraint['onDelete'], string>> = {
  noAction: '',
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  setNull: 'SET NULL',
  setDefault: 'SET DEFAULT',
};

/** `FOREIGN KEY (a) REFERENCES other(id) ON DELETE CASCADE`; the other table is named as from the table's own schema. */
export function foreignKeyDefinition(
  table: TableObject,
  { columns, parent, parentColumns, onUpdate, onDelete, ...rest }: ForeignKeyConstraint,
  catalog: Catalog,
  otherName?: string,
): string {
  const other = parent === table.id ? table : (catalog.object(parent) as TableObject);
  const list = (of: TableObject, numbers: readonly number[]): string =>
    numbers.map((number) => quoteIdentifier(of.columns[number]!.name)).join(', ');
  const schema = other.schema === table.schema ? '' : `${quoteIdentifier(other.schema)}.`;
  const name = otherName ?? `${schema}${quoteIdentifier(other.name)}`;
  const actions = [
    onUpdate === 'noAction' ? '' : ` ON UPDATE ${ACTIONS[onUpdate]}`,
    onDelete === 'noAction' ? '' : ` ON DELETE ${ACTIONS[onDelete]}`,
    rest.onDeleteColumns === null ? '' : ` (${list(table, rest.onDeleteColumns)})`,
    rest.deferrable ? ' DEFERRABLE' : '',
    rest.deferred ? ' INITIALLY DEFERRED' : '',
    rest.enforced ? (rest.validated ? '' : ' NOT VALID') : ' NOT ENFORCED',
  ].join('');
  return `FOREIGN KEY (${list(table, columns)}) REFERENCES ${name}(${list(other, parentColumns)})${rest.full ? ' MATCH FULL' : ''}${actions}`;
}

type Columned = Extract<CatalogObject, { kind: 'table' | 'source' | 'materializedView' }>;

function isColumned(object: CatalogObject): object is Columned {
  return object.kind === 'table' || object.kind === 'source' || object.kind === 'materializedView';
}
