/** The text form of the array that an int2vector or oidvector is. */
export function vectorText(numbers: readonly number[]): string {
  return numbers.length === 0 ? '{}' : `[0:${numbers.length - 1}]={${numbers.join(',')}}`;
}

/** An array's text form. */
export function textArray(texts: readonly (string | null)[]): string {
  const element = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  return `{${texts.map((text) => (text === null ? 'NULL' : element(text))).join(',')}}`;
}
