import { elementType } from './table.ts';
import type { SqlType, TypeName } from './type.ts';

/** A modifier that PostgreSQL refuses. */
export interface ModifierError {
  readonly sqlstate: string;
  readonly message: string;
}

const refuse = (message: string, sqlstate = '22023'): ModifierError => ({ sqlstate, message });

/** The type with a modifier that was written in parentheses, as its typmodin function takes it. */
export function withModifier(name: TypeName, modifiers: readonly number[]): SqlType | ModifierError {
  if (modifiers.length === 0) {
    // The bare words character and bit mean character(1) and bit(1); the grammar writes that modifier itself.
    return { name, typmod: -1 };
  }
  const [first, second] = modifiers as [number, number | undefined];
  const element = elementType(name);
  if (element !== null) {
    const outcome = withModifier(element, modifiers);
    return 'sqlstate' in outcome ? outcome : { name, typmod: outcome.typmod };
  }
  switch (name) {
    case 'varchar':
    case 'bpchar': {
      const word = name === 'varchar' ? 'varchar' : 'char';
      if (modifiers.length !== 1) return refuse('invalid type modifier');
      if (first < 1) return refuse(`length for type ${word} must be at least 1`);
      if (first > 10485760) return refuse(`length for type ${word} cannot exceed 10485760`);
      return { name, typmod: first + 4 };
    }
    case 'bit':
    case 'varbit': {
      if (modifiers.length !== 1) return refuse('invalid type modifier');
      if (first < 1) return refuse(`length for type ${name} must be at least 1`);
      if (first > 83886080) return refuse(`length for type ${name} cannot exceed 83886080`);
      return { name, typmod: first };
    }
    case 'numeric': {
      if (modifiers.length > 2) return refuse('invalid NUMERIC type modifier');
      if (first < 1 || first > 1000) return refuse(`NUMERIC precision ${first} must be between 1 and 1000`);
      const scale = second ?? 0;
      if (scale < -1000 || scale > 1000)
        return refuse(`NUMERIC scale ${scale} must be between -1000 and 1000`);
      return { name, typmod: ((first << 16) | (scale & 0x7ff)) + 4 };
    }
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      if (modifiers.length !== 1) return refuse('invalid type modifier');
      if (first < 0) {
        const zone = name === 'timestamptz' ? ' WITH TIME ZONE' : '';
        return refuse(
          `${name === 'time' ? 'TIME' : 'TIMESTAMP'}(${first})${zone} precision must not be negative`,
        );
      }
      return { name, typmod: Math.min(first, 6) };
    }
    case 'interval': {
      // The grammar gives the mask of fields, then the precision.
      if (modifiers.length > 2) return refuse('invalid INTERVAL type modifier');
      if (second === undefined) return { name, typmod: first === 0x7fff ? -1 : (first << 16) | 0xffff };
      if (second < 0) return refuse(`INTERVAL(${second}) precision must not be negative`);
      return { name, typmod: (first << 16) | Math.min(second, 6) };
    }
    default:
      return refuse(`type modifier is not allowed for type "${name}"`, '42601');
  }
}

/** Whether the outcome of `withModifier` is a refusal. */
export function isModifierError(outcome: SqlType | ModifierError): outcome is ModifierError {
  return 'sqlstate' in outcome;
}
