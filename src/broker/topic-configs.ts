/**
 * Topic-level configuration as ZooKeeper holds it (`/config/topics/T`): read when a replica is set up and when the code
 * of 0.8.2 asks `AdminUtils.fetchTopicConfig`.
 */
import { type BrokerConfig, checkValue, type TopicConfig, topicConfig, topicConfigTable } from '../config/index.ts'
import { type Digest, type Task, until } from '../host/index.ts'
import { decodeTopicConfig, zkPaths } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient, ZkResult } from '../zookeeper/index.ts'

export class TopicConfigs {
  private readonly overrides = new Map<string, Readonly<Record<string, unknown>>>()
  private readonly broker: BrokerConfig
  private readonly versions: ProtocolVersions
  private readonly zk: ZkClient

  constructor(broker: BrokerConfig, versions: ProtocolVersions, zk: ZkClient) {
    this.broker = broker
    this.versions = versions
    this.zk = zk
  }

  /** The configuration in force, from what was last read. */
  config(topic: string): TopicConfig {
    const { minIsr, rollJitter } = this.versions
    const config = topicConfig(this.broker, this.overridesOf(topic), { brokerMinIsr: minIsr === 'topic-and-broker' })
    return rollJitter === 'none' ? { ...config, 'segment.jitter.ms': 0 } : config
  }

  overridesOf(topic: string): Readonly<Record<string, unknown>> {
    return this.overrides.get(topic) ?? {}
  }

  /** Reads a topic's overrides; a topic without any keeps the broker's values. Waits for a session if there is none. */
  readThen(topic: string, done: () => void): void {
    this.zk.getData(zkPaths.configTopic(topic), (result: ZkResult<{ data: string }>) => {
      if (result.error === 'SessionExpired') {
        const unsubscribe = this.zk.subscribeState({
          newSession: () => {
            unsubscribe()
            this.readThen(topic, done)
          },
        })
        return
      }
      if (result.error === 'OK') this.overrides.set(topic, parseOverrides(decodeTopicConfig(result.value!.data)))
      else this.overrides.delete(topic)
      done()
    })
  }

  *read(topic: string): Task<void> {
    yield* until<void>((resume) => this.readThen(topic, () => resume()))
  }

  digest(digest: Digest): void {
    for (const [topic, overrides] of this.overrides) digest.string(topic).string(JSON.stringify(overrides))
  }
}

/** Values are texts in ZooKeeper. Unknown keys and values that do not parse are left out. */
export function parseOverrides(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const overrides: Record<string, unknown> = {}
  for (const name of Object.keys(config)) {
    const text = config[name]!
    const key = Object.hasOwn(topicConfigTable, name) ? topicConfigTable[name as keyof TopicConfig] : undefined
    if (key === undefined) continue
    const value =
      key.type === 'int' || key.type === 'double' ? Number(text) : key.type === 'boolean' ? text === 'true' : text
    if (checkValue(topicConfigTable, name, value) === undefined) overrides[name] = value
  }
  return overrides
}
