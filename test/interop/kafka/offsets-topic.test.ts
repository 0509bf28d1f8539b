/**
 * The offsets topic of every era is read by Kafka's own decoder (`DumpLogSegments --offsets-decoder`), which sees the
 * commits, groups and tombstones that `trial log cat --offsets-decoder` shows.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { KAFKA_MISSING, type KafkaRelease } from './kafka-jars.ts'
import { KafkaJvm } from './kafka-jvm.ts'

const root = join(import.meta.dirname, '../../..')
const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-offsets-'))
const jvms = new Map<KafkaRelease, KafkaJvm>()

/** Presets with layouts of their own, and the tool of their time, or the next one that has the decoder. */
const eras: ReadonlyArray<readonly [preset: string, tool: KafkaRelease]> = [
  ['0.8.2', '1.1.1'],
  ['0.9', '1.1.1'],
  ['0.10.2', '1.1.1'],
  ['1.1', '1.1.1'],
  ['2.1', '2.4.1'],
  ['2.4', '2.4.1'],
  ['3.5', '3.9.1'],
  ['4.1', '3.9.1'],
]

/** Members come and go, one dies, and what the group had committed expires in the end. */
const story = (preset: string): string => `scenario: 1
protocol: "${preset}"
ends: 150s
cluster:
  config:
    offsets.topic.num.partitions: 2
    offsets.retention.minutes: 1
    offsets.retention.check.interval.ms: 10000
topics: { orders: { partitions: 3, replicationFactor: 3 }, payments: { partitions: 1, replicationFactor: 3 } }
clients:
  p1: { producer: sync, config: { request.required.acks: -1 }, sends: { to: orders, every: 100ms, start: 3s, count: 100 } }
  p2: { producer: sync, config: { request.required.acks: -1 }, sends: { to: payments, every: 200ms, start: 3s, count: 50 } }
${
  preset === '0.8.2'
    ? `  c1:
    consumer: high-level
    group: billing
    subscribes: [orders, payments]
    config: { auto.offset.reset: smallest, offsets.storage: kafka, dual.commit.enabled: false, auto.commit.interval.ms: 1000 }
  c2: { like: c1, group: audit }`
    : `  c1:
    consumer: group
    group: billing
    subscribes: [orders, payments]
    config: { auto.offset.reset: earliest, session.timeout.ms: 6000 }
    processes: { commit: after }
  c2: { like: c1, config: { auto.offset.reset: earliest, session.timeout.ms: 6000, partition.assignment.strategy: range } }
  c3: { like: c1, group: audit }`
}
steps:
  - at: 16s
    crash: c1
  - at: 30s
    stop: ${preset === '0.8.2' ? 'c2' : '[c2, c3]'}
`

/** A record as every tool can be made to say it: `billing orders-0` = `5`, `billing` = generation, assignor, who has what. */
interface Seen {
  readonly offset: number
  readonly key: string
  /** Null for a tombstone. */
  readonly value: string | null
}

const groupValue = (
  generation: number,
  protocol: string | null,
  assignment: Record<string, readonly string[]>,
): string =>
  JSON.stringify([
    generation,
    protocol,
    ...Object.entries(assignment)
      .map(([member, partitions]) => [member, ...[...partitions].sort()])
      .sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
  ])

/** `{c1-…=[orders-0, orders-1],c2-…=[]}` */
function assignmentOf(text: string): Record<string, readonly string[]> {
  const members = [...text.matchAll(/([^{},=\s[\]]+)=\[([^\]]*)\]/g)]
  return Object.fromEntries(members.map(([, member, list]) => [member!, list === '' ? [] : list!.split(', ')]))
}

/** As 1.1 and 2.4 say it, and we. */
function ofWords(offset: number, key: string, payload: string | undefined): Seen {
  const commit =
    /^offset_commit::group=(.*),partition=(.*)-(\d+)$/.exec(key) ?? /^offset::(.*):(.*):(\d+)$/.exec(key) ?? undefined
  const group = /^group_metadata::group=(.*)$/.exec(key)?.[1] ?? /^\{"metadata":"(.*)"\}$/.exec(key)?.[1]
  const isTombstone = payload === undefined || payload === '<DELETE>'
  if (commit !== undefined) {
    const [, groupId, topic, partition] = commit
    const value = isTombstone ? null : payload.replace(/^offset=/, '')
    return { offset, key: `${groupId} ${topic}-${partition}`, value }
  }
  if (group === undefined) throw new Error(`no key of the offsets topic: ${key}`)
  if (isTombstone) return { offset, key: group, value: null }
  const { generationId, protocol, assignment } = JSON.parse(payload)
  return { offset, key: group, value: groupValue(generationId, protocol, assignmentOf(assignment)) }
}

interface JsonKey {
  readonly type: string
  readonly data: { readonly group: string; readonly topic: string; readonly partition: number }
}

interface JsonGroup {
  readonly offset: number
  readonly generation: number
  readonly protocol: string | null
  readonly members: ReadonlyArray<{
    readonly memberId: string
    readonly assignment: {
      readonly assignedPartitions: ReadonlyArray<{ readonly topic: string; readonly partitions: readonly number[] }>
    }
  }>
}

/** As 3.9 says it, in JSON. */
function ofJson(offset: number, key: string, payload: string | undefined): Seen {
  const { type, data: of } = JSON.parse(key) as JsonKey
  const value = payload === undefined || payload === '<DELETE>' ? null : (JSON.parse(payload).data as JsonGroup)
  if (type !== '2') {
    return {
      offset,
      key: `${of.group} ${of.topic}-${of.partition}`,
      value: value === null ? null : String(value.offset),
    }
  }
  if (value === null) return { offset, key: of.group, value: null }
  const assignment = Object.fromEntries(
    value.members.map(({ memberId, assignment }) => [
      memberId,
      assignment.assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((one) => `${topic}-${one}`)),
    ]),
  )
  return { offset, key: of.group, value: groupValue(value.generation, value.protocol, assignment) }
}

async function seenByKafka(release: KafkaRelease, log: string): Promise<Seen[]> {
  const jvm = jvms.get(release) ?? new KafkaJvm(release)
  jvms.set(release, jvm)
  const { out, err } = await jvm.dump([log], '--offsets-decoder')
  expect(err).toBe('')
  const records: Seen[] = []
  for (const line of out.split('\n')) {
    const match = /^(?:\| )?offset: (\d+) .*?(?: key: (.*?))?(?: payload: (.*))?$/.exec(line)
    if (match === null) continue
    const [, offset, key, payload] = match
    // That of 1.1 shows no key where there is no value.
    if (key === undefined) records.push({ offset: Number(offset), key: '', value: null })
    else records.push((release === '3.9.1' ? ofJson : ofWords)(Number(offset), key!, payload))
  }
  return records
}

function seenByUs(log: string): Seen[] {
  const command = ['bin/trial.js', 'log', 'cat', log, '--offsets-decoder']
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const { offset, key, value } = JSON.parse(line) as { offset: number; key: string; value: string }
    return ofWords(offset, key, value)
  })
}

describe.skipIf(KAFKA_MISSING !== undefined)('DumpLogSegments --offsets-decoder', () => {
  afterAll(async () => {
    for (const jvm of jvms.values()) await jvm.stop()
    rmSync(directory, { recursive: true })
  })

  test.each(eras)('reads the offsets topic of %s (tool of %s) as we do', async (preset, release) => {
    const file = join(directory, `${preset}.yaml`)
    const data = join(directory, preset)
    writeFileSync(file, story(preset))
    const command = ['bin/trial.js', 'run', file, '--data-dir', data, '--quiet']
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const all: Seen[] = []
    const disk = join(data, 'broker-1')
    for (const partition of readdirSync(disk).filter((name) => name.startsWith('__consumer_offsets-'))) {
      const log = join(disk, partition, '00000000000000000000.log')
      if (!existsSync(log)) continue
      const ours = seenByUs(log)
      const hidden = ours.map((seen) => (release === '1.1.1' && seen.value === null ? { ...seen, key: '' } : seen))
      expect(await seenByKafka(release, log), partition).toEqual(hidden)
      all.push(...ours)
    }
    const commits = all.filter(({ key, value }) => key.includes(' ') && value !== null)
    const groups = all.filter(({ key, value }) => !key.includes(' ') && value !== null)
    const tombstones = all.filter(({ value }) => value === null)
    expect(commits.length).toBeGreaterThan(8)
    expect(tombstones.length).toBeGreaterThan(3)
    if (preset !== '0.8.2') expect(groups.length).toBeGreaterThan(2)
  })
})
