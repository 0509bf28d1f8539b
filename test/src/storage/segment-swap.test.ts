import { describe, expect, it } from 'vitest'
import { FileError, type FileSystem } from '../../../src/host/index.ts'
import { type Log, logFormat082 } from '../../../src/storage/index.ts'
import { batchesOf } from '../../../src/storage/record/batch.ts'
import { append, copyFiles, open, StorageHost, valuesOf } from './support.ts'

const config = { 'segment.bytes': 120, 'cleanup.policy': 'compact', 'index.interval.bytes': 0 }
const stem = (baseOffset: number): string => String(baseOffset).padStart(20, '0')
const segmentNames = (files: FileSystem): string[] =>
  files.list('orders-0').filter((name) => name.endsWith('.log') || name.endsWith('.index'))

/** Offsets 0..9: two segments of four messages, and an active one. */
function threeSegments(): { readonly host: StorageHost; readonly log: Log } {
  const host = new StorageHost()
  const log = open(host, config)
  for (let i = 0; i < 10; i++) append(log, `v${i}`)
  log.flush()
  expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 4, 8])
  return { host, log }
}

/** What a cleaner keeps of the first two segments: the odd offsets. */
function keepOdd(log: Log) {
  const old = log.segments.slice(0, 2)
  const cleaned = log.newCleanedSegment(0)
  for (const segment of old) {
    for (const batch of batchesOf(segment.log.read(0, segment.size))) {
      if (batch.lastOffset % 2 === 1) cleaned.appendEntries(batch.bytes.slice(batch.position, batch.end))
    }
  }
  cleaned.becomeInactive()
  cleaned.flush()
  return { cleaned, old }
}

const KEPT = ['v1', 'v3', 'v5', 'v7', 'v8', 'v9']

describe('a swap of segments', () => {
  it('leaves what was kept, and removes the old files after their delay', () => {
    const { host, log } = threeSegments()
    const { cleaned, old } = keepOdd(log)
    expect(segmentNames(host.files)).not.toContain(`${stem(0)}.log.cleaned`)
    log.replaceSegments([cleaned], old)
    expect(valuesOf(log)).toEqual(KEPT)
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 8])
    expect(segmentNames(host.files)).toEqual([0, 8].flatMap((n) => [`${stem(n)}.index`, `${stem(n)}.log`]))
    expect(host.files.list('orders-0').filter((name) => name.endsWith('.deleted'))).toHaveLength(4)
    host.advanceMs(60_000)
    expect(host.files.list('orders-0').filter((name) => name.endsWith('.deleted'))).toEqual([])
    append(log, 'more')
    expect(valuesOf(log)).toEqual([...KEPT, 'more'])
    log.close()
    expect(valuesOf(open(host, config, { cleanShutdown: true }))).toEqual([...KEPT, 'more'])
  })

  it('never loses a record that was kept, wherever the process dies', () => {
    let steps = 0
    for (let dieAt = 0; ; dieAt++) {
      const { host, log } = threeSegments()
      const { cleaned, old } = keepOdd(log)
      let left = dieAt
      const rename = host.files.rename.bind(host.files)
      host.files.rename = (from, to) => {
        if (left-- === 0) throw new FileError('EIO', from, 'the process died')
        rename(from, to)
      }
      let died = false
      try {
        log.replaceSegments([cleaned], old)
      } catch (error) {
        expect(error).toBeInstanceOf(FileError)
        died = true
      }
      const after = new StorageHost()
      copyFiles(host.files, after.files)
      for (const cleanShutdown of [false, true]) {
        const again = open(after, config, { cleanShutdown, recoveryPoint: 8, format: logFormat082 })
        const values = valuesOf(again)
        for (const value of KEPT) expect(values, `death at ${dieAt}`).toContain(value)
        expect(new Set(values).size).toBe(values.length)
        expect(again.logEndOffset).toBe(10)
        const leftovers = after.files.list('orders-0').filter((name) => /cleaned$|swap$/.test(name))
        expect(leftovers).toEqual([])
        again.close()
      }
      if (!died) break
      steps++
    }
    // Two files each of the new segment, twice, and of two old ones.
    expect(steps).toBe(8)
  })

  it('drops what an earlier attempt left under the name', () => {
    const { host, log } = threeSegments()
    log.newCleanedSegment(0).appendEntries(log.segments[0]!.log.read(0, 1000))
    expect(log.newCleanedSegment(0).size).toBe(0)
    expect(valuesOf(open(host, config))).toHaveLength(10)
    expect(host.files.list('orders-0').filter((name) => name.endsWith('.cleaned'))).toEqual([])
  })
})
