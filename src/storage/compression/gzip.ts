/**
 * gzip as `java.util.zip.GZIPOutputStream` writes it (formats.md 4.2): one member, default level, no time, no name.
 * pako is zlib in JavaScript; with `legacyHash` its deflate stream is that of zlib, and so of Java, byte for byte.
 */
import { gzip as gzipBytes, Inflate } from 'pako'
import { ByteSink } from './byte-sink.ts'
import { type Codec, CompressionError, CompressionId } from './codec.ts'

const LEVEL = 6
/** Header byte that names the operating system: Java wrote 0 up to release 15, and 255 since. */
const OS_BYTE = 9
const OS_OF_JAVA = 0
/** zlib's window bits for "gzip, and nothing else". */
const GZIP_ONLY = 31
const CHUNK_BYTES_MAX = 65_536

class SinkInflate extends Inflate {
  private readonly sink: ByteSink

  constructor(sink: ByteSink, chunkSize: number) {
    super({ windowBits: GZIP_ONLY, chunkSize })
    this.sink = sink
  }

  override onData(chunk: Uint8Array): void {
    this.sink.push(chunk)
  }

  override onEnd(): void {}
}

export const gzip: Codec = {
  id: CompressionId.gzip,
  name: 'gzip',

  compress(bytes) {
    const compressed = gzipBytes(bytes, { level: LEVEL, legacyHash: true })
    compressed[OS_BYTE] = OS_OF_JAVA
    return compressed
  },

  decompress(bytes, _magic, maxBytes) {
    const expected = 4 * bytes.length
    const sink = new ByteSink('gzip', maxBytes, expected)
    const inflate = new SinkInflate(sink, Math.max(1024, Math.min(CHUNK_BYTES_MAX, expected)))
    if (!inflate.push(bytes, true)) throw new CompressionError('gzip', inflate.msg || 'broken stream')
    return sink.taken()
  },
}
