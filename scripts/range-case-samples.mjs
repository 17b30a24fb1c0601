/** Ranges and multiranges for the cases of functions. */
export const rangeSamples = {
  int4range: [
    ...[
      'empty',
      '[1,5)',
      '[1,5]',
      '[5,8)',
      '[6,8)',
      '(3,7)',
      '[0,100)',
      '[5,6)',
      '[-3,1)',
      '(,)',
      '(,5)',
      '[5,)',
      '(,1]',
    ],
    ...['[-2147483648,2147483647)', '[2147483646,)', null],
  ],
  int8range: [
    'empty',
    '[1,5)',
    '[5,8)',
    '(3,7)',
    '(,)',
    '(,5)',
    '[5,)',
    '[-9223372036854775808,9223372036854775807)',
    null,
  ],
  numrange: [
    ...[
      'empty',
      '[1,5)',
      '[1.0,5.00]',
      '(5,8.5)',
      '[5,8.5)',
      '[5.0,5]',
      '(1,2)',
      '[0.5,100)',
      '(,)',
      '(,5]',
      '[5,)',
      '(5,)',
    ],
    ...['[-Infinity,0)', '(1,Infinity]', '[2,NaN]', '(-1e30,1e-30]', null],
  ],
  daterange: [
    ...[
      'empty',
      '[2024-01-01,2024-02-01)',
      '[2024-02-01,2024-02-01]',
      '(2024-01-15,2024-03-01)',
      '(,)',
      '(,2024-01-01)',
    ],
    ...[
      '[2024-02-01,)',
      '[2024-01-01,infinity]',
      '(-infinity,2024-01-10)',
      '[2024-01-01,infinity)',
      '[infinity,infinity]',
    ],
    ...['[-infinity,infinity)', '[2024-01-31,2024-02-02)', null],
  ],
  tsrange: [
    'empty',
    '[2024-01-01 00:00,2024-01-01 12:00)',
    '(2024-01-01 06:00,2024-01-02]',
    '(,2024-01-01)',
    '(,)',
    null,
  ],
  tstzrange: [
    ...['empty', '[2024-01-01 00:00+00,2024-01-01 12:00+00)', '(2024-01-01 06:00+02,2024-01-02 00:00+02]'],
    ...['(,2024-01-01 00:00+00)', '[2024-01-01 00:00+00,infinity)', null],
  ],
  int4multirange: [
    ...[
      '{}',
      '{[1,5)}',
      '{[1,3),[5,8)}',
      '{[1,3),[3,8)}',
      '{[5,6),[100,)}',
      '{(,)}',
      '{(,1),[5,6),[8,)}',
      '{(,-3),[2,4]}',
    ],
    ...['{[0,100)}', '{[3,5)}', '{[-3,1),[6,8),[20,30)}', null],
  ],
  nummultirange: [
    ...[
      '{}',
      '{[1,5)}',
      '{[1.0,3),(3,8.50]}',
      '{(,1),[5,6.0),(8,)}',
      '{(,)}',
      '{[0.5,100)}',
      '{(5,8.5)}',
      '{[1,2),[2.00,3]}',
    ],
    ...['{[-Infinity,0),[1,NaN]}', null],
  ],
  datemultirange: [
    ...[
      '{}',
      '{[2024-01-01,2024-02-01)}',
      '{[2024-01-01,2024-01-10),[2024-02-01,2024-02-01]}',
      '{(,)}',
      '{(,2024-01-01)}',
    ],
    ...[
      '{[2024-02-01,)}',
      '{(,2024-01-01),[2024-02-02,infinity]}',
      '{(-infinity,2024-01-10),[infinity,infinity]}',
      null,
    ],
  ],
  int8multirange: ['{}', '{[1,5),[7,)}', null],
  tsmultirange: ['{}', '{[2024-01-01 00:00,2024-01-01 12:00),(2024-01-02 00:00,)}', null],
  tstzmultirange: ['{}', '{[2024-01-01 00:00+00,2024-01-01 12:00+00),(2024-01-02 00:00+00,)}', null],
  _int4range: [
    '{}',
    '{"[1,5)","[5,8)"}',
    '{"[10,20)","empty","[1,5)"}',
    '{"[1,2)",NULL}',
    '{{"[1,2)"},{"[3,4)"}}',
    null,
  ],
  _numrange: ['{}', '{"[1,5.0]","(5,8.00)"}', '{"[10,20)","[1,5)"}', null],
};

/** What stands for the polymorphic types of a range function's signature, one of these after the other. */
const instances = [
  { anyrange: 'int4range', anymultirange: 'int4multirange', anyelement: 'int4' },
  { anyrange: 'numrange', anymultirange: 'nummultirange', anyelement: 'numeric' },
  { anyrange: 'daterange', anymultirange: 'datemultirange', anyelement: 'date' },
];

/** The function once for each type of ranges that it is over; itself, if it is not over any. */
export function instancesOf(called) {
  const types = [...called.args, called.result_name];
  if (!types.some((type) => type === 'anyrange' || type === 'anymultirange')) return [called];
  return instances.map((instance) => ({
    ...called,
    args: called.args.map((type) => instance[type] ?? type),
    result_name: instance[called.result_name] ?? called.result_name,
  }));
}

const flags = ['[]', '[)', '(]', '()', '', '[', '[ ]', '](', null];

export const rangeArguments = {
  range_constructor3: { 2: flags },
};
