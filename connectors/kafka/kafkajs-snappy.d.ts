declare module 'kafkajs-snappy' {
  import type { CompressionCodec } from 'kafkajs';
  /** Makes a codec, as kafkajs's `CompressionCodecs` take it. */
  export default function snappy(): CompressionCodec;
}
