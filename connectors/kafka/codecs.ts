/** Compression that kafkajs leaves to others: snappy and zstd, beside gzip, which it has. */
import zstd from '@toondepauw/node-zstd';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';

const { CompressionCodecs, CompressionTypes } = kafkajs;

CompressionCodecs[CompressionTypes.Snappy] = snappy;

CompressionCodecs[CompressionTypes.ZSTD] = () => {
  const encoder = new zstd.Encoder(3);
  const decoder = new zstd.Decoder();
  return {
    compress: (encoded: { buffer: Buffer }) => encoder.encode(encoded.buffer),
    decompress: (buffer: Buffer) => decoder.decode(buffer),
  };
};

CompressionCodecs[CompressionTypes.LZ4] = () => {
  const refuse = (): never => {
    throw new Error('lz4 compression is not supported yet');
  };
  return { compress: refuse, decompress: refuse };
};
