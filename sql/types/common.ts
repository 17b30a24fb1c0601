import { canCoerce } from './casts.ts';
import { typeRow } from './table.ts';
import type { SqlType, TypeName } from './type.ts';

/**
 * The type that CASE branches, UNION columns, VALUES columns, COALESCE and IN take (PostgreSQL's select_common_type).
 * `conflict` names the two types that cannot be matched, by the index of the second.
 */
export function commonType(
  given: readonly TypeName[],
):
  { readonly type: TypeName } | { readonly conflict: readonly [TypeName, TypeName]; readonly index: number } {
  let chosen = given[0]!;
  if (chosen !== 'unknown' && given.every((type) => type === chosen)) return { type: chosen };
  for (let i = 1; i < given.length; i++) {
    const type = given[i]!;
    if (type === 'unknown' || type === chosen) continue;
    if (chosen === 'unknown') {
      chosen = type;
      continue;
    }
    const now = typeRow(chosen);
    const next = typeRow(type);
    if (now.category !== next.category) return { conflict: [chosen, type], index: i };
    if (!now.preferred && canCoerce(chosen, type) && !canCoerce(type, chosen)) chosen = type;
  }
  return { type: chosen === 'unknown' ? 'text' : chosen };
}

/** The modifier that all have if they are of the type; -1 otherwise (select_common_typmod). */
export function commonTypmod(given: readonly SqlType[], type: TypeName): number {
  const first = given[0];
  if (first === undefined) return -1;
  return given.every((other) => other.name === type && other.typmod === first.typmod) ? first.typmod : -1;
}
