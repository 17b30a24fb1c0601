/**
 * CONTEXT of an error that a view's rows raised: the function, the input row and the view, of which PostgreSQL, where no
 * view is maintained, has nothing to say. The names are those that the objects have now.
 */
import { type ArrangementId, EngineError, type ErrorOrigin, type Layout } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { keyNames } from '../../sql/explain/arrangements.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import type { System } from '../system.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogObject } from './objects.ts';

type Stored = Extract<CatalogObject, { readonly arrangement: ArrangementId }>;

/** A relation in one of its arrangements. */
interface Arranged {
  readonly relation: ObjectId;
  readonly layout: Layout;
}

/** An error of the engine with its CONTEXT; any other as it is. */
export function located<E>(
  error: E,
  { catalog, dataflows }: Pick<System, 'catalog' | 'dataflows'>,
): E | EngineError {
  if (!(error instanceof EngineError) || error.origin === undefined) return error;
  const lines = contextOf(error.origin, catalog, (arrangement) => dataflows.sharedAs(arrangement));
  if (lines.length === 0) return error;
  const where = [...(error.where === undefined ? [] : [error.where]), ...lines].join('\n');
  return new EngineError({ ...error, message: error.message, where, origin: undefined });
}

/** The lines, innermost first; none for queries that run once, whose errors say what PostgreSQL's do. */
function contextOf(
  { function: name, row, view }: ErrorOrigin,
  catalog: Catalog,
  shared: (arrangement: ArrangementId) => Arranged | null,
): string[] {
  if (view === null) return [];
  const lines = name === null ? [] : [`function ${name}`];
  const input = row === null ? null : (relationOf(row.arrangement, catalog) ?? shared(row.arrangement));
  if (row !== null && input !== null && catalog.has(input.relation)) {
    const relation = catalog.object(input.relation);
    const columns = 'columns' in relation && relation.kind !== 'index' ? relation.columns : [];
    const names = columns.map((column) => ({ name: quoteIdentifier(column.name) }));
    const key = keyNames(input.layout.key, names).join(', ');
    lines.push(`row of ${qualified(relation)} with (${key})=(${row.key})`);
  }
  const owner = ownerOf(view, catalog);
  if (owner !== null)
    lines.push(`${owner.kind === 'index' ? 'index' : 'materialized view'} ${qualified(owner)}`);
  return lines;
}

/** What an arrangement keeps the rows of: a relation, or an index of one. */
function ownerOf(arrangement: ArrangementId, catalog: Catalog): Stored | null {
  for (const object of catalog.objects())
    if ('arrangement' in object && object.arrangement === arrangement) return object;
  return null;
}

function relationOf(arrangement: ArrangementId, catalog: Catalog): Arranged | null {
  const owner = ownerOf(arrangement, catalog);
  if (owner === null) return null;
  return { relation: owner.kind === 'index' ? owner.table : owner.id, layout: owner.layout };
}

function qualified({ schema, name }: Pick<CatalogObject, 'schema' | 'name'>): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
