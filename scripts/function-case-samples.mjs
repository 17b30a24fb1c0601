// What generate-function-cases.mjs calls functions with.

const text = ['', 'a', 'abc', 'Hello World', ' pad  ', 'ÄÖü ßé', '日本語', 'a%b_c', `it's "q"`, 'back\\slash', 'abcabc', '12', null];

/** Values of each type, in text form. */
export const samples = {
  bool: ['t', 'f', null],
  int2: ['0', '1', '-1', '2', '7', '32767', '-32768', null],
  int4: ['0', '1', '-1', '3', '7', '31', '2147483647', '-2147483648', null],
  int8: ['0', '1', '-1', '5', '10', '9223372036854775807', '-9223372036854775808', '4294967295', null],
  float4: ['0', '-0', '1', '-1.5', '0.1', '2.5', '3.5', '1e30', '3.4e38', '1e-40', 'NaN', 'Infinity', '-Infinity', null],
  float8: ['0', '-0', '1', '-1.5', '0.1', '2.5', '0.5', '-0.3', '1e100', '1.7e308', '1e-300', '32767.5', 'NaN', 'Infinity', '-Infinity', null],
  numeric: [
    '0', '1', '-1', '0.5', '2.50', '-12.3456', '1234567890123456789012345678901234567890.12', '0.000001', '100', '99999.995',
    '7', '-3', 'NaN', 'Infinity', '-Infinity', '3.000', '0.00', null,
  ],
  text,
  varchar: text,
  bpchar: ['', 'a', 'abc', 'abc  ', 'Äö ', '  x', null],
  name: ['', 'a', 'abc', 'pg_class', 'Upper', null],
  char: ['', 'a', 'b', 'Z', '\\377', null],
  bytea: ['\\x', '\\x00', '\\x616263', '\\xff00ff', '\\xdeadbeef', '\\x62', '\\xc3a4', null],
  date: ['2000-01-01', '2024-02-29', '1999-12-31', 'infinity', '-infinity', '4713-01-01 BC', '5874897-12-31', '1970-01-01', '2024-03-10', '0001-06-15', null],
  time: ['00:00:00', '24:00:00', '12:34:56.789012', '23:59:59.999999', '06:30:00', null],
  timestamp: [
    '2000-01-01 00:00:00', '2024-02-29 12:34:56.789', '1999-12-31 23:59:59.999999', 'infinity', '-infinity', '4713-01-01 00:00:00 BC',
    '294276-12-31 23:59:59', '1970-01-01 00:00:00', '2024-03-10 02:30:00', '2024-11-03 01:30:00', '0044-03-15 10:00:00 BC', null,
  ],
  timestamptz: [
    '2000-01-01 00:00:00+00', '2024-02-29 12:34:56.789+00', '1999-12-31 23:59:59.999999+00', 'infinity', '-infinity',
    '4713-01-02 00:00:00+00 BC', '294276-12-30 23:59:59+00', '1970-01-01 00:00:00+00', '2024-03-10 07:30:00+00', '2024-11-03 05:30:00+00', null,
  ],
  interval: [
    '0', '1 day', '-1 day', '1 mon', '1 year 2 mons 3 days 04:05:06.789', '-1 mons +30 days', '25:00:00', 'infinity', '-infinity',
    '178000000 years', '1.5 hours', '-00:00:00.000001', '40 days', '100 years -5 days', null,
  ],
  uuid: [
    '00000000-0000-0000-0000-000000000000', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '01890a5d-ac96-774b-bcce-b302099a8057',
    'ffffffff-ffff-ffff-ffff-ffffffffffff', '11111111-1111-1111-8111-111111111111', null,
  ],
  jsonb: [
    'null', 'true', 'false', '1', '1.50', '-3.7', '"abc"', '""', '[]', '{}', '[1, 2.0, "a", null]', '{"a": 1, "b": {"c": [1, 2]}, "cc": null}',
    '{"a": "x"}', '[[1, 2], {"a": 1}]', '[1, 2]', '1e400', '99999999999999999999', null,
  ],
  oid: ['0', '1', '16384', '4294967295', null],
};

const length = ['0', '1', '3', '5', '-1', '-2', '20', null];
const positions = ['1', '2', '0', '-1', '3', '10', null];
const formats = [
  'YYYY-MM-DD HH24:MI:SS', 'YYYY-MM-DD HH24:MI:SS.US', 'Day, DD Mon YYYY', 'FMDay, FMDD FMMonth YYYY', 'HH:mm', 'HH12:MI AM', 'HH12:MI:SS.MS p.m.',
  'IYYY-IW-ID', 'DDD J Q', 'CC BC', 'Y,YYY YYY YY Y', 'RM rm', 'DDth ddTH', '"quoted" YYYY "a\\"b"', 'SSSS SSSSS', 'FF1 FF3 FF6', 'TZ tz OF TZH:TZM', 'month MONTH Month mon MON',
  'day DAY dy DY Dy D W WW', 'yyyy ad a.d. B.C.', 'IYY IY I', '', 'TMMonth', 'plain text 123', 'DD-MM-YYYY"T"HH24', null,
];
const patterns = [
  'a', '^a', 'b$', 'a|ab|abc', '(a)(b)?', '[[:alpha:]]+', '\\d+', '\\ma', 'o\\M', '\\yabc\\y', '.', '^$', '(', '[', 'a{2}', '(.)\\1', 'x*', '(?i)HELLO', '(?=a)', 'a(?!z)', 'l+',
  '[^a-z]', '\\s', '***=a%b', 'a{1', '*', '[a-', '\\w+$', null,
];
const regexText = ['', 'a', 'abc', 'Hello World', 'aab 123 xyz', 'abcabc', 'line1\nline2', 'ÄÖü', '日本語', null];
const likePatterns = ['', '%', 'a', 'a%', '%c', '%b%', 'a_c', '_', '__', 'a\\%b%', '%\\', 'H%o W%d', '%%', 'Ä%', '_本_', '%_', 'HELLO%', '\\', null];
const numberFormats = [
  '9', '99', '9999', '0000', '999.99', '9,999,999.99', 'S999', '999S', 'MI999', '999MI', 'PL999', '999PR', 'FM999.99', 'FM0000', '$999', 'L999', '9.9EEEE', '99V99', 'RN', 'FMRN', 'rn', '999th', 'FM999TH',
  '"x"999', 'SG999', '0.99', '.99', '9G999D99', 'B999', 'FM999999999', '00.00', '999.990', 'FM990.99', '', '999999999999999999999.9999', null,
];
const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', '+03', '-05:30', 'EST', 'PST8PDT', 'nowhere', 'America/new_york', null];
const units = [
  'microseconds', 'milliseconds', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'decade', 'century', 'millennium', 'MONTH', 'epoch', 'dow', 'isodow', 'doy', 'isoyear', 'julian',
  'timezone', 'timezone_hour', 'timezone_minute', 'us', 'ms', 'sec', 'y', 'fortnight', '', null,
];
const years = ['2024', '2023', '1', '0', '-44', '5874898', '2024', null];
const months = ['1', '2', '12', '13', '0', '-1', null];
const days = ['1', '29', '30', '31', '0', '32', null];
const hours = ['0', '12', '23', '24', '25', '-1', null];
const minutes = ['0', '30', '59', '60', '-1', null];
const seconds = ['0', '59.999999', '60', '30.5', '61', '-1', 'NaN', null];
const scales = ['0', '2', '-2', '5', '20', '2000', null];
const parameters = { text: regexText, patterns };
const regexp = (...rest) => [parameters.text, parameters.patterns, ...rest];
const starts = ['1', '2', '5', '0', '-1', '100', null];
const flags = ['', 'i', 'g', 'n', 'x', 'c', 'z', 'gi', null];
const keys = ['a', 'b', 'zz', '', null];
const indexes = ['0', '1', '-1', '3', '10', '-10', null];
const dateTexts = ['2024-02-29', '05 Dec 2000', '20001205', '2000-12-05 13:14:15', '12/31/1999', 'Monday 1 January 2001', '2024-060', '2005527', '13:14:15', '1 AM', '24-1-5', 'abc', '2024-13-01', '2023-02-29', '97/02/16', '19:00:00.123456', '2000-01-01 +05:30', null];
const dateFormats = ['YYYY-MM-DD', 'DD Mon YYYY', 'YYYYMMDD', 'YYYY-MM-DD HH24:MI:SS', 'MM/DD/YYYY', 'Day DD Month YYYY', 'YYYY-DDD', 'IYYYIWID', 'HH24:MI:SS', 'HH AM', 'YY-MM-DD', 'YY/MM/DD', 'HH24:MI:SS.US', 'YYYY-MM-DD TZH:TZM', '', null];
const numberTexts = ['12', '-12', ' 12.34', '1,234.5', '12-', '<12>', '$12', '  1 2', 'abc', '12.34.56', '+5', 'XIV', '', null];
const typmods = ['-1', '5', '4', '7', '10', '14', null];

/** Values of single arguments by opcode, where a type's samples would say little. */
export const argumentSamples = {
  int2shl: { 1: ['0', '1', '15', '16', '33', '-1'] },
  int2shr: { 1: ['0', '1', '15', '16', '33', '-1'] },
  int4shl: { 1: ['0', '1', '31', '32', '33', '-1'] },
  int4shr: { 1: ['0', '1', '31', '32', '33', '-1'] },
  int8shl: { 1: ['0', '1', '63', '64', '33', '-1'] },
  int8shr: { 1: ['0', '1', '63', '64', '33', '-1'] },
  repeat: { 1: ['0', '1', '3', '-1', '2147483647', null] },
  numeric: { 1: ['-1', '262148', '655366', '65540', '131076', '655364', '196606', null] },
  numeric_round: { 1: scales },
  numeric_trunc: { 1: scales },
  numeric_fac: { 0: ['0', '1', '5', '20', '40', '-1', '100', null] },
  numeric_power: { 0: ['0', '1', '2', '-2', '0.5', '10.00', '-1.5', 'NaN', 'Infinity', '-Infinity', '1.0000001', null], 1: ['0', '1', '2', '3', '-1', '0.5', '-2.5', '100', 'NaN', 'Infinity', '-Infinity', '1000', null] },
  numeric_exp: { 0: ['0', '1', '-1', '2.5', '10', '-10.00', '100', '-1000', '6000', '0.0001', 'NaN', 'Infinity', '-Infinity', null] },
  numeric_ln: { 0: ['1', '2', '10', '0.5', '100.00', '0', '-1', '1e50', '1e-20', '1.0000000001', 'NaN', 'Infinity', '-Infinity', null] },
  numeric_log: { 0: ['2', '10', '0.5', '1', '0', '-1', 'NaN', 'Infinity', null], 1: ['1', '2', '10', '100', '64.0', '0', '-1', '1e30', 'NaN', 'Infinity', null] },
  numeric_sqrt: { 0: ['0', '1', '2', '2.00', '0.25', '1e10', '1e-10', '123456789.123456789', '-1', 'NaN', 'Infinity', '-Infinity', '1234567890123456789012345678901234567890', null] },
  width_bucket_numeric: { 0: ['5', '0', '10', '-1', '11', '3.35', 'NaN', 'Infinity'], 1: ['0', '10', '1.5', 'NaN', 'Infinity'], 2: ['10', '0', '5.06', 'NaN'], 3: ['5', '1', '0', '-1', '2147483647'] },
  width_bucket_float8: { 0: ['5', '0', '10', '-1', '11', '3.35', 'NaN', 'Infinity'], 1: ['0', '10', '1.5', 'NaN', 'Infinity'], 2: ['10', '0', '5.06', 'NaN'], 3: ['5', '1', '0', '-1', '2147483647'] },
  dpow: { 0: ['0', '1', '2', '-2', '0.5', '-1.5', 'NaN', 'Infinity', '-Infinity', '1e200', '-0'], 1: ['0', '1', '2', '3', '-1', '0.5', '-2.5', '100', 'NaN', 'Infinity', '-Infinity'] },
  dexp: { 0: ['0', '1', '-1', '2.5', '710', '-750', 'NaN', 'Infinity', '-Infinity', null] },
  dasin: { 0: ['0', '1', '-1', '0.5', '1.1', 'NaN'] },
  dacos: { 0: ['0', '1', '-1', '0.5', '1.1', 'NaN'] },
  datanh: { 0: ['0', '1', '-1', '0.5', '1.1', 'NaN'] },
  dacosh: { 0: ['0', '1', '2.5', '0.5', 'NaN', 'Infinity'] },
  dsin: { 0: ['0', '1', '-1.5', '100', 'NaN', 'Infinity'] },
  dcos: { 0: ['0', '1', '-1.5', '100', 'NaN', 'Infinity'] },
  dtan: { 0: ['0', '1', '-1.5', '100', 'NaN', 'Infinity'] },
  dcot: { 0: ['1', '-1.5', '100', 'NaN', 'Infinity', '0'] },
  dsinh: { 0: ['0', '1', '-1.5', '1000', 'NaN', 'Infinity'] },
  dcosh: { 0: ['0', '1', '-1.5', '1000', 'NaN', 'Infinity'] },
  text_substr: { 1: positions, 2: length },
  text_substr_no_len: { 1: positions },
  bytea_substr: { 1: positions, 2: length },
  bytea_substr_no_len: { 1: positions },
  textoverlay: { 2: positions, 3: length },
  textoverlay_no_len: { 2: positions },
  byteaoverlay: { 2: positions, 3: length },
  byteaoverlay_no_len: { 2: positions },
  text_left: { 1: length },
  text_right: { 1: length },
  lpad: { 1: length, 2: ['', 'x', 'xyz', ' ', 'é', null] },
  rpad: { 1: length, 2: ['', 'x', 'xyz', ' ', 'é', null] },
  btrim: { 1: ['', 'a', 'abc', ' ', 'Hd', 'Äé'] },
  ltrim: { 1: ['', 'a', 'abc', ' ', 'Hd', 'Äé'] },
  rtrim: { 1: ['', 'a', 'abc', ' ', 'Hd', 'Äé'] },
  split_part: { 0: ['a,b,c', 'abc', '', 'a::b::c', ',,', '日,本', null], 1: [',', '::', '', 'b', null], 2: ['1', '2', '3', '0', '-1', '-3', '10', null] },
  translate: { 1: ['abc', 'lo', '', 'aä', 'Ä'], 2: ['xyz', 'x', '', 'éè'] },
  replace_text: { 1: ['a', 'bc', '', 'l', '日'], 2: ['', 'XX', 'é', 'a'] },
  textpos: { 1: ['', 'a', 'bc', 'o W', '本', 'zz'] },
  text_starts_with: { 1: ['', 'a', 'ab', 'Hello', '日'] },
  chr: { 0: ['65', '228', '8364', '128512', '0', '-1', '1114112', '55296', null] },
  varchar: { 1: typmods },
  bpchar: { 1: typmods },
  char_bpchar: { 0: ['a', '', null] },
  i4tochar: { 0: ['0', '65', '127', '-1', '-128', '128', '-129', null] },
  text_char: { 0: ['', 'a', 'abc', '\\101', '\\377', 'ä', null] },
  quote_ident: { 0: ['abc', 'Abc', 'a b', 'select', 'a"b', '', '_x1', '1a', 'ä', 'table', 'name', 'between', null] },
  text_name: { 0: ['abc', 'x'.repeat(70), 'ä'.repeat(40), '', null] },
  initcap: { 0: ['hello WORLD foo', 'a1b c-d', 'éa ßa', '日本 x', "it's", null] },
  binary_encode: { 1: ['hex', 'base64', 'escape', 'HEX', 'nope', null] },
  binary_decode: { 0: ['616263', 'YWJj', 'YW Jj', 'YQ==', 'a\\000b', 'zz', '6', 'YQ=', 'Y', '', '\\\\', 'a\\9', null], 1: ['hex', 'base64', 'escape', 'nope'] },
  pg_convert_from: { 1: ['UTF8', 'utf-8', 'LATIN1', 'SQL_ASCII'] },
  pg_convert_to: { 1: ['UTF8', 'LATIN1', 'nope'] },
  byteaGetByte: { 1: indexes },
  byteaSetByte: { 1: indexes, 2: ['0', '255', '256', '-1'] },
  byteaGetBit: { 1: indexes },
  byteaSetBit: { 1: indexes, 2: ['0', '1', '2'] },
  like_escape: { 0: ['a%b', 'a#%b', 'a\\b', '##', ''], 1: ['#', '', '\\', 'xx', '%'] },
  bytealike: { 1: ['%', '\\x25', '\\x61255f', '\\x5c', 'a%', '_'].slice(0, 1).concat(['a%', '_b_', '\\\\', 'a\\\\%']) },
  byteanlike: { 1: ['%', 'a%', '_b_', '\\\\'] },
  similar_to_escape_1: { 0: ['a%', '(a|b)_', '[a-z]+', 'a\\%', 'a.b', '', '[^%]', null] },
  similar_to_escape_2: { 0: ['a%', '(a|b)_', 'a#%', '%#"o_b#"%', 'a\\b', '#"#"#"', null], 1: ['#', '\\', '', 'ab', null] },
  textregexsubstr: regexp(),
  textregexreplace_noopt: regexp(['', 'X', '[\\1]', '<\\&>', '\\\\', '\\2\\9', 'a\\zb', '\\', null]),
  textregexreplace: regexp(['', 'X', '[\\1]', '<\\&>'], flags.concat(['1'])),
  regexp_like: regexp(flags),
  regexp_like_no_flags: regexp(),
  regexp_count: regexp(starts, flags),
  regexp_count_no_flags: regexp(starts),
  regexp_count_no_start: regexp(),
  regexp_substr: regexp(starts, ['1', '2', '0', null], flags, ['0', '1', '2', '-1', null]),
  regexp_substr_no_subexpr: regexp(starts, ['1', '2', '0', null], flags),
  regexp_substr_no_flags: regexp(starts, ['1', '2', '0', null]),
  regexp_substr_no_n: regexp(starts),
  regexp_substr_no_start: regexp(),
  jsonb_object_field: { 1: keys },
  jsonb_object_field_text: { 1: keys },
  jsonb_exists: { 1: keys.concat(['abc']) },
  jsonb_delete: { 1: keys },
  jsonb_array_element: { 1: indexes },
  jsonb_array_element_text: { 1: indexes },
  jsonb_delete_idx: { 1: indexes },
  to_date: { 0: dateTexts, 1: dateFormats },
  to_timestamp: { 0: dateTexts, 1: dateFormats },
  numeric_to_number: { 0: numberTexts, 1: ['99', '999.99', '9,999.9', 'S99', '99S', '99PR', 'L99', '9 9', 'MI99', 'RN', '', null] },
  make_date: { 0: years, 1: months, 2: days },
  make_time: { 0: hours, 1: minutes, 2: seconds },
  make_timestamp: { 0: years, 1: months, 2: days, 3: hours, 4: minutes, 5: seconds },
  make_timestamptz: { 0: years, 1: months, 2: days, 3: hours, 4: minutes, 5: seconds },
  make_timestamptz_at_timezone: { 0: years, 1: ['1', '3', '12'], 2: ['1', '10'], 3: ['0', '2', '23'], 4: ['0', '30'], 5: ['0', '30.5'], 6: zones },
  make_interval: { 0: ['0', '1', '-1', '2147483647'], 1: ['0', '14', '-1'], 2: ['0', '2'], 3: ['0', '40'], 4: ['0', '30'], 5: ['0', '90', '-1'], 6: ['0', '1.5', '-0.25', '1e20', 'Infinity'] },
  date_pli: { 1: ['0', '1', '-1', '365', '2147483647', null] },
  date_mii: { 1: ['0', '1', '-1', '365', '2147483647', null] },
  interval_mul: { 1: ['0', '1', '-1', '1.5', '0.1', '1e10', 'NaN', 'Infinity', '-Infinity', null] },
  interval_div: { 1: ['0', '1', '-1', '1.5', '0.1', '3', '1e-10', 'NaN', 'Infinity', null] },
  mul_d_interval: { 0: ['0', '1', '-1', '1.5', '0.1', 'NaN', null] },
  timestamp_scale: { 1: ['0', '1', '3', '6', null] },
  timestamptz_scale: { 1: ['0', '1', '3', '6', null] },
  time_scale: { 1: ['0', '1', '3', '6', null] },
  interval_scale: { 1: ['-1', '2147483647', '327679', '2147418115', '67108863', '268500991', '196607', '469827583', null] },
  timestamp_bin: { 0: ['15 minutes', '1 day', '1 hour 30 minutes', '0', '-1 hour', '1 month', 'infinity'] },
  timestamptz_bin: { 0: ['15 minutes', '1 day', '1 hour 30 minutes', '0', '-1 hour', '1 month'] },
  float8_timestamptz: { 0: ['0', '1e9', '-1e9', '1234567890.123456', 'NaN', 'Infinity', '-Infinity', '1e20', null] },
  timestamptz_pl_interval_at_zone: { 2: zones },
  timestamptz_mi_interval_at_zone: { 2: zones },
  timestamptz_trunc_zone: { 0: units, 2: zones },
  timestamp_zone: { 0: zones },
  timestamptz_zone: { 0: zones },
};
for (const name of ['like', 'nlike', 'iclike', 'icnlike']) {
  argumentSamples[`text${name}`] = { 1: likePatterns };
  argumentSamples[`name${name}`] = { 1: likePatterns };
}
for (const name of ['regexeq', 'regexne', 'icregexeq', 'icregexne']) {
  argumentSamples[`text${name}`] = { 0: regexText, 1: patterns };
  argumentSamples[`name${name}`] = { 1: patterns };
}
for (const name of ['timestamp_to_char', 'timestamptz_to_char', 'interval_to_char']) argumentSamples[name] = { 1: formats };
for (const name of ['int4_to_char', 'int8_to_char', 'numeric_to_char', 'float4_to_char', 'float8_to_char']) {
  const values = { int4: ['0', '1', '-1', '485', '-485', '12345', '1234567', null] };
  values.int8 = [...values.int4, '123456789012'];
  values.numeric = [...values.int4, '0.1', '-0.1', '148.5', '12.34', '-12.345', '0.00001', '12345.678', 'NaN', 'Infinity'];
  values.float4 = values.numeric;
  values.float8 = [...values.numeric, '1e20', '-Infinity'];
  argumentSamples[name] = { 0: values[name.split('_')[0]], 1: numberFormats };
}
for (const type of ['date', 'time', 'timestamp', 'timestamptz', 'interval']) {
  argumentSamples[`extract_${type}`] = { 0: units };
  argumentSamples[`${type}_part`] = { 0: units };
  argumentSamples[`${type}_trunc`] = { 0: units };
}

const datetime = /^(date|time|timestamp|timestamptz|interval)$/;

/** The file that a function's cases go to. */
export function familyOf(opcode, args, result) {
  const types = [...args, result];
  if (/to_char$|to_number|^to_date|^to_timestamp/.test(opcode)) return 'formatting';
  if (types.includes('jsonb')) return 'jsonb';
  if (types.some((type) => datetime.test(type))) return types.includes('interval') && !opcode.startsWith('timestamp') ? 'interval' : 'datetime';
  if (types.includes('uuid')) return 'uuid';
  if (types.includes('bytea')) return 'bytea';
  if (/regex|like|similar/.test(opcode)) return 'pattern';
  if (types.includes('numeric')) return 'numeric';
  if (types.some((type) => type.startsWith('float'))) return 'float';
  if (types.some((type) => ['text', 'varchar', 'bpchar', 'name', 'char'].includes(type))) return 'text';
  return 'integer';
}
