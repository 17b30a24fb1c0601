/**
 * What the documentation shows, as something to run. A ```sql block is SQL of one page's session; what stands behind
 * `sql` says what is expected of it:
 *
 * - nothing: it runs without error; a ```text block right after it is psql's table of its last result.
 * - `error SQLSTATE`: its last statement fails with it.
 * - `live`: one statement that goes on until it is cancelled; its first rows arrive.
 *
 * A ```json block with `topic NAME` behind it is sent to that topic, which is made for it: a line is a message, with a tab behind
 * its key. A page with `localhost:9092` runs beside a Kafka broker, whose address stands for it. Behind the name can stand what
 * the lines are written as: `avro`, or `protobuf` and a message's name, by the newest schema of the topic's values.
 *
 * A ```json or ```protobuf block with `schema SUBJECT` behind it is registered as a schema. A page with one runs beside a schema
 * registry too, whose address stands for `http://localhost:8081`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { projectRoot } from '../support/tidewire.ts';

export interface Block {
  readonly sql: string;
  readonly line: number;
  readonly mode: 'run' | 'error' | 'live' | 'topic' | 'schema';
  /** Of the mode `topic`. */
  readonly topic?: string;
  /** Of the mode `topic`: what its lines are written as. Of the mode `schema`: the schema's language. */
  readonly encoding?: string;
  /** Of the mode `schema`. */
  readonly subject?: string;
  readonly sqlstate: string;
  /** Header and rows of the expected table; null: none is shown. */
  readonly expected: readonly (readonly string[])[] | null;
}

export interface Page {
  /** From the project's root. */
  readonly path: string;
  readonly blocks: readonly Block[];
}

/** Every page of documentation with SQL in it. */
export function pages(): Page[] {
  const folder = join(projectRoot, 'docs');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(folder, name));
  return [join(projectRoot, 'README.md'), ...files]
    .map((file) => ({ path: relative(projectRoot, file), blocks: blocksOf(readFileSync(file, 'utf8')) }))
    .filter(({ blocks }) => blocks.length > 0);
}

/** The SQL blocks of a Markdown text. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const fence = /^```(\w*)([^\n]*)\n([\s\S]*?)^```$/gm;
  let end = -1;
  for (const match of text.matchAll(fence)) {
    const [whole, language, words = '', body = ''] = match;
    const between = end < 0 ? 'none' : text.slice(end, match.index).trim();
    const last = blocks.at(-1);
    const line = text.slice(0, match.index).split('\n').length + 1;
    if (language === 'text' && between === '' && last !== undefined && last.expected === null) {
      blocks[blocks.length - 1] = { ...last, expected: tableOf(body) };
    }
    if (language === 'sql') {
      const [mode = 'run', sqlstate = ''] = words.trim().split(/\s+/).filter(Boolean);
      if (mode !== 'run' && mode !== 'error' && mode !== 'live')
        throw new Error(`unknown kind of block: ${mode}`);
      blocks.push({ sql: body, line, mode, sqlstate, expected: null });
    }
    const [, topic, encoding] =
      (language === 'json' ? /^\s*topic (\S+)(?: ((?:avro|protobuf)\b.*))?$/.exec(words) : null) ?? [];
    if (topic !== undefined) {
      const written = encoding === undefined ? {} : { encoding };
      blocks.push({ sql: body, line, mode: 'topic', topic, ...written, sqlstate: '', expected: null });
    }
    const subject = /^\s*schema (\S+)$/.exec(words)?.[1];
    if (subject !== undefined) {
      const schema = language === 'protobuf' ? 'PROTOBUF' : 'AVRO';
      blocks.push({
        sql: body,
        line,
        mode: 'schema',
        subject,
        encoding: schema,
        sqlstate: '',
        expected: null,
      });
    }
    end = language === 'sql' ? match.index + whole.length : -1;
  }
  return blocks;
}

/** Whether a page needs a broker. */
export function needsKafka({ blocks }: Page): boolean {
  return blocks.some(({ mode, sql }) => mode === 'topic' || sql.includes('localhost:9092'));
}

/** Whether a page needs a schema registry. */
export function needsRegistry({ blocks }: Page): boolean {
  return blocks.some(({ mode }) => mode === 'schema');
}

/** psql's aligned table as cells: the header first. */
function tableOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^-+(\+-+)*$/.test(line) && !/^\(\d+ rows?\)$/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}
