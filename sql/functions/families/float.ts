import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** float4 and float8. */
export const floatFunctions: FunctionFamily = {
  name: 'float',
  total: [
    ...words('hashfloat4 hashfloat4extended hashfloat8 hashfloat8extended float4send float8send'),
    ...comparisons('float4', 'float8', 'float48', 'float84'),
    ...words('float4up float4um float4abs float8up float8um float8abs'),
    ...words('i2tof i4tof i8tof i2tod i4tod i8tod ftod'),
    ...words(
      'dround dtrunc dceil dfloor dsign dpi datan datan2 dtanh dasinh dcbrt derf derfc datand datan2d',
    ),
  ],
  fallible: [
    ...words('float4pl float4mi float4mul float4div float8pl float8mi float8mul float8div'),
    ...words('float48pl float48mi float48mul float48div float84pl float84mi float84mul float84div'),
    ...words('dtof ftoi2 ftoi4 ftoi8 dtoi2 dtoi4 dtoi8'),
    ...words(
      'dsqrt dpow dexp dlog1 dlog10 dsin dcos dtan dcot dasin dacos dsinh dcosh dacosh datanh degrees radians dgamma dlgamma',
    ),
    ...words('dsind dcosd dtand dcotd dasind dacosd width_bucket_float8 drandom drandom_normal'),
  ],
};
