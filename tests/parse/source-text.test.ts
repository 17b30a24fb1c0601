import { expect, test } from 'vitest';
import { SourceText } from '../../sql/parse/source-text.ts';

test('converts between bytes, code points and UTF-16 at every place', () => {
  const piece = 'aé€😀\n';
  for (const text of ['', 'plain', piece, piece.repeat(700), 'x'.repeat(1023) + '😀' + piece.repeat(300)]) {
    const source = new SourceText(text);
    let utf16 = 0;
    let byte = 0;
    let codePoint = 0;
    for (const character of [...text, '']) {
      expect(source.byteOfUtf16(utf16)).toBe(byte);
      expect(source.utf16OfByte(byte)).toBe(utf16);
      expect(source.codePointOfUtf16(utf16)).toBe(codePoint);
      expect(source.utf16OfCodePoint(codePoint)).toBe(utf16);
      expect(source.positionOfByte(byte)).toBe(codePoint + 1);
      utf16 += character.length;
      byte += Buffer.byteLength(character);
      codePoint++;
    }
  }
});

test('an unknown location has no position', () => {
  expect(new SourceText('a').positionOfByte(-1)).toBeUndefined();
  expect(new SourceText('a').positionOfByte(undefined)).toBeUndefined();
});
