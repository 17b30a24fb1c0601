/**
 * SET column['a'][0] = …, of a jsonb column, as PostgreSQL's jsonb_set_element: what the path leads through is made where it is
 * missing, and an array is filled with nulls up to a place behind its end. From the value outwards, each level is
 *
 *     put(document, step, value)  =  jsonb_set(ready(document, step), ARRAY[step], value)
 *
 * where `ready` is the document with a place for the step, or raises why it can have none.
 */
import { functionByOid } from '../../functions/table.ts';
import type { HirScalar } from '../../hir.ts';
import { plain } from '../../types/table.ts';
import type { TypeName } from '../../types/type.ts';
import { bindBody } from '../body.ts';
import type { ExpressionContext } from '../context.ts';
import type { JsonbSubscript } from '../jsonb-subscript.ts';
import { int4, isNull, literal, or } from '../scalar.ts';

/** format_type(oid, int4): an entry that is not its body's. */
const ANY_ENTRY = 1081;
/** What strtol reads, and fits an integer. */
const INTEGER = /^\s*[+-]?[0-9]{1,9}$/;

/** Values that are objects for certain, or raise: of several assignments to one column each is over the one before. */
const objects = new WeakSet<HirScalar>();

interface Branch {
  readonly condition: HirScalar;
  readonly result: HirScalar;
}

export function withJsonbPart(
  base: HirScalar,
  steps: readonly JsonbSubscript[],
  value: HirScalar,
  context: ExpressionContext,
): HirScalar {
  const maker = new Maker(base, steps, context);
  const made = maker.put(0, { kind: 'coalesce', operands: [value, json('null')], type: plain('jsonb') });
  const nulls = steps.flatMap(({ text }) =>
    text.kind === 'literal' && text.text !== null ? [] : [isNull(text)],
  );
  const [first] = steps;
  const isKey =
    first?.integer === null && first.text.kind === 'literal' && !INTEGER.test(first.text.text ?? '');
  if (isKey || objects.has(base)) objects.add(made);
  if (nulls.length === 0) return made;
  const raised = raise('22004', 'jsonb subscript in assignment must not be null');
  return choose([{ condition: or(nulls), result: raised }], made);
}

class Maker {
  readonly #base: HirScalar;
  readonly #steps: readonly JsonbSubscript[];
  readonly #context: ExpressionContext;

  constructor(base: HirScalar, steps: readonly JsonbSubscript[], context: ExpressionContext) {
    this.#base = base;
    this.#steps = steps;
    this.#context = context;
  }

  /** The document at a level, with the value behind its last step. */
  put(level: number, value: HirScalar): HirScalar {
    const step = this.#steps[level];
    if (step === undefined) return value;
    const placed = this.put(level + 1, value);
    return this.#sql('jsonb', 'jsonb_set($1, ARRAY[$2], $3)', this.#ready(level, step), step.text, placed);
  }

  #ready(level: number, step: JsonbSubscript): HirScalar {
    if (level === 0 && objects.has(this.#base)) return this.#base;
    const found = level === 0 ? this.#base : this.#sql('jsonb', '$1 #> $2', this.#base, this.#path(level));
    // As in PostgreSQL, the type of the first step says what a NULL becomes, and the text of each other.
    const document: HirScalar =
      level > 0
        ? found
        : {
            kind: 'coalesce',
            operands: [found, json(step.integer === null ? '{}' : '[]')],
            type: plain('jsonb'),
          };
    const isOf = (type: string): HirScalar => this.#sql('bool', `jsonb_typeof($1) = '${type}'`, document);
    const missing = { condition: isNull(document), result: this.#made(step) };
    return choose(
      [
        { condition: isOf('object'), result: document },
        { condition: isOf('array'), result: this.#filled(level, step, document) },
        ...(level > 0 ? [missing] : []),
      ],
      raise('22023', 'cannot replace existing key'),
    );
  }

  /** The path down to a level. */
  #path(level: number): HirScalar {
    const elements = this.#steps.slice(0, level).map(({ text }) => text);
    return { kind: 'array', elements, nested: false, type: plain('_text') };
  }

  /** What is made where nothing is. */
  #made({ text, integer }: JsonbSubscript): HirScalar {
    if (integer !== null) return this.#nulls(integer);
    const isInteger = this.#isInteger(text);
    if (isInteger === true) return this.#nulls(this.#sql('int4', '$1::int4', text));
    if (isInteger === false) return json('{}');
    const array = this.#nulls(this.#sql('int4', '$1::int4', text));
    return choose([{ condition: isInteger, result: array }], json('{}'));
  }

  /** An array that has the step's place, or ends before it. */
  #filled(level: number, { text, integer }: JsonbSubscript, array: HirScalar): HirScalar {
    const isInteger = integer === null ? this.#isInteger(text) : true;
    // jsonb_set says itself what is wrong with the element of the path.
    const refused = this.#sql('jsonb', "jsonb_set($1, $2, 'null')", this.#base, this.#path(level + 1));
    if (isInteger === false) return refused;
    const place = integer ?? this.#sql('int4', '$1::int4', text);
    const length = this.#sql('int4', 'jsonb_array_length($1)', array);
    const shown =
      text.kind === 'literal' ? `: ${text.text}` : place.kind === 'literal' ? `: ${place.text}` : '';
    const position = `path element at position ${level + 1} is out of range${shown}`;
    const filled = choose(
      [
        {
          condition: this.#sql('bool', '$1 < - $2', place, length),
          result: raise('22023', position),
        },
      ],
      this.#sql('jsonb', '$1 || $2', array, this.#nulls(this.#sql('int4', '$1 - $2', place, length))),
    );
    return isInteger === true ? filled : choose([{ condition: isInteger, result: filled }], refused);
  }

  /** Whether a text is a place in an array; of a constant that is known. */
  #isInteger(text: HirScalar): boolean | HirScalar {
    if (text.kind === 'literal') return INTEGER.test(text.text ?? '');
    return this.#sql('bool', `$1 ~ '${INTEGER.source}'`, text);
  }

  /** So many nulls; none, if it is less than one. */
  #nulls(count: HirScalar): HirScalar {
    const least = this.#sql('int4', 'greatest($1, $2)', count, int4(0));
    return this.#sql('jsonb', 'to_jsonb(array_fill(NULL::jsonb, ARRAY[$1]))', least);
  }

  #sql(type: TypeName, text: string, ...args: readonly HirScalar[]): HirScalar {
    return bindBody(this.#context, { ...functionByOid(ANY_ENTRY), result: type }, args, text);
  }
}

function json(text: string): HirScalar {
  return literal('jsonb', text);
}

function raise(sqlstate: string, message: string): HirScalar {
  return { kind: 'raise', sqlstate, message, type: plain('jsonb') };
}

function choose(branches: readonly Branch[], otherwise: HirScalar): HirScalar {
  return { kind: 'case', branches, otherwise, type: plain('jsonb') };
}
