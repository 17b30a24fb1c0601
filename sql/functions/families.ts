/** All families of functions, in one list. */
import type { FunctionFamily } from './family.ts';
import { arrayFunctions } from './families/array.ts';
import { bitsFunctions } from './families/bits.ts';
import { booleanFunctions } from './families/boolean.ts';
import { byteaFunctions } from './families/bytea.ts';
import { datetimeFunctions } from './families/datetime.ts';
import { enumFunctions } from './families/enum.ts';
import { floatFunctions } from './families/float.ts';
import { formattingFunctions } from './families/formatting.ts';
import { integerFunctions } from './families/integer.ts';
import { jsonFunctions } from './families/json.ts';
import { jsonbFunctions } from './families/jsonb.ts';
import { jsonpathFunctions } from './families/jsonpath.ts';
import { networkFunctions } from './families/network.ts';
import { numericFunctions } from './families/numeric.ts';
import { patternFunctions } from './families/pattern.ts';
import { rangeFunctions } from './families/range.ts';
import { sequenceFunctions } from './families/sequence.ts';
import { textFunctions } from './families/text.ts';

export const families: readonly FunctionFamily[] = [
  booleanFunctions,
  integerFunctions,
  floatFunctions,
  numericFunctions,
  textFunctions,
  patternFunctions,
  byteaFunctions,
  datetimeFunctions,
  formattingFunctions,
  jsonFunctions,
  jsonbFunctions,
  jsonpathFunctions,
  arrayFunctions,
  sequenceFunctions,
  enumFunctions,
  rangeFunctions,
  networkFunctions,
  bitsFunctions,
];
