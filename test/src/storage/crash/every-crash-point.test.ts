/**
 * Every moment at which the machine can die, with everything that the disk may have made of what was not synced: recovery
 * keeps all that was flushed, dense offsets and agreeing indexes. And every sync of the engine is needed for that: with
 * any one of them taken out, some crash loses something.
 */

import { describe, expect, it } from 'vitest'
import { configValues, topicConfigTable } from '../../../../src/config/index.ts'
import { type FileSystem, fromUtf8 } from '../../../../src/host/index.ts'
import { releaseLogFormat } from '../../../../src/server/release-log-format.ts'
import type { Log, LogFormat } from '../../../../src/storage/index.ts'
import { Findings, readPartitionDirectory, verifyPartition } from '../../../../src/storage/inspect/index.ts'
import { type PresetName, presets } from '../../../../src/versions.ts'
import { parseDirectory, problemsOf } from '../parse-files.ts'
import { StorageHost, valuesOf } from '../support.ts'
import { type CrashState, statesAfter } from './crash-states.ts'
import {
  appendValues,
  type Durable,
  isCompacted,
  keyOf,
  type ManagerOptions,
  managerOf,
  mended,
  PARTITIONS,
  type Partition,
  type Recording,
  record,
  type Step,
} from './workload.ts'

/** Of the points of later releases, which write more files, one in so many. */
const STRIDE = 61

interface Survey {
  readonly points: number
  readonly states: number
  readonly torn: number
  readonly problem: string | undefined
}

/** Recovers from every state there is, and stops at the first problem. */
function survey(recording: Recording, { options = mended, from = 1, stride = 1 } = {}): Survey {
  let states = 0
  let torn = 0
  const { files, steps } = recording
  for (let crashedAt = from; crashedAt <= files.operations; crashedAt += stride) {
    const within = steps.filter(({ first, last }) => first <= crashedAt && crashedAt <= last)
    for (const state of statesAfter(files.changes, crashedAt)) {
      states++
      if (state.what.includes('half')) torn++
      // On the border of two steps what both keep must be there; each is a step of its own.
      const problem = problemAfter(recording, state, within[0]!, options)
      if (problem !== undefined) {
        const where = `${within[0]!.name}, operation ${crashedAt} of ${files.operations}, ${state.what}`
        return { points: crashedAt, states, torn, problem: `${where}: ${problem}` }
      }
    }
  }
  return { points: files.operations, states, torn, problem: undefined }
}

function problemAfter(
  recording: Recording,
  state: CrashState,
  step: Step,
  options: ManagerOptions,
): string | undefined {
  const files = state.build()
  try {
    return problemOf(recording, state, step, files, options)
  } catch (error) {
    return `recovery failed: ${(error as Error).message}`
  }
}

function problemOf(
  recording: Recording,
  state: CrashState,
  step: Step,
  files: FileSystem,
  options: ManagerOptions,
): string | undefined {
  const host = new StorageHost(files)
  const logs = managerOf(host, options)
  logs.load()
  for (const tp of PARTITIONS) {
    const durable = step.durable.get(tp)!
    const log = logs.log(tp)
    if (log === undefined) {
      if (durable.to > durable.from) return `${tp} is gone`
      continue
    }
    const problem = lostOf(tp, durable, log) ?? strangeOf(recording, state, tp, log)
    if (problem !== undefined) return `${tp}: ${problem}`
    const problems = wrongFilesOf(files, tp, options)
    if (problems.length > 0) return `${tp}: ${problems.join('; ')}`
    // Life goes on, and a clean stop keeps everything.
    const values = [...valuesOf(log), 'k1=after the crash']
    appendValues(log, tp, values.slice(-1))
    if (valuesOf(log).join() !== values.join()) return `${tp} cannot go on`
  }
  return undefined
}

/** What is wrong with the files, by a reader of its own for format 0, and by the verifier of `trial log` for the others. */
function wrongFilesOf(files: FileSystem, tp: Partition, { logFormat }: ManagerOptions): string[] {
  if (logFormat === undefined) return problemsOf(parseDirectory(files, tp), { dense: !isCompacted(tp) })
  const findings = new Findings()
  verifyPartition(files, readPartitionDirectory(files, tp), { deep: true, compacted: isCompacted(tp) }, findings)
  // Nobody looks at an old snapshot that is torn, until it is loaded, found to be so and removed.
  const damage = findings.all.filter(({ severity, code }) => severity === 'damage' && code !== 'snapshot')
  return damage.map(({ path, message }) => `${path}: ${message}`)
}

/** What was flushed and is not there, nor, in a compacted log, superseded. */
function lostOf(tp: Partition, durable: Durable, log: Log): string | undefined {
  const { logStartOffset } = log
  if (durable.to > durable.from && logStartOffset > durable.from && !isCompacted(tp))
    return `begins at ${logStartOffset}`
  const found = recordsOf(log)
  const lastOf = new Map([...found].map(([offset, value]) => [keyOf(value), offset]))
  for (let offset = durable.from; offset < durable.to; offset++) {
    const flushed = durable.values[offset - durable.from]!
    const there = found.get(offset)
    if (there === flushed) continue
    if (there === undefined && isCompacted(tp) && lastOf.get(keyOf(flushed))! > offset) continue
    return `offset ${offset} was flushed with ${flushed}, and is ${there}`
  }
  return undefined
}

/** What is there and should not be: holes, or values that were never at their offset. */
function strangeOf(recording: Recording, state: CrashState, tp: Partition, log: Log): string | undefined {
  const found = recordsOf(log)
  const { logStartOffset, logEndOffset } = log
  if (!isCompacted(tp) && logEndOffset - logStartOffset !== found.size) {
    return `${found.size} messages from ${logStartOffset} to ${logEndOffset}`
  }
  for (const [offset, value] of found) {
    const since = recording.everAt.get(tp)![offset]?.get(value)
    if (since === undefined || since > state.crashedAt) return `${value} was never at ${offset}`
  }
  return undefined
}

const recordsOf = (log: Log): Map<number, string> =>
  new Map(log.messages(0, Number.MAX_SAFE_INTEGER).map(({ offset, value }) => [offset, fromUtf8(value!)]))

describe('the engine, crashed at every point of its life', () => {
  const recording = record()

  it('keeps what was flushed, dense offsets and agreeing indexes', () => {
    const { problem, points, states, torn } = survey(recording)
    expect(problem).toBeUndefined()
    expect(points).toBeGreaterThan(150)
    expect(states).toBeGreaterThan(2000)
    expect(torn).toBeGreaterThan(500)
    expect(recording.compactions).toBeGreaterThanOrEqual(2)
  }, 120_000)

  it('up to 2.7 does not survive a crash while logs are opened after a clean stop (KAFKA-10471)', () => {
    const old: ManagerOptions = { shutdownMark: 'removed-last' }
    const recording = record(undefined, old)
    const from = recording.steps.findLast(({ name }) => name === 'start')!.first
    expect(survey(recording, { options: old, from }).problem).toMatch(/^start, .*recovery failed: .*index is corrupt/)
  })

  it('does sync in several places', () => {
    expect(recording.files.syncSites.size).toBeGreaterThanOrEqual(5)
  })

  it.each([...recording.files.syncSites].sort())('needs the sync at %s', (site) => {
    const recording = record(site)
    // Up to there it is the life that was judged above.
    expect(survey(recording, { from: recording.files.firstIgnored! }).problem).toBeDefined()
  })
})

/**
 * What a release makes of it, but for the mark of a clean shutdown, and for a swap of 0.9 to 1.1, which takes one segment too
 * many when it is finished (test/src/storage/cleaner/crash.test.ts shows that).
 */
function optionsOf(preset: PresetName): ManagerOptions {
  const released = releaseLogFormat(presets[preset], configValues(topicConfigTable))
  const logFormat: LogFormat = { ...released, interruptedSwap: 'takes-its-own' }
  return { ...mended, logFormat: () => logFormat, cleanerRules: presets[preset] }
}

describe('the engine of later releases, crashed at many points of its life', () => {
  it.each(['0.9', '0.10.2', '0.11', '2.1', '2.4'] as const)(
    'keeps all that as %s has it',
    (preset) => {
      const options = optionsOf(preset)
      const recording = record(undefined, options)
      const { problem, states } = survey(recording, { options, stride: STRIDE })
      expect(problem).toBeUndefined()
      expect(states).toBeGreaterThan(100)
    },
    120_000,
  )
})
