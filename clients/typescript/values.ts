/** Values of result columns as JavaScript has them. */

/** bigint keeps int8 exact; numeric, dates and times stay the server's text. */
export type Value = string | number | bigint | boolean | null | Json;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Column {
  readonly name: string;
  readonly typeOid: number;
}

type Decode = (text: string) => Value;

const number: Decode = (text) => Number(text);
const json: Decode = (text) => JSON.parse(text) as Json;

/** By pg_type oid; other types stay text. */
const DECODERS = new Map<number, Decode>([
  [16, (text) => text === 't'],
  [20, (text) => BigInt(text)],
  [21, number],
  [23, number],
  [700, number],
  [701, number],
  [114, json],
  [3802, json],
]);

/** A decoder for each column, chosen once for a result. */
export function decoders(columns: readonly Column[]): ((text: string | null) => Value)[] {
  return columns.map(({ typeOid }) => {
    const decode = DECODERS.get(typeOid);
    return (text) => (text === null || !decode ? text : decode(text));
  });
}
