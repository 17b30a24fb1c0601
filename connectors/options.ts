/** Options of connectors and formats: declared once with their types, checked, and refused by name when unknown. */
import type { Option, OptionValue } from '../sql/ast/options.ts';
import { SqlError } from '../sql/error.ts';
import { nearestName } from '../sql/nearest-name.ts';
import type { SourceText } from '../sql/parse/source-text.ts';
import type { QualifiedName } from '../sql/ast/name.ts';
import { Secret } from './secret.ts';

/** What an option's value must be, and whether ALTER … SET can change it while it is in use. */
export type OptionSpec = ValueSpec & { readonly alterable?: boolean };

type ValueSpec =
  | { readonly type: 'string'; readonly required?: boolean; readonly default?: string }
  /** A string of exactly one byte, such as a delimiter. */
  | { readonly type: 'character'; readonly default?: string }
  | { readonly type: 'boolean'; readonly default?: boolean }
  | {
      readonly type: 'integer';
      readonly required?: boolean;
      readonly min?: number;
      readonly max?: number;
      readonly default?: number;
    }
  /** SECRET name. `literal`: a text will do as well, for what is mostly public, such as a certificate. */
  | { readonly type: 'secret'; readonly required?: boolean; readonly literal?: boolean }
  /** Milliseconds, from an interval's text: '10 s', '500 ms', '1 min'. */
  | { readonly type: 'duration'; readonly min?: number; readonly default?: number }
  | {
      readonly type: 'choice';
      readonly values: readonly string[];
      readonly required?: boolean;
      readonly default?: string;
    };

/** Option names with what they take. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'secret'
    ? Secret
    : S['type'] extends 'integer' | 'duration'
      ? number
      : S extends { readonly type: 'choice'; readonly values: readonly (infer V)[] }
        ? V
        : string;

type Given<S extends OptionSpec> = S extends { readonly required: true }
  ? ValueOf<S>
  : S extends { readonly default: string | number | boolean }
    ? ValueOf<S>
    : ValueOf<S> | undefined;

/** The values of options, typed by their specifications. */
export type ParsedOptions<Specs extends OptionSpecs> = { readonly [K in keyof Specs]: Given<Specs[K]> };

/** The secret of a name in an option. Throws SqlError when there is none. */
export type FindSecret = (name: QualifiedName) => Secret;

type OptionValues = Record<string, string | number | boolean | Secret | undefined>;

/** Checks options against their specifications. `what` names their owner in messages: `connector FILE`. */
export function parseOptions<Specs extends OptionSpecs>(
  specs: Specs,
  options: readonly Option[],
  what: string,
  source?: SourceText,
  secrets?: FindSecret,
): ParsedOptions<Specs> {
  const values: OptionValues = {};
  const names = Object.keys(specs);
  for (const option of options) {
    const spec = Object.hasOwn(specs, option.name) ? specs[option.name] : undefined;
    if (spec === undefined) throw unknownOption(option.name, option.location, names, what, source);
    if (Object.hasOwn(values, option.name)) throw givenTwice(option, source);
    values[option.name] = read(option, spec, source, secrets);
  }
  for (const name of names) {
    const spec = specs[name]!;
    if (Object.hasOwn(values, name)) continue;
    if ('default' in spec && spec.default !== undefined) values[name] = spec.default;
    else if ('required' in spec && spec.required === true) {
      throw new SqlError({ sqlstate: '22023', message: `${what} needs the option "${name}"` });
    }
  }
  return values as ParsedOptions<Specs>;
}

/**
 * The options with `changes` made, of which each must be alterable. `object` is what was made with the options, as
 * messages name it: `source`.
 */
export function alterOptions<Specs extends OptionSpecs>(
  specs: Specs,
  current: ParsedOptions<Specs>,
  changes: readonly Option[],
  what: string,
  object: string,
  source?: SourceText,
  secrets?: FindSecret,
): ParsedOptions<Specs> {
  const values: OptionValues = { ...current };
  const seen = new Set<string>();
  for (const option of changes) {
    const spec = alterableSpec(specs, option.name, option.location, what, object, source);
    if (seen.has(option.name)) throw givenTwice(option, source);
    seen.add(option.name);
    values[option.name] = read(option, spec, source, secrets);
  }
  return values as ParsedOptions<Specs>;
}

/** The options with those named set to what they are when they are not given. */
export function resetOptions<Specs extends OptionSpecs>(
  specs: Specs,
  current: ParsedOptions<Specs>,
  names: readonly { readonly name: string; readonly location: number }[],
  what: string,
  object: string,
  source?: SourceText,
): ParsedOptions<Specs> {
  const values: OptionValues = { ...current };
  for (const { name, location } of names) {
    const spec = alterableSpec(specs, name, location, what, object, source);
    values[name] = 'default' in spec ? spec.default : undefined;
  }
  return values as ParsedOptions<Specs>;
}

function alterableSpec(
  specs: OptionSpecs,
  name: string,
  location: number,
  what: string,
  object: string,
  source: SourceText | undefined,
): OptionSpec {
  const alterable = Object.keys(specs).filter((candidate) => specs[candidate]!.alterable === true);
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) throw unknownOption(name, location, Object.keys(specs), what, source);
  if (spec.alterable === true) return spec;
  throw new SqlError({
    sqlstate: '0A000',
    message: `option "${name}" of ${what} cannot be altered`,
    hint:
      alterable.length === 0
        ? `Drop the ${object} and create it again.`
        : `Drop the ${object} and create it again. Options that can be altered: ${alterable.join(', ')}.`,
    position: source?.positionOfByte(location),
  });
}

function unknownOption(
  name: string,
  location: number,
  names: readonly string[],
  what: string,
  source: SourceText | undefined,
): SqlError {
  const near = nearestName(name, names);
  return new SqlError({
    sqlstate: '22023',
    message: `unknown option "${name}" of ${what}`,
    hint:
      near !== undefined
        ? `Perhaps you meant the option "${near}".`
        : names.length === 0
          ? `There are no options here.`
          : `Options are: ${names.join(', ')}.`,
    position: source?.positionOfByte(location),
  });
}

function givenTwice(option: Option, source: SourceText | undefined): SqlError {
  return new SqlError({
    sqlstate: '42601',
    message: `option "${option.name}" is given more than once`,
    position: source?.positionOfByte(option.location),
  });
}

/** The text of a value that may be written as a string, a number or a word. */
function textOf(value: OptionValue): string | undefined {
  switch (value.kind) {
    case 'string':
    case 'number':
    case 'interval':
      return value.value;
    case 'word':
      return value.name.parts.join('.');
    default:
      return undefined;
  }
}

function read(
  option: Option,
  spec: OptionSpec,
  source: SourceText | undefined,
  secrets: FindSecret | undefined,
): string | number | boolean | Secret {
  const refuse = (expected: string, sqlstate = '22023'): SqlError =>
    new SqlError({
      sqlstate,
      message: `option "${option.name}" needs ${expected}`,
      position: source?.positionOfByte(option.valueLocation),
    });
  const { value } = option;
  if (spec.type === 'boolean' && value.kind === 'flag') return true;
  if (value.kind === 'secret') {
    if (spec.type === 'secret' && secrets !== undefined) return secrets(value.name);
    throw new SqlError({
      sqlstate: '22023',
      message: `option "${option.name}" is not one for secrets`,
      hint: 'Its value is visible to users: write it as it is.',
      position: source?.positionOfByte(option.valueLocation),
    });
  }
  const text = textOf(value);
  switch (spec.type) {
    case 'secret':
      if (spec.literal === true && text !== undefined) return new Secret(null, text);
      throw new SqlError({
        sqlstate: '22023',
        message: `option "${option.name}" needs SECRET and a name`,
        hint: 'CREATE SECRET keeps a value that is not shown.',
        position: source?.positionOfByte(option.location),
      });
    case 'string':
      if (text === undefined) throw refuse('a string');
      return text;
    case 'character':
      if (text === undefined || Buffer.byteLength(text) !== 1) throw refuse('a single one-byte character');
      return text;
    case 'boolean': {
      const word = text?.toLowerCase();
      if (word !== undefined && ['true', 'on', 'yes', '1', 't', 'y'].includes(word)) return true;
      if (word !== undefined && ['false', 'off', 'no', '0', 'f', 'n'].includes(word)) return false;
      throw refuse('true or false');
    }
    case 'integer': {
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = spec;
      const number =
        text === undefined || !/^[+-]?\d[\d_]*$/.test(text) ? NaN : Number(text.replaceAll('_', ''));
      if (!(number >= min && number <= max)) {
        throw refuse(
          min > Number.MIN_SAFE_INTEGER
            ? max < Number.MAX_SAFE_INTEGER
              ? `an integer from ${min} to ${max}`
              : `an integer of at least ${min}`
            : 'an integer',
        );
      }
      return number;
    }
    case 'duration': {
      const duration = text === undefined ? undefined : milliseconds(text);
      if (duration === undefined) throw refuse("a duration such as '10 s', '500 ms' or '1 min'");
      if (duration < (spec.min ?? 0)) throw refuse(`a duration of at least ${spec.min} ms`);
      return duration;
    }
    case 'choice': {
      const word = text?.toLowerCase();
      const chosen = spec.values.find((candidate) => candidate === word);
      if (chosen !== undefined) return chosen;
      const near = word === undefined ? undefined : nearestName(word, spec.values);
      throw refuse(`one of ${spec.values.join(', ')}${near === undefined ? '' : ` (perhaps ${near})`}`);
    }
  }
}

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1000,
  sec: 1000,
  secs: 1000,
  second: 1000,
  seconds: 1000,
  min: 60_000,
  mins: 60_000,
  minute: 60_000,
  minutes: 60_000,
  m: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** Milliseconds of an interval's text without months or years; a bare number is seconds, as in PostgreSQL. */
export function milliseconds(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  const clock = /^(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(trimmed);
  if (clock !== null) {
    return Number(clock[1]) * 3_600_000 + Number(clock[2]) * 60_000 + Number(clock[3] ?? 0) * 1000;
  }
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  let total = 0;
  let rest = trimmed;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(rest);
    const unit = part === null ? undefined : UNITS[part[2]!];
    if (part === null || unit === undefined) return undefined;
    total += Number(part[1]) * unit;
    rest = rest.slice(part[0].length);
  }
  return trimmed === '' ? undefined : total;
}
