import type { A_Const, Node, RangeVar, TypeName } from '@pgsql/types';
import type { QualifiedName } from './name.ts';

// PostgreSQL's trees reach us as protobuf's JSON, which leaves out every field that has its default: an integer
// constant 0 is `{ ival: {} }`, false is `{ boolval: {} }`, a location 0 is absent. Nobody else reads these fields
// directly.

/** The name of a node's kind: `SelectStmt` of `{ SelectStmt: {…} }`. */
export type NodeKind = Node extends infer N ? (N extends object ? keyof N : never) : never;

/** The kind of a node. */
export function nodeKind(node: Node): NodeKind {
  return Object.keys(node)[0] as NodeKind;
}

type Fields<K extends NodeKind> = Extract<Node, Record<K, unknown>> extends Record<K, infer F> ? F : never;

/** The fields of a node if it is of this kind, else undefined. */
export function nodeAs<K extends NodeKind>(node: Node | undefined, kind: K): Fields<K> | undefined {
  return node === undefined ? undefined : ((node as Record<string, unknown>)[kind] as Fields<K> | undefined);
}

/** The location of a node's fields in UTF-8 bytes; PostgreSQL's -1 (unknown) is undefined. */
export function locationOf(fields: { location?: number }): number | undefined {
  const location = fields.location ?? 0;
  return location < 0 ? undefined : location;
}

/** A location of any node: its own, or the first that is found inside it. */
export function findLocation(node: unknown): number | undefined {
  if (Array.isArray(node)) {
    for (const element of node) {
      const found = findLocation(element);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (node === null || typeof node !== 'object') return undefined;
  const own = (node as { location?: unknown }).location;
  if (typeof own === 'number' && own >= 0) return own;
  for (const value of Object.values(node)) {
    const found = findLocation(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A constant as written. A number that fits int4 is an integer; others keep their text. */
export type Constant =
  | { kind: 'null' }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'integer'; value: number }
  | { kind: 'float'; text: string }
  | { kind: 'string'; value: string }
  /** `b1010` or `x1f`: the letter tells the base. */
  | { kind: 'bits'; value: string };

/** What a constant says. */
export function constantOf(constant: A_Const): Constant {
  if (constant.isnull === true) return { kind: 'null' };
  if (constant.boolval !== undefined) return { kind: 'boolean', value: constant.boolval.boolval ?? false };
  if (constant.ival !== undefined) return { kind: 'integer', value: constant.ival.ival ?? 0 };
  if (constant.fval !== undefined) return { kind: 'float', text: constant.fval.fval ?? '0' };
  if (constant.sval !== undefined) return { kind: 'string', value: constant.sval.sval ?? '' };
  if (constant.bsval !== undefined) return { kind: 'bits', value: constant.bsval.bsval ?? '' };
  return { kind: 'null' };
}

/** The text of a `{ String }` node. */
export function stringOf(node: Node | undefined): string {
  return nodeAs(node, 'String')?.sval ?? '';
}

/** A list of `{ String }` nodes: a possibly qualified name. `*` in it stands for A_Star. */
export function nameParts(nodes: Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => ('A_Star' in node ? '*' : stringOf(node)));
}

/** The number of an `{ Integer }` node. */
export function integerOf(node: Node | undefined): number | undefined {
  const integer = nodeAs(node, 'Integer');
  return integer === undefined ? undefined : (integer.ival ?? 0);
}

/** The boolean of a `{ Boolean }` node. */
export function booleanOf(node: Node | undefined): boolean | undefined {
  const boolean = nodeAs(node, 'Boolean');
  return boolean === undefined ? undefined : (boolean.boolval ?? false);
}

/** A type as written. */
export interface TypeReference {
  /** Qualified, as the grammar gives it: `['pg_catalog', 'int4']` for `integer`, `['text']` for `text`. */
  names: string[];
  /** Expressions in its parentheses: `numeric(10, 2)` has two. */
  typmods: Node[];
  /** One element a dimension; -1 for a dimension without bound. Empty: no array. */
  arrayBounds: number[];
  setof: boolean;
  location: number | undefined;
}

/** A type name without protobuf's defaults. */
export function typeReference(type: TypeName): TypeReference {
  return {
    names: nameParts(type.names),
    typmods: type.typmods ?? [],
    arrayBounds: (type.arrayBounds ?? []).map((bound) => integerOf(bound) ?? -1),
    setof: type.setof ?? false,
    location: locationOf(type),
  };
}

/** The name of a relation in one of PostgreSQL's statements; its end is not known there. */
export function rangeName(range: RangeVar | undefined): QualifiedName {
  const parts = [range?.schemaname, range?.relname].filter(
    (part): part is string => part !== undefined && part !== '',
  );
  const location = range?.location ?? 0;
  return { parts, location, end: location };
}
