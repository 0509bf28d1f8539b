/** Compaction of format 2: producers with ids, transactions and their markers. */
import { expect, it } from 'vitest'
import { utf8 } from '../../../../src/host/index.ts'
import { batchesOf, buildRecords, buildTransactionMarker } from '../../../../src/storage/index.ts'
import { type Pair, World } from './world.ts'

const nowMs = (world: World): number => Math.floor(world.host.nowUs / 1000)

function append(
  world: World,
  producerId: number,
  baseSequence: number,
  pairs: readonly Pair[],
  isTransactional = false,
) {
  const records = pairs.map(([key, value]) => ({
    key: utf8(key!),
    value: value === null ? null : utf8(value),
    timestamp: nowMs(world),
  }))
  const set = buildRecords(records, { magic: 2, producerId, producerEpoch: 0, baseSequence, isTransactional })
  world.log.append(set, { assignOffsets: true })
}

function end(world: World, producerId: number, type: 'commit' | 'abort'): void {
  const marker = { type, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: nowMs(world) }
  world.log.append(buildTransactionMarker(marker), { assignOffsets: true, origin: 'coordinator' })
}

const batches = (world: World) =>
  world.log.segments.flatMap((segment) => [...batchesOf(segment.log.read(0, segment.size))])

it('keeps the last batch of a producer, though empty, so that its sequence goes on', () => {
  const world = new World({ preset: '2.4', topic: { 'segment.bytes': 10_000 } })
  append(world, 7, 0, [['a', '1']])
  append(world, 7, 1, [
    ['a', '2'],
    ['b', '1'],
  ])
  append(world, 8, 0, [
    ['a', '3'],
    ['b', '2'],
  ])
  world.log.roll()
  world.clean()
  expect(world.content()).toEqual(['3:a=3', '4:b=2'])
  expect(batches(world).map(({ producerId, count, lastOffset }) => [producerId, count, lastOffset])).toEqual([
    [7, 0, 2],
    [8, 2, 4],
  ])
  append(world, 7, 3, [['c', '1']])
  expect(world.log.logEndOffset).toBe(6)
  expect(() => append(world, 7, 9, [['c', '2']])).toThrow()
})

it('drops what was aborted whatever its keys, and keeps a commit marker while records of its transaction are passed', () => {
  const world = new World({ preset: '2.4', topic: { 'segment.bytes': 10_000 } })
  append(world, 7, 0, [['a', 'committed']], true)
  end(world, 7, 'commit')
  append(world, 8, 0, [['a', 'aborted']], true)
  append(world, 8, 1, [['z', 'aborted']], true)
  end(world, 8, 'abort')
  world.log.roll()
  expect(world.log.firstUnstableOffset).toBe(0)
  // A transaction is decided once its marker is replicated.
  world.log.updateHighWatermark(world.log.logEndOffset)
  expect(world.log.firstUnstableOffset).toBeUndefined()
  world.clean()
  const left = batches(world)
  expect(
    left.filter(({ isControl }) => !isControl).flatMap((batch) => batch.records().map(({ offset }) => offset)),
  ).toEqual([0])
  expect(left.filter(({ isControl }) => isControl).map(({ lastOffset }) => lastOffset)).toEqual([1, 4])
  expect(world.events('LogCleaningFailed')).toEqual([])
})

it('does not touch what is not decided', () => {
  const world = new World({ preset: '2.4', topic: { 'segment.bytes': 10_000 } })
  append(world, 7, 0, [['a', '1']], true)
  world.log.roll()
  append(world, 7, 1, [['a', '2']], true)
  world.log.roll()
  world.clean()
  expect(world.content()).toEqual(['0:a=1', '1:a=2'])
  expect(world.events('LogCleaned')).toEqual([])
})
