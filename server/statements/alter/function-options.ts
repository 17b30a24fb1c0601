/** The options of a function in the text of its CREATE FUNCTION, when ALTER FUNCTION changes them. */
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { type Edit, EditableText } from '../../../sql/parse/edits.ts';

export interface FunctionOptions {
  readonly volatility?: string;
  readonly strict?: boolean;
  /** Null: it has none any more. */
  readonly searchPath?: readonly string[] | null;
}

const VOLATILITIES = ['immutable', 'stable', 'volatile'];
/** What an option begins with, the body among them. */
const BEGINNINGS = new Set([
  ...VOLATILITIES,
  ...['language', 'transform', 'window', 'leakproof', 'not', 'called', 'strict', 'external', 'security'],
  ...['parallel', 'cost', 'rows', 'support', 'set', 'as', 'return', 'begin'],
]);

/** The text with these options in the places of those that it has. */
export function withFunctionOptions(text: string, options: FunctionOptions): string {
  const editable = new EditableText(text);
  const { tokens } = editable;
  const starts = optionStarts(editable);
  const edits: Edit[] = [];
  for (const [index, first] of starts.entries()) {
    const word = tokens[first]!.text;
    const isStrict = word === 'strict' || word === 'called' || word === 'returns';
    const isPath = word === 'set' && tokens[first + 1]?.text === 'search_path';
    const goes =
      (options.volatility !== undefined && VOLATILITIES.includes(word)) ||
      (options.strict !== undefined && isStrict) ||
      (options.searchPath !== undefined && isPath);
    if (!goes) continue;
    const next = tokens[starts[index + 1] ?? tokens.length];
    edits.push({ start: tokens[first]!.start, end: next?.start ?? tokens.at(-1)!.end, text: '' });
  }
  const written = [
    ...(options.volatility === undefined ? [] : [options.volatility.toUpperCase()]),
    ...(options.strict === true ? ['STRICT'] : []),
    ...(options.searchPath
      ? [`SET search_path TO ${options.searchPath.map(quoteIdentifier).join(', ')}`]
      : []),
  ];
  const at = tokens[starts[0]!]!.start;
  if (written.length > 0) edits.unshift({ start: at, end: at, text: `${written.join(' ')} ` });
  return editable.edited(edits);
}

/** The first tokens of the options, behind the arguments and the result. */
function optionStarts({ tokens }: EditableText): number[] {
  const starts: number[] = [];
  let [depth, behindArguments] = [0, false];
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(' || token.text === '[') depth++;
    if (token.text === ')' || token.text === ']') depth--;
    if (token.text === ')' && depth === 0) behindArguments = true;
    if (!behindArguments || depth > 0 || token.kind !== 'word') continue;
    const isNull = token.text === 'returns' && tokens[index + 1]?.text === 'null';
    const isWithin = ['on', 'external', 'not'].includes(tokens[index - 1]?.text ?? '');
    if ((BEGINNINGS.has(token.text) && !isWithin) || isNull) starts.push(index);
    // What follows is the body.
    if (token.text === 'return' || token.text === 'begin') break;
  }
  return starts;
}
