/** What can happen to the files of a data directory between two starts of a broker. */
import fc from 'fast-check'
import { type FileSystem, readFile, utf8 } from '../../../src/host/index.ts'
import { rewrite } from '../../src/storage/support.ts'
import { PARTITION } from './random-directory.ts'

export type Damage =
  /** The tail of a file is gone. */
  | { readonly do: 'cut'; readonly file: number; readonly bytes: number }
  /** One bit is another one. */
  | { readonly do: 'flip'; readonly file: number; readonly bit: number }
  /** Bytes, maybe zeros, behind the end. */
  | { readonly do: 'extend'; readonly file: number; readonly bytes: readonly number[] }
  | { readonly do: 'empty'; readonly file: number }
  | { readonly do: 'remove'; readonly file: number }
  /** As if a deletion, a compaction or a swap had been interrupted. */
  | { readonly do: 'rename'; readonly file: number; readonly suffix: string }
  | { readonly do: 'recovery-point'; readonly offset: number | undefined }
  /** A recovery without reason, or a reason forgotten. */
  | { readonly do: 'marker'; readonly present: boolean }

const file = fc.nat(1000)
const zeros = fc.nat(200).map((length) => Array.from({ length }, () => 0))
const garbage = fc.array(fc.nat(255), { minLength: 1, maxLength: 60 })

/** Damage to `.log` and `.index` files, and to what the broker wrote about them. */
export const damage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('cut' as const), file, bytes: fc.integer({ min: 1, max: 500 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('flip' as const), file, bit: fc.nat(1_000_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('extend' as const), file, bytes: fc.oneof(zeros, garbage) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('empty' as const), file }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), file }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('rename' as const),
      file,
      suffix: fc.constantFrom('.deleted', '.cleaned', '.swap'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('recovery-point' as const),
      offset: fc.option(fc.nat(300), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('marker' as const), present: fc.boolean() }) },
)

/** Does it, and says what was done. */
export function inflict(files: FileSystem, damage: Damage): string {
  if (damage.do === 'marker') {
    if (damage.present) files.open('.kafka_cleanshutdown', { create: true }).close()
    else if (files.status('.kafka_cleanshutdown') !== undefined) files.removeFile('.kafka_cleanshutdown')
    return `clean shutdown: ${damage.present}`
  }
  if (damage.do === 'recovery-point') {
    const topic = PARTITION.replace('-', ' ')
    const text = damage.offset === undefined ? '0\n0\n' : `0\n1\n${topic} ${damage.offset}\n`
    rewrite(files, 'recovery-point-offset-checkpoint', () => utf8(text))
    return `recovery point ${damage.offset}`
  }
  const names = files.list(PARTITION)
  const name = names[damage.file % Math.max(1, names.length)]
  if (name === undefined) return 'nothing'
  const path = `${PARTITION}/${name}`
  const size = readFile(files, path).length
  switch (damage.do) {
    case 'cut':
      rewrite(files, path, (bytes) => bytes.slice(0, Math.max(0, bytes.length - damage.bytes)))
      return `${name} of ${size} bytes cut by ${damage.bytes}`
    case 'flip': {
      if (size === 0) return 'nothing'
      const bit = damage.bit % (size * 8)
      rewrite(files, path, (bytes) => {
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        return bytes
      })
      return `${name}: bit ${bit & 7} of byte ${bit >> 3} of ${size} turned`
    }
    case 'extend':
      rewrite(files, path, (bytes) => Uint8Array.from([...bytes, ...damage.bytes]))
      return `${name} of ${size} bytes with ${damage.bytes.length} more`
    case 'empty':
      rewrite(files, path, () => new Uint8Array(0))
      return `${name} of ${size} bytes emptied`
    case 'remove':
      files.removeFile(path)
      return `${name} removed`
    case 'rename':
      files.rename(path, path + damage.suffix)
      return `${name}${damage.suffix}`
  }
}
