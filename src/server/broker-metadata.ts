/**
 * What a broker knows of itself: `meta.properties` in its data directory (since 0.9; `BrokerMetadataCheckpoint.scala`,
 * formats.md 2.6), and the id of the cluster in ZooKeeper (since 0.10.1, KIP-78; `KafkaServer.getOrGenerateClusterId`).
 */
import { parseProperties } from '../config/index.ts'
import { createPersistent, readNode } from '../controller/index.ts'
import { type FileSystem, fromUtf8, type Host, readFile, type Task, utf8 } from '../host/index.ts'
import { decodeClusterId, encodeClusterId, randomUuid, zkPaths } from '../protocol/index.ts'
import { CorruptLogError, replaceFile } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'

export const META_PROPERTIES_FILE = 'meta.properties'
const VERSION = '0'

export interface BrokerMetadata {
  readonly brokerId: number
  /** Since 2.4 (KAFKA-7335). */
  readonly clusterId?: string
}

/**
 * Undefined if there is no such file. Keys that this release does not know are passed over.
 * @throws CorruptLogError another version, or no broker id; FileError
 */
export function readBrokerMetadata(files: FileSystem): BrokerMetadata | undefined {
  if (files.status(META_PROPERTIES_FILE) === undefined) return undefined
  const { entries } = parseProperties(fromUtf8(readFile(files, META_PROPERTIES_FILE)))
  const values = new Map(entries.map(({ key, value }) => [key, value]))
  const version = values.get('version')
  if (version !== VERSION) throw new CorruptLogError(META_PROPERTIES_FILE, 0, `version '${version}'`)
  const id = values.get('broker.id')
  if (id === undefined || !/^\d{1,10}$/.test(id)) {
    throw new CorruptLogError(META_PROPERTIES_FILE, 0, `broker.id '${id}'`)
  }
  const clusterId = values.get('cluster.id')
  return { brokerId: Number(id), ...(clusterId === undefined ? {} : { clusterId }) }
}

/** Writes the file; a reader finds the old one or the new one. @throws FileError */
export function writeBrokerMetadata(files: FileSystem, { brokerId, clusterId }: BrokerMetadata): void {
  const cluster = clusterId === undefined ? '' : `cluster.id=${clusterId}\n`
  replaceFile(files, META_PROPERTIES_FILE, utf8(`${cluster}version=${VERSION}\nbroker.id=${brokerId}\n`))
}

/** Why a broker may not start with what it finds; undefined if it may. */
export function metadataMismatch(
  found: BrokerMetadata | undefined,
  own: BrokerMetadata,
  versions: ProtocolVersions,
): string | undefined {
  if (found === undefined) return undefined
  const { brokerId, clusterId } = found
  if (versions.brokerMetadata === 'broker-and-cluster-id' && clusterId !== undefined && clusterId !== own.clusterId) {
    return `the cluster is ${own.clusterId}, the broker's directory belongs to cluster ${clusterId}`
  }
  return brokerId === own.brokerId ? undefined : `broker ${own.brokerId} in the directory of broker ${brokerId}`
}

/** The id of the cluster; the first broker to ask gives it one. @throws Refusal */
export function* getOrGenerateClusterId(host: Host, zk: ZkClient): Task<string> {
  const node = yield* readNode(zk, zkPaths.clusterId)
  if (node !== undefined) return decodeClusterId(node.data)
  const id = randomUuid(host.random('cluster-id'))
  if ((yield* createPersistent(zk, zkPaths.clusterId, encodeClusterId(id))) === 'OK') return id
  return decodeClusterId((yield* readNode(zk, zkPaths.clusterId))!.data)
}
