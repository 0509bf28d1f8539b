/** The same data directory, started and stopped by Kafka's log layer and by ours. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TopicConfig } from '../../../src/config/index.ts'
import { type FileSystem, readFile } from '../../../src/host/index.ts'
import { type Log, LogError, type LogFormat } from '../../../src/storage/index.ts'
import { copyFiles, StorageHost } from '../../src/storage/support.ts'
import { KafkaException, type KafkaJvm, type LogState } from './kafka-jvm.ts'
import { ourManager, toRealFiles } from './our-disk.ts'

/** What a side made of a directory. */
export interface Outcome {
  /** Why it refused to start, or undefined. */
  readonly refusal: string | undefined
  readonly logs: readonly LogState[]
  /** By path, after the stop. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

export interface Start {
  readonly format: LogFormat
  readonly config: Partial<TopicConfig>
  /** Appended after the start, as by a leader. */
  readonly append?: { readonly partition: string; readonly records: Uint8Array }
}

/** Files that only one side has, and that say nothing: see docs/fidelity.md. */
const saysNothing = (name: string, bytes: Uint8Array): boolean =>
  name === '.lock' ||
  // Kafka of 1.1 and later leaves it where it is, for ever.
  name.endsWith('index.swap') ||
  (name.endsWith('-checkpoint') && ['', '0\n0\n'].includes(Buffer.from(bytes).toString('latin1')))

/** In place of a recovery point that the two sides choose differently. */
const UNCOMPARED = -1

export async function kafkaStarts(
  jvm: KafkaJvm,
  files: FileSystem,
  directory: string,
  nowMs: number,
  start: Start,
): Promise<Outcome> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  toRealFiles(files, directory)
  let logs: LogState[] = []
  let afterwards: LogState[] = []
  let refusal: string | undefined
  try {
    await jvm.open(directory, nowMs, start.config)
    logs = await jvm.logs()
    if (start.append !== undefined) {
      const { partition, records } = start.append
      await jvm.command('append', partition, 'leader', 'client', 0, Buffer.from(records).toString('hex'))
    }
    afterwards = await jvm.logs()
    await jvm.command('close')
  } catch (error) {
    if (!(error instanceof KafkaException)) throw error
    refusal = error.message
  }
  // In 1.0 to 2.7 the scan moves it to the end of the log, although nothing is flushed by that.
  const scanned = jvm.release !== '0.8.2.2' && files.status('.kafka_cleanshutdown') === undefined
  const states = logs.sort(byPartition).map((log) => (scanned ? { ...log, recoveryPoint: UNCOMPARED } : withinEnd(log)))
  const outcome = { refusal, logs: states, files: realFiles(directory) }
  rmSync(directory, { recursive: true })
  const ends = new Map(afterwards.map(({ partition, endOffset }) => [partition, endOffset]))
  limitRecoveryPoints(outcome.files, ends)
  return outcome
}

export function weStart(files: FileSystem, nowUs: number, start: Start): Outcome {
  const host = new StorageHost()
  host.nowUs = nowUs
  copyFiles(files, host.files)
  const manager = ourManager(host, start.format, start.config)
  let logs: LogState[] = []
  let refusal: string | undefined
  try {
    manager.load()
    logs = [...manager.logs()].map(stateOf)
    if (start.append !== undefined) {
      const { partition, records } = start.append
      manager.log(partition)!.append(records, { assignOffsets: true, partitionLeaderEpoch: 0 })
    }
    manager.shutdown()
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    refusal = error.message
  }
  return { refusal, logs: logs.sort(byPartition), files: memoryFiles(host.files) }
}

/** How two outcomes differ; nothing if Kafka and we did the same. */
export function differencesOf(kafka: Outcome, ours: Outcome): string[] {
  if (kafka.refusal !== undefined || ours.refusal !== undefined) {
    if (kafka.refusal !== undefined && ours.refusal !== undefined) return []
    if (kafka.refusal !== undefined) return [`Kafka refuses to start: ${kafka.refusal.split('\n')[0]}`]
    return [`we refuse to start: ${ours.refusal}`]
  }
  const problems: string[] = []
  const ourLogs = ours.logs.map((log, i) =>
    kafka.logs[i]?.recoveryPoint === UNCOMPARED ? { ...log, recoveryPoint: UNCOMPARED } : log,
  )
  if (JSON.stringify(kafka.logs) !== JSON.stringify(ourLogs)) {
    problems.push(`Kafka's logs ${JSON.stringify(kafka.logs)}, ours ${JSON.stringify(ourLogs)}`)
  }
  for (const [path, bytes] of kafka.files) {
    const our = ours.files.get(path)
    if (our !== undefined && path.endsWith('.snapshot') && producersOf(bytes) === producersOf(our)) continue
    if (our === undefined) problems.push(`only Kafka has ${path} of ${bytes.length} bytes`)
    else if (Buffer.compare(bytes, our) !== 0) problems.push(`${path}: ${firstDifference(bytes, our)}`)
  }
  for (const [path, bytes] of ours.files) {
    if (!kafka.files.has(path)) problems.push(`only we have ${path} of ${bytes.length} bytes`)
  }
  return problems
}

const SNAPSHOT_HEADER_BYTES = 10
const SNAPSHOT_ENTRY_BYTES = 46

/** The producers of a snapshot; Kafka names them in an order that follows from hash codes. */
function producersOf(snapshot: Uint8Array): string {
  const bytes = Buffer.from(snapshot)
  if (bytes.length < SNAPSHOT_HEADER_BYTES) return bytes.toString('hex')
  const producers: string[] = []
  for (let at = SNAPSHOT_HEADER_BYTES; at < bytes.length; at += SNAPSHOT_ENTRY_BYTES) {
    producers.push(bytes.toString('hex', at, at + SNAPSHOT_ENTRY_BYTES))
  }
  return [bytes.length, bytes.readUInt16BE(0), ...producers.sort()].join(' ')
}

function firstDifference(kafka: Uint8Array, ours: Uint8Array): string {
  let at = 0
  while (at < Math.min(kafka.length, ours.length) && kafka[at] === ours[at]) at++
  const around = (bytes: Uint8Array): string => Buffer.from(bytes.slice(at, at + 24)).toString('hex')
  return `${kafka.length} bytes at Kafka's, ${ours.length} at ours; from byte ${at}: ${around(kafka)} / ${around(ours)}`
}

const stateOf = (log: Log): LogState => ({
  partition: log.topicPartition,
  startOffset: log.logStartOffset,
  endOffset: log.logEndOffset,
  recoveryPoint: log.recoveryPoint,
  segments: log.segments.map(({ baseOffset }) => baseOffset),
})

/**
 * 0.8.2 keeps a recovery point that recovery has cut below, and so neither flushes nor scans what is appended up to it.
 * Ours never lies above the end of the log.
 */
const withinEnd = (log: LogState): LogState => ({ ...log, recoveryPoint: Math.min(log.recoveryPoint, log.endOffset) })

function limitRecoveryPoints(files: Map<string, Uint8Array>, ends: ReadonlyMap<string, number>): void {
  const name = 'recovery-point-offset-checkpoint'
  const text = files.get(name)
  if (text === undefined) return
  const lines = Buffer.from(text).toString('utf8').split('\n')
  const limited = lines.map((line) => {
    const [topic, partition, offset] = line.split(' ')
    const end = ends.get(`${topic}-${partition}`)
    return end === undefined ? line : `${topic} ${partition} ${Math.min(end, Number(offset))}`
  })
  files.set(name, new Uint8Array(Buffer.from(limited.join('\n'))))
}

const byPartition = (a: LogState, b: LogState): number => (a.partition < b.partition ? -1 : 1)

function realFiles(directory: string, path = ''): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const name of readdirSync(join(directory, path)).sort()) {
    const child = path === '' ? name : `${path}/${name}`
    if (statSync(join(directory, child)).isDirectory()) {
      for (const entry of realFiles(directory, child)) found.set(...entry)
      continue
    }
    const bytes = new Uint8Array(readFileSync(join(directory, child)))
    if (!saysNothing(name, bytes)) found.set(child, bytes)
  }
  return found
}

function memoryFiles(files: FileSystem, path = ''): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const name of files.list(path)) {
    const child = path === '' ? name : `${path}/${name}`
    if (files.status(child)!.kind === 'directory') {
      for (const entry of memoryFiles(files, child)) found.set(...entry)
      continue
    }
    const bytes = readFile(files, child)
    if (!saysNothing(name, bytes)) found.set(child, bytes)
  }
  return found
}
