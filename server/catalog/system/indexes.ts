/** tw_internal.indexes. */
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { collationOid } from '../../../sql/types/collations.ts';
import { typeRow } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';
import { indexColumnNames } from '../../statements/names/create-text.ts';
import type { Catalog } from '../catalog.ts';
import {
  declarationOf,
  indexDefinition,
  indexedTexts,
  keyType,
  shownExpressions,
  shownPredicate,
} from '../definition-text.ts';
import type { IndexObject } from '../objects.ts';
import { textArray, vectorText } from './array-text.ts';
import { namedOperatorClass, operatorClass } from './operator-classes.ts';
import type { RawTable } from './raw-table.ts';

interface IndexColumn {
  /** Of the relation's column; 0: it is an expression. */
  readonly number: number;
  readonly name: string;
  readonly type: { readonly name: TypeName; readonly typmod: number };
  /** Of the relation's column, as declared. */
  readonly dimensions?: number | undefined;
  readonly collation?: string | undefined;
}

/** An index has columns too: those that it is by, expressions under names of their own, and what it includes. */
export function indexColumns(index: IndexObject, catalog: Catalog): IndexColumn[] {
  const table = catalog.object(index.table);
  const named = 'columns' in table && table.kind !== 'index' ? table.columns : [];
  const declared = declarationOf(index);
  const included = (declared?.included ?? []).map(
    (name) => named.findIndex((each) => each.name === name) + 1,
  );
  const names = declared === null ? [] : indexColumnNames(declared);
  return [...index.columns, ...included].map((number, at) => {
    const column = named[number - 1];
    const name = names[at] ?? column?.name ?? 'expr';
    const type = column?.type ?? keyType(index, at, catalog);
    return {
      number,
      name,
      type,
      dimensions: column?.dimensions,
      collation: declared?.keys[at]?.collation ?? column?.collation,
    };
  });
}

export const indexes: RawTable = {
  name: 'indexes',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['table_oid', 'oid'],
    ['is_unique', 'bool'],
    ['is_primary', 'bool'],
    ['columns', 'int2vector'],
    ['classes', 'oidvector'],
    ['options', 'int2vector'],
    ['collations', 'oidvector'],
    ['is_constraint', 'bool'],
    ['nulls_equal', 'bool'],
    ['definition', 'text'],
    ['elements', '_text'],
    ['expressions', 'text'],
    ['predicate', 'text'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind !== 'index') return [];
    const { id, table, unique, primary, constraint, nullsEqual } = object;
    const definition = indexDefinition(object, catalog);
    const texts = indexedTexts(object, catalog);
    const columns = indexColumns(object, catalog);
    const types = columns
      .slice(0, texts.length)
      .map(({ type, collation }) => ({ ...typeRow(type.name), said: collationOid(collation ?? null) }));
    const declared = declarationOf(object)?.keys ?? [];
    const keys = [
      columns.map(({ number }) => number),
      types.map((type, at) => {
        const name = declared[at]?.operatorClass ?? null;
        return (name === null ? null : namedOperatorClass(name, type)) ?? operatorClass(type);
      }),
      types.map((_, at) => (declared[at]?.descending ? 1 : 0) + (declared[at]?.nullsFirst ? 2 : 0)),
      types.map(({ said, collation }) => said ?? collation),
    ].map(vectorText);
    const elements = [...texts, ...columns.slice(texts.length).map(({ name }) => quoteIdentifier(name))];
    return [
      [
        id,
        table,
        unique,
        primary,
        ...keys,
        constraint,
        nullsEqual,
        definition,
        textArray(elements),
        shownExpressions(object, catalog),
        shownPredicate(object, catalog),
      ],
    ];
  },
};
