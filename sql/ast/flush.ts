/** FLUSH: accepted without effect. */
export interface Flush {
  kind: 'flush';
}
