/** Which conversions exist, in which contexts: pg_cast and PostgreSQL's find_coercion_pathway. */
import { castRows } from '../functions/catalog.generated.ts';
import { isPolymorphic } from './polymorphic-names.ts';
import { recordFields } from './record.ts';
import { elementType, isRegistered, isVector, typeRow } from './table.ts';
import type { TypeName } from './type.ts';

/** What a conversion may be asked for by: an expression, an assignment to a column, or a written cast. */
export type CastContext = 'implicit' | 'assignment' | 'explicit';

/** How a value gets from one type to another. */
export type CastPath =
  /** Same representation: only the type's name changes. */
  | { readonly kind: 'relabel' }
  /** A function of pg_proc. */
  | { readonly kind: 'function'; readonly proc: number }
  /** Through the text form. */
  | { readonly kind: 'io' }
  /** Each element of an array in this way. */
  | { readonly kind: 'elements'; readonly path: CastPath }
  /** Each field of a record in its own way. */
  | { readonly kind: 'fields' };

const rank: Record<CastContext, number> = { implicit: 0, assignment: 1, explicit: 2 };
const contexts: Record<string, CastContext> = { i: 'implicit', a: 'assignment', e: 'explicit' };

interface Cast {
  readonly path: CastPath;
  readonly context: CastContext;
}

/** By source and target. */
const casts = new Map<string, Map<string, Cast>>();
for (const [, source, target, proc, context, method] of castRows) {
  const path: CastPath =
    method === 'f' ? { kind: 'function', proc } : method === 'i' ? { kind: 'io' } : { kind: 'relabel' };
  let targets = casts.get(source);
  if (targets === undefined) casts.set(source, (targets = new Map()));
  targets.set(target, { path, context: contexts[context]! });
}

const RELABEL: CastPath = { kind: 'relabel' };

/** The way from `source` to `target` in this context, or null. Neither is `unknown`. */
export function castPath(source: TypeName, target: TypeName, context: CastContext): CastPath | null {
  if (source === target) return RELABEL;
  const cast = casts.get(source)?.get(target);
  if (cast !== undefined) return rank[cast.context] <= rank[context] ? cast.path : null;
  const [given, wanted] = [recordFields(source), recordFields(target)];
  if (given !== null && wanted !== null) {
    const fits = (i: number): boolean =>
      given[i]!.type.name === 'unknown' ||
      castPath(given[i]!.type.name, wanted[i]!.type.name, context) !== null;
    return given.length === wanted.length && given.every((_, i) => fits(i)) ? { kind: 'fields' } : null;
  }
  const [from, to] = [elementType(source), elementType(target)];
  if (from !== null && to !== null && !isVector(target)) {
    const path = castPath(from, to, context);
    return path === null ? null : { kind: 'elements', path };
  }
  // Any type can be assigned to a string type through its text form; from a string type only if a cast says so.
  if (context !== 'implicit' && typeRow(target).category === 'S') return { kind: 'io' };
  if (context === 'explicit' && typeRow(source).category === 'S') return { kind: 'io' };
  return null;
}

/** The function that applies a type's modifier to a value of the same type, or null. */
export function lengthCoercion(type: TypeName): number | null {
  const cast = casts.get(type)?.get(type);
  return cast?.path.kind === 'function' ? cast.path.proc : null;
}

/** Whether an expression of type `source` may stand where `target` is asked for (can_coerce_type, implicit). */
export function canCoerce(source: TypeName, target: string, context: CastContext = 'implicit'): boolean {
  if (source === target || source === 'unknown') return true;
  if (target === 'any' || isPolymorphic(target)) return true;
  if (target === 'unknown') return false;
  return castPath(source, target as TypeName, context) !== null;
}

/** Whether the values of both types look the same to the engine, so that a change of type needs no work. */
export function sameRepresentation(a: TypeName, b: TypeName): boolean {
  return representation(a) === representation(b);
}

function representation(type: TypeName): string {
  if (isRegistered(type)) return 'oid';
  const element = elementType(type);
  const fields = recordFields(type);
  // Within records and arrays char(n) has order bytes of its own, and cidr is written as no other.
  const inner = (name: TypeName): string =>
    name === 'bpchar' || name === 'cidr' ? name : representation(name);
  if (fields !== null) return `(${fields.map(({ type: { name } }) => inner(name)).join()})`;
  if (element !== null) return `_${inner(element)}`;
  if (type === 'cidr') return 'inet';
  if (type === 'varbit') return 'bit';
  return type === 'varchar' || type === 'bpchar' || type === 'unknown' ? 'text' : type;
}
