/** WITH (…) of CREATE MATERIALIZED VIEW, and what ALTER MATERIALIZED VIEW … SET and RESET take. */
import type { Identifier } from '../../sql/ast/name.ts';
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import type { CheckOption } from '../../sql/catalog.ts';
import { positionOf } from '../catalog/names.ts';
import type { OnError } from '../catalog/objects.ts';
import { leaveOutOptions } from './alter/options.ts';
import {
  type GivenParameter,
  type ParameterOwner,
  givenOption,
  isStorageParameter,
  optionText,
} from './storage-parameters.ts';
import type { SessionContext } from '../session/statement.ts';
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

/** SET (…): null where none of the options has an effect. */
export function readAlteredOptions(
  session: SessionContext,
  parsed: ParsedStatement,
  options: readonly Option[],
): OnError | null {
  leaveOutOthers(session, parsed, options.map(givenOption));
  const onError = checkOptions(parsed, options, ALTERABLE).get('on_error');
  return onError ? onErrorOf(parsed, onError) : null;
}

/** RESET (…). */
export function readResetOptions(
  session: SessionContext,
  parsed: ParsedStatement,
  names: readonly Identifier[],
): OnError | null {
  leaveOutOthers(
    session,
    parsed,
    names.map(({ name, location }) => ({ name, text: null, location })),
  );
  return names.some(({ name }) => ALTERABLE.includes(name)) ? 'fail' : null;
}

function leaveOutOthers(
  session: SessionContext,
  parsed: ParsedStatement,
  given: readonly GivenParameter[],
): void {
  const others = given.filter(({ name }) => !ALTERABLE.includes(name));
  leaveOutOptions(session, parsed, others, 'materializedView');
}

/** PostgreSQL's options of views and materialized views. */
export function leaveOutViewOptions(
  session: SessionContext,
  parsed: ParsedStatement,
  options: readonly Option[],
  owner: ParameterOwner,
): void {
  const given = options.map(givenOption).filter(({ name }) => name !== 'check_option');
  leaveOutOptions(
    session,
    parsed,
    given.filter(({ name }) => isStorageParameter(name, owner)),
    owner,
  );
}

/** `check_option` of a view: what WITH CHECK OPTION says behind the query. */
export function readCheckOption(
  parsed: ParsedStatement,
  options: readonly Option[],
): CheckOption | undefined {
  const option = options.find(({ name }) => name === 'check_option');
  if (option === undefined) return undefined;
  const text = optionText(option).toLowerCase();
  if (text === 'local' || text === 'cascaded') return text;
  throw new SqlError({
    sqlstate: '22023',
    message: `invalid value for enum option "check_option": ${optionText(option)}`,
    detail: 'Valid values are "local" and "cascaded".',
    position: positionOf(parsed, option.valueLocation),
  });
}

function checkOptions(
  parsed: ParsedStatement,
  options: readonly Option[],
  names: readonly string[],
): Map<string, Option> {
  const known = new Map<string, Option>();
  for (const option of options) {
    if (isStorageParameter(option.name, 'materializedView')) continue;
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

/** Options of other databases' views, with what is said of them. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^refresh_/, 'Leave it out: a view is always up to date.'],
  [/^retain_history/, 'Leave it out: AS OF reads what is still readable, and a sink keeps changes.'],
  [/^assert_not_null/, 'Put WHERE … IS NOT NULL into the query, or NOT NULL to the columns of its tables.'],
  [/^(?:partition_by|backfill_order)$/, 'Leave it out: a view keeps its rows in an order of its own.'],
];

export function unknownOption(
  parsed: ParsedStatement,
  name: string,
  location: number | undefined,
  names: readonly string[] = [],
): SqlError {
  const near = nearestName(name, names);
  const hint = near === undefined ? undefined : `Perhaps you meant "${near}".`;
  return new SqlError({
    sqlstate: '22023',
    message: `unrecognized parameter "${name}"`,
    hint: ELSEWHERE.find(([option]) => option.test(name))?.[1] ?? hint,
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
