/** The text of a CREATE statement with the options that ALTER … SET and RESET have given its object since. */
import {
  type OptionSpec,
  type OptionSpecs,
  type ParsedOptions,
  parseOptions,
} from '../../../connectors/options.ts';
import { Secret } from '../../../connectors/secret.ts';
import type { ConnectorClause } from '../../../sql/ast/create-source.ts';
import type { Option } from '../../../sql/ast/options.ts';
import { quoteLiteral } from '../../../sql/functions/quote.ts';
import type { CheckOption } from '../../../sql/catalog.ts';
import { type Edit, EditableText } from '../../../sql/parse/edits.ts';
import { parse } from '../../../sql/parse/parse.ts';
import type { OnError } from '../../catalog/objects.ts';
import type { SourceSettings } from '../../ingest/running-source.ts';

type Value = string | number | boolean;

/** CREATE SOURCE as it would make the source that runs with these settings. */
export function withSourceSettings(statement: string, specs: OptionSpecs, settings: SourceSettings): string {
  let text = statement;
  for (const name of Object.keys(specs)) {
    const { options } = createSource(text);
    const written = parseOptions(specs, options, 'a source');
    const value = settings.options[name] as Value | Secret | undefined;
    // What reads a secret reads it through its connection.
    if (value instanceof Secret) continue;
    if (value !== written[name]) text = withOption(text, name, specs[name]!, value);
  }
  return withPolicy(text, settings.onError);
}

/** CREATE SINK with the options that it has now. */
export function withSinkOptions(
  statement: string,
  specs: OptionSpecs,
  values: ParsedOptions<OptionSpecs>,
): string {
  let text = statement;
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.alterable !== true) continue;
    const options = ofConnector(text).options.filter((option) => option.name === name);
    const written = parseOptions({ [name]: spec }, options, 'a sink')[name];
    const value = values[name] as Value | undefined;
    if (value !== written) text = withOption(text, name, spec, value);
  }
  return text;
}

/** CREATE MATERIALIZED VIEW with this `on_error`. */
export function withViewOnError(statement: string, onError: OnError): string {
  const parsed = parse(statement)[0]?.statement;
  if (parsed?.kind !== 'create_view') throw new Error('the statement is CREATE MATERIALIZED VIEW');
  const text = new EditableText(statement);
  const option = parsed.with.find(({ name }) => name === 'on_error');
  if (option) return text.edited([replaceOption(text, option, `on_error = ${onError}`)]);
  if (onError === 'fail') return statement;
  const last = parsed.with.at(-1);
  if (last) return text.edited([text.insertBehind(endOf(text, last), `, on_error = ${onError}`)]);
  let depth = 0;
  const as = text.find((token) => {
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
    return depth === 0 && token.kind === 'word' && token.text === 'as';
  });
  if (as === undefined) throw new Error('CREATE MATERIALIZED VIEW has a query');
  return text.edited([text.insertBehind(as - 1, ` WITH (on_error = ${onError})`)]);
}

/** CREATE VIEW with this check option, or with none. */
export function withCheckOption(statement: string, checkOption: CheckOption | undefined): string {
  const parsed = parse(statement)[0]?.statement;
  if (parsed?.kind !== 'create_view') throw new Error('the statement is CREATE VIEW');
  const text = new EditableText(statement);
  const edits: Edit[] = [];
  const option = parsed.with.find(({ name }) => name === 'check_option');
  if (option) {
    const first = text.tokenAt(option.location)!;
    const isAlone =
      text.tokens[first - 1]!.text === '(' && text.tokens[endOf(text, option) + 1]!.text === ')';
    edits.push(isAlone ? text.replace(first - 2, endOf(text, option) + 1, '') : removeOption(text, option));
  }
  const last = text.tokens.length - 1;
  if (parsed.checkOption !== undefined) {
    const clause = text.tokens.findLastIndex(({ text: token }) => token === 'with');
    edits.push(text.replace(clause, last, ''));
  }
  const bare = text.edited(edits).trimEnd();
  return checkOption === undefined ? bare : `${bare} WITH ${checkOption.toUpperCase()} CHECK OPTION`;
}

function createSource(statement: string) {
  const parsed = parse(statement)[0]?.statement;
  if (parsed?.kind !== 'create_source') throw new Error('the statement is CREATE SOURCE');
  return parsed;
}

/** The connector of CREATE SOURCE or CREATE SINK, and its options. */
function ofConnector(statement: string): { options: readonly Option[]; connector: ConnectorClause } {
  const parsed = parse(statement)[0]?.statement;
  if (parsed?.kind === 'create_source') return parsed;
  if (parsed?.kind === 'create_sink' && parsed.into.kind === 'connector') {
    return { options: parsed.options, connector: parsed.into.connector };
  }
  throw new Error('the statement names a connector');
}

/** Changes or adds one option of the connector, or takes it out where it has its default. */
function withOption(statement: string, name: string, spec: OptionSpec, value: Value | undefined): string {
  const { options, connector } = ofConnector(statement);
  const text = new EditableText(statement);
  const option = options.find((candidate) => candidate.name === name);
  if (value === undefined || ('default' in spec && value === spec.default)) {
    return option ? text.edited([removeOption(text, option)]) : statement;
  }
  const written = `${name.replaceAll('_', ' ').toUpperCase()} ${valueText(spec, value)}`;
  if (option) return text.edited([replaceOption(text, option, written)]);
  const last = options.at(-1);
  if (last) return text.edited([text.insertBehind(endOf(text, last), `, ${written}`)]);
  const first = text.tokenAt(connector.location)!;
  const words = connector.variant === undefined ? 1 : text.tokens[first]!.text === 'load' ? 3 : 2;
  return text.edited([text.insertBehind(first + words - 1, ` (${written})`)]);
}

function valueText(spec: OptionSpec, value: Value): string {
  if (spec.type === 'duration') return `'${value} ms'`;
  return spec.type === 'string' || spec.type === 'character' ? quoteLiteral(String(value)) : String(value);
}

/** ON ERROR is a clause of its own. */
function withPolicy(statement: string, policy: SourceSettings['onError']): string {
  const { onError } = createSource(statement);
  const text = new EditableText(statement);
  if ((onError?.policy ?? 'skip') === policy) return statement;
  if (!onError)
    return text.edited([text.insertBehind(text.tokens.length - 1, ` ON ERROR ${policy.toUpperCase()}`)]);
  const word = text.tokenAt(onError.location)! + 2;
  const into = onError.into && text.nameAt(text.tokenAt(onError.into.location)!).at(-1);
  return text.edited([text.replace(word, into ?? word, policy.toUpperCase())]);
}

function replaceOption(text: EditableText, option: Option, written: string) {
  return text.replace(text.tokenAt(option.location)!, endOf(text, option), written);
}

/** With its comma, or with its parentheses when it stands alone. */
function removeOption(text: EditableText, option: Option) {
  const first = text.tokenAt(option.location)!;
  const last = endOf(text, option);
  const before = text.tokens[first - 1]!;
  const behind = text.tokens[last + 1]!;
  if (behind.text === ',') return { start: before.end, end: behind.end, text: '' };
  if (before.text === ',') return { start: before.start, end: behind.start, text: '' };
  return { start: text.tokens[first - 2]!.end, end: behind.end, text: '' };
}

/** The last token of an option: before the comma or the parenthesis that ends it. */
function endOf(text: EditableText, option: Option): number {
  let depth = 0;
  const end = text.find(({ text: token }) => {
    if (depth === 0 && (token === ',' || token === ')')) return true;
    if (token === '(') depth++;
    else if (token === ')') depth--;
    return false;
  }, text.tokenAt(option.location)!);
  if (end === undefined) throw new Error('a list of options ends');
  return end - 1;
}
