import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import { parse } from '../../sql/parse/parse.ts';

const fixtures = new URL('../fixtures/client-traffic/', import.meta.url);

/** The statement of a text that has one, as plain data. */
function one(text: string): Record<string, unknown> {
  const statements = parse(text);
  expect(statements.length, text).toBe(1);
  return statements[0]!.statement as unknown as Record<string, unknown>;
}

function refusal(text: string): SqlError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

/** Where an error points: the text from its position on. */
function pointsAt(text: string): [string, string] {
  const error = refusal(text);
  return [error.message, [...text].slice(error.position! - 1).join('')];
}

describe('what PostgreSQL clients send', () => {
  const files = readdirSync(fixtures).filter((file) => file.endsWith('.sql'));
  test.each(files)('%s', (file) => {
    for (const block of readFileSync(new URL(file, fixtures), 'utf8').split(/^;$/m)) {
      if (block.trim() === '') continue;
      const statements = parse(block);
      expect(statements.length, block).toBe(1);
      expect(block).toContain(statements[0]!.text);
    }
  });
});

const OWN: [string, object][] = [
  ["CREATE SECRET pg_password AS 's3cret'", { kind: 'create_secret', name: { parts: ['pg_password'] } }],
  [
    "CREATE CONNECTION k TO KAFKA (BROKERS 'localhost:9092', SASL USERNAME 'u', SASL PASSWORD SECRET kafka_password)",
    {
      kind: 'create_connection',
      connector: { name: 'kafka' },
      options: [
        { name: 'brokers', value: { kind: 'string', value: 'localhost:9092' } },
        { name: 'sasl_username', value: { kind: 'string', value: 'u' } },
        { name: 'sasl_password', value: { kind: 'secret', name: { parts: ['kafka_password'] } } },
      ],
    },
  ],
  [
    "CREATE SOURCE bids (auction bigint, price bigint, ts timestamptz, WATERMARK FOR ts AS ts - INTERVAL '5 s') FROM KAFKA CONNECTION k (TOPIC 'bids', START 'earliest') FORMAT JSON INCLUDE PARTITION, OFFSET ON ERROR SKIP INTO bids_rejected",
    {
      kind: 'create_source',
      asTable: false,
      elements: [
        { kind: 'column', node: { colname: 'auction' } },
        { kind: 'column', node: { colname: 'price' } },
        { kind: 'column', node: { colname: 'ts' } },
        { kind: 'watermark', column: { name: 'ts' }, text: "ts - INTERVAL '5 s'" },
      ],
      connector: { name: 'kafka' },
      connection: { parts: ['k'] },
      options: [{ name: 'topic' }, { name: 'start' }],
      format: { value: { name: 'json' } },
      include: [{ item: 'partition' }, { item: 'offset' }],
      onError: { policy: 'skip', into: { parts: ['bids_rejected'] } },
    },
  ],
  [
    "CREATE SOURCE users FROM KAFKA CONNECTION k (TOPIC 'users') KEY FORMAT TEXT VALUE FORMAT AVRO (CONNECTION registry) INCLUDE KEY AS id ENVELOPE UPSERT",
    {
      kind: 'create_source',
      format: { key: { name: 'text' }, value: { name: 'avro', options: [{ name: 'connection' }] } },
      include: [{ item: 'key', alias: { name: 'id' } }],
      envelope: { name: 'upsert' },
    },
  ],
  [
    "CREATE TABLE bids2 (auction bigint, price bigint) WITH (connector = 'kafka', topic = 'bids', properties.bootstrap.server = 'localhost:9092', scan.startup.mode = 'earliest') FORMAT PLAIN ENCODE JSON",
    {
      kind: 'create_source',
      asTable: true,
      connectorInWith: true,
      connector: { name: 'kafka' },
      options: [{ name: 'topic' }, { name: 'properties.bootstrap.server' }, { name: 'scan.startup.mode' }],
      envelope: { name: 'none' },
    },
  ],
  [
    "CREATE SOURCE shop FROM POSTGRES CONNECTION pg (PUBLICATION 'tw', SCHEMA CHANGES 'follow') FOR TABLES (public.orders, public.customers AS clients)",
    {
      tables: {
        kind: 'tables',
        tables: [
          { name: { parts: ['public', 'orders'] } },
          { name: { parts: ['public', 'customers'] }, alias: { parts: ['clients'] } },
        ],
      },
    },
  ],
  [
    "CREATE SOURCE logs FROM S3 CONNECTION aws (BUCKET 'b', PREFIX 'logs/', POLL INTERVAL '10 s') FORMAT CSV (HEADER) INCLUDE PATH",
    {
      options: [
        { name: 'bucket' },
        { name: 'prefix' },
        { name: 'poll_interval', value: { kind: 'string', value: '10 s' } },
      ],
      format: { value: { name: 'csv', options: [{ name: 'header', value: { kind: 'flag' } }] } },
    },
  ],
  [
    "CREATE SOURCE inbox FROM FILE (PATH '/data/in/*.jsonl', FOLLOW, ON DELETE 'retract') FORMAT JSON",
    { options: [{ name: 'path' }, { name: 'follow', value: { kind: 'flag' } }, { name: 'on_delete' }] },
  ],
  [
    'CREATE SOURCE nexmark FROM GENERATOR NEXMARK (EVENTS 2000000, RATE 10000, SEED 1) FOR ALL TABLES',
    {
      connector: { name: 'generator', variant: 'nexmark' },
      options: [
        { name: 'events', value: { kind: 'number', value: '2000000' } },
        { name: 'rate' },
        { name: 'seed' },
      ],
      tables: { kind: 'all' },
    },
  ],
  [
    "CREATE SOURCE hooks FROM WEBHOOK (BODY FORMAT JSON, CHECK (hmac(body, SECRET hook_key, 'sha256') = decode(headers->>'x-signature','hex')))",
    {
      options: [
        { name: 'body_format', value: { kind: 'word', name: { parts: ['json'] } } },
        { name: 'check', value: { kind: 'expression' } },
      ],
    },
  ],
  [
    "CREATE SINK top_out FROM top_auctions INTO KAFKA CONNECTION k (TOPIC 'top') KEY (auction) FORMAT JSON ENVELOPE UPSERT",
    {
      kind: 'create_sink',
      from: { kind: 'relation', name: { parts: ['top_auctions'] } },
      into: { kind: 'connector', connector: { name: 'kafka' } },
      key: { columns: [{ name: 'auction' }], enforced: true },
      envelope: { name: 'upsert' },
    },
  ],
  [
    'SUBSCRIBE (SELECT auction, price FROM bids WHERE price > 100) WITH (SNAPSHOT, PROGRESS) AS OF AT LEAST 1790000000000000 ENVELOPE UPSERT (KEY (auction))',
    {
      kind: 'subscribe',
      target: { kind: 'query', query: { text: 'SELECT auction, price FROM bids WHERE price > 100' } },
      with: [{ name: 'snapshot' }, { name: 'progress' }],
      asOf: { atLeast: true, expression: { A_Const: { fval: { fval: '1790000000000000' } } } },
      envelope: { name: 'upsert', key: [{ name: 'auction' }] },
    },
  ],
  ['TAIL public.t', { kind: 'subscribe', target: { kind: 'relation', name: { parts: ['public', 't'] } } }],
  [
    'COPY (SUBSCRIBE t) TO STDOUT WITH (FORMAT csv)',
    { kind: 'copy_subscribe', subscribe: { kind: 'subscribe' }, copy: { options: [{}] } },
  ],
  [
    'DECLARE c NO SCROLL CURSOR WITH HOLD FOR SUBSCRIBE t UP TO 9',
    { kind: 'declare_cursor', name: 'c', scroll: false, hold: true, body: { kind: 'subscribe' } },
  ],
  ['DECLARE c CURSOR FOR SELECT 1', { kind: 'declare_cursor', body: { kind: 'query' } }],
  ['FETCH ALL c', { kind: 'fetch', cursor: 'c', count: 'all', direction: 'forward' }],
  [
    "FETCH 10 FROM c WITH (TIMEOUT = '1 s')",
    { kind: 'fetch', cursor: 'c', count: 10, timeout: { value: '1 s' } },
  ],
  ['MOVE BACKWARD 3 IN c', { kind: 'fetch', move: true, direction: 'backward', count: 3 }],
  ['SHOW server_version', { kind: 'show_setting', name: { name: 'server_version' } }],
  ['SHOW transaction isolation level', { kind: 'show_setting', name: { name: 'transaction_isolation' } }],
  [
    "SHOW MATERIALIZED VIEWS FROM s LIKE 'a%'",
    { kind: 'show_objects', list: 'materialized views', from: { parts: ['s'] }, like: { pattern: 'a%' } },
  ],
  ['SHOW CREATE VIEW "A".b', { kind: 'show_create', objectKind: 'view', name: { parts: ['A', 'b'] } }],
  [
    'EXPLAIN PHYSICAL PLAN FOR MATERIALIZED VIEW v',
    { kind: 'explain', stage: 'physical', target: { kind: 'object', objectKind: 'materialized view' } },
  ],
  [
    'EXPLAIN OPTIMIZED PLAN FOR CREATE VIEW v AS SELECT 1',
    {
      kind: 'explain',
      stage: 'optimized',
      target: { kind: 'statement', statement: { kind: 'create_view' }, text: 'CREATE VIEW v AS SELECT 1' },
    },
  ],
  [
    'EXPLAIN (ANALYZE, FORMAT json) SELECT 1',
    { kind: 'explain', options: [{ DefElem: { defname: 'analyze' } }, { DefElem: { defname: 'format' } }] },
  ],
  [
    'CREATE OR REPLACE MATERIALIZED VIEW v (a, b) AS SELECT 1, 2 EMIT ON WINDOW CLOSE WITH (background)',
    {
      kind: 'create_view',
      orReplace: true,
      materialized: true,
      columns: [{ name: 'a' }, { name: 'b' }],
      query: { text: 'SELECT 1, 2' },
      with: [{ name: 'background' }],
    },
  ],
  [
    'DROP TABLE IF EXISTS a, b.c CASCADE',
    { kind: 'drop', objectKind: 'table', ifExists: true, cascade: true },
  ],
  ['DROP SOURCE s', { kind: 'drop', objectKind: 'source', cascade: false }],
  ['ALTER SOURCE s PAUSE', { kind: 'alter', objectKind: 'source', action: { kind: 'pause' } }],
  ['ALTER TABLE t RENAME a TO b', { kind: 'alter', action: { kind: 'rename_column' } }],
  ['ALTER TABLE t ADD COLUMN x int', { kind: 'postgres', node: { AlterTableStmt: {} } }],
  ['CREATE TABLE t (a int) WITH (fillfactor = 70)', { kind: 'postgres', node: { CreateStmt: {} } }],
  ['CREATE DEFAULT INDEX ON v', { kind: 'create_default_index', relation: { parts: ['v'] } }],
  [
    "CREATE TABLE t FROM SOURCE s (REFERENCE public.orders, TEXT COLUMNS 'x')",
    {
      kind: 'create_table_from_source',
      reference: ['public', 'orders'],
      options: [{ name: 'text_columns' }],
    },
  ],
];

describe('our own statements', () => {
  test.each(OWN)('%s', (text, expected) => {
    expect(one(text)).toMatchObject(expected);
  });

  test('all in one text, each with its own place', () => {
    const text = OWN.map(([statement]) => statement).join(';\n-- é\n ');
    const statements = parse(text);
    expect(statements.map((statement) => statement.text)).toEqual(OWN.map(([statement]) => statement));
    for (const statement of statements) {
      expect(text.slice(statement.offset, statement.offset + statement.text.length)).toBe(statement.text);
    }
  });
});

describe('clauses inside queries', () => {
  test('AS OF is taken out, an alias named "of" is not', () => {
    const [statement] = parse('SELECT a AS of FROM t AS OF AT LEAST 123');
    expect(statement!.extensions.asOf).toMatchObject({ atLeast: true, location: 22 });
    expect(statement!.statement).toMatchObject({
      node: { SelectStmt: { targetList: [{ ResTarget: { name: 'of' } }] } },
    });
  });

  test('ASOF JOIN hangs on its right operand, an alias named "asof" is left alone', () => {
    const text = "SELECT 'é' FROM a ASOF JOIN b MATCH_CONDITION (a.t >= b.t) ON a.k = b.k";
    const [statement] = parse(text);
    const right = Buffer.from(text).indexOf('b MATCH');
    expect(statement!.extensions.at.get(right)).toMatchObject({ kind: 'asof_join' });
    expect(statement!.statement).toMatchObject({
      node: {
        SelectStmt: { fromClause: [{ JoinExpr: { rarg: { RangeVar: { relname: 'b', location: right } } } }] },
      },
    });
    expect(parse('SELECT a asof FROM t asof')[0]!.extensions.at.size).toBe(0);
  });

  test('WITH MUTUALLY RECURSIVE becomes WITH RECURSIVE with typed columns beside it', () => {
    const text =
      'WITH MUTUALLY RECURSIVE (RETURN AT RECURSION LIMIT 9) c(a int) AS (SELECT 1 UNION SELECT a + 1 FROM c) SELECT * FROM c';
    const [statement] = parse(text);
    expect(statement!.extensions.at.get(0)).toMatchObject({ limit: { count: 9, onLimit: 'return' } });
    expect(statement!.extensions.at.get(text.indexOf('c('))).toMatchObject({
      kind: 'cte_types',
      columns: [{ name: { name: 'a' } }],
    });
  });

  test('STRICT SERIALIZABLE and FOR SYSTEM_TIME AS OF', () => {
    expect(parse('BEGIN ISOLATION LEVEL STRICT SERIALIZABLE')[0]!.extensions.strictSerializable).toBe(22);
    const [statement] = parse('SELECT * FROM b JOIN s FOR SYSTEM_TIME AS OF PROCTIME() x ON true');
    expect(statement!.extensions.at.get(21)).toMatchObject({ kind: 'system_time' });
  });
});

describe('errors', () => {
  test.each([
    ['SELECT 1 frm x y', 'syntax error at or near "x"', 'x y'],
    ["SELECT 'é😀' frm x y", 'syntax error at or near "x"', 'x y'],
    ["SUBSCRIBE (SELECT 'é😀' FROM t WHERE WHERE c > 1)", 'syntax error at or near "WHERE"', 'WHERE c > 1)'],
    [
      "SELECT 'é'; CREATE SOURCE s FROM KAFKA (TOPIC 'ü' CONNECTION k)",
      'syntax error at or near "CONNECTION"',
      'CONNECTION k)',
    ],
    [
      'SELECT 1 FROM a ASOF JOIN b MATCH_CONDITION (a.t >= ) ON true',
      'syntax error at or near ")"',
      ') ON true',
    ],
    ['CREATE VIEW v AS SELECT foo.', 'syntax error at end of input', ''],
    ['TAIL', 'syntax error at end of input', ''],
    [
      "CREATE SOURCE s (a int, b) FROM FILE (PATH 'x') FORMAT JSON",
      'syntax error at or near ")"',
      ") FROM FILE (PATH 'x') FORMAT JSON",
    ],
    ['SELECT 1; SELEC 2', 'syntax error at or near "SELEC"', 'SELEC 2'],
    ['SHOW SOURCES LIKE', 'syntax error at end of input', ''],
    [
      "CREATE SOURCE é (a int AS ) FROM FILE (PATH 'x')",
      'syntax error at or near ")"',
      ") FROM FILE (PATH 'x')",
    ],
  ])('%s', (text, message, rest) => {
    expect(pointsAt(text)).toEqual([message, rest]);
  });

  test('things that are not there are named', () => {
    expect(refusal('CREATE CLUSTER c')).toMatchObject({
      sqlstate: '0A000',
      message: 'CREATE CLUSTER is not supported',
    });
    expect(refusal('SELECT 1\0')).toMatchObject({ sqlstate: '22021' });
    expect(refusal("SELECT '\ud800'")).toMatchObject({ sqlstate: '22021' });
  });

  test('a statement nested too deeply costs itself alone, however often it comes', () => {
    const deep = 'select 1' + '+1'.repeat(9000);
    for (let i = 0; i < 100; i++) {
      // Whether one of them fits depends on how the engine's compiler laid out the stack.
      try {
        parse(deep);
      } catch (error) {
        expect(error).toMatchObject({ sqlstate: '54001' });
      }
    }
    expect(refusal('select 1' + '+1'.repeat(60_000))).toMatchObject({ sqlstate: '54001' });
    expect(refusal('select ' + '('.repeat(50_000) + '1' + ')'.repeat(50_000))).toMatchObject({
      sqlstate: '54001',
    });
    expect(parse('select 1').length).toBe(1);
  });
});

test('a text without statements has none', () => {
  for (const text of ['', ';', ' ;; ', '-- only this\n', '/* and */ ; ']) expect(parse(text)).toEqual([]);
});

test('what has no effect here says so', () => {
  for (const text of [
    'CREATE INDEX i IN CLUSTER c ON t (a)',
    'CREATE MATERIALIZED VIEW v IN CLUSTER c AS SELECT 1',
    "CREATE SINK s IN CLUSTER c FROM v INTO FILE (PATH 'x') FORMAT JSON",
  ]) {
    expect(parse(text)[0]!.notices, text).toMatchObject([
      { message: expect.stringMatching(/has no effect here$/) },
    ]);
  }
  const [source] = parse("CREATE SOURCE s (a int) WITH (connector = 'kafka') FORMAT PLAIN ENCODE JSON");
  expect(source!.notices).toMatchObject([{ message: 'source "s" stores the rows that it reads' }]);
});

test('identifiers of more than 63 bytes are truncated with a notice', () => {
  const long = 'a'.repeat(70);
  const [plain] = parse(`SELECT 'é' ${long}`);
  expect(plain!.notices).toMatchObject([
    {
      message: `identifier "${long}" will be truncated to "${'a'.repeat(63)}"`,
      sqlstate: '42622',
      position: 12,
    },
  ]);
  const [own] = parse(`DROP VIEW "${'é'.repeat(40)}"`);
  expect(own!.statement).toMatchObject({ names: [{ parts: ['é'.repeat(31)] }] });
  expect(own!.notices.length).toBe(1);
});

test('the nearest name is one that a typing slip can reach', () => {
  expect(nearestName('delimter', ['delimiter', 'header', 'null'])).toBe('delimiter');
  expect(nearestName('Topci', ['topic', 'start'])).toBe('topic');
  expect(nearestName('zzz', ['topic', 'start'])).toBeUndefined();
});
