/**
 * Statements that differ in their constants alone, as clients of the simple protocol send them: one tree with parameters
 * serves them all, and with it one plan. Constants become parameters only where that changes nothing but the plan: beside
 * an operator that compares or calculates outside of what a SELECT lists, groups or sorts by, and where they are assigned.
 * All others belong to what statements have in common.
 */
import type { Node } from '@pgsql/types';
import type { ParsedStatement } from '../ast/statement.ts';
import type { SqlType } from '../types/type.ts';
import { type Token, tokenize } from './lexer.ts';
import { parse } from './parse.ts';
import { SourceText } from './source-text.ts';

/** A statement with parameters, and the values that a text has for them. */
export interface Instance {
  readonly template: Template;
  /** In text format. */
  readonly values: readonly string[];
}

export interface Template {
  readonly parsed: ParsedStatement;
  /** Null: an untyped string constant. */
  readonly types: readonly (SqlType | null)[];
}

/** Which constants of a shape become parameters, by their numbers in the text; `true` where a minus belongs to it. */
type Slots = ReadonlyMap<number, boolean>;

interface Shape {
  /** Null until the shape has come a second time; undefined when it has no such constants. */
  slots: Slots | undefined | null;
  /** By the constants that stay. Undefined: what came of it could not be compiled. */
  readonly templates: Map<string, Template | undefined>;
}

interface Constant {
  readonly token: Token;
  readonly type: SqlType | null;
}

const CANDIDATE = /^\s*(select|insert|update|delete)\b/i;
/** Longer texts hardly come again. */
const LONGEST = 2048;
const MOST_CONSTANTS = 64;
const MOST_SHAPES = 1000;
const MOST_TEMPLATES = 16;

const INT4: SqlType = { name: 'int4', typmod: -1 };
const INT8: SqlType = { name: 'int8', typmod: -1 };
const NUMERIC: SqlType = { name: 'numeric', typmod: -1 };

const shapes = new Map<string, Shape>();

/** What a text is an instance of, if texts of its shape have come before and have constants that can differ. */
export function instanceOf(text: string): Instance | null {
  if (text.length > LONGEST || !CANDIDATE.test(text)) return null;
  const source = new SourceText(text);
  let tokens: Token[];
  try {
    tokens = tokenize(source);
  } catch {
    return null;
  }
  const constants: Constant[] = [];
  let key = '';
  for (const token of tokens) {
    if (token.kind === 'parameter') return null;
    const type = typeOf(token);
    if (type === undefined) {
      key += `${token.text} `;
      continue;
    }
    constants.push({ token, type });
    key += type === null ? "' " : `#${type.name} `;
  }
  if (constants.length === 0 || constants.length > MOST_CONSTANTS) return null;
  const shape = shapes.get(key);
  if (shape) shapes.delete(key);
  else if (shapes.size >= MOST_SHAPES) shapes.delete(shapes.keys().next().value!);
  const current = shape ?? { slots: null, templates: new Map<string, Template | undefined>() };
  shapes.set(key, current);
  if (!shape) return null;
  if (current.slots === null) current.slots = slotsOf(source, constants);
  return current.slots ? instanceOfShape(current, current.slots, source.text, constants) : null;
}

/** To be told when a template could not be compiled: it is not tried again. */
export function refuse(template: Template): void {
  for (const { templates } of shapes.values()) {
    for (const [key, known] of templates) if (known === template) templates.set(key, undefined);
  }
}

function instanceOfShape(
  shape: Shape,
  slots: Slots,
  text: string,
  constants: readonly Constant[],
): Instance | null {
  const values: string[] = [];
  let rest = '';
  for (const [index, { token, type }] of constants.entries()) {
    const signed = slots.get(index);
    if (signed === undefined) {
      rest += `${token.text}\u0000`;
      continue;
    }
    const value = type === null ? token.text.slice(1, -1).replaceAll("''", "'") : token.text;
    // These are read when the statement is bound.
    if (type === null && /^\s*(now|today|tomorrow|yesterday)/i.test(value)) return null;
    values.push(signed ? `-${value}` : value);
  }
  let template = shape.templates.get(rest);
  if (template === undefined) {
    if (shape.templates.has(rest) || shape.templates.size >= MOST_TEMPLATES) return null;
    template = templateOf(text, constants, slots);
    shape.templates.set(rest, template);
  }
  return template === undefined ? null : { template, values };
}

/** The text with its parameters, parsed. */
function templateOf(text: string, constants: readonly Constant[], slots: Slots): Template | undefined {
  const types: (SqlType | null)[] = [];
  let written = '';
  let at = 0;
  for (const [index, { token, type }] of constants.entries()) {
    const signed = slots.get(index);
    if (signed === undefined) continue;
    types.push(type);
    const start = signed ? text.lastIndexOf('-', token.start) : token.start;
    written += `${text.slice(at, start)} $${types.length} `;
    at = token.end;
  }
  const [parsed, second] = parse(written + text.slice(at));
  return parsed && !second ? { parsed, types } : undefined;
}

/** The type of a constant that may become a parameter: null for a string, undefined for what is none. */
function typeOf({ kind, text }: Token): SqlType | null | undefined {
  if (kind === 'string') return /^'[^\n\r]*'$/.test(text) ? null : undefined;
  if (kind !== 'number') return undefined;
  if (/^\d+$/.test(text)) {
    const value = text.length > 19 ? Infinity : BigInt(text);
    if (value <= 2147483647n) return INT4;
    return value <= 9223372036854775807n ? INT8 : NUMERIC;
  }
  return /^(\d+\.?\d*|\.\d+)$/.test(text) ? NUMERIC : undefined;
}

/** Finds the constants that can be parameters; undefined where there are none, or the text is no such statement. */
function slotsOf(source: SourceText, constants: readonly Constant[]): Slots | undefined {
  let statements: ParsedStatement[];
  try {
    statements = parse(source.text);
  } catch {
    return undefined;
  }
  const [parsed] = statements;
  if (statements.length !== 1 || parsed?.statement.kind !== 'postgres' || parsed.extensions.at.size > 0) {
    return undefined;
  }
  const places = new Set<number>();
  collect(parsed.statement.node as unknown as Tree, places);
  const slots = new Map<number, boolean>();
  for (const [index, { token, type }] of constants.entries()) {
    if (places.has(source.byteOfUtf16(token.start))) slots.set(index, false);
    else if (type === INT4 || type === NUMERIC) {
      // The grammar takes a minus into the number and places it there.
      const minus = /-\s*$/.exec(source.text.slice(0, token.start));
      if (minus && places.has(source.byteOfUtf16(minus.index))) slots.set(index, true);
    }
  }
  return slots.size > 0 ? slots : undefined;
}

type Tree = { readonly [key: string]: unknown };

const OPERATORS = new Set(['=', '<>', '!=', '<', '<=', '>', '>=', '+', '-', '*']);
const COMPARISONS = new Set(['=', '<>', '!=', '<', '<=', '>', '>=']);
/** Expressions in these are compared with each other, or read by their constants. */
const LEFT_ALONE: ReadonlySet<string> = new Set([
  ...['sortClause', 'groupClause', 'distinctClause', 'windowClause', 'limitCount', 'limitOffset'],
  ...['returningList', 'FuncCall', 'TypeCast', 'withClause', 'onConflictClause'],
]);

/** The places of constants that can be parameters. */
function collect(tree: Tree, places: Set<number>): void {
  for (const [key, child] of Object.entries(tree)) {
    if (LEFT_ALONE.has(key) || typeof child !== 'object' || child === null) continue;
    const node = child as Tree;
    if (key === 'A_Expr') ofOperator(node, places);
    else if (key === 'InsertStmt') ofValues(node, places);
    else if (key === 'UpdateStmt') ofAssignments(node, places);
    // The sides of a set operation are SELECTs.
    if (['SelectStmt', 'larg', 'rarg'].includes(key)) collect({ ...node, targetList: null }, places);
    else if (Array.isArray(child)) for (const item of child) collect(item as Tree, places);
    else collect(node, places);
  }
}

function ofOperator(node: Tree, places: Set<number>): void {
  const names = node['name'] as Node[];
  const name = names.length === 1 && 'String' in names[0]! ? (names[0].String.sval ?? '') : '';
  const [left, right] = [node['lexpr'] as Tree | undefined, node['rexpr'] as Tree | undefined];
  if (!left || !right) return;
  switch (node['kind']) {
    case 'AEXPR_OP':
      // Of two constants the planner knows the outcome.
      if (!OPERATORS.has(name) || (isConstant(left) && isConstant(right))) return;
      take(left, places, COMPARISONS.has(name));
      take(right, places, COMPARISONS.has(name));
      return;
    case 'AEXPR_IN':
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const list = (right['List'] as Tree | undefined)?.['items'] as Tree[] | undefined;
      if (!isConstant(left)) for (const item of list ?? []) take(item, places, true);
    }
  }
}

function ofValues(insert: Tree, places: Set<number>): void {
  const select = (insert['selectStmt'] as Tree | undefined)?.['SelectStmt'] as Tree | undefined;
  for (const row of (select?.['valuesLists'] as Tree[] | undefined) ?? []) {
    for (const item of (row['List'] as Tree)['items'] as Tree[]) take(item, places, true);
  }
}

function ofAssignments(update: Tree, places: Set<number>): void {
  for (const target of update['targetList'] as Tree[]) {
    const value = (target['ResTarget'] as Tree)['val'] as Tree | undefined;
    if (value) take(value, places, true);
  }
}

function isConstant(node: Tree): boolean {
  return 'A_Const' in node;
}

/** `strings`: an untyped string is as good there as a parameter whose type is left open. */
function take(node: Tree, places: Set<number>, strings: boolean): void {
  const constant = node['A_Const'] as Tree | undefined;
  if (!constant || typeof constant['location'] !== 'number') return;
  if ('ival' in constant || 'fval' in constant || (strings && 'sval' in constant)) {
    places.add(constant['location']);
  }
}
