import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** int2, int4, int8 and oid. */
export const integerFunctions: FunctionFamily = {
  name: 'integer',
  total: [
    ...words('hashint2 hashint2extended hashint4 hashint4extended hashint8 hashint8extended'),
    ...words('hashoid hashoidextended hashoidvector hashoidvectorextended'),
    ...words('int2send int4send int8send oidsend'),
    ...comparisons('int2', 'int4', 'int8', 'int24', 'int42', 'int28', 'int82', 'int48', 'int84', 'oid'),
    ...words('int2up int4up int8up int2and int2or int2xor int2not int4and int4or int4xor int4not'),
    ...words('int8and int8or int8xor int8not int2shl int2shr int4shl int4shr int8shl int8shr'),
    ...words('i2toi4 int28 int48 oidtoi8 to_hex32 to_hex64 to_bin32 to_bin64 to_oct32 to_oct64'),
    ...words('int2larger int2smaller int4larger int4smaller int8larger int8smaller'),
  ],
  fallible: [
    ...words('int2pl int2mi int2mul int2div int2mod int2um int2abs'),
    ...words('int4pl int4mi int4mul int4div int4mod int4um int4abs'),
    ...words('int8pl int8mi int8mul int8div int8mod int8um int8abs'),
    ...words('int24pl int24mi int24mul int24div int42pl int42mi int42mul int42div'),
    ...words('int28pl int28mi int28mul int28div int82pl int82mi int82mul int82div'),
    ...words('int48pl int48mi int48mul int48div int84pl int84mi int84mul int84div'),
    ...words('i4toi2 int82 int84 i8tooid int4gcd int8gcd int4lcm int8lcm int4random int8random'),
  ],
};
