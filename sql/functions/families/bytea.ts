import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** bytea and uuid. */
export const byteaFunctions: FunctionFamily = {
  name: 'bytea',
  total: [
    ...words('uuid_hash uuid_hash_extended hashbytea hashbyteaextended byteasend uuid_send'),
    ...comparisons('bytea', 'uuid_'),
    ...words('byteacat byteaoctetlen byteapos byteatrim bytealtrim byteartrim md5_bytea bytea_bit_count'),
    ...words(
      'sha224_bytea sha256_bytea sha384_bytea sha512_bytea bytea_larger bytea_smaller bytea_reverse crc32_bytea crc32c_bytea',
    ),
    ...words('uuid_extract_version uuid_extract_timestamp int2_bytea int4_bytea int8_bytea'),
  ],
  fallible: [
    ...words(
      'bytea_substr bytea_substr_no_len binary_encode binary_decode pg_convert_from pg_convert_to length_in_encoding',
    ),
    ...words(
      'byteaGetByte byteaSetByte byteaGetBit byteaSetBit bytealike byteanlike byteaoverlay byteaoverlay_no_len',
    ),
    ...words(
      'gen_random_uuid uuidv7 uuidv7_interval bytea_int2 bytea_int4 bytea_int8 tw_digest tw_hmac tw_random_bytes',
    ),
  ],
  nullable: words('uuid_extract_version uuid_extract_timestamp'),
};
