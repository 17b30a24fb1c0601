import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** bit and bit varying. */
export const bitsFunctions: FunctionFamily = {
  name: 'bits',
  total: [
    ...comparisons('bit'),
    ...words('bitcmp bitnot bitshiftleft bitshiftright bit_bit_count bitlength bitoctetlength bitposition'),
    ...words('bitsubstr_no_len bitfromint4 bitfromint8'),
  ],
  fallible: [
    ...words('bit_and bit_or bitxor bitcat bitsubstr bitoverlay bitoverlay_no_len bitgetbit bitsetbit'),
    ...words('bit varbit bittoint4 bittoint8'),
  ],
};
