/** CREATE FUNCTION … LANGUAGE SQL: what it declares, and whether its body gives that. */
import { insteadOf } from '../ast/command-name.ts';
import type { CreateFunctionStmt, DefElem, Node, TypeName as TypeNode } from '@pgsql/types';
import {
  booleanOf,
  locationOf,
  nameParts,
  nodeAs,
  nodeKind,
  stringOf,
  typeReference,
} from '../ast/accessors.ts';
import type {
  CatalogFunction,
  FunctionColumn,
  FunctionParameter,
  FunctionResult,
  ObjectId,
} from '../catalog.ts';
import { SqlError } from '../error.ts';
import { isPolymorphic } from '../types/polymorphic-names.ts';
import { elementOfVariadic } from '../types/polymorphic.ts';
import { displayType } from '../types/format.ts';
import type { HirColumn } from '../hir.ts';
import { parse } from '../parse/parse.ts';
import { pinnedNode } from '../parse/pinned-names.ts';
import { SourceText } from '../parse/source-text.ts';
import type { TypeName } from '../types/type.ts';
import { coerce } from './coerce.ts';
import { expressionContext } from './context.ts';
import { bindTypeOrDomain } from './domain.ts';
import type { BindEnvironment } from './environment.ts';
import { bindExpression } from './expression.ts';
import { pseudoTypeNamed } from './pseudo-type.ts';
import { bindRowType } from './row-type.ts';
import { emptyScope } from './scope.ts';
import { checkColumns, mismatch } from './function-result.ts';
import { functionBody } from './sql-function.ts';
import { Statement } from './statement.ts';
import { shownColumns } from './query.ts';

/** What CREATE FUNCTION declares. */
export interface FunctionDefinition extends Omit<CatalogFunction, 'id' | 'schema'> {
  /** `pg_proc.prosrc`; empty where the body is part of the statement. */
  readonly source: string;
  /** The body is part of the statement: its names are bound now, not at each call. */
  readonly isParsed: boolean;
}

interface Options {
  readonly source: string | null;
  /** Where AS stands (UTF-8 bytes). */
  readonly sourceAt: number | undefined;
  readonly strict: boolean;
  readonly volatility: CatalogFunction['volatility'];
}

/** Languages of PostgreSQL in which functions cannot be written here. */
const LANGUAGES = new Set(['plpgsql', 'c', 'internal', 'plperl', 'plperlu', 'plpython3u', 'pltcl', 'pltclu']);

/** Those of RisingWave and others. */
const FUNCTIONS_ELSEWHERE = new Set(['python', 'javascript', 'java', 'rust', 'wasm']);

/** Binds a CREATE FUNCTION. The name is the function's, without its schema. */
export function bindFunctionDefinition(
  node: CreateFunctionStmt,
  environment: BindEnvironment,
  /** Whether what a text names must be there now: the setting check_function_bodies. */
  checksBody = true,
  /** SET search_path. */
  searchPath?: readonly string[],
): FunctionDefinition {
  const statement = new Statement(environment);
  const name = nameParts(node.funcname).pop()!;
  if (node.is_procedure === true)
    throw statement.unsupported('CREATE PROCEDURE', undefined, insteadOf('CREATE PROCEDURE'));
  const options = readOptions(statement, node);
  const { parameters, outputs, isTable } = readParameters(statement, node.parameters ?? []);
  const result = resultOf(statement, node.returnType, outputs, isTable);
  refusePolymorphic(statement, parameters, result);
  const text = options.source === null ? null : bodyText(environment, options.source, options.sourceAt);
  const { body, source, isParsed } = bodyOf(statement, node, options, text, result, name, parameters);
  const { strict, volatility } = options;
  const path = isParsed ? undefined : searchPath;
  const definition = {
    name,
    parameters,
    result,
    strict,
    volatility,
    body,
    source,
    isParsed,
    searchPath: path,
  };
  if (checksBody || text === null) checkBody(environment, definition, text);
  return definition;
}

function invalid(statement: Statement, message: string, at?: number, detail?: string): SqlError {
  return statement.error('42P13', message, at, { detail });
}

function readOptions(statement: Statement, node: CreateFunctionStmt): Options {
  const seen = new Map<string, DefElem>();
  for (const option of (node.options ?? []).map((each) => nodeAs(each, 'DefElem')!)) {
    const name = option.defname!;
    // Of several settings each has a clause of its own.
    if (name === 'set') continue;
    if (seen.has(name))
      throw statement.error('42601', 'conflicting or redundant options', locationOf(option));
    seen.set(name, option);
  }
  const at = (name: string): number | undefined => {
    const option = seen.get(name);
    return option && locationOf(option);
  };
  for (const name of ['window', 'transform', 'support']) {
    if (seen.has(name)) throw statement.unsupported(`${name.toUpperCase()} of a function`, at(name));
  }
  const written = seen.get('language');
  if (written === undefined && node.sql_body === undefined) throw invalid(statement, 'no language specified');
  const language = written === undefined ? 'sql' : stringOf(written.arg).toLowerCase();
  if (language !== 'sql') {
    if (LANGUAGES.has(language))
      throw statement.unsupported(`language ${language}`, undefined, 'Write the function in SQL.');
    const hint = FUNCTIONS_ELSEWHERE.has(language) ? 'Write the function in SQL.' : undefined;
    throw statement.error('42704', `language "${language}" does not exist`, undefined, { hint });
  }
  const as = nodeAs(seen.get('as')?.arg, 'List')?.items;
  if (as !== undefined && as.length > 1)
    throw invalid(statement, 'only one AS item needed for language "sql"');
  if (as !== undefined && node.sql_body !== undefined)
    throw invalid(statement, 'duplicate function body specified');
  if (as === undefined && node.sql_body === undefined) throw invalid(statement, 'no function body specified');
  const isSet = node.returnType?.setof === true;
  if (seen.has('rows') && !isSet) {
    throw statement.error('22023', 'ROWS is not applicable when function does not return a set');
  }
  return {
    sourceAt: at('as'),
    source: as === undefined ? null : stringOf(as[0]),
    strict: booleanOf(seen.get('strict')?.arg) ?? false,
    volatility: (seen.has('volatility')
      ? stringOf(seen.get('volatility')!.arg)
      : 'volatile') as CatalogFunction['volatility'],
  };
}

interface OutputParameter extends FunctionColumn {
  readonly isNamed: boolean;
}

function readParameters(
  statement: Statement,
  nodes: readonly Node[],
): { parameters: FunctionParameter[]; outputs: OutputParameter[]; isTable: boolean } {
  const parameters: FunctionParameter[] = [];
  const outputs: OutputParameter[] = [];
  const inputNames = new Set<string>();
  const outputNames = new Set<string>();
  let isTable = false;
  let hasDefault = false;
  for (const node of nodes.map((each) => nodeAs(each, 'FunctionParameter')!)) {
    const { mode = 'FUNC_PARAM_DEFAULT', name = '' } = node;
    const at = locationOf(node);
    if (node.argType?.setof === true) throw invalid(statement, 'functions cannot accept set arguments', at);
    const pseudo = pseudoTypeNamed(node.argType!);
    if (pseudo !== null && WITHOUT_VALUES.has(pseudo)) {
      throw invalid(statement, `SQL functions cannot have arguments of type ${pseudo}`);
    }
    const { type, domain, rowOf } = declaredWithDomain(statement, node.argType!);
    const variadic = mode === 'FUNC_PARAM_VARIADIC';
    if (variadic && elementOfVariadic(type) === null) {
      throw invalid(statement, 'VARIADIC parameter must be an array', at);
    }
    const isOutput = mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_TABLE';
    const isInput = !isOutput;
    const clash =
      name !== '' &&
      ((isInput && inputNames.has(name)) ||
        ((isOutput || mode === 'FUNC_PARAM_INOUT') && outputNames.has(name)));
    if (clash) throw invalid(statement, `parameter name "${name}" used more than once`, at);
    if (isInput) {
      if (parameters.at(-1)?.variadic) {
        throw invalid(statement, 'VARIADIC parameter must be the last input parameter', at);
      }
      inputNames.add(name);
      let defaultValue = node.defexpr ?? null;
      if (defaultValue !== null) {
        checkDefault(statement, defaultValue, type, domain);
        defaultValue = pinnedNode(defaultValue, (at) => statement.environment.catalog.meaning(at));
      } else if (hasDefault) {
        throw invalid(
          statement,
          'input parameters after one with a default value must also have defaults',
          at,
        );
      }
      hasDefault ||= defaultValue !== null;
      parameters.push({
        name,
        type,
        ...(domain === null ? {} : { domain }),
        ...(rowOf === undefined ? {} : { rowOf }),
        defaultValue,
        ...(variadic ? { variadic } : {}),
      });
    } else if (node.defexpr !== undefined) {
      throw invalid(statement, 'only input parameters can have default values', at);
    }
    if (isOutput || mode === 'FUNC_PARAM_INOUT') {
      if (domain !== null) throw statement.unsupported('a column of a domain in what a function gives', at);
      outputNames.add(name);
      const isNamed = name !== '';
      outputs.push({ name: isNamed ? name : `column${outputs.length + 1}`, type, isNamed });
    }
    isTable ||= mode === 'FUNC_PARAM_TABLE';
  }
  return { parameters, outputs, isTable };
}

/** Pseudo-types that a function in SQL can do nothing with. */
const WITHOUT_VALUES = new Set(['void', 'cstring', 'internal', 'trigger', 'event_trigger']);

/** A type in a signature: modifiers are checked and have no effect there, as in PostgreSQL. */
export function declaredWithDomain(
  statement: Statement,
  node: TypeNode,
): { readonly type: TypeName; readonly domain: ObjectId | null; readonly rowOf?: ObjectId } {
  const { names, arrayBounds } = typeReference(node);
  const name = names[names.length - 1]!;
  if (isPolymorphic(name) && arrayBounds.length === 0) return { type: name as TypeName, domain: null };
  const row = bindRowType(statement, node);
  if (row !== null) return { type: row.type, domain: null, rowOf: row.relation };
  const { type, domain } = bindTypeOrDomain(statement, { ...node, setof: false });
  return { type: type.name, domain: domain?.id ?? null };
}

/** The type in a signature; of a domain that which it is over. */
export function declaredType(statement: Statement, node: TypeNode): TypeName {
  return declaredWithDomain(statement, node).type;
}

function checkDefault(statement: Statement, node: Node, type: TypeName, domain: ObjectId | null): void {
  const context = expressionContext({ statement, ctes: [], outer: null }, emptyScope, 'DEFAULT expressions');
  const bound = bindExpression(node, context);
  if (isPolymorphic(type)) throw statement.unsupported('a default of a polymorphic parameter', bound.at);
  if (coerce(statement, bound, type, 'assignment') !== null) return;
  const wanted = statement.shownPlace({ type: { name: type, typmod: -1 }, domain: domain ?? undefined });
  const given = statement.shownType(bound.scalar);
  const message = `argument of DEFAULT must be type ${wanted}, not type ${given}`;
  throw statement.error('42804', message, bound.at);
}

function resultOf(
  statement: Statement,
  node: TypeNode | undefined,
  outputs: readonly OutputParameter[],
  isTable: boolean,
): FunctionResult {
  const set = node?.setof === true;
  const [first] = outputs;
  if (first === undefined) {
    if (node === undefined) throw invalid(statement, 'function result type must be specified');
    const name = typeReference(node).names.at(-1)!;
    if (name === 'record') return { kind: 'columns', set, columns: [] };
    if (name === 'void') throw statement.unsupported('a function that returns void', locationOf(node));
    if (name !== 'void' && WITHOUT_VALUES.has(name)) {
      throw invalid(statement, `SQL functions cannot return type ${name}`);
    }
    const { type, domain, rowOf } = declaredWithDomain(statement, node);
    return {
      ...{ kind: 'value', set, type },
      ...(domain === null ? {} : { domain }),
      ...(rowOf === undefined ? {} : { rowOf }),
    };
  }
  const isRecord = outputs.length > 1 || isTable;
  if (node !== undefined && !isTable) {
    const declared = typeReference(node).names.at(-1) === 'record' ? null : declaredType(statement, node);
    const wanted = isRecord ? null : first.type;
    if (declared !== wanted) {
      const type = wanted === null ? 'record' : displayType(wanted);
      throw invalid(statement, `function result type must be ${type} because of OUT parameters`);
    }
  }
  if (isRecord && (outputs.length > 1 || isTable))
    return { kind: 'columns', set, columns: outputs.map(({ name, type }) => ({ name, type })) };
  return { kind: 'value', set, type: first.type, ...(first.isNamed ? { column: first.name } : {}) };
}

/** A polymorphic result must be decided by the arguments. */
function refusePolymorphic(
  statement: Statement,
  parameters: readonly FunctionParameter[],
  result: FunctionResult,
): void {
  const results = result.kind === 'value' ? [result.type] : result.columns.map(({ type }) => type);
  const family = (type: string): string =>
    type.startsWith('anycompatible') ? 'anycompatible' : 'anyelement';
  for (const type of results) {
    if (!isPolymorphic(type)) continue;
    // Only a range says which of the ranges over its type is meant.
    const decides = ({ type: given }: FunctionParameter): boolean =>
      isPolymorphic(given) &&
      family(given) === family(type) &&
      (!type.endsWith('range') || given.endsWith('range'));
    if (parameters.some(decides)) continue;
    const ranges = family(type) === 'anyelement' ? 'any' : 'anycompatible';
    const inputs = type.endsWith('range')
      ? `${ranges}range or ${ranges}multirange`
      : family(type) === 'anyelement'
        ? 'anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange'
        : 'anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange';
    const detail = `A result of type ${type} requires at least one input of type ${inputs}.`;
    throw invalid(statement, 'cannot determine result data type', undefined, detail);
  }
}

function bodyOf(
  statement: Statement,
  node: CreateFunctionStmt,
  { source }: Options,
  text: BodyText | null,
  result: FunctionResult,
  name: string,
  parameters: readonly FunctionParameter[],
): { body: Node; source: string; isParsed: boolean } {
  const isParsed = node.sql_body !== undefined;
  if (isParsed && parameters.some(({ type }) => isPolymorphic(type))) {
    const message = 'SQL function with unquoted function body cannot have polymorphic arguments';
    throw statement.error('0A000', message);
  }
  const nodes = isParsed
    ? parsedBody(node.sql_body!)
    : inText(statement, name, text, () => sourceBody(source ?? ''));
  if (nodes.length > 1) throw statement.unsupported('several statements in a function');
  const [only] = nodes;
  const returned = nodeAs(only, 'ReturnStmt')?.returnval;
  if (returned !== undefined) {
    const target: Node = { ResTarget: { val: returned } };
    const select: Node = {
      SelectStmt: { targetList: [target], limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' },
    };
    return { body: select, source: '', isParsed };
  }
  if (only === undefined) {
    throw mismatch(
      { name, result },
      "Function's final statement must be SELECT or INSERT/UPDATE/DELETE/MERGE RETURNING.",
      statement.environment.catalog,
    );
  }
  const kind = nodeKind(only);
  if (kind !== 'SelectStmt') {
    throw statement.unsupported(`${kind.replace(/Stmt$/, '').toUpperCase()} in a function in SQL`);
  }
  return { body: only, source: source ?? '', isParsed };
}

function parsedBody(body: Node): Node[] {
  const lists = nodeAs(body, 'List')?.items;
  if (lists === undefined) return [body];
  return lists.flatMap((each) => nodeAs(each, 'List')?.items ?? [each]);
}

function sourceBody(source: string): Node[] {
  return parse(source).map(({ statement: each }) => {
    if (each.kind === 'postgres') return each.node;
    const message = `${each.kind.replaceAll('_', ' ').toUpperCase()} is not supported in a function in SQL`;
    throw new SqlError({ sqlstate: '0A000', message });
  });
}

/** A body that is given as a text: where it stands in the statement. */
interface BodyText {
  /** The position that a client is told, of a position in the body (both from 1). */
  positionOf(position: number): number | undefined;
  readonly source: SourceText;
}

/** Finds the literal behind AS. One with escapes has no places. */
function bodyText({ source: whole }: BindEnvironment, source: string, at: number | undefined): BodyText {
  const own = new SourceText(source);
  const text = whole.text ?? '';
  const begin = whole.positionOfByte(at);
  // Positions count code points, from 1.
  const points = Array.from(text);
  const rest = begin === undefined ? '' : points.slice(begin - 1).join('');
  const literal = /^as\s+(?:'((?:[^']|'')*)'|\$([^$]*)\$([\s\S]*?)\$\2\$)/i.exec(rest);
  const quoted = literal?.[1];
  const written = quoted ?? literal?.[3];
  if (
    begin === undefined ||
    written === undefined ||
    written.replaceAll(quoted === undefined ? '\0' : "''", "'") !== source
  ) {
    return { source: own, positionOf: () => undefined };
  }
  const inner = literal![0].length - written.length - (quoted === undefined ? literal![2]!.length + 2 : 1);
  const start = begin + Array.from(literal![0].slice(0, inner)).length;
  const quotes = (position: number): number =>
    quoted === undefined
      ? 0
      : Array.from(source)
          .slice(0, position - 1)
          .filter((point) => point === "'").length;
  return { source: own, positionOf: (position) => start + position - 1 + quotes(position) };
}

/** Does something with a body's text: errors in it stand where it stands in the statement, or name the function. */
function inText<T>(statement: Statement | null, name: string, text: BodyText | null, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SqlError) || error.where !== undefined) throw error;
    const { sqlstate, message, detail, hint, position } = error;
    const at =
      statement === null ? position : position === undefined ? undefined : text?.positionOf(position);
    const where = at === undefined ? `SQL function "${name}"` : undefined;
    throw new SqlError({ sqlstate, message, detail, hint, where, position: at });
  }
}

/** The body binds, and gives what is declared. What is polymorphic is only known at a call. */
function checkBody(
  environment: BindEnvironment,
  definition: FunctionDefinition,
  text: BodyText | null,
): void {
  const { name, parameters } = definition;
  if (parameters.some(({ type }) => isPolymorphic(type))) return;
  // The places in a text are its own.
  const positionOfByte = (byte: number | undefined): number | undefined => {
    const position = text!.source.positionOfByte(byte);
    return position === undefined ? undefined : text!.positionOf(position);
  };
  const source = text === null ? environment.source : { positionOfByte, text: text.source.text };
  const statement = new Statement({ ...environment, source });
  const operands = parameters.map(
    ({ type }, index) => ({ kind: 'parameter', index, type: { name: type, typmod: -1 } }) as const,
  );
  const called: CatalogFunction = { ...definition, id: -1, schema: '' };
  const context = { statement, ctes: [], outer: null };
  const bind = (): readonly HirColumn[] =>
    shownColumns(functionBody({ called, operands, at: undefined }, context));
  checkColumns(definition, text === null ? bind() : inText(null, name, text, bind), environment.catalog);
}
