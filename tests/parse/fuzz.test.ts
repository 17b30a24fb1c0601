import { expect, test } from 'vitest';
import { SqlError } from '../../sql/error.ts';
import { parse } from '../../sql/parse/parse.ts';

// Words of our grammar in any order: whatever they make, the parser answers with a statement or with an SqlError
// that points into the text.

const WORDS =
  `create source sink connection secret materialized view table index default or replace if not exists from into to as
  of at least subscribe tail with snapshot progress up envelope upsert debezium append key ( ) ( ) , , ; = . a b "Q"
  é 'text' 12 -1 $1 in cluster format json csv encode plain include path offset on error skip fail inline for all
  tables schemas expose progress only watermark primary reference kafka file generator nexmark connector show columns
  like where explain optimized plan physical analyze fetch 10 timeout declare cursor scroll hold copy stdout alter
  rename set reset pause resume swap owner add drop cascade flush select 1 union asof left join match_condition
  mutually recursive recursion limit return emit window close system_time begin level strict serializable begin atomic
  end case interval int text null`
    .trim()
    .split(/\s+/);

const STARTS = [
  'create source s from file (',
  'create source s (a int, ',
  'create sink s from v into file (path ',
  'create table t (a int) with (connector = ',
  'create view v as select ',
  'subscribe (select 1) ',
  'subscribe t as of ',
  'copy (subscribe t ',
  'declare c cursor for ',
  'fetch ',
  'explain ',
  'show ',
  'alter source s ',
  'drop ',
  'with mutually recursive ',
  'select * from a asof join b ',
  "select 'é😀' from t as of ",
  '',
];

test('random statements are parsed or refused, never a crash', () => {
  let seed = 11;
  const random = (bound: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * bound);
  };
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    const words = Array.from({ length: random(14) }, () => WORDS[random(WORDS.length)]!);
    const text = STARTS[random(STARTS.length)]! + words.join(' ');
    try {
      for (const statement of parse(text)) {
        expect(text.slice(statement.offset, statement.offset + statement.text.length)).toBe(statement.text);
      }
      accepted++;
    } catch (error) {
      if (!(error instanceof SqlError)) throw new Error(`crashed: ${text}`, { cause: error });
      const length = [...text].length;
      if (!(error.position !== undefined && error.position >= 1 && error.position <= length + 1)) {
        throw new Error(`position ${error.position} of ${length}: ${text}`, { cause: error });
      }
      if (!/^[0-9A-Z]{5}$/.test(error.sqlstate))
        throw new Error(`SQLSTATE ${error.sqlstate}: ${text}`, { cause: error });
    }
  }
  expect(accepted).toBeGreaterThan(100);
});

test('every prefix of a statement is parsed or refused at its end or before', () => {
  const statements = [
    "CREATE SOURCE s (a int, b numeric(10, 2) NOT NULL, WATERMARK FOR a AS a - 1) FROM FILE (PATH '/é', FOLLOW, ON DELETE 'keep') FORMAT CSV (HEADER) INCLUDE PATH AS p ENVELOPE NONE ON ERROR SKIP INTO x.y EXPOSE PROGRESS AS z WITH (a = (1, 'b'))",
    "CREATE SINK s AS SELECT 'é' FROM t INTO KAFKA CONNECTION k (TOPIC 't') KEY (a) NOT ENFORCED FORMAT JSON ENVELOPE UPSERT",
    'WITH MUTUALLY RECURSIVE (ERROR AT RECURSION LIMIT 9) c (a int) AS (SELECT 1) SELECT * FROM c ASOF JOIN d MATCH_CONDITION (c.a >= d.a) ON true AS OF AT LEAST 5',
    'DECLARE c CURSOR FOR SUBSCRIBE (SELECT 1) WITH (SNAPSHOT = false) UP TO 9 ENVELOPE UPSERT (KEY (a)) WITHIN TIMESTAMP ORDER BY a DESC',
  ];
  for (const statement of statements) {
    expect(parse(statement).length).toBe(1);
    for (let end = 0; end < statement.length; end++) {
      const text = statement.slice(0, end);
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof SqlError)) throw new Error(`crashed: ${text}`, { cause: error });
        expect(error.position, text).toBeLessThanOrEqual([...text].length + 1);
      }
    }
  }
});
