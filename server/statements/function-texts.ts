/** The parts of CREATE FUNCTION that are shown again: the defaults of its parameters, and a body that is part of the statement. */
import type { CreateFunctionStmt, Node } from '@pgsql/types';
import { nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { EditableText } from '../../sql/parse/edits.ts';
import { withPinnedNames } from '../../sql/parse/pinned-names.ts';
import type { FunctionObject } from '../catalog/objects.ts';
import type { RecordingCatalog } from './planning.ts';

export type FunctionTexts = FunctionObject['texts'];

/** Of a statement that was bound with the catalog. */
export function functionTexts(
  { text, offset, source }: ParsedStatement,
  { parameters = [], sql_body: body }: CreateFunctionStmt,
  catalog: RecordingCatalog,
): FunctionTexts {
  const own = new EditableText(text);
  const meanings = new Map(catalog.references(0).map(({ at, object }) => [at, object]));
  const part = (start: number, end: number): string =>
    withPinnedNames(source.text, offset + start, offset + end, (at) => meanings.get(at) ?? null).trim();
  const depths = depthsOf(own);
  const modes = modesOf(parameters);
  const inputs = parameters
    .map((node) => nodeAs(node, 'FunctionParameter')!)
    .filter(({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE');
  const defaults = inputs.map((): string | null => null);
  let parameter = -1;
  let input = -1;
  const open = own.find(({ text }) => text === '(') ?? 0;
  const close = own.find(({ text }, index) => text === ')' && depths[index] === 0, open) ?? 0;
  const commas = own.tokens.flatMap(({ text }, at) =>
    at > open && at < close && text === ',' && depths[at] === 1 ? [at] : [],
  );
  for (const [first, end] of [open, ...commas].map((at, i) => [at + 1, commas[i] ?? close] as const)) {
    parameter += 1;
    const { mode, defexpr } = nodeAs(parameters[parameter], 'FunctionParameter') ?? {};
    if (mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_TABLE') continue;
    input += 1;
    if (defexpr === undefined) continue;
    const keyword = own.find(
      ({ text: word }, at) => depths[at] === 1 && ['default', '=', ':='].includes(word.toLowerCase()),
      first,
    )!;
    defaults[input] = part(own.tokens[keyword]!.end, own.tokens[end]!.start);
  }
  if (body === undefined) return { defaults, body: null, ...modes };
  const begins = own.find(({ kind, text: word }, at) => {
    const isBody = word === 'return' || (word === 'begin' && own.tokens[at + 1]?.text === 'atomic');
    return at > close && kind === 'word' && depths[at] === 0 && isBody;
  })!;
  return { defaults, body: part(own.tokens[begins]!.start, text.length), ...modes };
}

const MODES: Readonly<Record<string, string>> = {
  FUNC_PARAM_INOUT: 'b',
  FUNC_PARAM_OUT: 'o',
  FUNC_PARAM_TABLE: 't',
  FUNC_PARAM_VARIADIC: 'v',
};

function modesOf(parameters: readonly Node[]): Pick<FunctionTexts, 'modes'> {
  const modes = parameters
    .map((node) => MODES[nodeAs(node, 'FunctionParameter')!.mode ?? ''] ?? 'i')
    .join('');
  return /^i*$/.test(modes) ? {} : { modes };
}

/** How many parentheses are open around each token; around one itself, those outside of it. */
function depthsOf({ tokens }: EditableText): number[] {
  let depth = 0;
  return tokens.map(({ text }) => {
    if (text === ')' || text === ']') depth -= 1;
    const around = depth;
    if (text === '(' || text === '[') depth += 1;
    return around;
  });
}
