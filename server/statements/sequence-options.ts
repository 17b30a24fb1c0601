/** The options of CREATE SEQUENCE and of identity columns, as PostgreSQL reads and refuses them. */
import type { Node } from '@pgsql/types';
import { nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import { SqlError } from '../../sql/error.ts';
import { displayType } from '../../sql/types/format.ts';
import type { SequenceOptions } from '../catalog/objects.ts';

type DataType = SequenceOptions['dataType'];

const BITS: Readonly<Record<DataType, bigint>> = { int2: 16n, int4: 32n, int8: 64n };

/** Reads them; `dataType` is that of the column, where there is one. */
export function sequenceOptions(nodes: readonly Node[], dataType: DataType | null): SequenceOptions {
  const given = new Map<string, Node | null>();
  for (const node of nodes) {
    const option = nodeAs(node, 'DefElem')!;
    const name = option.defname ?? '';
    if (given.has(name)) throw refusal('42601', 'conflicting or redundant options');
    given.set(name, option.arg ?? null);
  }
  const type = dataType ?? typeOf(given.get('as'));
  const most = (1n << (BITS[type] - 1n)) - 1n;
  const number = (name: string): bigint | null => {
    const node = given.get(name);
    return node === undefined || node === null ? null : integerOf(node);
  };
  const increment = number('increment') ?? 1n;
  if (increment === 0n) throw refusal('22023', 'INCREMENT must not be zero');
  const least = number('minvalue') ?? (increment > 0n ? 1n : -most - 1n);
  const greatest = number('maxvalue') ?? (increment > 0n ? most : -1n);
  const within = (value: bigint): boolean => value >= -most - 1n && value <= most;
  const noun = displayType(type);
  if (!within(greatest)) {
    throw refusal('22023', `MAXVALUE (${greatest}) is out of range for sequence data type ${noun}`);
  }
  if (!within(least)) {
    throw refusal('22023', `MINVALUE (${least}) is out of range for sequence data type ${noun}`);
  }
  if (least >= greatest) {
    throw refusal('22023', `MINVALUE (${least}) must be less than MAXVALUE (${greatest})`);
  }
  const start = number('start') ?? (increment > 0n ? least : greatest);
  if (start < least) throw refusal('22023', `START value (${start}) cannot be less than MINVALUE (${least})`);
  if (start > greatest) {
    throw refusal('22023', `START value (${start}) cannot be greater than MAXVALUE (${greatest})`);
  }
  const cache = number('cache') ?? 1n;
  if (cache <= 0n) throw refusal('22023', `CACHE (${cache}) must be greater than zero`);
  const cycle = given.get('cycle');
  const other = [...given.keys()].find((name) => !KNOWN.has(name));
  if (other !== undefined) throw refusal('0A000', `option ${other} of a sequence is not supported`);
  return {
    dataType: type,
    start: String(start),
    increment: String(increment),
    least: String(least),
    greatest: String(greatest),
    cache: String(cache),
    cycles: cycle !== undefined && cycle !== null && nodeAs(cycle, 'Boolean')?.boolval === true,
  };
}

const KNOWN = new Set(['as', 'increment', 'minvalue', 'maxvalue', 'start', 'cache', 'cycle']);

function typeOf(node: Node | null | undefined): DataType {
  if (node === undefined || node === null) return 'int8';
  const names = nodeAs(node, 'TypeName')?.names ?? [];
  const name = names.length === 0 ? '' : stringOf(names.at(-1)!);
  if (name === 'int2' || name === 'int4' || name === 'int8') return name;
  throw refusal('22023', 'sequence type must be smallint, integer, or bigint');
}

function integerOf(node: Node): bigint {
  const integer = nodeAs(node, 'Integer');
  if (integer !== undefined) return BigInt(integer.ival ?? 0);
  const float = nodeAs(node, 'Float');
  if (float !== undefined && /^[+-]?\d+$/.test(float.fval ?? '')) return BigInt(float.fval!);
  throw refusal('22P02', 'invalid input syntax for type bigint');
}

function refusal(sqlstate: string, message: string): SqlError {
  return new SqlError({ sqlstate, message });
}
