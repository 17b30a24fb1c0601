// Writes engine/crates/eval/tests/cases/*.tsv: calls of scalar functions with PostgreSQL's own answers.
//
//   cargo run -q -p tidewire-eval --example opcodes | node scripts/generate-function-cases.mjs URL [CASES] [DIRECTORY]
//
// URL is that of a PostgreSQL 18 whose database has the builtin locale C.UTF-8. For each opcode (pg_proc.prosrc) on
// standard input and each signature over our types, arguments are drawn from the samples below: every value of each
// argument at least once, then seeded random combinations up to CASES.
//
// A line: time zone, opcode, result type, answer, arguments. The answer is `=text`, `NULL` or `!SQLSTATE message`; an
// argument is `type=text` or `type` for NULL. Backslash, tab and newline are escaped.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { instancesOf } from './range-case-samples.mjs';
import { argumentSamples, argumentTuples, familyOf, samples } from './function-case-samples.mjs';

const [url, most = '14', directory] = process.argv.slice(2);
const limit = Number(most);
const out = directory ?? join(dirname(fileURLToPath(import.meta.url)), '../engine/crates/eval/tests/cases');
const opcodes = readFileSync(0, 'utf8').split('\n').filter(Boolean);
const client = new pg.Client(url);
await client.connect();
await client.query("SET IntervalStyle = 'postgres'; SET DateStyle = 'ISO, MDY'");
await client.query(`CREATE OR REPLACE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE result text; code text; message text;
  BEGIN
    EXECUTE query INTO result;
    RETURN coalesce('=' || result, 'NULL');
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RETURN '!' || code || ' ' || message;
  END $$`);

const { rows: functions } = await client.query(
  `SELECT prosrc, proname, prorettype::regtype::text AS result, t.typname AS result_name,
     array(SELECT a.typname::text FROM unnest(proargtypes) WITH ORDINALITY u(o, n) JOIN pg_type a ON a.oid = u.o ORDER BY n) AS args,
     provolatile <> 'i' AS stable, provariadic <> 0 AS variadic
   FROM pg_proc JOIN pg_type t ON t.oid = prorettype
   WHERE prosrc = ANY ($1) AND NOT proretset AND prokind = 'f' AND pg_proc.pronamespace = 'pg_catalog'::regnamespace
   ORDER BY prosrc, pg_proc.oid`,
  [opcodes],
);

const skipped = new Set(['gen_random_uuid']);
const lines = new Map();
const seen = new Set();
for (const { prosrc, proname, result_name: result, args, stable, variadic } of functions.flatMap(
  instancesOf,
)) {
  const known = [...args, result].every((type) => type in samples);
  const signature = `${prosrc}(${args})`;
  if (!known || skipped.has(prosrc) || seen.has(signature)) continue;
  seen.add(signature);
  const choices = args.map((type, index) => argumentSamples[prosrc]?.[index] ?? samples[type]);
  for (const zone of stable ? ['UTC', 'America/New_York'] : ['UTC']) {
    await client.query(`SET TimeZone = '${zone}'`);
    for (const values of argumentTuples[prosrc] ?? combinations(choices, prosrc)) {
      const list = values
        .map(
          (value, index) =>
            (variadic && index === args.length - 1 ? 'VARIADIC ' : '') + literal(value, args[index]),
        )
        .join(', ');
      const { rows } = await client.query('SELECT pg_temp.answer($1) AS answer', [
        // format() uses the type's output function, where a cast to text would not (bool, char(n)).
        `SELECT CASE WHEN v IS NOT NULL THEN format('%s', v) END FROM (SELECT pg_catalog."${proname}"(${list}) AS v) s`,
      ]);
      const argumentsText = values.map((value, index) =>
        value === null ? args[index] : `${args[index]}=${escape(value)}`,
      );
      const family = familyOf(prosrc, args, result);
      if (!lines.has(family)) lines.set(family, []);
      lines.get(family).push([zone, prosrc, result, escape(rows[0].answer), ...argumentsText].join('\t'));
    }
  }
}
mkdirSync(out, { recursive: true });
for (const [family, cases] of lines) writeFileSync(join(out, `${family}.tsv`), `${cases.join('\n')}\n`);
console.error([...lines].map(([family, cases]) => `${family} ${cases.length}`).join(', '));
await client.end();

function literal(value, type) {
  // Bare char and bit would be of one character, and of one bit.
  const name = type === 'char' || type === 'bit' ? `"${type}"` : type;
  return value === null ? `NULL::${name}` : `$q$${value}$q$::${name}`;
}

function escape(text) {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}

/** Up to `limit` tuples; every value of every argument at least once (so more, where an argument has more). */
function combinations(choices, seed) {
  if (choices.length === 0) return [[]];
  const total = choices.reduce((product, list) => product * list.length, 1);
  if (total <= limit) {
    return choices.reduce(
      (tuples, list) => tuples.flatMap((tuple) => list.map((value) => [...tuple, value])),
      [[]],
    );
  }
  const random = generator(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const longest = Math.max(...choices.map((list) => list.length));
  const found = new Map();
  for (let turn = 0; turn < longest; turn++) {
    const tuple = choices.map((list) => (turn < list.length ? list[turn] : pick(list)));
    if (choices.length > 1) {
      for (let index = 1; index < tuple.length; index++) {
        const list = choices[index];
        tuple[index] = list[(turn + Math.floor(random() * list.length)) % list.length];
      }
    }
    found.set(JSON.stringify(tuple), tuple);
  }
  for (let turn = 0; found.size < limit && turn < limit * 4; turn++) {
    const tuple = choices.map(pick);
    found.set(JSON.stringify(tuple), tuple);
  }
  return [...found.values()];
}

/** A small seeded generator (mulberry32). */
function generator(seed) {
  let state = [...seed].reduce((hash, character) => (Math.imul(hash, 31) + character.charCodeAt(0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
