/**
 * The settings of one session: changes last until the transaction's end (SET LOCAL), are undone when the transaction
 * that made them fails, and are told to the client where it follows them.
 */
import { SqlError } from '../../../sql/error.ts';
import { nearestName } from '../../../sql/nearest-name.ts';
import type { SettingDefinition } from './definition.ts';
import { settings } from './table.ts';

/** Whoever a session is for: RESET ALL leaves that as it is. */
const ROLES: ReadonlySet<string> = new Set(['role', 'session_authorization']);

type Values = Map<string, string>;

/** Values to go back to. */
export interface SettingsSnapshot {
  readonly effective: Values;
  readonly session: Values;
}

export class Settings {
  /** What RESET goes back to: the startup packet's values over the defaults. */
  readonly #initial: Values;
  /** In force now. */
  #effective: Values;
  /** In force after a commit: without SET LOCAL. */
  #session: Values;
  readonly #changed: (name: string, value: string) => void;
  /** What a rollback goes back to; made by the transaction's first change. */
  #undo: SettingsSnapshot | null = null;
  #version = 0;
  #parsedPath: { readonly text: string; readonly path: readonly string[] } | null = null;

  /** `changed` hears of every reported setting that takes another value. */
  constructor(user: string, changed: (name: string, value: string) => void) {
    this.#initial = new Map([...settings].map(([key, definition]) => [key, definition.initial]));
    this.#initial.set('session_authorization', user);
    this.#effective = new Map(this.#initial);
    this.#session = new Map(this.#initial);
    this.#changed = changed;
  }

  /** Another one after each change. */
  get version(): number {
    return this.#version;
  }

  get(name: string): string {
    const value = this.#effective.get(name) ?? this.#effective.get(name.toLowerCase());
    if (value === undefined) throw unknownSetting(name);
    return value;
  }

  definition(name: string): SettingDefinition {
    const definition = definitionOf(name);
    if (!definition) throw unknownSetting(name);
    return definition;
  }

  /** Those that users made with a name of their own, and their values. */
  custom(): [string, string][] {
    return [...this.#effective].filter(([key]) => !settings.has(key));
  }

  all(): { readonly definition: SettingDefinition; readonly value: string }[] {
    return [...settings]
      .map(([key, definition]) => ({ definition, value: this.#effective.get(key) ?? definition.initial }))
      .sort((a, b) => (a.definition.name.toLowerCase() < b.definition.name.toLowerCase() ? -1 : 1));
  }

  /** Name and value of everything that clients follow. */
  reported(): [string, string][] {
    return this.all()
      .filter(({ definition }) => definition.reported)
      .map(({ definition, value }) => [definition.name, value]);
  }

  /** A value from the startup packet: also what RESET goes back to. */
  setInitial(name: string, value: string): void {
    this.set(name, value, false);
    this.#initial.set(name.toLowerCase(), this.get(name));
    this.commit();
  }

  /** Sets a value; null: the default. */
  set(name: string, value: string | null, local: boolean): void {
    const definition = this.definition(name);
    const key = name.toLowerCase();
    if (!definition.accept) {
      throw new SqlError({ sqlstate: '55P02', message: `parameter "${definition.name}" cannot be changed` });
    }
    if (!settings.has(key)) this.#makeKnown(key);
    const accepted =
      value === null
        ? this.#initial.get(key)!
        : definition.accept(value, definition.name, this.#effective.get(key)!);
    this.#undo ??= this.snapshot();
    if (!local) this.#session.set(key, accepted);
    this.#apply(key, accepted);
  }

  resetAll(): void {
    this.#undo ??= this.snapshot();
    for (const [key, value] of this.#initial) {
      if (!definitionOf(key)?.accept || key.startsWith('transaction_') || ROLES.has(key)) continue;
      this.#session.set(key, value);
      this.#apply(key, value);
    }
  }

  /** Sets a value that belongs to the current transaction, as BEGIN does. */
  setForTransaction(name: string, value: string): void {
    this.#undo ??= this.snapshot();
    this.#apply(name, value);
  }

  snapshot(): SettingsSnapshot {
    return { effective: new Map(this.#effective), session: new Map(this.#session) };
  }

  /** Back to a savepoint's values. */
  restore(snapshot: SettingsSnapshot): void {
    this.#session = new Map(snapshot.session);
    for (const [key, value] of snapshot.effective) this.#apply(key, value);
    // What was not known then is empty.
    for (const [key, value] of this.#initial) {
      if (snapshot.effective.has(key)) continue;
      this.#session.set(key, value);
      this.#apply(key, value);
    }
  }

  /** The transaction's changes never were. */
  rollback(): void {
    if (!this.#undo) return;
    this.restore(this.#undo);
    this.commit();
  }

  /** The transaction is over: SET LOCAL and the transaction's own settings end. */
  commit(): void {
    if (!this.#undo) return;
    this.#undo = null;
    for (const [key, value] of this.#session) if (!key.startsWith('transaction_')) this.#apply(key, value);
    for (const aspect of ['isolation', 'read_only', 'deferrable']) {
      this.#apply(`transaction_${aspect}`, this.#session.get(`default_transaction_${aspect}`)!);
    }
  }

  /** Schemas of search_path in order, as names; `temporarySchema`: what pg_temp means. */
  searchPath(user: string, temporarySchema: string): readonly string[] {
    const text = this.#effective.get('search_path')!;
    if (this.#parsedPath?.text !== text) {
      const meaning = new Map([
        ['$user', user],
        ['pg_temp', temporarySchema],
      ]);
      const path = splitList(text).map((name) => meaning.get(name) ?? name);
      this.#parsedPath = { text, path: path.filter((name) => name !== '') };
    }
    return this.#parsedPath.path;
  }

  /** A setting of the user's own is empty from the start. */
  #makeKnown(key: string): void {
    for (const values of [this.#initial, this.#session, this.#effective]) {
      if (!values.has(key)) values.set(key, '');
    }
  }

  #apply(key: string, value: string): void {
    if (this.#effective.get(key) === value) return;
    this.#effective.set(key, value);
    this.#version++;
    const definition = settings.get(key);
    if (definition?.reported) this.#changed(definition.name, value);
  }
}

/** A setting of the server's, or one of the user's own: its name has a dot, and it takes any value. */
function definitionOf(name: string): SettingDefinition | undefined {
  const key = name.toLowerCase();
  const known = settings.get(key);
  if (known !== undefined || !name.includes('.')) return known;
  if (!/^[a-z_\u0080-\uffff][\w$\u0080-\uffff]*(\.[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)+$/.test(key)) {
    throw new SqlError({
      sqlstate: '42602',
      message: `invalid configuration parameter name "${name}"`,
      detail: 'Custom parameter names must be two or more simple identifiers separated by dots.',
    });
  }
  return { name, initial: '', description: '', accept: (value) => value };
}

function unknownSetting(name: string): SqlError {
  const near = nearestName(
    name,
    [...settings.values()].map((definition) => definition.name),
  );
  return new SqlError({
    sqlstate: '42704',
    message: `unrecognized configuration parameter "${name}"`,
    hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
  });
}

/** Identifiers between commas, quoted or folded. */
export function splitList(text: string): string[] {
  const names: string[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(?:,|$)/g)) {
    if (match[1] !== undefined) names.push(match[1].replaceAll('""', '"'));
    else if (match[2] !== undefined && match[2].trim() !== '') names.push(match[2].trim().toLowerCase());
  }
  return names;
}

/** Several values of SET as one list, each quoted where an identifier must be. */
export function joinList(values: readonly string[]): string {
  return values
    .map((value) => (/^[a-z_][a-z0-9_$]*$/.test(value) ? value : `"${value.replaceAll('"', '""')}"`))
    .join(', ');
}
