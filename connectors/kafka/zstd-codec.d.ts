/** The part of zstd-codec that is used; the package has no types of its own. */
declare module 'zstd-codec' {
  export interface Streaming {
    compress(bytes: Uint8Array, level?: number): Uint8Array | null;
    decompress(bytes: Uint8Array): Uint8Array | null;
  }
  interface Codecs {
    Streaming: new () => Streaming;
  }
  const zstd: { ZstdCodec: { run(ready: (codecs: Codecs) => void): void } };
  export default zstd;
}
