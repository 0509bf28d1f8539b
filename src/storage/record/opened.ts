/** Opening what a codec has closed, for readers of all formats. */
import { compressionName } from '../compression/codec.ts'
import type { CodecRegistry } from '../compression/registry.ts'
import { UnsupportedCodecError } from '../errors.ts'

/** @throws UnsupportedCodecError, CompressionError */
export function opened(
  codecId: number,
  payload: Uint8Array,
  magic: number,
  codecs: CodecRegistry,
  maxBytes: number,
): Uint8Array {
  const codec = codecs.byId(codecId)
  if (codec === undefined) {
    throw new UnsupportedCodecError(`codec ${compressionName(codecId) ?? codecId}, where ${codecs} are known`)
  }
  return codec.decompress(payload, magic, maxBytes)
}
