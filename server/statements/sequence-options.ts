/** The options of CREATE SEQUENCE and of identity columns, as PostgreSQL reads and refuses them. */
import type { Node } from '@pgsql/types';
import { nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import { SqlError } from '../../sql/error.ts';
import { displayType } from '../../sql/types/format.ts';
import type { SequenceOptions } from '../catalog/objects.ts';

type DataType = SequenceOptions['dataType'];

const BITS: Readonly<Record<DataType, bigint>> = { int2: 16n, int4: 32n, int8: 64n };

/**
 * Reads them; `dataType` is that of the column, where there is one. `before`: the sequence as it is, for ALTER SEQUENCE, which
 * leaves what it does not name.
 */
export function sequenceOptions(
  nodes: readonly Node[],
  dataType: DataType | null,
  before: SequenceOptions | null = null,
): SequenceOptions {
  const given = new Map<string, Node | null>();
  for (const node of nodes) {
    const option = nodeAs(node, 'DefElem')!;
    const name = option.defname ?? '';
    if (given.has(name)) throw refusal('42601', 'conflicting or redundant options');
    given.set(name, option.arg ?? null);
  }
  const type = dataType ?? (before && !given.has('as') ? before.dataType : typeOf(given.get('as')));
  const most = (1n << (BITS[type] - 1n)) - 1n;
  const number = (name: string): bigint | null => {
    const node = given.get(name);
    return node === undefined || node === null ? null : integerOf(node);
  };
  // What is not named stays, but for bounds that were those of another type: they become its own.
  const kept = (name: string, value: string | undefined): bigint | null =>
    given.has(name) || value === undefined ? null : BigInt(value);
  const old = before === null ? null : (1n << (BITS[before.dataType] - 1n)) - 1n;
  const bound = (
    name: string,
    value: string | undefined,
    of: { readonly old: bigint | null; readonly now: bigint },
  ): bigint | null => {
    const isOfType = before !== null && type !== before.dataType && value === String(of.old);
    return isOfType && !given.has(name) ? of.now : kept(name, value);
  };
  const increment = number('increment') ?? kept('increment', before?.increment) ?? 1n;
  if (increment === 0n) throw refusal('22023', 'INCREMENT must not be zero');
  const least =
    number('minvalue') ??
    bound('minvalue', before?.least, { old: old === null ? null : -old - 1n, now: -most - 1n }) ??
    (increment > 0n ? 1n : -most - 1n);
  const greatest =
    number('maxvalue') ??
    bound('maxvalue', before?.greatest, { old, now: most }) ??
    (increment > 0n ? most : -1n);
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
  const start = number('start') ?? kept('start', before?.start) ?? (increment > 0n ? least : greatest);
  if (start < least) throw refusal('22023', `START value (${start}) cannot be less than MINVALUE (${least})`);
  if (start > greatest) {
    throw refusal('22023', `START value (${start}) cannot be greater than MAXVALUE (${greatest})`);
  }
  const cache = number('cache') ?? kept('cache', before?.cache) ?? 1n;
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
    cycles:
      cycle === undefined
        ? (before?.cycles ?? false)
        : cycle !== null && nodeAs(cycle, 'Boolean')?.boolval === true,
  };
}

const KNOWN = new Set(['as', 'increment', 'minvalue', 'maxvalue', 'start', 'cache', 'cycle']);

/** RESTART [WITH n]: the next value; null where it is not said. */
export function restartOf(
  nodes: readonly Node[],
  { start, least, greatest }: SequenceOptions,
): string | null {
  const option = nodes.map((node) => nodeAs(node, 'DefElem')!).find(({ defname }) => defname === 'restart');
  if (option === undefined) return null;
  const value = option.arg === undefined ? BigInt(start) : integerOf(option.arg);
  if (value < BigInt(least)) {
    throw refusal('22023', `RESTART value (${value}) cannot be less than MINVALUE (${least})`);
  }
  if (value > BigInt(greatest)) {
    throw refusal('22023', `RESTART value (${value}) cannot be greater than MAXVALUE (${greatest})`);
  }
  return String(value);
}

/** OWNED BY: the parts of the column's name; empty for NONE; null where it is not said. */
export function ownedByOf(nodes: readonly Node[]): readonly string[] | null {
  const option = nodes.map((node) => nodeAs(node, 'DefElem')!).find(({ defname }) => defname === 'owned_by');
  if (option === undefined) return null;
  const parts = (nodeAs(option.arg, 'List')?.items ?? []).map(stringOf);
  return parts.length === 1 && parts[0] === 'none' ? [] : parts;
}

/** `SEQUENCE NAME name` among the options of an identity column, and the others. */
export function sequenceName(options: readonly Node[]): {
  readonly parts: readonly string[];
  readonly others: readonly Node[];
} {
  const named = options.find((node) => nodeAs(node, 'DefElem')?.defname === 'sequence_name');
  const items = nodeAs(nodeAs(named, 'DefElem')?.arg, 'List')?.items ?? [];
  return {
    parts: items.map((item) => nodeAs(item, 'String')?.sval ?? ''),
    others: options.filter((node) => node !== named),
  };
}

/** Options that say nothing of the numbers. */
export function isNumeric(node: Node): boolean {
  const name = nodeAs(node, 'DefElem')?.defname;
  return name !== 'restart' && name !== 'owned_by';
}

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
