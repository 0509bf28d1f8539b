/**
 * Every moment at which the machine can die, with everything that the disk may have made of what was not synced: recovery
 * keeps all that was flushed, dense offsets and agreeing indexes. And every sync of the engine is needed for that: with
 * any one of them taken out, some crash loses something.
 */
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../../../../src/host/index.ts'
import { parseDirectory, problemsOf } from '../parse-files.ts'
import { append, manager, StorageHost, valuesOf } from '../support.ts'
import { type CrashState, statesAfter } from './crash-states.ts'
import { config, type ManagerOptions, mended, PARTITIONS, type Recording, record, type Step } from './workload.ts'

interface Survey {
  readonly points: number
  readonly states: number
  readonly torn: number
  readonly problem: string | undefined
}

/** Recovers from every state there is, and stops at the first problem. */
function survey(recording: Recording, options: ManagerOptions = mended): Survey {
  let states = 0
  let torn = 0
  const { files, steps } = recording
  for (let crashedAt = 1; crashedAt <= files.operations; crashedAt++) {
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
  const logs = manager(host, config, '', options)
  logs.load()
  for (const tp of PARTITIONS) {
    const durable = step.durable.get(tp)!
    const log = logs.log(tp)
    if (log === undefined) {
      if (durable.to > durable.from) return `${tp} is gone`
      continue
    }
    const { logStartOffset } = log
    const values = valuesOf(log)
    if (durable.to > durable.from && logStartOffset > durable.from) return `${tp} begins at ${logStartOffset}`
    for (let offset = durable.from; offset < durable.to; offset++) {
      const found = values[offset - logStartOffset]
      const flushed = durable.values[offset - durable.from]
      if (found !== flushed) return `${tp}: offset ${offset} was flushed with ${flushed}, and is ${found}`
    }
    if (log.logEndOffset - logStartOffset !== values.length) {
      return `${tp}: ${values.length} messages from ${logStartOffset} to ${log.logEndOffset}`
    }
    for (const [i, value] of values.entries()) {
      const since = recording.everAt.get(tp)![logStartOffset + i]?.get(value)
      if (since === undefined || since > state.crashedAt) return `${tp}: ${value} was never at ${logStartOffset + i}`
    }
    const problems = problemsOf(parseDirectory(files, tp))
    if (problems.length > 0) return `${tp}: ${problems.join('; ')}`
    // Life goes on, and a clean stop keeps everything.
    append(log, 'after the crash')
    values.push('after the crash')
    logs.truncateTo(tp, log.logEndOffset)
    if (valuesOf(log).join() !== values.join()) return `${tp} cannot go on`
  }
  return undefined
}

describe('the engine, crashed at every point of its life', () => {
  const recording = record()

  it('keeps what was flushed, dense offsets and agreeing indexes', () => {
    const { problem, points, states, torn } = survey(recording)
    expect(problem).toBeUndefined()
    expect(points).toBeGreaterThan(150)
    expect(states).toBeGreaterThan(2000)
    expect(torn).toBeGreaterThan(500)
  }, 120_000)

  it('up to 2.7 does not survive a crash while logs are opened after a clean stop (KAFKA-10471)', () => {
    const old = { shutdownMark: 'removed-last' } as const
    expect(survey(record(undefined, old), old).problem).toMatch(/^start, .*recovery failed: .*index is corrupt/)
  })

  it('does sync in several places', () => {
    expect(recording.files.syncSites.size).toBeGreaterThanOrEqual(5)
  })

  it.each([...recording.files.syncSites].sort())('needs the sync at %s', (site) => {
    expect(survey(record(site)).problem).toBeDefined()
  })
})
