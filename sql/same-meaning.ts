/** Whether two bound relations compute the same: what they call things does not count. */
import type { HirRelation } from './hir.ts';

export function sameMeaning(one: HirRelation, other: HirRelation): boolean {
  return meaning(one) === meaning(other);
}

function meaning(relation: HirRelation): string {
  return JSON.stringify(relation, (key, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    const { name, ...rest } = value as { name?: unknown; kind?: unknown; type?: unknown; message?: unknown };
    // An error names what it is about.
    if (rest.kind === 'raise') return { ...rest, message: '', about: null };
    // A column {name, type} and a CTE's `let` have names for people; a type's name and a call's are part of the meaning.
    const isColumn = name !== undefined && rest.type !== undefined && rest.kind === undefined;
    return isColumn || rest.kind === 'let' ? rest : value;
  });
}
