/** The pseudo-types that stand for the types of a call's arguments: those that must be the same, and those that need a common one. */
export const polymorphicTypes = [
  ...(['anyelement', 'anyarray', 'anynonarray', 'anyenum', 'anyrange', 'anymultirange'] as const),
  ...(['anycompatible', 'anycompatiblearray', 'anycompatiblenonarray'] as const),
  ...(['anycompatiblerange', 'anycompatiblemultirange'] as const),
];

const names: ReadonlySet<string> = new Set(polymorphicTypes);

/** Whether a signature's type is one of them. */
export function isPolymorphic(name: string): boolean {
  return names.has(name);
}
