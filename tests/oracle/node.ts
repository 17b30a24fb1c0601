/**
 * Generated SQL as a tree of text and parts, so that a failing query can be made smaller: a part is left out, or
 * replaced by one of its own parts or by a literal of its type. PostgreSQL says whether the smaller text is valid.
 */
export type Kind = 'expression' | 'optional' | 'item' | 'query' | 'plain' | 'dialect';

export interface Node {
  readonly kind: Kind;
  /** The SQL type of an expression. */
  readonly type?: string;
  readonly parts: readonly (string | Node)[];
}

export function sql(strings: TemplateStringsArray, ...parts: readonly (string | Node)[]): Node {
  return { kind: 'plain', parts: interleave(strings, parts) };
}

export function expression(type: string, parts: readonly (string | Node)[]): Node {
  return { kind: 'expression', type, parts };
}

export function node(kind: Kind, ...parts: readonly (string | Node)[]): Node {
  return { kind, parts };
}

/** The items with a separator; an item can be left out with its separator when there are others. */
export function list(separator: string, items: readonly Node[]): Node {
  return { kind: 'plain', parts: items.flatMap((item, index) => (index === 0 ? [item] : [separator, item])) };
}

/** What PostgreSQL lacks, and what it is there. */
export function dialect(ours: string, theirs: string): Node {
  return { kind: 'dialect', parts: [ours, theirs] };
}

export type Dialect = 'tidewire' | 'postgres';

export function render(root: string | Node, as: Dialect = 'tidewire'): string {
  if (typeof root === 'string') return root;
  if (root.kind === 'dialect') return root.parts[as === 'tidewire' ? 0 : 1] as string;
  return root.parts.map((part) => render(part, as)).join('');
}

function interleave(strings: TemplateStringsArray, parts: readonly (string | Node)[]): (string | Node)[] {
  return strings.flatMap((text, index) => (index < parts.length ? [text, parts[index]!] : [text]));
}

const LITERALS: Readonly<Record<string, string>> = {
  int2: '1::int2',
  int4: '1',
  int8: '1::int8',
  numeric: '1.00::numeric',
  text: `'a'::text`,
  varchar: `'a'::varchar`,
  bpchar: `'a'::bpchar`,
  bool: 'true',
  float4: '0.5::float4',
  float8: '0.5::float8',
  bytea: `'a'::bytea`,
  uuid: `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid`,
  jsonb: `'{}'::jsonb`,
  date: `date '2024-01-31'`,
  time: `time '12:30'`,
  timestamp: `timestamp '2024-01-31 00:00:00'`,
  timestamptz: `timestamptz '2024-01-31 00:00:00+00'`,
  interval: `interval '1 day'`,
  int4range: `'[1,3)'::int4range`,
  numrange: `'[0.00,1.00)'::numrange`,
  daterange: `'[2024-01-31,2024-03-01)'::daterange`,
  int4multirange: `'{[1,3)}'::int4multirange`,
  inet: `inet '10.0.0.1'`,
  cidr: `cidr '10.0.0.0/8'`,
  varbit: `varbit '101'`,
  macaddr: `macaddr '08:00:2b:01:02:03'`,
  macaddr8: `macaddr8 '08:00:2b:01:02:03:04:05'`,
  mood: `'low'::mood`,
  duo: `'(1,a,low)'::duo`,
  'int4[]': `'{1}'::int4[]`,
  'text[]': `'{a}'::text[]`,
  'mood[]': `'{low}'::mood[]`,
};

/** Smaller trees, the most reduced first. */
export function* smaller(root: Node): Generator<Node> {
  yield* replacements(root);
  for (const [index, part] of root.parts.entries()) {
    if (typeof part === 'string') continue;
    for (const other of smaller(part)) yield withPart(root, index, [other]);
    if (part.kind === 'optional' && part.parts.length > 0) yield withPart(root, index, []);
    if (part.kind === 'item' && root.parts.length > 1) {
      const at = index > 0 ? index - 1 : index;
      yield { ...root, parts: root.parts.filter((_, i) => i !== at && i !== at + 1) };
    }
  }
}

/** The tree without one of the parts that can be left out. */
export function* withoutOptional(root: Node): Generator<Node> {
  for (const [index, part] of root.parts.entries()) {
    if (typeof part === 'string') continue;
    for (const other of withoutOptional(part)) yield withPart(root, index, [other]);
    if (part.kind === 'optional' && part.parts.length > 0) yield withPart(root, index, []);
  }
}

function withPart(root: Node, index: number, by: readonly Node[]): Node {
  return { ...root, parts: [...root.parts.slice(0, index), ...by, ...root.parts.slice(index + 1)] };
}

/** The queries within one, the outermost first. */
export function* queriesIn(root: Node): Generator<Node> {
  for (const part of root.parts) {
    if (typeof part === 'string') continue;
    if (part.kind === 'query') yield part;
    yield* queriesIn(part);
  }
}

function* replacements(root: Node): Generator<Node> {
  if (root.kind === 'query') yield* inside(root, (part) => part.kind === 'query');
  if (root.kind !== 'expression') return;
  const literal = LITERALS[root.type ?? ''];
  if (literal !== undefined && render(root).length > literal.length) yield expression(root.type!, [literal]);
  yield* inside(root, (part) => part.kind === 'expression' && part.type === root.type);
}

function* inside(root: Node, wanted: (part: Node) => boolean): Generator<Node> {
  for (const part of root.parts) {
    if (typeof part === 'string') continue;
    if (wanted(part)) yield part;
    else yield* inside(part, wanted);
  }
}
