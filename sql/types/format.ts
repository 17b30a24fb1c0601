import { elementType, typeRow } from './table.ts';
import type { SqlType, TypeName } from './type.ts';

/** The fields that an interval's modifier restricts it to, by the mask that the modifier has them as. */
export const INTERVAL_FIELDS: readonly (readonly [mask: number, text: string])[] = [
  [1 << 2, ' year'],
  [1 << 1, ' month'],
  [1 << 3, ' day'],
  [1 << 10, ' hour'],
  [1 << 11, ' minute'],
  [1 << 12, ' second'],
  [(1 << 2) | (1 << 1), ' year to month'],
  [(1 << 3) | (1 << 10), ' day to hour'],
  [(1 << 3) | (1 << 10) | (1 << 11), ' day to minute'],
  [(1 << 3) | (1 << 10) | (1 << 11) | (1 << 12), ' day to second'],
  [(1 << 10) | (1 << 11), ' hour to minute'],
  [(1 << 10) | (1 << 11) | (1 << 12), ' hour to second'],
  [(1 << 11) | (1 << 12), ' minute to second'],
];

/** Types whose bare name in SQL means length 1: without a length they have another. */
const ENDLESS: Readonly<Record<string, string>> = { bpchar: 'bpchar', bit: '"bit"' };

/** What PostgreSQL's format_type(oid, typmod) prints: `character varying(10)`. It names this very type in SQL. */
export function formatType(type: SqlType): string {
  const { name, typmod } = type;
  const display = typeRow(name).display;
  const element = elementType(name);
  if (typmod < 0) {
    const endless = ENDLESS[element ?? name];
    return endless === undefined ? display : `${endless}${element === null ? '' : '[]'}`;
  }
  if (element !== null) return `${formatType({ name: element, typmod })}[]`;
  switch (name) {
    case 'varchar':
      return typmod > 4 ? `character varying(${typmod - 4})` : display;
    case 'bpchar':
      return typmod > 4 ? `character(${typmod - 4})` : display;
    case 'numeric': {
      const { precision, scale } = numericModifier(typmod);
      return `numeric(${precision},${scale})`;
    }
    case 'bit':
    case 'varbit':
      return `${display}(${typmod})`;
    case 'time':
      return `time(${typmod}) without time zone`;
    case 'timestamp':
      return `timestamp(${typmod}) without time zone`;
    case 'timestamptz':
      return `timestamp(${typmod}) with time zone`;
    case 'interval': {
      const fields = INTERVAL_FIELDS.find(([mask]) => mask === typmod >> 16)?.[1] ?? '';
      const precision = typmod & 0xffff;
      return `interval${fields}${precision === 0xffff ? '' : `(${precision})`}`;
    }
    default:
      return display;
  }
}

/** The name of a type without modifier, as messages show it: `integer`. */
export function displayType(name: TypeName): string {
  return typeRow(name).display;
}

/** Precision and scale in numeric's typmod; the scale is an 11-bit two's complement number. */
export function numericModifier(typmod: number): { precision: number; scale: number } {
  const packed = typmod - 4;
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

/** A function as messages show it: `f(integer, text)`. */
export function signatureOf(name: string, types: readonly TypeName[]): string {
  return `${name}(${types.map(displayType).join(', ')})`;
}
