/**
 * The catalog: every object by id and by name, dependencies, the version that plan caches depend on. It changes only
 * through `apply`, after the change was committed; readers of one statement see one version.
 */
import type { ArrangementId } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { CatalogObject, FunctionObject, TypeObject } from './objects.ts';
import { describeObject } from './objects.ts';

/** User objects start here, as in PostgreSQL. */
export const FIRST_USER_ID = 16384;

export interface SchemaObject {
  readonly id: ObjectId;
  readonly name: string;
  /** COMMENT ON it. */
  readonly comment?: string | undefined;
}

/** One step of a DDL statement. */
export type CatalogChange =
  | { readonly kind: 'addSchema'; readonly schema: SchemaObject }
  | { readonly kind: 'dropSchema'; readonly id: ObjectId }
  | { readonly kind: 'renameSchema'; readonly id: ObjectId; readonly name: string }
  | { readonly kind: 'commentSchema'; readonly id: ObjectId; readonly comment: string | undefined }
  | { readonly kind: 'add'; readonly object: CatalogObject }
  | { readonly kind: 'replace'; readonly object: CatalogObject }
  | { readonly kind: 'drop'; readonly id: ObjectId };

export const SYSTEM_SCHEMAS = ['pg_catalog', 'information_schema', 'tw_internal', 'tw_catalog'] as const;

export class Catalog {
  #version = 1;
  /** Shared with what `after` gives: an id and a version are issued once. */
  #next = { object: FIRST_USER_ID, arrangement: 1, version: 2 };
  readonly #schemas = new Map<string, SchemaObject>();
  readonly #objects = new Map<ObjectId, CatalogObject>();
  readonly #names = new Map<string, ObjectId>();
  /** By what they depend on; made when it is asked for, until the next change. */
  #dependents: Map<ObjectId, CatalogObject[]> | null = null;
  #functions: { readonly version: number; readonly byName: Map<string, FunctionObject[]> } | null = null;

  get version(): number {
    return this.#version;
  }

  allocateObject(): ObjectId {
    return this.#next.object++;
  }

  allocateArrangement(): ArrangementId {
    return this.#next.arrangement++;
  }

  schemas(): Iterable<SchemaObject> {
    return this.#schemas.values();
  }

  schema(name: string): SchemaObject | null {
    return this.#schemas.get(name) ?? null;
  }

  objects(): Iterable<CatalogObject> {
    return this.#objects.values();
  }

  object(id: ObjectId): CatalogObject {
    const object = this.#objects.get(id);
    if (!object) {
      throw new SqlError({
        sqlstate: '55000',
        message: `object ${id} was dropped while the statement used it`,
      });
    }
    return object;
  }

  has(id: ObjectId): boolean {
    return this.#objects.has(id);
  }

  find(schema: string, name: string): CatalogObject | null {
    const id = this.#names.get(nameKey(schema, name));
    return id === undefined ? null : (this.#objects.get(id) ?? null);
  }

  /** The type of this name in a schema. */
  type(schema: string, name: string): TypeObject | null {
    const object = this.#objects.get(this.#names.get(typeKey(schema, name)) ?? -1);
    return object?.kind === 'type' ? object : null;
  }

  /** The functions of this name in a schema. */
  functions(schema: string, name: string): readonly FunctionObject[] {
    if (this.#functions?.version !== this.#version) {
      const byName = new Map<string, FunctionObject[]>();
      for (const object of this.#objects.values()) {
        if (object.kind !== 'function') continue;
        const key = nameKey(object.schema, object.name);
        byName.set(key, [...(byName.get(key) ?? []), object]);
      }
      this.#functions = { version: this.#version, byName };
    }
    return this.#functions.byName.get(nameKey(schema, name)) ?? [];
  }

  /** Objects that name `id` among what they depend on. */
  dependents(id: ObjectId): readonly CatalogObject[] {
    if (this.#dependents === null) {
      this.#dependents = new Map();
      for (const object of this.#objects.values()) {
        for (const on of new Set(object.dependsOn)) {
          const known = this.#dependents.get(on);
          if (known) known.push(object);
          else this.#dependents.set(on, [object]);
        }
      }
    }
    return this.#dependents.get(id) ?? [];
  }

  /**
   * What has to go when `ids` go, dependents first. Without `cascade` a dependent that is not itself among `ids`
   * is error 2BP01; indexes go with their table silently, as in PostgreSQL.
   */
  dropOrder(ids: readonly ObjectId[], cascade: boolean): CatalogObject[] {
    const order: CatalogObject[] = [];
    const hindrances: [dependent: CatalogObject, object: CatalogObject][] = [];
    const seen = new Set<ObjectId>();
    const visit = (id: ObjectId): void => {
      if (seen.has(id)) return;
      seen.add(id);
      for (const dependent of this.dependents(id)) {
        const belongs =
          dependent.kind === 'index' ||
          dependent.kind === 'sequence' ||
          (dependent.kind === 'source' && dependent.parent === id);
        if (!belongs && !ids.includes(dependent.id)) hindrances.push([dependent, this.object(id)]);
        visit(dependent.id);
      }
      order.push(this.object(id));
    };
    ids.forEach(visit);
    if (cascade || hindrances.length === 0) return order;
    const noun = (object: CatalogObject): string => describeObject(object, this);
    const what = ids.length === 1 ? noun(this.object(ids[0]!)) : 'desired object(s)';
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${what} because other objects depend on ${ids.length === 1 ? 'it' : 'them'}`,
      detail: hindrances
        .toSorted(([a], [b]) => a.id - b.id)
        .map(([dependent, object]) => `${noun(dependent)} depends on ${noun(object)}`)
        .join('\n'),
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    });
  }

  /** A catalog of its own as this one will be after `changes`, to see what they would mean. */
  after(changes: readonly CatalogChange[]): Catalog {
    const copy = new Catalog();
    copy.#version = this.#version;
    copy.#next = this.#next;
    for (const [name, schema] of this.#schemas) copy.#schemas.set(name, schema);
    for (const [id, object] of this.#objects) copy.#objects.set(id, object);
    for (const [name, id] of this.#names) copy.#names.set(name, id);
    copy.apply(changes);
    return copy;
  }

  /** Carries out committed changes. */
  apply(changes: readonly CatalogChange[]): void {
    for (const change of changes) this.#applyOne(change);
    this.#dependents = null;
    this.#version = this.#next.version++;
  }

  #applyOne(change: CatalogChange): void {
    switch (change.kind) {
      case 'addSchema':
        this.#schemas.set(change.schema.name, change.schema);
        return;
      case 'dropSchema': {
        const schema = [...this.#schemas.values()].find((candidate) => candidate.id === change.id);
        if (schema) this.#schemas.delete(schema.name);
        return;
      }
      case 'renameSchema': {
        const schema = [...this.#schemas.values()].find((candidate) => candidate.id === change.id);
        if (!schema) return;
        this.#schemas.delete(schema.name);
        this.#schemas.set(change.name, { ...schema, name: change.name });
        for (const object of [...this.#objects.values()]) {
          if (object.schema === schema.name) this.#put({ ...object, schema: change.name });
        }
        return;
      }
      case 'commentSchema': {
        const schema = [...this.#schemas.values()].find((candidate) => candidate.id === change.id);
        if (schema) this.#schemas.set(schema.name, { ...schema, comment: change.comment });
        return;
      }
      case 'add':
      case 'replace':
        this.#put(change.object);
        return;
      case 'drop': {
        const object = this.#objects.get(change.id);
        if (!object) return;
        this.#objects.delete(object.id);
        this.#names.delete(keyOf(object));
        return;
      }
    }
  }

  #put(object: CatalogObject): void {
    const before = this.#objects.get(object.id);
    if (before) this.#names.delete(keyOf(before));
    this.#objects.set(object.id, object);
    this.#names.set(keyOf(object), object.id);
  }
}

/** Functions have names of their own, of which their arguments are part. */
function keyOf(object: CatalogObject): string {
  if (object.kind === 'type') return typeKey(object.schema, object.name);
  if (object.kind !== 'function') return nameKey(object.schema, object.name);
  const types = object.parameters.map(({ type }) => type).join();
  return `${nameKey(object.schema, object.name)}\u0000${types}`;
}

function typeKey(schema: string, name: string): string {
  return `${nameKey(schema, name)}\u0000type`;
}

function nameKey(schema: string, name: string): string {
  return `${schema}\u0000${name}`;
}
