/**
 * What information_schema tells of a type and its modifier, as PostgreSQL's functions there work it out: expressions over the two, which are
 * the bodies of these functions and columns of its views.
 */
import { quoteLiteral } from './quote.ts';
import { INTERVAL_FIELDS } from '../types/format.ts';
import type { TypeName } from '../types/type.ts';

type Fact = (type: string, typmod: string) => string;

interface TypeFact {
  /** PostgreSQL's. */
  readonly oid: number;
  readonly result: TypeName;
  readonly fact: Fact;
}

const charMaxLength: Fact = (type, typmod) =>
  `CASE WHEN ${typmod} = -1 THEN NULL WHEN ${type} IN (1042, 1043) THEN ${typmod} - 4 WHEN ${type} IN (1560, 1562) THEN ${typmod} END`;

const charOctetLength: Fact = (type, typmod) =>
  `CASE WHEN ${type} IN (1042, 1043) AND ${typmod} <> -1 THEN (${typmod} - 4) * 4 WHEN ${type} IN (25, 1042, 1043) THEN 1073741824 END`;

const numericPrecision: Fact = (type, typmod) => `CASE ${type} WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64
    WHEN 1700 THEN CASE WHEN ${typmod} <> -1 THEN ((${typmod} - 4) >> 16) & 65535 END WHEN 700 THEN 24 WHEN 701 THEN 53 END`;

const numericPrecisionRadix: Fact = (type) =>
  `CASE WHEN ${type} IN (20, 21, 23, 700, 701) THEN 2 WHEN ${type} = 1700 THEN 10 END`;

const numericScale: Fact = (type, typmod) =>
  `CASE WHEN ${type} IN (20, 21, 23) THEN 0 WHEN ${type} = 1700 AND ${typmod} <> -1 THEN (${typmod} - 4) & 65535 END`;

const datetimePrecision: Fact = (type, typmod) => `CASE WHEN ${type} = 1082 THEN 0
    WHEN ${type} IN (1083, 1114, 1184, 1266) THEN CASE WHEN ${typmod} < 0 THEN 6 ELSE ${typmod} END
    WHEN ${type} = 1186 THEN CASE WHEN ${typmod} < 0 OR ${typmod} & 65535 = 65535 THEN 6 ELSE ${typmod} & 65535 END END`;

/** ` day to second`; null: the modifier restricts no fields. */
export function intervalFieldsText(typmod: string): string {
  return `CASE ${typmod} >> 16 ${INTERVAL_FIELDS.map(([mask, text]) => `WHEN ${mask} THEN ${quoteLiteral(text)}`).join(' ')} END`;
}

const intervalType: Fact = (type, typmod) => {
  const precision = `CASE WHEN ${typmod} & 65535 <> 65535 THEN '(' || (${typmod} & 65535)::text || ')' ELSE '' END`;
  return `CASE WHEN ${type} = 1186 AND ${typmod} >= 0 THEN upper(ltrim(${intervalFieldsText(typmod)})) || ${precision} END`;
};

/**
 * What a column's type and its modifier are beneath a domain: of a row of pg_attribute, and the row of pg_type that it is of. The column of the
 * latter that stands for the former's, of a domain.
 */
export const TRUE_TYPES = {
  _pg_truetypid: { oid: 13147, result: 'oid', column: 'atttypid', beneath: 'typbasetype' },
  _pg_truetypmod: { oid: 13148, result: 'int4', column: 'atttypmod', beneath: 'typtypmod' },
} as const;

export const TYPE_FACTS = {
  _pg_char_max_length: { oid: 13149, result: 'int4', fact: charMaxLength },
  _pg_char_octet_length: { oid: 13150, result: 'int4', fact: charOctetLength },
  _pg_numeric_precision: { oid: 13152, result: 'int4', fact: numericPrecision },
  _pg_numeric_precision_radix: { oid: 13153, result: 'int4', fact: numericPrecisionRadix },
  _pg_numeric_scale: { oid: 13154, result: 'int4', fact: numericScale },
  _pg_datetime_precision: { oid: 13155, result: 'int4', fact: datetimePrecision },
  _pg_interval_type: { oid: 13156, result: 'text', fact: intervalType },
} as const satisfies Readonly<Record<string, TypeFact>>;
