/**
 * A second reader of Kafka's files, in Node's own terms (Buffer, zlib), that shares no code with the engine:
 * what it finds in a directory is compared with what the engine says is there.
 */
import { crc32 } from 'node:zlib'
import { type FileSystem, readFile } from '../../../src/host/index.ts'

export interface ParsedEntry {
  readonly offset: number
  readonly position: number
  readonly value: string
}

export interface ParsedSegment {
  readonly baseOffset: number
  readonly entries: readonly ParsedEntry[]
  /** [offset, position] */
  readonly index: ReadonlyArray<readonly [number, number]>
  readonly indexBytes: number
  /** Bytes in the index file behind the last entry are all zero. */
  readonly zeroTail: boolean
}

/** Reads a `.log` file; throws on anything that is not whole messages of format 0 with a right CRC. */
export function parseLog(bytes: Uint8Array): ParsedEntry[] {
  const buffer = Buffer.from(bytes)
  const entries: ParsedEntry[] = []
  for (let position = 0; position < buffer.length; ) {
    const offset = Number(buffer.readBigInt64BE(position))
    const message = buffer.subarray(position + 12, position + 12 + buffer.readInt32BE(position + 8))
    if (message.length !== buffer.readInt32BE(position + 8)) throw new Error(`entry at ${position} is cut short`)
    if (message.readUInt32BE(0) !== crc32(message.subarray(4))) throw new Error(`wrong CRC at ${position}`)
    if (message[4] !== 0) throw new Error(`magic ${message[4]} at ${position}`)
    const keyLength = Math.max(0, message.readInt32BE(6))
    const valueLength = message.readInt32BE(10 + keyLength)
    const value = message.subarray(14 + keyLength)
    if (value.length !== Math.max(0, valueLength)) throw new Error(`value of ${valueLength} bytes at ${position}`)
    entries.push({ offset, position, value: value.toString('utf8') })
    position += 12 + message.length
  }
  return entries
}

/** Reads a whole partition directory. */
export function parseDirectory(files: FileSystem, directory: string): ParsedSegment[] {
  return files
    .list(directory)
    .filter((name) => name.endsWith('.log'))
    .map((name) => {
      const baseOffset = Number(name.slice(0, 20))
      const index = Buffer.from(readFile(files, `${directory}/${name.slice(0, 20)}.index`))
      const entries: Array<readonly [number, number]> = []
      let at = 0
      while (at + 8 <= index.length && index.readBigInt64BE(at) !== 0n) {
        entries.push([baseOffset + index.readInt32BE(at), index.readInt32BE(at + 4)])
        at += 8
      }
      return {
        baseOffset,
        entries: parseLog(readFile(files, `${directory}/${name}`)),
        index: entries,
        indexBytes: index.length,
        zeroTail: index.subarray(at).every((byte) => byte === 0),
      }
    })
}

/**
 * What must hold of any partition directory at any time, apart from the last index's size.
 * @param options dense: every offset is there, as in a log that was never compacted
 */
export function problemsOf(segments: readonly ParsedSegment[], { dense } = { dense: true }): string[] {
  const problems: string[] = []
  segments.forEach(({ baseOffset, entries, index, indexBytes, zeroTail }, i) => {
    const last = i === segments.length - 1
    if (dense && !last && segments[i + 1]!.baseOffset !== (entries.at(-1)?.offset ?? baseOffset - 1) + 1) {
      problems.push(`segment ${baseOffset} does not end where ${segments[i + 1]!.baseOffset} begins`)
    }
    entries.forEach((entry, n) => {
      const rises = entry.offset > (entries[n - 1]?.offset ?? baseOffset - 1)
      if (dense ? entry.offset !== baseOffset + n : !rises)
        problems.push(`${baseOffset}: offset ${entry.offset} at place ${n}`)
    })
    index.forEach(([offset, position], n) => {
      const found = entries.find((entry) => entry.position === position)
      if (found?.offset !== offset) problems.push(`${baseOffset}: index says ${offset} at ${position}`)
      if (n > 0 && offset <= index[n - 1]![0]) problems.push(`${baseOffset}: index does not rise at ${n}`)
    })
    if (!zeroTail) problems.push(`${baseOffset}: the index has bytes behind its entries`)
    if (!last && indexBytes !== index.length * 8) problems.push(`${baseOffset}: index of ${indexBytes} bytes`)
  })
  return problems
}
