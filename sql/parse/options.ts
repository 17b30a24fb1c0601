import type { Identifier, QualifiedName } from '../ast/name.ts';
import type { Option, OptionValue } from '../ast/options.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, type Span } from './fragment.ts';
import { identifierOf } from './identifier.ts';

/**
 * `( option, … )`. An option's name may be several words and need no `=`, so words are read until what can only
 * be a value: a literal, a bracket or `=`. Where the words go on to the end, the last is the value, and one word
 * alone is a flag.
 */
export function parseOptions(cursor: Cursor): Option[] {
  const open = cursor.at;
  cursor.expectMark('(');
  const close = cursor.closing(open);
  const options: Option[] = [];
  if (cursor.at === close) throw cursor.error('an option');
  for (const range of cursor.commaSeparated(close))
    options.push(parseOption(cursor.slice(range.from, range.to)));
  cursor.at = close + 1;
  return options;
}

/** `( name, … )`: names of options, of one word or several. */
export function parseOptionNames(cursor: Cursor): Identifier[] {
  const open = cursor.at;
  cursor.expectMark('(');
  const close = cursor.closing(open);
  if (cursor.at === close) throw cursor.error('an option');
  const names = cursor.commaSeparated(close).map((range): Identifier => {
    const inner = cursor.slice(range.from, range.to);
    const { location } = inner;
    const words: string[] = [];
    while (isWord(inner)) words.push(dottedWord(inner).parts.join('.'));
    if (words.length === 0) throw inner.error('an option');
    inner.expectEnd();
    return { name: words.join('_'), location };
  });
  cursor.at = close + 1;
  return names;
}

/** WITH ( option, … ), or no options when there is no WITH. */
export function parseWith(cursor: Cursor): Option[] {
  return cursor.eat('with') ? parseOptions(cursor) : [];
}

/** `word.word…`: dots bind the parts of one name. */
function dottedWord(cursor: Cursor): QualifiedName {
  const first = cursor.label('an option');
  const parts = [first.name];
  while (cursor.isMark('.')) {
    cursor.at++;
    parts.push(cursor.label().name);
  }
  const { source } = cursor.context;
  return { parts, location: first.location, end: source.byteOfUtf16(cursor.tokens[cursor.at - 1]!.end) };
}

function isWord(cursor: Cursor): boolean {
  const kind = cursor.peek()?.kind;
  return kind === 'word' || kind === 'quoted';
}

function parseOption(cursor: Cursor): Option {
  const location = cursor.location;
  // PARTITION BY [=] expression, of a sink: the expression goes on to the end and needs no brackets.
  if (cursor.eat('partition', 'by')) {
    cursor.eatMark('=');
    const valueLocation = cursor.location;
    const span = cursor.span(cursor.at, cursor.end);
    const node = parseExpression(cursor.context, span);
    cursor.at = cursor.end;
    const text = cursor.context.source.text.slice(span.start, span.end);
    return { name: 'partition_by', value: { kind: 'expression', node, text }, location, valueLocation };
  }
  const words: QualifiedName[] = [];
  while (isWord(cursor)) {
    // e.g. n'…' and interval '…' begin with a word but are read as values behind '='.
    words.push(dottedWord(cursor));
  }
  if (words.length === 0) throw cursor.error('an option');
  const name = (parts: QualifiedName[]): string => parts.map((word) => word.parts.join('.')).join('_');
  const secret = words.findIndex((word, i) => i > 0 && word.parts.length === 1 && word.parts[0] === 'secret');

  if (cursor.eatMark('=')) {
    const valueLocation = cursor.location;
    const value = parseValue(cursor);
    cursor.expectEnd();
    return { name: name(words), value, location, valueLocation };
  }
  if (cursor.done) {
    if (words.length === 1)
      return { name: name(words), value: { kind: 'flag' }, location, valueLocation: location };
    const last = words[words.length - 1]!;
    if (secret > 0 && secret === words.length - 2) {
      return {
        name: name(words.slice(0, secret)),
        value: { kind: 'secret', name: last },
        location,
        valueLocation: last.location,
      };
    }
    const value: OptionValue = { kind: 'word', name: last };
    return { name: name(words.slice(0, -1)), value, location, valueLocation: last.location };
  }
  const valueLocation = cursor.location;
  const value = parseValue(cursor);
  cursor.expectEnd();
  return { name: name(words), value, location, valueLocation };
}

function parseValue(cursor: Cursor): OptionValue {
  const token = cursor.peek();
  if (token === undefined) throw cursor.error('a value');
  const { source } = cursor.context;
  if (token.kind === 'string') return { kind: 'string', value: cursor.string() };
  if (token.kind === 'number') {
    cursor.at++;
    return { kind: 'number', value: token.text };
  }
  if (
    token.kind === 'operator' &&
    (token.text === '-' || token.text === '+') &&
    cursor.peek(1)?.kind === 'number'
  ) {
    const number = cursor.peek(1)!;
    cursor.at += 2;
    return { kind: 'number', value: (token.text === '-' ? '-' : '') + number.text };
  }
  if (cursor.isMark('(')) return parseParenthesised(cursor);
  if (token.kind === 'word' && cursor.peek(1)?.kind === 'string') {
    if (token.text === 'interval') {
      cursor.at++;
      return { kind: 'interval', value: cursor.string() };
    }
    if (identifierOf(token, source) === 'n') {
      cursor.at++;
      return { kind: 'string', value: cursor.string() };
    }
  }
  if (
    cursor.is('secret') &&
    cursor.peek(1) !== undefined &&
    isWord(cursor.slice(cursor.at + 1, cursor.end))
  ) {
    cursor.at++;
    return { kind: 'secret', name: dottedWord(cursor) };
  }
  if (isWord(cursor)) return { kind: 'word', name: dottedWord(cursor) };
  throw cursor.error('a value');
}

/** A list of values, or an expression when it is not one. */
function parseParenthesised(cursor: Cursor): OptionValue {
  const close = cursor.closing(cursor.at);
  const inner = cursor.slice(cursor.at + 1, close);
  const values: OptionValue[] = [];
  let isList = inner.at < close;
  for (const range of isList ? inner.commaSeparated(close) : []) {
    const item = inner.slice(range.from, range.to);
    try {
      values.push(parseValue(item));
    } catch {
      isList = false;
      break;
    }
    if (!item.done) {
      isList = false;
      break;
    }
  }
  const span = inner.span(inner.at, close);
  cursor.at = close + 1;
  if (isList) return { kind: 'list', values };
  return {
    kind: 'expression',
    node: parseWithSecrets(inner),
    text: cursor.context.source.text.slice(span.start, span.end),
  };
}

/** An expression in which `SECRET name` stands for the secret's value. */
function parseWithSecrets(cursor: Cursor): ReturnType<typeof parseExpression> {
  const { context, tokens } = cursor;
  const cuts: Span[] = [];
  for (let i = cursor.at; i < cursor.end - 1; i++) {
    if (!cursor.isAt(i, 'secret')) continue;
    const following = tokens[i + 1]!;
    if (following.kind !== 'word' && following.kind !== 'quoted') continue;
    if (i > cursor.at && tokens[i - 1]!.text === '.') continue;
    cuts.push({ start: tokens[i]!.start, end: tokens[i]!.end });
    const location = context.source.byteOfUtf16(following.start);
    context.extensions.at.set(location, { kind: 'secret', location });
  }
  return parseExpression(context, cursor.span(cursor.at, cursor.end), cuts);
}
