/**
 * Writes the catalog's own rows: each DDL commit carries the rows of `tw_internal` that it changes, so that a SELECT
 * sees its own DDL and a SUBSCRIBE to the catalog works.
 */
import type { Engine, RowDecoder, Transaction } from '../../../engine/index.ts';
import { toColumnType } from '../../../sql/types/column-type.ts';
import type { Catalog, CatalogChange, SchemaObject } from '../catalog.ts';
import { referringTo } from '../foreign-keys.ts';
import { expressionReaders } from '../stored-expressions.ts';
import type { ObjectId } from '../../../sql/catalog.ts';
import type { CatalogObject, SystemTableObject } from '../objects.ts';
import type { RawTable, RawValue } from './raw-table.ts';

export interface SystemRelation {
  readonly raw: RawTable;
  readonly object: SystemTableObject;
}

export class SystemWriter {
  readonly #relations: readonly { readonly relation: SystemRelation; readonly decoder: RowDecoder }[];

  constructor(engine: Engine, relations: readonly SystemRelation[]) {
    this.#relations = relations.map((relation) => {
      const columns = relation.object.columns.map((column) => ({
        name: column.name,
        type: toColumnType(column.type),
      }));
      const projection = columns.map((_, index) => index);
      const decoder = engine.decoder({
        arrangement: relation.object.arrangement,
        format: { kind: 'json' },
        columns,
        metadata: 0,
        mfp: { expressions: [], predicates: [], projection },
        timeZone: 'UTC',
      });
      return { relation, decoder };
    });
  }

  /** The rows that are there before any object is. */
  writeFixed(transaction: Transaction): void {
    for (const { relation, decoder } of this.#relations) {
      const rows = relation.raw.fixed?.();
      if (rows) write(relation, decoder, rows, 1, transaction);
    }
  }

  /** The rows that `changes` take away and add; to be called before `catalog` applies them. */
  write(changes: readonly CatalogChange[], transaction: Transaction, catalog: Catalog): void {
    const after = catalog.after(changes);
    const ids = new Set<ObjectId>();
    /** Expressions are shown with the names of these. */
    const named = new Set<ObjectId>();
    for (const change of changes) {
      switch (change.kind) {
        case 'addSchema':
          this.#schema(change.schema, 1, transaction);
          break;
        case 'dropSchema':
        case 'renameSchema': {
          const schema = [...catalog.schemas()].find((candidate) => candidate.id === change.id);
          if (!schema) break;
          this.#schema(schema, -1, transaction);
          if (change.kind === 'dropSchema') break;
          this.#schema({ ...schema, name: change.name }, 1, transaction);
          for (const object of catalog.objects()) {
            if (object.schema !== schema.name) continue;
            ids.add(object.id);
            for (const dependent of catalog.dependents(object.id)) ids.add(dependent.id);
            if (isNamed(object)) named.add(object.id);
          }
          break;
        }
        case 'commentSchema': {
          const schema = [...catalog.schemas()].find((candidate) => candidate.id === change.id);
          if (!schema) break;
          this.#schema(schema, -1, transaction);
          this.#schema({ ...schema, comment: change.comment }, 1, transaction);
          break;
        }
        case 'add':
          ids.add(change.object.id);
          break;
        case 'replace':
          ids.add(change.object.id);
          if (isNamed(change.object)) named.add(change.object.id);
          // Definitions name what they are over, and sources make a difference to all that reads them.
          for (const id of dependentsOf(catalog, change.object.id)) ids.add(id);
          for (const { table } of referringTo(catalog, change.object.id)) ids.add(table.id);
          break;
        case 'drop':
          ids.add(change.id);
          break;
      }
    }
    if (named.size > 0) for (const { id } of expressionReaders(catalog, named)) ids.add(id);
    for (const id of [...ids]) {
      for (const seen of [catalog, after]) {
        const object = seen.has(id) ? seen.object(id) : null;
        // A table's text names its unique constraints, which are indexes.
        if (object?.kind === 'index') ids.add(object.table);
        if (object?.kind === 'table') for (const { parent } of object.foreignKeys) ids.add(parent);
      }
    }
    for (const id of ids) {
      if (catalog.has(id)) this.#object(catalog.object(id), -1, transaction, catalog);
      if (after.has(id)) this.#object(after.object(id), 1, transaction, after);
    }
  }

  #schema(schema: SchemaObject, diff: 1 | -1, transaction: Transaction): void {
    for (const { relation, decoder } of this.#relations) {
      write(relation, decoder, relation.raw.ofSchema?.(schema) ?? [], diff, transaction);
    }
  }

  #object(object: CatalogObject, diff: 1 | -1, transaction: Transaction, catalog: Catalog): void {
    for (const { relation, decoder } of this.#relations) {
      write(relation, decoder, relation.raw.ofObject?.(object, catalog) ?? [], diff, transaction);
    }
  }
}

/** What depends on an object, or on what does. */
function dependentsOf(catalog: Catalog, id: ObjectId, found = new Set<ObjectId>()): Set<ObjectId> {
  for (const dependent of catalog.dependents(id)) {
    if (found.has(dependent.id)) continue;
    found.add(dependent.id);
    dependentsOf(catalog, dependent.id, found);
  }
  return found;
}

function isNamed({ kind }: CatalogObject): boolean {
  return kind === 'function' || kind === 'type';
}

function write(
  relation: SystemRelation,
  decoder: RowDecoder,
  rows: readonly RawValue[][],
  diff: 1 | -1,
  transaction: Transaction,
): void {
  if (rows.length === 0) return;
  const names = relation.raw.columns.map(([name]) => name);
  const lines = rows.map((row) =>
    JSON.stringify(Object.fromEntries(names.map((name, index) => [name, row[index]]))),
  );
  const chunk = Buffer.from(`${lines.join('\n')}\n`);
  const { errorCount, errors } = decoder.decode(chunk, { end: true, diff, transaction, metadata: [] });
  if (errorCount > 0) throw new Error(`catalog row refused for ${relation.raw.name}: ${errors[0]?.message}`);
}
