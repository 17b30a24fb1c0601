/** `disabled_rules`: rules of the optimizer that a session does without, `all` or names separated by commas. */
import { RULE_NAMES } from '../../../sql/optimize/pipeline.ts';
import { PHYSICAL_CHOICES } from '../../../sql/physical/physical.ts';
import { invalidValue } from './definition.ts';

const NONE: ReadonlySet<string> = new Set();
const NAMES: readonly string[] = [...RULE_NAMES, ...PHYSICAL_CHOICES];
const ALL: ReadonlySet<string> = new Set(NAMES);

const names = (value: string): string[] =>
  value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');

/** The value in its canonical form; 22023 for a name that no rule has. */
export function ruleNames(value: string, setting: string): string {
  const given = names(value);
  const unknown = given.find((name) => name !== 'all' && !ALL.has(name));
  if (unknown !== undefined) throw invalidValue(setting, value, `The rules are: ${NAMES.join(', ')}.`);
  return given.includes('all') ? 'all' : given.join(',');
}

/** The rules that a value of the setting names. */
export function disabledRules(value: string): ReadonlySet<string> {
  if (value === '') return NONE;
  return value === 'all' ? ALL : new Set(names(value));
}
