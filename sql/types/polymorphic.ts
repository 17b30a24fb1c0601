/** What polymorphic signatures mean for the types of a call: PostgreSQL's enforce_generic_type_consistency. */
import { castPath } from './casts.ts';
import { commonType } from './common.ts';
import { isEnum } from './enum.ts';
import { isPolymorphic } from './polymorphic-names.ts';
import { ofMultirange, ofRange } from './range.ts';
import { arrayType, elementType } from './table.ts';
import type { TypeName } from './type.ts';

/** The polymorphic types of a call, by name; those that no argument decides are missing. */
type Meaning = ReadonlyMap<string, TypeName>;

/** The range type that an argument says for a parameter of ranges or multiranges; null if it is none. */
function rangeOf(declared: string, actual: TypeName): TypeName | null {
  const types = declared.endsWith('multirange') ? ofMultirange(actual) : ofRange(actual);
  return types?.range ?? null;
}

/** What the polymorphic types of a signature are for arguments of these types; null if they do not agree. */
function meaningOf(declared: readonly string[], given: readonly TypeName[]): Meaning | null {
  const meaning = new Map<string, TypeName>();
  let element: TypeName | null = null;
  let array: TypeName | null = null;
  let range: TypeName | null = null;
  let compatibleRange: TypeName | null = null;
  const compatible: TypeName[] = [];
  let hasCompatible = false;
  for (const [i, type] of declared.entries()) {
    const actual = given[i]!;
    if (type.startsWith('anycompatible')) hasCompatible = true;
    if (actual === 'unknown') continue;
    const inner = elementType(actual);
    switch (type) {
      case 'anyelement':
      case 'anynonarray':
      case 'anyenum':
        if (element !== null && element !== actual) return null;
        if (type === 'anyenum' && !isEnum(actual)) return null;
        if (type === 'anynonarray' && inner !== null) return null;
        element = actual;
        break;
      case 'anyarray':
        if (inner === null || (array !== null && array !== actual)) return null;
        array = actual;
        break;
      case 'anyrange':
      case 'anymultirange': {
        const own = rangeOf(type, actual);
        if (own === null || (range !== null && range !== own)) return null;
        range = own;
        break;
      }
      case 'anycompatiblearray':
        if (inner === null) return null;
        compatible.push(inner);
        break;
      case 'anycompatiblerange':
      case 'anycompatiblemultirange': {
        const own = rangeOf(type, actual);
        if (own === null || (compatibleRange !== null && compatibleRange !== own)) return null;
        compatibleRange = own;
        compatible.push(ofRange(own)!.subtype);
        break;
      }
      case 'anycompatible':
      case 'anycompatiblenonarray':
        if (type === 'anycompatiblenonarray' && inner !== null) return null;
        compatible.push(actual);
        break;
    }
  }
  if (array !== null) {
    const inner = elementType(array)!;
    if (element !== null && element !== inner) return null;
    if (declared.includes('anynonarray') && elementType(inner) !== null) return null;
    element = inner;
  }
  if (range !== null) {
    const { subtype, multirange } = ofRange(range)!;
    if (element !== null && element !== subtype) return null;
    element = subtype;
    meaning.set('anyrange', range).set('anymultirange', multirange);
  }
  if (declared.includes('anyenum') && (element === null || !isEnum(element))) return null;
  if (element !== null) {
    meaning.set('anyelement', element).set('anynonarray', element).set('anyenum', element);
    const arrays = array ?? arrayType(element);
    if (arrays !== null) meaning.set('anyarray', arrays);
    else if (declared.includes('anyarray')) return null;
  }
  if (hasCompatible) {
    const outcome = commonType(compatible.length === 0 ? ['unknown'] : compatible);
    if ('conflict' in outcome) return null;
    if (compatible.some((type) => type !== outcome.type && castPath(type, outcome.type, 'implicit') === null))
      return null;
    if (compatibleRange !== null) {
      const { subtype, multirange } = ofRange(compatibleRange)!;
      if (subtype !== outcome.type) return null;
      meaning.set('anycompatiblerange', compatibleRange).set('anycompatiblemultirange', multirange);
    }
    meaning.set('anycompatible', outcome.type).set('anycompatiblenonarray', outcome.type);
    const arrays = arrayType(outcome.type);
    if (arrays !== null) meaning.set('anycompatiblearray', arrays);
    else if (declared.includes('anycompatiblearray')) return null;
  }
  return meaning;
}

/** What a call gives for a parameter declared VARIADIC of this type; null: it cannot be declared so. */
export function elementOfVariadic(type: TypeName): TypeName | null {
  if (type === ('anyarray' as TypeName)) return 'anyelement' as TypeName;
  return type === ('anycompatiblearray' as TypeName) ? ('anycompatible' as TypeName) : elementType(type);
}

/** The type of the elements of a function's VARIADIC parameter, if it has one. */
export function variadicElement(called: {
  readonly parameters: readonly { readonly type: TypeName; readonly variadic?: true }[];
}): TypeName | null {
  const last = called.parameters.at(-1);
  return last?.variadic ? elementOfVariadic(last.type) : null;
}

/** Whether arguments of these types agree with a signature's polymorphic types. */
export function isConsistent(declared: readonly string[], given: readonly TypeName[]): boolean {
  return !declared.some(isPolymorphic) || meaningOf(declared, given) !== null;
}

/**
 * A function from a signature's types to those of the call; `undetermined` where all arguments that would decide are of
 * unknown type. Null for signatures that are not polymorphic.
 */
export function instantiation(
  declared: readonly string[],
  given: readonly TypeName[],
): ((type: string) => string | 'undetermined') | null {
  if (!declared.some(isPolymorphic)) return null;
  const meaning = meaningOf(declared, given);
  return (type) => (isPolymorphic(type) ? (meaning?.get(type) ?? 'undetermined') : type);
}
