/** One run of the mutation soak: a valid log, harmed by chance, given to every tool. Plain values in and out. */
import { Digest, type FileSystem, readFile } from '../../../src/host/index.ts'
import type { FileKind, FindingCode } from '../../../src/storage/inspect/index.ts'
import { MemoryFileSystem, OverlayFileSystem, RandomStreams } from '../../kernel/index.ts'
import { type MutationCounterName, type MutationCounts, zeroMutationCounts } from './counters.ts'
import { type Audience, dumpAll, type Limits, lookUp, readAll, repair, verifyAll } from './exercise.ts'
import { MeteredFiles, totalBytes } from './metered-files.ts'
import { type Mutation, mutate } from './mutate.ts'
import { type LogRecipe, logRecipes, writeValidLogs } from './valid-logs.ts'

export interface MutationOutcome {
  readonly seed: number
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  readonly counts: MutationCounts
  readonly permitted: readonly string[]
  readonly problems: ReadonlyArray<{ readonly what: string; readonly detail: string }>
}

/** Small enough that mutated sizes reach them. */
const LIMITS: Limits = { entryBytesMax: 100_000, openedBytesMax: 50_000 }
const MUTATIONS_MAX = 3
const NOW_US = 1_700_000_100_000_000

interface ValidLog {
  readonly recipe: LogRecipe
  readonly files: FileSystem
  readonly records: readonly string[]
}

const validLogs = new Map<LogRecipe, ValidLog>()

function validLog(recipe: LogRecipe): ValidLog {
  let found = validLogs.get(recipe)
  if (found === undefined) {
    const files = new MemoryFileSystem()
    writeValidLogs(files, [recipe])
    found = { recipe, files, records: readAll(files, recipe.name, LIMITS).records }
    validLogs.set(recipe, found)
  }
  return found
}

const mutatedKinds: Readonly<Partial<Record<FileKind, MutationCounterName>>> = {
  log: 'logsMutated',
  index: 'indexesMutated',
  timeindex: 'timeIndexesMutated',
  txnindex: 'transactionIndexesMutated',
  snapshot: 'snapshotsMutated',
}

const foundCodes: Readonly<Partial<Record<FindingCode, MutationCounterName>>> = {
  crc: 'crcFindings',
  structure: 'structureFindings',
  cut: 'cutFindings',
  'offset-order': 'orderFindings',
  hole: 'holeFindings',
  records: 'recordFindings',
  index: 'indexFindings',
  'time-index': 'timeIndexFindings',
  'transaction-index': 'transactionFindings',
  snapshot: 'snapshotFindings',
  'leader-epochs': 'epochFindings',
  checkpoint: 'checkpointFindings',
  'not-opened': 'notOpened',
}

/**
 * @param tell gets a line for each thing that happened, for a replay
 * @param audience gets what the commands would print
 */
export function mutationRun(seed: number, tell?: (line: string) => void, audience: Audience = {}): MutationOutcome {
  const random = new RandomStreams(seed).stream('log-mutations')
  const valid = validLog(random.pick(logRecipes, 'recipe'))
  const files = new OverlayFileSystem(valid.files)
  const mutations = Array.from({ length: random.intBetween(1, MUTATIONS_MAX, 'mutations') }, () =>
    mutate(files, valid.recipe.name, random),
  )
  for (const { what, path } of mutations) tell?.(`${path}: ${what}`)
  return new MutationRun(seed, valid, files, mutations, audience, tell).run()
}

class MutationRun {
  private readonly seed: number
  private readonly valid: ValidLog
  private readonly files: FileSystem
  private readonly mutations: readonly Mutation[]
  private readonly audience: Audience
  private readonly tell: ((line: string) => void) | undefined
  private readonly bytes: number
  private readonly counts = zeroMutationCounts()
  private readonly problems: Array<{ what: string; detail: string }> = []
  private readonly digest = new Digest()
  private events = 0

  constructor(
    seed: number,
    valid: ValidLog,
    files: FileSystem,
    mutations: readonly Mutation[],
    audience: Audience,
    tell: ((line: string) => void) | undefined,
  ) {
    this.seed = seed
    this.valid = valid
    this.files = files
    this.mutations = mutations
    this.audience = audience
    this.tell = tell
    this.bytes = totalBytes(files)
  }

  run(): MutationOutcome {
    const { name } = this.valid.recipe
    this.countMutations()
    this.step('dump', (files) => dumpAll(files, name, LIMITS, this.audience))
    const damage = this.step('verify', (files) => this.verify(files)) ?? -1
    const lookups = this.step('lookup', (files) => lookUp(files, name, LIMITS, this.audience))
    this.counts.lookupsFound += lookups?.found ?? 0
    this.counts.lookupsInTrouble += lookups?.troubled ?? 0
    this.step('cat', (files) => this.read(files, damage))
    this.step('repair', (files) => this.repair(files))
    const { seed, digest, events, counts, problems } = this
    return { seed, traceHash: digest.hex(), events, virtualMs: 0, counts, permitted: [], problems }
  }

  /** Runs one tool; whatever it throws is a bug of ours. */
  private step<T>(what: string, body: (files: FileSystem) => T): T | undefined {
    try {
      const result = body(new MeteredFiles(this.files, this.bytes))
      this.note(`${what}: ${JSON.stringify(result)}`)
      return result
    } catch (error) {
      const { message, stack } = error as Error
      this.problem(`${what} fails`, `${message}\n${stack ?? ''}`)
      return undefined
    }
  }

  private verify(files: FileSystem): number {
    const findings = verifyAll(files, LIMITS)
    for (const { code, severity, path, position, message } of findings.all) {
      const counter = foundCodes[code]
      if (counter !== undefined) this.counts[counter]++
      this.note(`${severity} ${code} ${path}@${position}: ${message}`)
    }
    this.counts[findings.damage > 0 ? 'damageFound' : 'withoutEffect']++
    return findings.damage
  }

  /** Where verification finds no fault, the records must be those that were written. */
  private read(files: FileSystem, damage: number): number {
    const { recipe, records } = this.valid
    const { records: read, problems } = readAll(files, recipe.name, LIMITS)
    this.counts.recordsRead += read.length
    for (const { position, message } of problems) this.note(`${position}: ${message}`)
    // Harm that was sealed with a right checksum cannot be told from what a producer sent; nor, where holes are right, can
    // a batch that is missing, or one with another offset.
    const mayDiffer = this.mutations.some(({ resealed }) => resealed) || recipe.kind === 'compacted'
    // The oldest segments may be gone, as by retention.
    const expected = records.slice(records.length - read.length)
    const first = expected.findIndex((record, i) => record !== read[i])
    if (damage === 0 && !mayDiffer && (first >= 0 || read.length > records.length)) {
      const detail = `${read.length} of ${records.length} records; '${expected[first]}' is '${read[first]}'`
      this.problem('damage that verify does not see', detail)
    }
    return read.length
  }

  private repair(files: FileSystem): string {
    const { log, left } = repair(files, this.valid.recipe.name, LIMITS, NOW_US)
    this.counts.bytesCutByRepair += log.truncatedBytes
    if (log.refused !== undefined) this.counts.repairsRefused++
    if (left.length > 0) this.problem('repair leaves damage behind', left.join(', '))
    return `${log.logStartOffset}..${log.logEndOffset} ${log.truncatedBytes} ${log.refused ?? ''}`
  }

  private countMutations(): void {
    for (const { what, kind, resealed } of this.mutations) {
      this.counts[mutatedKinds[kind] ?? 'textFilesMutated']++
      if (resealed) this.counts.resealed++
      if (what === 'remove') this.counts.filesRemoved++
      if (what.startsWith('be ')) this.counts.filesExchanged++
      if (what === 'blow up') this.counts.filesHuge++
    }
  }

  private problem(what: string, detail: string): void {
    const done = this.mutations.map((mutation) => `${mutation.path}: ${mutation.what}`).join('; ')
    this.problems.push({ what, detail: `${detail}\n${done}` })
    this.note(`PROBLEM ${what}: ${detail}`)
  }

  private note(line: string): void {
    this.events++
    this.digest.string(line)
    this.tell?.(line)
  }
}

/** Writes the files that a run of this seed looks at. */
export function writeMutatedLog(seed: number, target: FileSystem): string {
  const random = new RandomStreams(seed).stream('log-mutations')
  const { recipe, files: base } = validLog(random.pick(logRecipes, 'recipe'))
  const files = new OverlayFileSystem(base)
  const count = random.intBetween(1, MUTATIONS_MAX, 'mutations')
  for (let i = 0; i < count; i++) mutate(files, recipe.name, random)
  target.makeDirectory(recipe.name)
  for (const directory of ['', recipe.name]) {
    for (const name of files.list(directory)) {
      const path = directory === '' ? name : `${directory}/${name}`
      if (files.status(path)?.kind !== 'file') continue
      const handle = target.open(path, { create: true })
      const bytes = readFile(files, path)
      handle.truncate(bytes.length)
      handle.write(0, bytes)
      handle.close()
    }
  }
  return recipe.name
}
