/**
 * What a broker does with requests about groups, and with partitions of the offsets topic that it comes to lead or leads
 * no more (`KafkaApis.scala`, `ReplicaManager.scala`; 0.8.2.2 to 2.4). A request that its release does not know is hung up
 * on, as Kafka does before 0.10.
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Connection, type Digest, fromMs, type Host, type Timer, unreachable } from '../host/index.ts'
import {
  ErrorCode,
  type FindCoordinatorRequest,
  type GroupRequest,
  type JoinGroupRequest,
  NO_MEMBER_ID,
  OFFSETS_TOPIC,
  type Responder,
  type SyncGroupRequest,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import type { BrokerAccess } from './broker-access.ts'
import { traceCoordinator } from './events.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { GroupMetadataManager } from './group-metadata-manager.ts'
import { OffsetRequests } from './offset-requests.ts'
import { ZooKeeperOffsets } from './zookeeper-offsets.ts'

export interface GroupRequestsOptions {
  readonly broker: BrokerAccess
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  readonly zk: ZkClient
}

interface PartitionName {
  readonly topic: string
  readonly partition: number
}

export class GroupRequests {
  private readonly host: Host
  private readonly options: GroupRequestsOptions
  private readonly manager: GroupMetadataManager
  private readonly coordinator: GroupCoordinator
  private readonly offsets: OffsetRequests
  private expiry: Timer | undefined

  constructor(host: Host, options: GroupRequestsOptions) {
    const { broker, config, versions, zk } = options
    this.host = host
    this.options = options
    this.manager = new GroupMetadataManager(host, broker, config, versions)
    this.coordinator = new GroupCoordinator(host, config, versions, this.manager)
    const { manager, coordinator } = this
    const zookeeper = new ZooKeeperOffsets(zk)
    this.offsets = new OffsetRequests(host, { broker, config, versions, manager, coordinator, zookeeper })
  }

  /**
   * Starts the periodic look at offsets that are too old.
   * @param topicPartitions how many partitions the offsets topic has; undefined: there is none yet
   */
  start(topicPartitions: number | undefined): void {
    const { config, versions } = this.options
    if (versions.groupCoordinator === 'none') return
    if (topicPartitions !== undefined) this.manager.partitionCount = topicPartitions
    const periodUs = fromMs(config['offsets.retention.check.interval.ms'])
    const look = (): void => {
      this.expiry = this.host.setTimer(periodUs, 'offsets expiry', () => {
        this.manager.expire()
        look()
      })
    }
    look()
  }

  stop(): void {
    this.expiry?.cancel()
  }

  // ---- partitions of the offsets topic ----

  becameLeader(topic: string, partition: number): void {
    if (topic !== OFFSETS_TOPIC || this.options.versions.groupCoordinator !== 'offset-manager') return
    this.manager.load(partition, this.coordinator.groupLoaded)
  }

  becameFollower(topic: string, partition: number, wasLeader: boolean): void {
    if (topic !== OFFSETS_TOPIC || this.options.versions.groupCoordinator !== 'offset-manager') return
    if (wasLeader) this.manager.unload(partition, this.coordinator.groupUnloaded)
  }

  changed(leaders: readonly PartitionName[], followers: readonly PartitionName[]): void {
    if (this.options.versions.groupCoordinator !== 'group-membership') return
    for (const { topic, partition } of leaders) {
      if (topic === OFFSETS_TOPIC) this.manager.load(partition, this.coordinator.groupLoaded)
    }
    for (const { topic, partition } of followers) {
      if (topic === OFFSETS_TOPIC) this.manager.unload(partition, this.coordinator.groupUnloaded)
    }
  }

  /** Partitions of the offsets topic. */
  get partitionCount(): number {
    return this.manager.partitionCount
  }

  /** A marker stands in these partitions of the offsets topic. */
  transactionDecided(producerId: number, committed: boolean, partitions: readonly number[]): void {
    this.manager.transactionDecided(producerId, committed, partitions)
  }

  // ---- requests ----

  handle(request: GroupRequest, responder: Responder, connection: Connection): void {
    if (!this.isKnown(request)) return responder.hangUp()
    const { correlationId } = request
    switch (request.api) {
      case 'OffsetCommit':
        return this.offsets.commit(request, (partitions) =>
          responder.send({ api: 'OffsetCommit', correlationId, partitions }),
        )
      case 'OffsetFetch':
        return this.offsets.fetch(request, (errorCode, partitions) =>
          responder.send({ api: 'OffsetFetch', correlationId, errorCode, partitions }),
        )
      case 'TxnOffsetCommit':
        return this.offsets.commitInTransaction(request, (partitions) =>
          responder.send({ api: 'TxnOffsetCommit', correlationId, partitions }),
        )
      case 'FindCoordinator':
        return this.findCoordinator(request, responder)
      case 'JoinGroup':
        return this.join(request, responder, connection)
      case 'SyncGroup':
        return this.sync(request, responder)
      case 'Heartbeat': {
        const { groupId, generationId, memberId } = request
        const errorCode = this.coordinator.heartbeat(groupId, generationId, memberId)
        this.traceRefused(request, memberId, errorCode)
        return responder.send({ api: 'Heartbeat', correlationId, errorCode })
      }
      case 'LeaveGroup': {
        const errorCode = this.coordinator.leave(request.groupId, request.memberId)
        this.traceRefused(request, request.memberId, errorCode)
        return responder.send({ api: 'LeaveGroup', correlationId, errorCode })
      }
      default:
        return unreachable(request)
    }
  }

  private isKnown(request: GroupRequest): boolean {
    const { groupCoordinator } = this.options.versions
    switch (request.api) {
      case 'OffsetCommit':
      case 'OffsetFetch':
        if (groupCoordinator === 'none') return request.version === 0
        return groupCoordinator === 'group-membership' || request.version <= 1
      case 'FindCoordinator':
        return groupCoordinator !== 'none' && request.keyType === 'group'
      case 'TxnOffsetCommit':
        return this.options.versions.transactions !== 'none'
      default:
        return groupCoordinator === 'group-membership'
    }
  }

  /** The leader of the group's partition, by this broker's metadata; the topic is created when it is first asked for. */
  private findCoordinator(request: FindCoordinatorRequest, responder: Responder): void {
    const { broker } = this.options
    const answer = (): void => {
      const coordinator = broker.leaderOf(OFFSETS_TOPIC, this.manager.partitionFor(request.key))
      const errorCode = coordinator === undefined ? ErrorCode.ConsumerCoordinatorNotAvailable : ErrorCode.NoError
      const { correlationId } = request
      this.traceRefused(request, NO_MEMBER_ID, errorCode)
      responder.send({ api: 'FindCoordinator', correlationId, errorCode, coordinator })
    }
    if (broker.hasTopic(OFFSETS_TOPIC)) answer()
    else broker.createTopic(OFFSETS_TOPIC, answer)
  }

  private join(request: JoinGroupRequest, responder: Responder, connection: Connection): void {
    const { correlationId, version, sessionTimeoutMs } = request
    const rebalanceTimeoutMs = version === 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs
    const asked = { ...request, rebalanceTimeoutMs, clientHost: `/${connection.peer}`, canWaitForId: version >= 4 }
    this.coordinator.join(asked, (result) => {
      this.traceRefused(request, request.memberId, result.errorCode)
      responder.send({ api: 'JoinGroup', correlationId, ...result })
    })
  }

  private sync(request: SyncGroupRequest, responder: Responder): void {
    const { correlationId, groupId, generationId, memberId } = request
    const assignments = new Map(request.assignments.map((one) => [one.memberId, one.assignment]))
    this.coordinator.sync(groupId, generationId, memberId, assignments, (assignment, errorCode) => {
      this.traceRefused(request, memberId, errorCode)
      responder.send({ api: 'SyncGroup', correlationId, errorCode, assignment })
    })
  }

  private traceRefused(request: GroupRequest, member: string, errorCode: ErrorCode): void {
    if (errorCode === ErrorCode.NoError || !this.host.tracing) return
    const { api, clientId: client } = request
    const group = request.api === 'FindCoordinator' ? request.key : request.groupId
    traceCoordinator(this.host, { kind: 'GroupRequestRefused', api, group, client, member, errorCode })
  }

  digest(digest: Digest): void {
    this.manager.digest(digest)
  }
}
