/**
 * Files of logs that were harmed by chance, given to everything behind `trial log`: nothing may fail, run without end, or
 * take memory that a file has not got, and harm must be seen. 25,000 seeds of the same are `npm run soak -- log-mutations`.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { dumpObject } from '../../../cli/log/dump-json.ts'
import { dumpLine } from '../../../cli/log/dump-text.ts'
import { LookupStory } from '../../../cli/log/lookup-text.ts'
import { type Decoder, decodeOffsets } from '../../../cli/log/offsets-decoder.ts'
import { NodeFileSystem } from '../../../live/index.ts'
import {
  type Audience,
  mutationCounterNames,
  mutationRun,
  writeMutatedLog,
} from '../../../sim/fuzz/log-mutations/index.ts'
import { MeteredFiles } from '../../../sim/fuzz/log-mutations/metered-files.ts'
import { MemoryFileSystem } from '../../../sim/kernel/index.ts'
import { plainPainter } from '../../../sim/view/index.ts'
import { temporaryDirectory, trial } from '../../cli/trial.ts'

const MUTATIONS = 5000
const MUTATIONS_OF_COMMAND = 50
const root = temporaryDirectory()
afterAll(() => rmSync(root, { recursive: true, force: true }))

const same = (path: string): string => path
const asItIs: Decoder = (record) => record

/** What the commands print is made of every item. */
const audience: Audience = {
  dump(item) {
    dumpLine(item, same, asItIs)
    JSON.stringify(dumpObject(item, same, decodeOffsets))
  },
  offset: (lookup) => new LookupStory(plainPainter).offset(lookup),
  time: (lookup) => new LookupStory(plainPainter).time(lookup),
}

describe('mutated logs', () => {
  test(`are no trouble to any tool, and the harm is seen, in ${MUTATIONS} mutations`, () => {
    const counts = new Map<string, number>(mutationCounterNames.map((name) => [name, 0]))
    const mutated = [
      'logsMutated',
      'indexesMutated',
      'timeIndexesMutated',
      'transactionIndexesMutated',
      'snapshotsMutated',
      'textFilesMutated',
    ]
    const done = (): number => mutated.reduce((sum, name) => sum + counts.get(name)!, 0)
    for (let seed = 1; done() < MUTATIONS; seed++) {
      const outcome = mutationRun(seed, undefined, audience)
      expect(outcome.problems, `seed ${seed}`).toEqual([])
      for (const name of mutationCounterNames) counts.set(name, counts.get(name)! + outcome.counts[name])
    }
    for (const [name, count] of counts) expect(count, name).toBeGreaterThan(0)
  })

  test.each([
    [4402, 'a control batch that cannot be opened'],
    [20028, 'the same, in another codec'],
    [8046, 'an abort marker whose offset falls'],
    [17114, 'an index of transactions after a cut'],
  ])('of seed %i are no trouble: %s', (seed) => {
    expect(mutationRun(seed).problems).toEqual([])
  })

  test('give the same outcome each time', () => {
    for (const seed of [1, 7, 4402]) expect(mutationRun(seed)).toEqual(mutationRun(seed))
  })

  test(`are no trouble to the real command, ${MUTATIONS_OF_COMMAND} times`, { timeout: 300_000 }, () => {
    const commands: ReadonlyArray<(directory: string, name: string) => string[]> = [
      (directory) => ['dump', directory, '--print-data'],
      (directory) => ['verify', directory, '--deep', '--json'],
      (directory, name) => ['lookup', join(directory, name), '--offset', '33', '--explain'],
      (directory) => ['cat', directory],
      (directory) => ['repair', directory, '--all', '--apply'],
    ]
    for (let i = 0; i < MUTATIONS_OF_COMMAND; i++) {
      const directory = join(root, `mutated-${i}`)
      const name = writeMutatedLog(100_000 + i, new NodeFileSystem(directory))
      const args = commands[i % commands.length]!(directory, name)
      const { code, err } = trial('log', ...args)
      expect([0, 1, 2], `trial log ${args.join(' ')}\n${err}`).toContain(code)
      expect(err).not.toContain('this is a bug')
      rmSync(directory, { recursive: true })
    }
  })
})

describe('the meter that watches readers', () => {
  test('catches one that takes more memory than the file has bytes, and one that never ends', () => {
    const files = new MemoryFileSystem()
    files.open('f', { create: true }).write(0, new Uint8Array(100))
    const handle = new MeteredFiles(files, 100).open('f', { create: false })
    expect(() => handle.read(0, new Uint8Array(100_000), 0, 100)).toThrow('a buffer of 100000 bytes for a file of 100')
    const small = new Uint8Array(100)
    expect(() => {
      for (let i = 0; i < 1_000_000; i++) handle.read(0, small, 0, 100)
    }).toThrow('reading does not end')
  })
})
