/**
 * What was asked of the catalog while something was worked out, with the answers. Where all answers are the same again, so
 * is what was worked out of them: a plan stays right under any DDL that does not change one. A name that was looked for in
 * vain is an answer too, so what comes to stand in its way changes one.
 *
 * Planning does not wait, so there is one work at a time that asks; parts of it that are remembered by themselves are
 * works within it.
 */
import type { ObjectId } from '../../sql/catalog.ts';
import type { Catalog, SchemaObject } from './catalog.ts';
import type { CatalogObject } from './objects.ts';

/** A question besides names and objects. */
interface Asked {
  readonly answer: (catalog: Catalog) => readonly unknown[];
  readonly given: readonly unknown[];
}

export class Questions {
  /** The types of one's own: texts of plans name them, and what knows a type asks nobody. */
  readonly types: unknown;
  /** By schema and name, as the catalog's own keys have them; null: there is none. */
  readonly names = new Map<string, CatalogObject | null>();
  readonly objects = new Map<ObjectId, CatalogObject | undefined>();
  readonly schemas = new Map<string, SchemaObject | null>();
  readonly others = new Map<string, Asked>();
  /** The version, where all of the catalog was looked at. */
  whole: number | null = null;

  constructor(types: unknown) {
    this.types = types;
  }

  /** What was worked out of these is part of the work. */
  include(other: Questions): void {
    for (const [name, object] of other.names) this.names.set(name, object);
    for (const [id, object] of other.objects) this.objects.set(id, object);
    for (const [name, schema] of other.schemas) this.schemas.set(name, schema);
    for (const [key, asked] of other.others) this.others.set(key, asked);
    this.whole ??= other.whole;
  }
}

let present: Questions | null = null;

/** The questions of the work at hand; null where nobody wants to know. */
export function questionsAtHand(): Questions | null {
  return present;
}

/** Works something out, and tells what was asked for it. */
export function recording<T>(
  catalog: Catalog,
  work: () => T,
): { readonly outcome: T; readonly questions: Questions } {
  const around = present;
  const questions = new Questions(catalog.types);
  present = questions;
  try {
    return { outcome: work(), questions };
  } finally {
    present = around;
    around?.include(questions);
  }
}

/** Asks what is not a question of the work at hand. */
export function unrecorded<T>(work: () => T): T {
  const around = present;
  present = null;
  try {
    return work();
  } finally {
    present = around;
  }
}

/** What is worked out of immutable objects and the catalog, until an answer changes. */
export class Remembered<K extends object, V> {
  readonly #known = new WeakMap<K, { readonly value: V; readonly questions: Questions; version: number }>();

  get(catalog: Catalog, key: K, make: () => V): V {
    const known = this.#known.get(key);
    if (known && (known.version === catalog.version || catalog.holds(known.questions))) {
      known.version = catalog.version;
      present?.include(known.questions);
      return known.value;
    }
    const { outcome, questions } = recording(catalog, make);
    this.#known.set(key, { value: outcome, questions, version: catalog.version });
    return outcome;
  }
}
