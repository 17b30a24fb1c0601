/* oxlint-disable no-underscore-dangle -- the names that the WASM module exports */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import vm from 'node:vm';
import type { ParseResult } from '@pgsql/types';

// libpg-query's own JavaScript keeps one private WASM instance. A statement nested deeply enough overflows the
// JavaScript stack inside it, which leaves the instance's own stack pointer where it was; after some 35 such
// statements every call fails. So this binding owns its instances and replaces one that threw anything. Nothing
// else in the project may import the package.

/** A refusal by PostgreSQL's grammar. `codePoint` counts from 0 in the text given, -1 if there is none. */
export interface GrammarError {
  message: string;
  codePoint: number;
}

/** The parser ran out of stack or memory: the statement is nested too deeply or is too large. */
export class ParserExhausted extends Error {}

/** The functions of the WASM factory's result that are used here. */
interface Instance {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(query: number): number;
  _wasm_free_parse_result(result: number): void;
  getValue(pointer: number, type: 'i32'): number;
  UTF8ToString(pointer: number): string;
  stringToUTF8(text: string, pointer: number, bytes: number): void;
  lengthBytesUTF8(text: string): number;
}

/** The part of the WebAssembly API that is used here; TypeScript declares it only for browsers. */
interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}
interface WasmApi {
  Module: new (bytes: Uint8Array) => object;
  Memory: new () => WasmMemory;
}
const wasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;

/** WASM memory never shrinks: an instance that one huge statement grew beyond this is given back. */
const MEMORY_LIMIT = 256 * 1024 * 1024;

const require = createRequire(import.meta.url);
let compiled: { factory: vm.Script; wasm: object; directory: string } | undefined;
let current: Instance | undefined;
let memory: WasmMemory | undefined;

/** Parses a text with PostgreSQL's grammar; locations in the tree are UTF-8 bytes from the text's start. */
export function parsePostgres(text: string): ParseResult | GrammarError {
  const instance = (current ??= instantiate());
  let query = 0;
  let result = 0;
  let completed = false;
  try {
    const bytes = instance.lengthBytesUTF8(text) + 1;
    query = instance._malloc(bytes);
    if (query === 0) throw new ParserExhausted('out of memory');
    instance.stringToUTF8(text, query, bytes);
    result = instance._wasm_parse_query_raw(query);
    if (result === 0) throw new ParserExhausted('out of memory');
    // struct PgQueryParseResult { char *tree; char *stderr; PgQueryError *error; }
    const error = instance.getValue(result + 8, 'i32');
    let answer: ParseResult | GrammarError;
    if (error !== 0) {
      // struct PgQueryError { char *message, *function, *file; int line, cursor; char *context; }
      answer = {
        message: instance.UTF8ToString(instance.getValue(error, 'i32')),
        codePoint: instance.getValue(error + 16, 'i32') - 1,
      };
    } else {
      answer = JSON.parse(instance.UTF8ToString(instance.getValue(result, 'i32'))) as ParseResult;
    }
    instance._wasm_free_parse_result(result);
    instance._free(query);
    completed = true;
    return answer;
  } catch (error) {
    throw new ParserExhausted(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    if (!completed || (memory !== undefined && memory.buffer.byteLength > MEMORY_LIMIT)) {
      current = undefined;
      memory = undefined;
    }
  }
}

/** Makes the parser ready ahead of the first text, which would wait for its compilation. */
export function loadParser(): void {
  current ??= instantiate();
}

/** Whether the parser refused the text. */
export function isGrammarError(answer: ParseResult | GrammarError): answer is GrammarError {
  return 'codePoint' in answer;
}

/**
 * Builds an instance at once. The package's factory is an async function that waits for nothing but promise
 * jobs; a context whose jobs run before the evaluation returns makes it synchronous.
 */
function instantiate(): Instance {
  compiled ??= compile();
  const { factory, wasm, directory } = compiled;
  const module = { exports: {} };
  const sandbox = {
    module,
    exports: module.exports,
    require,
    __dirname: directory,
    __filename: `${directory}/libpg-query.js`,
    process,
    console,
    TextDecoder,
    WebAssembly: wasmApi,
    wasm,
    instance: undefined as Instance | undefined,
    failure: undefined as unknown,
    memory: undefined as WasmMemory | undefined,
  };
  factory.runInNewContext(sandbox, { microtaskMode: 'afterEvaluate' });
  if (sandbox.instance === undefined) {
    throw new Error('the SQL parser could not be loaded', { cause: sandbox.failure });
  }
  memory = sandbox.memory;
  return sandbox.instance;
}

function compile(): NonNullable<typeof compiled> {
  const script = require.resolve('libpg-query/wasm/libpg-query.js');
  const directory = dirname(script);
  const start = `
    ;module.exports({
      instantiateWasm(imports, receive) {
        const made = new WebAssembly.Instance(wasm, imports);
        for (const value of Object.values(made.exports)) {
          if (value instanceof WebAssembly.Memory) globalThis.memory = value;
        }
        receive(made);
        return made.exports;
      },
    }).then((made) => { globalThis.instance = made; }, (error) => { globalThis.failure = error; });`;
  return {
    factory: new vm.Script(readFileSync(script, 'utf8') + start, { filename: script }),
    wasm: new wasmApi.Module(readFileSync(`${directory}/libpg-query.wasm`)),
    directory,
  };
}
