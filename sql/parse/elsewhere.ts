/**
 * Clauses of other databases that people come from (Materialize, RisingWave, Feldera, Flink SQL, ksqlDB, MySQL), with what is
 * written here. Each becomes the hint of the syntax error that it is.
 */
import { SqlError } from '../error.ts';
import { tokenize, type Token } from './lexer.ts';
import type { SourceText } from './source-text.ts';

const TUMBLE =
  'Write TUMBLE(relation, column, size) in FROM; HOP(relation, column, slide, size) and SESSION are alike.';
const INTERVAL = "Write INTERVAL '10 minutes': the number and the unit in one text.";
const LATE = 'Leave it out: a view is right however late a row comes.';
const ARRAY = 'Lists are arrays: integer[], ARRAY[1, 2].';
const MAP = "Maps are jsonb: jsonb_build_object('key', value).";
const FIELDS = 'Use CREATE TYPE … AS (…), or jsonb.';
const UNIT = '(?:second|minute|hour|day|week|month|quarter|year)';

/**
 * What stands around the place of an error: words and signs of the statement with a space between them, `'…'` for strings,
 * `0` for numbers, and `^` before the place.
 */
const CLAUSES: readonly (readonly [around: RegExp, hint: string])[] = [
  [/\^(?:lateness|watermark)\b|^create table .*[(,] watermark for .*\^/, LATE],
  [/\bappend only \^/, 'Leave it out: a table takes updates and deletes as well.'],
  [/\bcreate local \^view\b/, 'Use CREATE VIEW.'],
  [/\bdeclare recursive \^view\b/, 'Recursive views are not there yet.'],
  [/\bqualify \^/, 'Put the query with its window function into FROM, and WHERE around it.'],
  [/\bfrom \^table \(|\( (?:\^table|table \w+ \^)\b/, TUMBLE],
  [new RegExp(`\\binterval '…' \\^${UNIT}s\\b`), INTERVAL],
  [/\binterval \^0/, INTERVAL],
  [new RegExp(`\\( [^()]* - [^()]* \\) \\^${UNIT}s?\\b`), 'Use a - b, or extract(epoch FROM a - b).'],
  [new RegExp(`\\( [^()]* \\^to ${UNIT}\\b`), "Use date_trunc('hour', …)."],
  [
    /\b(?:try_cast|safe_cast) \( .*\^as\b/,
    'Use CAST, and pg_input_is_valid(text, type) for what may not be a value.',
  ],
  [/\^session with gap\b/, 'Use SESSION(relation, column, gap PARTITION BY …) in FROM.'],
  [/\bstruct \^<|\bstruct < .*\^>|^create table .*[(,] \w+ \^row \(/, FIELDS],
  [/\bmap (?:\^[<[{(]|\[ \^|\[ [^\]]*\^(?:=>|,))/, MAP],
  [/^create type .* as \^map\b/, MAP],
  [/^create type .* as \^list\b|\blist \[ .*\^,|[a-z] \^list\b/, ARRAY],
  [/^create type \S+ as \^/, 'Use CREATE DOMAIN … AS type.'],
  [/^create table .*[(,] \w+ [^,]+ \^as\b/, 'Write GENERATED ALWAYS AS (…) STORED.'],
  [/^create table .*\^foreign key references\b/, 'Write REFERENCES table (column).'],
  [/^create table .*\) on \^conflict\b/, 'ON CONFLICT is of INSERT; a source with keys has ENVELOPE UPSERT.'],
  [
    /^create (?:table|materialized view|view) .*\bwith \( \^'…'/,
    'Leave properties out; CREATE SOURCE and CREATE SINK connect to other systems.',
  ],
  [/^create table .*\^metadata from\b/, 'Use CREATE SOURCE … INCLUDE.'],
  [/^create (?:or replace )?(?:stream\b|\^stream\b)/, 'Use CREATE SOURCE, or CREATE MATERIALIZED VIEW … AS.'],
  [/^create (?:or replace )?function .* as \^/, 'Write RETURN expression, or AS with the body in quotes.'],
  [
    /^create (?:or replace )?function .*\^(?:using|not)\b|^create aggregate .*\^returns\b/,
    'Functions are in SQL.',
  ],
  [/\^distributed by\b/, 'Leave it out: indexes are spread over all workers.'],
  [/\^row format\b/, 'Write FORMAT PLAIN ENCODE JSON.'],
  [/^declare \w+ \^subscription cursor\b/, 'Write DECLARE name CURSOR FOR SUBSCRIBE relation.'],
  [
    /^alter .* set \^(?:parallelism|cluster)\b/,
    'All views share the server’s workers: start it with --workers.',
  ],
  [/^\^(?:describe|desc)\b/, 'Use SHOW COLUMNS FROM relation.'],
  [/\bemit \^(?:changes|final)\b/, 'Leave it out: SUBSCRIBE streams changes.'],
  [/\bwindow (?:tumbling|hopping|session) \^\(/, TUMBLE],
  [/\* (?:except \( \^|\^(?:exclude|replace)\b)/, 'Name the columns that are wanted.'],
  [/\bselect top \^0/, 'Use LIMIT.'],
  [/\b(?:cross|outer) \^apply\b/, 'Use CROSS JOIN LATERAL, or LEFT JOIN LATERAL … ON true.'],
  [/\^(?:rlike|regexp)\b|\brlike \^'…'/, 'Use the operator ~.'],
  [/\b(?:ignore|respect) \^nulls\b/, 'Leave out the rows in which it is NULL: WHERE … IS NOT NULL in FROM.'],
  [/\^some \(/, 'Use bool_or.'],
  [/^create .*\^emit on window close\b/, LATE],
  [/\bbackfill_order = \w+ \^\(/, 'Leave it out.'],
  [/\^interned\b/, 'Leave it out.'],
  [/^create \^linear aggregate\b/, 'Functions are in SQL.'],
  [/^\^upsert into\b/, 'Use INSERT … ON CONFLICT (key) DO UPDATE SET ….'],
  [/^\^remove from\b/, 'Use DELETE.'],
  [/^\^(?:wait|recover)\b/, 'Leave it out: what is acknowledged is visible.'],
  [/\^unsigned\b/, 'Use bigint, or numeric.'],
  [/\b(?:pivot|unpivot) (?:\^\(|\([^()]*\^)/, 'Use aggregates with FILTER (WHERE …).'],
  [/\bmatch_recognize \(.*\^/, 'Use window functions, or joins of the rows.'],
  [/`.*\^|\^`/, 'Names are quoted with double quotes.'],
];

/** How many words before and behind the place are looked at, and how much of each: patterns take longer than linear time. */
const BEFORE = 200;
const BEHIND = 4;
const LONGEST = 64;

/** The hint for a syntax error at a place of the text (UTF-16), if what stands there is some other database's. */
export function clauseElsewhere(source: SourceText, at: number): string | undefined {
  const tokens = tokensOf(source);
  const place = tokens.findIndex(({ end }) => end > at);
  const index = place < 0 ? tokens.length : place;
  const ends = tokens.findLastIndex(({ text }, i) => i < index && text === ';');
  const shown = (from: number, to: number): string[] =>
    tokens
      .slice(Math.max(from, 0), to)
      .map(({ kind, text }) =>
        kind === 'string' ? `'…'` : kind === 'number' ? '0' : text.slice(0, LONGEST),
      );
  const before = shown(Math.max(ends + 1, index - BEFORE), index);
  const around = [...before, `^${shown(index, index + BEHIND).join(' ')}`].join(' ');
  return CLAUSES.find(([pattern]) => pattern.test(around))?.[1];
}

/** None of a text that ends within a string or a comment. */
function tokensOf(source: SourceText): readonly Token[] {
  try {
    return tokenize(source);
  } catch (error) {
    if (error instanceof SqlError) return [];
    throw error;
  }
}
