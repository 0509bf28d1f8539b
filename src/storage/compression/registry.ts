/** The codecs that a reader or a broker knows: by release, and where real files are at stake perhaps faster ones. */
import { type Codec, compressionName } from './codec.ts'
import { gzip } from './gzip.ts'
import { lz4Codec } from './lz4.ts'
import { snappy } from './snappy.ts'
import { zstd } from './zstd.ts'

export class CodecRegistry {
  private readonly codecs: ReadonlyMap<number, Codec>

  constructor(codecs: Iterable<Codec>) {
    this.codecs = new Map([...codecs].map((codec) => [codec.id, codec]))
  }

  /** Undefined for 0 (nothing is compressed), and for a codec that is not known here. */
  byId(id: number): Codec | undefined {
    return this.codecs.get(id)
  }

  has(id: number): boolean {
    return this.codecs.has(id)
  }

  /** The same registry with these codecs in place of those with the same number. */
  with(...codecs: readonly Codec[]): CodecRegistry {
    return new CodecRegistry([...this.codecs.values(), ...codecs])
  }

  /** Names of its codecs, for messages. */
  toString(): string {
    return [...this.codecs.keys()].map((id) => compressionName(id)).join(', ')
  }
}

/** Releases 0.8.0 and 0.8.1. */
export const codecsOf080 = new CodecRegistry([gzip, snappy])
/** Releases 0.8.2 and 0.9. */
export const codecsOf082 = new CodecRegistry([gzip, snappy, lz4Codec('demand-broken')])
/** Releases 0.10 to 2.0. */
export const codecsOf010 = new CodecRegistry([gzip, snappy, lz4Codec('ignore')])
/** Releases from 2.1 on; what readers of files use. */
export const allCodecs = new CodecRegistry([gzip, snappy, lz4Codec('ignore'), zstd])
