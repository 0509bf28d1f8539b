/** Machines, network, topics: what is there when the story begins. */
import type { z } from 'zod'
import { configValues } from '../../../../src/config/index.ts'
import { type PresetName, presets } from '../../../../src/versions.ts'
import type { NetworkPlan, TopicPlan } from '../../plan.ts'
import { readLatency, readRate } from '../formats.ts'
import { ignoredBrokerKey, ignoredTopicKey } from '../ignored-keys.ts'
import type { ConfigOverrides } from '../overrides.ts'
import { refusedValue } from '../refused-values.ts'
import { enumerate, type Report } from '../report.ts'
import type { clusterSchema, newTopicSchema, topicSchema } from '../schema/cluster.ts'
import { entries, type Located, listed, type Place, quoted } from '../source.ts'
import { zookeeperConfigTable } from '../zookeeper-config.ts'
import type { Names } from './names.ts'

export type ClusterInput = z.infer<typeof clusterSchema>
type TopicInput = z.infer<typeof topicSchema> | z.infer<typeof newTopicSchema>

/** What is written of the cluster, without topics and clients. */
export interface ServersPlan {
  readonly zookeeper: number
  readonly zookeeperConfig: { readonly tickTimeMs: number; readonly initLimit: number; readonly syncLimit: number }
  readonly brokers: number
  readonly brokerConfig: Readonly<Record<string, unknown>>
  readonly brokerConfigOf: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly network: NetworkPlan
}

const MILLISECOND = 1000
const DEFAULT_LATENCY = { low: MILLISECOND, high: 3 * MILLISECOND }

export function compileServers(
  node: Located<ClusterInput> | undefined,
  preset: PresetName,
  overrides: ConfigOverrides,
  serverProperties: Readonly<Record<string, unknown>>,
  names: Names,
  report: Report,
): ServersPlan {
  const over = { ...serverProperties, ...overrides.of('broker') }
  for (const { key, node } of overrides.all) refuseValue(key, node, preset, report)
  const brokerConfigOf: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const own of entries<Record<string, unknown>>(node?.field('configOf'))) {
    if (!names.brokers.includes(own.name)) {
      report.unknown(
        'KS104',
        own.keyPlace,
        `no broker ${quoted(own.name)} in this cluster (${enumerate(names.brokers)})`,
        own.name,
        names.brokers,
      )
      continue
    }
    warnIgnored(own as Located<Record<string, unknown>>, preset, ignoredBrokerKey, report)
    brokerConfigOf[own.name] = { ...own.value, ...over }
  }
  const config = node?.field('config') as Located<Record<string, unknown>> | undefined
  warnIgnored(config, preset, ignoredBrokerKey, report)
  const zooKeeper = configValues(zookeeperConfigTable, node?.value.zookeeperConfig ?? {}, overrides.of('zookeeper'))
  return {
    zookeeper: names.zookeeper.length,
    zookeeperConfig: { tickTimeMs: zooKeeper.tickTime, initLimit: zooKeeper.initLimit, syncLimit: zooKeeper.syncLimit },
    brokers: names.brokers.length,
    brokerConfig: { ...config?.value, ...over },
    brokerConfigOf,
    network: compileNetwork(node?.field('network'), report),
  }
}

function compileNetwork(node: Located<NonNullable<ClusterInput['network']>> | undefined, report: Report): NetworkPlan {
  const latency = node?.field('latency')
  const latencyUs = latency === undefined ? DEFAULT_LATENCY : readLatency(latency.value)
  if (latency !== undefined && latencyUs.low > latencyUs.high) {
    report.error('KS113', latency.place, 'the range runs backwards', {
      expected: 'the smaller duration first, like 1ms..3ms',
    })
  }
  const bandwidth = node?.field('bandwidth')
  if (bandwidth === undefined) return { latencyUs }
  const bytesPerSecond = readRate(bandwidth.value)
  if (bytesPerSecond < 1)
    report.error('KS113', bandwidth.place, 'a link without any bandwidth', {
      expected: 'at least 1B/s; `cut` and `stall` stop a link',
    })
  return { latencyUs, bytesPerSecond }
}

/** Settings that the release does not honour: legal there too, so only a warning. */
function warnIgnored(
  config: Located<Record<string, unknown>> | undefined,
  preset: PresetName,
  ignored: typeof ignoredBrokerKey,
  report: Report,
): void {
  for (const [key, node] of config?.fields ?? []) {
    refuseValue(key, node, preset, report)
    const found = ignored(key, node.value, presets[preset])
    if (found === undefined) continue
    const { why, suggestion } = found
    report.warning('KS205', node.keyPlace, `${preset} ${why}: this changes nothing`, { suggestion })
  }
}

function refuseValue(key: string, node: Located, preset: PresetName, report: Report): void {
  const expected = refusedValue(key, node.value, preset)
  if (expected === undefined) return
  report.error('KS202', node.place, `${quoted(key)} cannot be ${quoted(String(node.value))} in ${preset}`, { expected })
}

const NAME_MAX = 255

export function compileTopic(
  place: Place,
  name: string,
  node: Located<TopicInput>,
  defaults: { readonly replicationFactor: number; readonly preset: PresetName },
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
): TopicPlan {
  if (name === '.' || name === '..' || name.length > NAME_MAX) {
    report.error('KS112', place, `${quoted(name)} cannot be the name of a topic`, {
      expected: `at most ${NAME_MAX} characters, and neither . nor ..`,
    })
  }
  const config = node.field('config') as Located<Record<string, unknown>> | undefined
  warnIgnored(config, defaults.preset, ignoredTopicKey, report)
  const replicas = compileReplicas(node, names, report)
  const partitions = node.value.partitions ?? replicas?.length ?? 1
  const factor = node.field('replicationFactor')
  const replicationFactor = replicas?.[0]?.length ?? factor?.value ?? defaults.replicationFactor
  if (replicas === undefined && replicationFactor > names.brokers.length) {
    report.error(
      'KS301',
      factor?.place ?? place,
      `${replicationFactor} replicas of "${name}" need ${replicationFactor} brokers; the cluster has ${names.brokers.length}`,
    )
  }
  return {
    name,
    partitions,
    ...(replicas === undefined ? {} : { replicas }),
    replicationFactor,
    config: { ...config?.value, ...overrides.of('topic') },
  }
}

/** Broker ids for each partition; what contradicts itself or the cluster becomes a diagnostic. */
function compileReplicas(
  node: Located<TopicInput>,
  names: Names,
  report: Report,
): ReadonlyArray<readonly number[]> | undefined {
  const replicas = node.field('replicas')
  if (replicas === undefined) return undefined
  const factor = node.field('replicationFactor')
  if (factor !== undefined)
    report.error('KS303', factor.keyPlace, 'replicas and replicationFactor stand together', { expected: 'one of them' })
  const partitions = node.field('partitions')
  const lists = listed<readonly string[]>(replicas)
  if (lists.length === 0) report.error('KS301', replicas.place, 'no replicas: every partition needs at least one')
  if (partitions !== undefined && partitions.value !== lists.length && lists.length > 1) {
    report.error(
      'KS303',
      replicas.place,
      `${count(lists.length, 'replica list')} for ${count(partitions.value, 'partition')}`,
      {
        expected: 'one list for each partition, or one for all',
      },
    )
  }
  const compiled = lists.map((list, index) => {
    const ids: number[] = []
    for (const broker of listed<string>(list as Located<readonly string[]>)) {
      if (names.broker(broker) === undefined) continue
      const id = Number(broker.value.slice(1))
      if (ids.includes(id))
        report.error('KS302', broker.place, `${broker.value} is named twice among the replicas of partition ${index}`)
      else ids.push(id)
    }
    if (list.items.length === 0)
      report.error('KS301', list.place, `partition ${index} has no replicas: it needs at least one`)
    if (list.items.length > 0 && lists[0]!.items.length > 0 && list.items.length !== lists[0]!.items.length) {
      report.error(
        'KS303',
        list.place,
        `partition ${index} has ${count(list.items.length, 'replica')}, partition 0 has ${lists[0]!.items.length}`,
        {
          expected: 'the same number for all partitions of a topic',
        },
      )
    }
    return ids
  })
  // One list stands for all partitions.
  const only = compiled[0]
  return compiled.length === 1 && only !== undefined
    ? Array.from({ length: partitions?.value ?? 1 }, () => only)
    : compiled
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
