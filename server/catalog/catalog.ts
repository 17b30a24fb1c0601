/**
 * The catalog: every object by id and by name, dependencies, the version. It changes only through `apply`, after the change
 * was committed; readers of one statement see one version. What is asked of it while a plan is made is noted
 * (`questions.ts`), so that a plan knows which changes concern it: whatever tells something of the catalog has to note it.
 */
import type { ArrangementId } from '../../engine/index.ts';
import type { ObjectId, ViewBody } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type {
  CatalogObject,
  ExtensionObject,
  FunctionObject,
  MaterializedViewObject,
  TypeObject,
} from './objects.ts';
import { describeObject } from './objects.ts';
import { questionsAtHand, unrecorded } from './questions.ts';
import { isTemporarySchema } from './temporary.ts';
import type { Questions } from './questions.ts';

/** User objects start here, as in PostgreSQL. */
export const FIRST_USER_ID = 16384;

export interface SchemaObject {
  readonly id: ObjectId;
  readonly name: string;
  /** COMMENT ON it. */
  readonly comment?: string | undefined;
}

interface HasBody {
  readonly body: ViewBody;
}

function hasBody(view: MaterializedViewObject): view is MaterializedViewObject & HasBody {
  return view.body !== null;
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

/** What depends on an object that is to be dropped. */
type Hindrance = readonly [dependent: CatalogObject, on: string];

export class Catalog {
  #version = 1;
  /** Shared with what `after` gives: an id and a version are issued once. */
  #next = { object: FIRST_USER_ID, arrangement: 1, version: 2 };
  readonly #schemas = new Map<string, SchemaObject>();
  readonly #objects = new Map<ObjectId, CatalogObject>();
  readonly #names = new Map<string, ObjectId>();
  /** By what they depend on; made when it is asked for, until the next change. */
  #dependents: Map<ObjectId, CatalogObject[]> | null = null;
  /** Views by the first of the relations that their bodies read; made when it is asked for, until the next change. */
  #bodies: Map<ObjectId, (MaterializedViewObject & HasBody)[]> | null = null;
  #functions: { readonly version: number; readonly byName: Map<string, FunctionObject[]> } | null = null;
  /** Another one when a type of one's own comes, changes or goes. */
  #types: unknown = {};
  #temporarySchemas = 0;

  get version(): number {
    return this.#version;
  }

  /** Another number when a session's first temporary object comes, or its last goes: names may mean others then. */
  get temporarySchemas(): number {
    return this.#temporarySchemas;
  }

  /** Stands for all types of one's own, as they are. */
  get types(): unknown {
    return this.#types;
  }

  allocateObject(): ObjectId {
    return this.#next.object++;
  }

  allocateArrangement(): ArrangementId {
    return this.#next.arrangement++;
  }

  schemas(): Iterable<SchemaObject> {
    this.#lookedThrough();
    return this.#schemas.values();
  }

  schema(name: string): SchemaObject | null {
    const schema = this.#schemas.get(name) ?? null;
    questionsAtHand()?.schemas.set(name, schema);
    return schema;
  }

  objects(): Iterable<CatalogObject> {
    this.#lookedThrough();
    return this.#objects.values();
  }

  object(id: ObjectId): CatalogObject {
    const object = this.#objects.get(id);
    questionsAtHand()?.objects.set(id, object);
    if (!object) {
      throw new SqlError({
        sqlstate: '55000',
        message: `object ${id} was dropped while the statement used it`,
      });
    }
    return object;
  }

  has(id: ObjectId): boolean {
    const object = this.#objects.get(id);
    questionsAtHand()?.objects.set(id, object);
    return object !== undefined;
  }

  find(schema: string, name: string): CatalogObject | null {
    return this.#find(nameKey(schema, name));
  }

  #find(key: string): CatalogObject | null {
    const object = this.#named(key);
    questionsAtHand()?.names.set(key, object);
    return object;
  }

  #named(key: string): CatalogObject | null {
    const id = this.#names.get(key);
    return id === undefined ? null : (this.#objects.get(id) ?? null);
  }

  /** The type of this name in a schema. */
  type(schema: string, name: string): TypeObject | null {
    const object = this.#find(typeKey(schema, name));
    return object?.kind === 'type' ? object : null;
  }

  /** The extension of this name. */
  extension(name: string): ExtensionObject | null {
    const object = this.#find(extensionKey(name));
    return object?.kind === 'extension' ? object : null;
  }

  /** The functions of this name in a schema. */
  functions(schema: string, name: string): readonly FunctionObject[] {
    const key = nameKey(schema, name);
    return this.ask(`functions ${key}`, (catalog) => catalog.#functionsOf(key));
  }

  #functionsOf(key: string): readonly FunctionObject[] {
    if (this.#functions?.version !== this.#version) {
      const byName = new Map<string, FunctionObject[]>();
      for (const object of this.#objects.values()) {
        if (object.kind !== 'function') continue;
        const name = nameKey(object.schema, object.name);
        byName.set(name, [...(byName.get(name) ?? []), object]);
      }
      this.#functions = { version: this.#version, byName };
    }
    return this.#functions.byName.get(key) ?? [];
  }

  /** Objects that name `id` among what they depend on. */
  dependents(id: ObjectId): readonly CatalogObject[] {
    return this.ask(`dependents ${id}`, (catalog) => catalog.#dependentsOf(id));
  }

  #dependentsOf(id: ObjectId): readonly CatalogObject[] {
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

  /** Views that are kept, with their errors, and could be read for a part of a query; `id`: the first relation that their bodies read. */
  viewsFrom(id: ObjectId): readonly (MaterializedViewObject & HasBody)[] {
    if (this.#bodies === null) {
      this.#bodies = new Map();
      for (const object of this.#objects.values()) {
        if (object.kind !== 'materializedView' || object.isComputed || object.onError !== 'fail') continue;
        if (!hasBody(object)) continue;
        const first = Math.min(...object.body.reads);
        const known = this.#bodies.get(first);
        if (known) known.push(object);
        else this.#bodies.set(first, [object]);
      }
    }
    return this.#bodies.get(id) ?? [];
  }

  /**
   * Asks something else, as one question: plans depend on what it comes to, and not on all that it looks at. The answer is the
   * same as before if its parts are (`partsOf`).
   */
  ask<T extends readonly unknown[]>(key: string, answer: (catalog: Catalog) => T): T;
  ask<T>(key: string, answer: (catalog: Catalog) => T, partsOf: (answer: T) => readonly unknown[]): T;
  ask<T>(
    key: string,
    answer: (catalog: Catalog) => T,
    partsOf = (parts: T) => parts as readonly unknown[],
  ): T {
    const questions = questionsAtHand();
    if (questions === null) return answer(this);
    const given = unrecorded(() => answer(this));
    questions.others.set(key, { answer: (catalog) => partsOf(answer(catalog)), given: partsOf(given) });
    return given;
  }

  #lookedThrough(): void {
    const questions = questionsAtHand();
    if (questions) questions.whole = this.#version;
  }

  /** Whether all answers are what they were. */
  holds(questions: Questions): boolean {
    if (questions.types !== this.#types) return false;
    if (questions.whole !== null && questions.whole !== this.#version) return false;
    for (const [key, object] of questions.names) if (this.#named(key) !== object) return false;
    for (const [id, object] of questions.objects) if (this.#objects.get(id) !== object) return false;
    for (const [name, schema] of questions.schemas) {
      if ((this.#schemas.get(name) ?? null) !== schema) return false;
    }
    return unrecorded(() => {
      for (const { answer, given } of questions.others.values()) {
        const now = answer(this);
        if (now.length !== given.length || now.some((part, index) => part !== given[index])) return false;
      }
      return true;
    });
  }

  /**
   * What has to go when `ids` go, dependents first. Without `cascade` a dependent that is not itself among `ids`
   * is error 2BP01; indexes go with their table silently, as in PostgreSQL.
   */
  dropOrder(ids: readonly ObjectId[], cascade: boolean): CatalogObject[] {
    const { order, hindrances } = this.#dependencies(ids);
    if (cascade || hindrances.length === 0) return order;
    const what = ids.length === 1 ? describeObject(this.object(ids[0]!), this) : 'desired object(s)';
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${what} because other objects depend on ${ids.length === 1 ? 'it' : 'them'}`,
      detail: this.#told(hindrances),
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    });
  }

  /** The detail of 2BP01: these depend on what is to go, and others on them. */
  dependencyLines(ids: readonly ObjectId[], on: string): string {
    const own = ids.map((id): Hindrance => [this.object(id), on]);
    return this.#told([...own, ...this.#dependencies(ids).hindrances]);
  }

  #told(hindrances: readonly Hindrance[]): string {
    return hindrances
      .toSorted(([a], [b]) => a.id - b.id)
      .map(([dependent, on]) => `${describeObject(dependent, this)} depends on ${on}`)
      .join('\n');
  }

  #dependencies(ids: readonly ObjectId[]): {
    readonly order: CatalogObject[];
    readonly hindrances: readonly Hindrance[];
  } {
    const order: CatalogObject[] = [];
    const hindrances: Hindrance[] = [];
    const seen = new Set<ObjectId>();
    const visit = (id: ObjectId): void => {
      if (seen.has(id)) return;
      seen.add(id);
      // What depends on several is told once, with what PostgreSQL comes by first.
      for (const dependent of this.dependents(id).toSorted((one, other) => other.id - one.id)) {
        const belongs =
          (dependent.kind === 'index' && dependent.table === id) ||
          dependent.kind === 'sequence' ||
          this.object(id).kind === 'extension' ||
          (dependent.kind === 'source' && dependent.parent === id);
        if (!belongs && !ids.includes(dependent.id) && !seen.has(dependent.id))
          hindrances.push([dependent, describeObject(this.object(id), this)]);
        visit(dependent.id);
      }
      order.push(this.object(id));
    };
    ids.forEach(visit);
    return { order, hindrances };
  }

  /** A catalog of its own as this one will be after `changes`, to see what they would mean. */
  after(changes: readonly CatalogChange[]): Catalog {
    const copy = new Catalog();
    copy.#version = this.#version;
    copy.#next = this.#next;
    copy.#types = this.#types;
    copy.#temporarySchemas = this.#temporarySchemas;
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
    this.#bodies = null;
    this.#version = this.#next.version++;
  }

  #applyOne(change: CatalogChange): void {
    switch (change.kind) {
      case 'addSchema':
        this.#schemas.set(change.schema.name, change.schema);
        if (isTemporarySchema(change.schema.name)) this.#temporarySchemas += 1;
        return;
      case 'dropSchema': {
        const schema = [...this.#schemas.values()].find((candidate) => candidate.id === change.id);
        if (!schema) return;
        this.#schemas.delete(schema.name);
        if (isTemporarySchema(schema.name)) this.#temporarySchemas += 1;
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
        if (object.kind === 'type') this.#types = {};
        return;
      }
    }
  }

  #put(object: CatalogObject): void {
    const before = this.#objects.get(object.id);
    if (before) this.#names.delete(keyOf(before));
    this.#objects.set(object.id, object);
    this.#names.set(keyOf(object), object.id);
    if (object.kind === 'type') this.#types = {};
  }
}

/** Functions have names of their own, of which their arguments are part. */
function keyOf(object: CatalogObject): string {
  if (object.kind === 'type') return typeKey(object.schema, object.name);
  if (object.kind === 'extension') return extensionKey(object.name);
  if (object.kind !== 'function') return nameKey(object.schema, object.name);
  const types = object.parameters.map(({ type }) => type).join();
  return `${nameKey(object.schema, object.name)}\u0000${types}`;
}

function typeKey(schema: string, name: string): string {
  return `${nameKey(schema, name)}\u0000type`;
}

/** Extensions are of no schema: it is their functions' that they name. */
function extensionKey(name: string): string {
  return `${nameKey('', name)}\u0000extension`;
}

function nameKey(schema: string, name: string): string {
  return `${schema}\u0000${name}`;
}
