/** Expressions that tables and domains keep as texts: what in them is the user's own, and how they are shown. */
import type { ObjectId } from '../../sql/catalog.ts';
import { markedName } from '../../sql/functions/marked-names.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { pinnedOids, withShownNames } from '../../sql/parse/pinned-names.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogObject, ObjectsById } from './objects.ts';

/** What an expression is to the object that keeps it. */
export interface StoredExpression {
  readonly kind: 'default' | 'generated' | 'check';
  /** Of the column or the constraint; of the domain, where it is that one's default. */
  readonly name: string;
  readonly text: string;
}

/** All that an object keeps: of a table, what its columns are made with first. */
export function storedExpressions(object: CatalogObject): StoredExpression[] {
  const checks = (all: readonly { readonly name: string; readonly text: string }[]): StoredExpression[] =>
    all.map(({ name, text }) => ({ kind: 'check', name, text }));
  if (object.kind === 'table') {
    const columns = object.columns.flatMap(({ name, defaultText, generated }): StoredExpression[] => {
      if (generated !== undefined) return [{ kind: 'generated', name, text: generated.text }];
      return defaultText === null ? [] : [{ kind: 'default', name, text: defaultText }];
    });
    return [...columns, ...checks(object.checks)];
  }
  if (object.kind === 'view') {
    return object.columns.flatMap(({ name, defaultText: text }): StoredExpression[] =>
      text === null ? [] : [{ kind: 'default', name, text }],
    );
  }
  if (object.kind !== 'type' || object.form !== 'domain') return [];
  const { name, defaultText } = object;
  const own: StoredExpression[] = defaultText === null ? [] : [{ kind: 'default', name, text: defaultText }];
  return [...own, ...checks(object.checks)];
}

/** Whether an expression of the object names one of these; without them, whether any names anything of the user's. */
export function namesOwn(object: CatalogObject, ids?: ReadonlySet<ObjectId>): boolean {
  return storedExpressions(object).some(({ text }) =>
    pinnedOids(text).some((oid) => ids === undefined || ids.has(oid)),
  );
}

/** The tables and domains with an expression that names one of these. */
export function expressionReaders(catalog: Catalog, ids: ReadonlySet<ObjectId>): CatalogObject[] {
  return [...catalog.objects()].filter((object) => namesOwn(object, ids));
}

/** The text with marked names, for what the catalog's own functions show. */
export function markedExpression(text: string, catalog: ObjectsById): string;
export function markedExpression(text: string | null, catalog: ObjectsById): string | null;
export function markedExpression(text: string | null, catalog: ObjectsById): string | null {
  return text === null ? null : withShownNames(text, (oid) => markedName(catalog.object(oid)));
}

/** The text as it is shown: names of objects in other schemas than that of the table are qualified. */
export function shownExpression(text: string, schema: string, catalog: ObjectsById): string;
export function shownExpression(text: string | null, schema: string, catalog: ObjectsById): string | null;
export function shownExpression(text: string | null, schema: string, catalog: ObjectsById): string | null {
  if (text === null) return null;
  return withShownNames(text, (oid) => {
    const object = catalog.object(oid);
    return (object.schema === schema ? [object.name] : [object.schema, object.name])
      .map(quoteIdentifier)
      .join('.');
  });
}
