import { expect, test } from 'vitest';
import { exactAnswer, fields, roundedAnswer } from './answer.ts';

const lines = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(`${text}\n`));

test('an answer does not depend on the order of its rows', () => {
  expect(exactAnswer(lines('1\ta', '2\tb', '2\tb'))).toEqual(exactAnswer(lines('2\tb', '1\ta', '2\tb')));
});

test('an answer depends on every row and every character', () => {
  const answers = [['1\ta', '2\tb'], ['1\ta', '2\tc'], ['1\tb', '2\ta'], ['1\ta', '2\tb', '2\tb'], ['1\ta']]; // prettier-ignore
  expect(new Set(answers.map((rows) => exactAnswer(lines(...rows)).digest)).size).toBe(answers.length);
});

test('a rounded answer takes a float for the decimal that it is near', () => {
  const decimal = roundedAnswer(fields(lines('0.9080\tOR', '123.456\t')));
  expect(roundedAnswer(fields(lines('0.9080000000000001\tOR', '123.45600000000002\t')))).toEqual(decimal);
  expect(roundedAnswer(fields(lines('0.9081\tOR', '123.456\t')))).not.toEqual(decimal);
});
