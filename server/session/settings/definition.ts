/** What a session setting is: its name as SHOW prints it, its default, and which values it takes. */
import { SqlError } from '../../../sql/error.ts';

export interface SettingDefinition {
  /** As PostgreSQL spells it (`TimeZone`). */
  readonly name: string;
  readonly initial: string;
  readonly description: string;
  /** Clients are told about changes (ParameterStatus). */
  readonly reported?: boolean;
  /** A value in its canonical form, where `current` is in force. Throws SqlError 22023 or 0A000. Absent: cannot be changed (55P02). */
  readonly accept?: (value: string, name: string, current: string) => string;
  /** A list: several values are joined as identifiers. */
  readonly list?: boolean;
  /** Changes nothing, and SET says so. */
  readonly isTuning?: boolean;
  /** Cannot be changed: why, for the hint. */
  readonly fixedBecause?: string;
}

export function invalidValue(name: string, value: string, hint?: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `invalid value for parameter "${name}": "${value}"`,
    hint,
  });
}

const TRUE = ['on', 'true', 'yes', '1'];
const FALSE = ['off', 'false', 'no', '0'];

/** A boolean as PostgreSQL reads it: unambiguous prefixes count. */
export function parseBoolean(value: string): boolean | undefined {
  const text = value.toLowerCase();
  if (TRUE.includes(text) || ['t', 'tr', 'tru', 'y', 'ye'].includes(text)) return true;
  if (FALSE.includes(text) || ['f', 'fa', 'fal', 'fals', 'n', 'of'].includes(text)) return false;
  return undefined;
}

export function boolean(value: string, name: string): string {
  const parsed = parseBoolean(value);
  if (parsed === undefined) {
    throw new SqlError({ sqlstate: '22023', message: `parameter "${name}" requires a Boolean value` });
  }
  return parsed ? 'on' : 'off';
}

/** Only this value describes what the server does; another one is refused by name. */
export function onlyValue(only: string, canonical: (value: string, name: string) => string = lower) {
  return (value: string, name: string): string => {
    if (canonical(value, name) === only) return only;
    throw new SqlError({
      sqlstate: '0A000',
      message: `parameter "${name}" cannot be set to "${value}"`,
      hint: `Only "${only}" is supported.`,
    });
  };
}

/** The role that there is, or one of these words in its place. */
export function roleOr(...words: readonly string[]) {
  return (value: string): string => {
    if (value === 'tidewire' || words.includes(value)) return value;
    throw new SqlError({ sqlstate: '22023', message: `role "${value}" does not exist` });
  };
}

function lower(value: string): string {
  return value.toLowerCase();
}

/** One of these words; `alias` maps other spellings to them. */
export function oneOf(values: readonly string[], alias: Readonly<Record<string, string>> = {}) {
  return (value: string, name: string): string => {
    const text = value.toLowerCase();
    const found = alias[text] ?? text;
    if (!values.includes(found)) throw invalidValue(name, value, `Available values: ${values.join(', ')}.`);
    return found;
  };
}

export function text(value: string): string {
  return value;
}

/** An integer in a range. */
export function integer(minimum: number, maximum: number) {
  return (value: string, name: string): string => {
    if (!/^[-+]?\d+$/.test(value.trim())) throw invalidValue(name, value);
    const number = Number(value);
    if (number < minimum || number > maximum) {
      throw new SqlError({
        sqlstate: '22023',
        message: `${value} is outside the valid range for parameter "${name}" (${minimum} .. ${maximum})`,
      });
    }
    return String(number);
  };
}
