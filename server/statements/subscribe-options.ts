/** WITH (…) of SUBSCRIBE. */
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import { positionOf } from '../catalog/names.ts';

const NAMES = ['snapshot', 'progress', 'durable'] as const;
type Name = (typeof NAMES)[number];

export interface SubscribeWith {
  /** The contents come first. */
  readonly snapshot: boolean;
  /** Rows say how far time has come. */
  readonly progress: boolean;
}

export function readSubscribeOptions(parsed: ParsedStatement, options: readonly Option[]): SubscribeWith {
  const values = new Map<Name, boolean>();
  for (const option of options) {
    const name = NAMES.find((known) => known === option.name);
    if (name === undefined) throw unknownOption(parsed, option);
    if (values.has(name)) {
      throw new SqlError({
        sqlstate: '42601',
        message: 'conflicting or redundant options',
        position: positionOf(parsed, option.location),
      });
    }
    values.set(name, booleanOf(parsed, option));
    if (name === 'durable' && values.get(name)) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'SUBSCRIBE option "durable" is not supported',
        detail: 'Data lives in memory: no change is durable, and each is sent when it is computed.',
        hint: 'Leave it out, or write DURABLE = false.',
        position: positionOf(parsed, option.location),
      });
    }
  }
  return { snapshot: values.get('snapshot') ?? true, progress: values.get('progress') ?? false };
}

function unknownOption(parsed: ParsedStatement, { name, location }: Option): SqlError {
  const near = nearestName(name, NAMES);
  return new SqlError({
    sqlstate: '22023',
    message: `unrecognized SUBSCRIBE option "${name}"`,
    hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
    position: positionOf(parsed, location),
  });
}

function booleanOf(parsed: ParsedStatement, { name, value, valueLocation }: Option): boolean {
  const text =
    value.kind === 'flag'
      ? 'true'
      : value.kind === 'word'
        ? value.name.parts.join('.')
        : 'value' in value
          ? value.value
          : '';
  if (['true', 'on', '1'].includes(text.toLowerCase())) return true;
  if (['false', 'off', '0'].includes(text.toLowerCase())) return false;
  throw new SqlError({
    sqlstate: '22023',
    message: `invalid value for SUBSCRIBE option "${name}": "${text}"`,
    hint: 'Use true or false.',
    position: positionOf(parsed, valueLocation),
  });
}
