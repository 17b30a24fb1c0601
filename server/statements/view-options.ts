/** WITH (…) of CREATE MATERIALIZED VIEW, and what ALTER MATERIALIZED VIEW … SET and RESET take. */
import type { Identifier } from '../../sql/ast/name.ts';
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import { positionOf } from '../catalog/names.ts';
import type { OnError } from '../catalog/objects.ts';
import { refuseOption } from './alter/options.ts';
import { parseBoolean } from '../session/settings/definition.ts';

/** At creation only. */
const AT_CREATION = ['background', 'stored'];
const ALTERABLE = ['on_error'];

export interface ViewOptions {
  /** Return before the view has hydrated. */
  readonly background: boolean;
  readonly onError: OnError;
  /** Keep the rows, even if they could be computed from another relation's as they are read. */
  readonly stored: boolean;
}

export function readViewOptions(parsed: ParsedStatement, options: readonly Option[]): ViewOptions {
  const known = checkOptions(parsed, options, [...AT_CREATION, ...ALTERABLE]);
  const background = known.get('background');
  const onError = known.get('on_error');
  const stored = known.get('stored');
  return {
    background: background ? booleanOf(parsed, background) : false,
    onError: onError ? onErrorOf(parsed, onError) : 'fail',
    stored: stored ? booleanOf(parsed, stored) : false,
  };
}

/** SET (…). */
export function readAlteredOptions(parsed: ParsedStatement, options: readonly Option[]): OnError {
  refuseOthers(parsed, options);
  const onError = checkOptions(parsed, options, ALTERABLE).get('on_error');
  if (!onError) throw new Error('a list of options is not empty');
  return onErrorOf(parsed, onError);
}

/** RESET (…). */
export function readResetOptions(parsed: ParsedStatement, names: readonly Identifier[]): OnError {
  refuseOthers(parsed, names);
  return 'fail';
}

function refuseOthers(parsed: ParsedStatement, options: readonly Identifier[]): void {
  const other = options.find(({ name }) => !ALTERABLE.includes(name));
  if (other) throw refuseOption(parsed, other);
}

function checkOptions(
  parsed: ParsedStatement,
  options: readonly Option[],
  names: readonly string[],
): Map<string, Option> {
  const known = new Map<string, Option>();
  for (const option of options) {
    if (!names.includes(option.name)) throw unknownOption(parsed, option.name, option.location, names);
    if (known.has(option.name)) {
      throw new SqlError({
        sqlstate: '42601',
        message: 'conflicting or redundant options',
        position: positionOf(parsed, option.location),
      });
    }
    known.set(option.name, option);
  }
  return known;
}

export function unknownOption(
  parsed: ParsedStatement,
  name: string,
  location: number | undefined,
  names: readonly string[] = [],
): SqlError {
  const near = nearestName(name, names);
  return new SqlError({
    sqlstate: '22023',
    message: `unrecognized view option "${name}"`,
    hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
    position: positionOf(parsed, location),
  });
}

function booleanOf(parsed: ParsedStatement, option: Option): boolean {
  const value = parseBoolean(optionText(option));
  if (value === undefined) throw badValue(parsed, option, 'Use true or false.');
  return value;
}

function onErrorOf(parsed: ParsedStatement, option: Option): OnError {
  const text = optionText(option).toLowerCase();
  if (text !== 'fail' && text !== 'skip') throw badValue(parsed, option, 'Use fail or skip.');
  return text;
}

function badValue(parsed: ParsedStatement, option: Option, hint: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `invalid value for view option "${option.name}": "${optionText(option)}"`,
    hint,
    position: positionOf(parsed, option.valueLocation),
  });
}

function optionText({ value }: Option): string {
  switch (value.kind) {
    case 'flag':
      return 'true';
    case 'word':
      return value.name.parts.join('.');
    case 'string':
    case 'number':
    case 'interval':
      return value.value;
    default:
      return '';
  }
}
