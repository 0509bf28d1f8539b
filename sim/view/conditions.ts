/**
 * Is a scenario's condition true? Answered by the view and the ledger, cheaply: the runner asks after every event.
 * What is true instead, for people: `explain.ts`.
 */
import { unreachable } from '../../src/host/index.ts'
import { topicPartition } from '../../src/protocol/index.ts'
import { zxidCounter, zxidEpoch } from '../../src/zookeeper/index.ts'
import type { OffsetSearch } from '../scenario/events.ts'
import type { Condition, Match } from '../scenario/plan.ts'
import {
  actingLeader,
  believersIn,
  type ClusterView,
  countOf,
  electedContender,
  lookupKey,
  type OperationView,
  partitionOwner,
  partitionsOf,
  replicaOf,
  type SessionView,
  type ZooKeeperServerView,
  zooKeeperLeader,
} from './cluster-view.ts'
import type { Ledger } from './ledger.ts'
import type { LoggedMessage } from './message-log.ts'
import { brokerName, messageName } from './names.ts'

export function evaluate(condition: Condition, view: ClusterView, ledger: Ledger): boolean {
  switch (condition.about) {
    case 'replica': {
      const replica = replicaOf(view, condition.broker, topicPartition(condition.topic, condition.partition))
      const { leo, hw, role, truncatedTo } = condition
      return (
        matches(role, replica?.role ?? 'none') &&
        matches(leo, replica?.logEndOffset) &&
        matches(hw, replica?.highWatermark) &&
        matches(truncatedTo, replica?.lastTruncation?.to) &&
        matches(condition.starts, replica?.logStartOffset) &&
        matches(condition.segments, replica?.segments.length) &&
        matches(condition.records, replica?.log.length)
      )
    }
    case 'key': {
      const { last, records } = recordsOfKey(condition, view)
      return (
        (condition.value === undefined || condition.value === valueName(last)) &&
        matches(condition.offset, last?.offset) &&
        matches(condition.records, records)
      )
    }
    case 'lookup': {
      const search = lookedUp(condition, view)
      if (search === undefined) return false
      return (
        matches(condition.segment, search.base ?? undefined) &&
        matches(condition.relative, search.base === null ? undefined : search.relative) &&
        matches(condition.entry, search.entry?.[0]) &&
        matches(condition.byte, search.from) &&
        matches(condition.scanned, search.bytes) &&
        (condition.value === undefined || condition.value === foundName(search)) &&
        (condition.crc === undefined || condition.crc === search.found?.crc)
      )
    }
    case 'leader': {
      const { leader, epoch } = leaderSeen(condition, view)
      return (
        (condition.is === undefined ? leader !== undefined : leader === condition.is) && matches(condition.epoch, epoch)
      )
    }
    case 'isr': {
      const isr = isrSeen(condition, view)
      return (
        isr !== undefined &&
        (condition.is === undefined || sameNames(condition.is, isr)) &&
        matches(condition.size, isr.length)
      )
    }
    case 'controller': {
      const { broker, epoch } = view.controller
      const holds = condition.is === undefined ? broker >= 0 : broker >= 0 && brokerName(broker) === condition.is
      return holds && matches(condition.epoch, epoch)
    }
    case 'zk-leader': {
      const leader = zooKeeperLeader(view)
      const holds = condition.is === undefined ? leader !== undefined : leader === condition.is
      return holds && matches(condition.epoch, leader === undefined ? undefined : view.zookeeper[leader]!.epoch)
    }
    case 'session': {
      const session = latestSession(view, condition.owner)
      return (
        (condition.is === undefined || session?.state === condition.is) &&
        (condition.connected === undefined ||
          (session !== undefined && session.server !== null) === condition.connected)
      )
    }
    case 'message':
      return ledger.reached(condition.message, condition.is)
    case 'znode': {
      const node = view.znodes[condition.path]
      if (condition.exists === false) return node === undefined
      return node !== undefined && matches(condition.version, node.version) && matches(condition.data, node.data)
    }
    case 'checkpoint':
      return matches(
        condition.hw,
        replicaOf(view, condition.broker, topicPartition(condition.topic, condition.partition))?.checkpointed,
      )
    case 'machine':
      return view.machines[condition.machine]?.state === condition.is
    case 'client': {
      const client = view.clients[condition.client]
      return (
        client !== undefined &&
        matches(condition.read, client.read) &&
        matches(condition.acked, client.acked) &&
        matches(condition.gaveUp, client.gaveUp) &&
        matches(condition.queued, client.queued) &&
        matches(condition.dropped, client.dropped) &&
        matches(condition.lostInQueue, ledger.lostInQueue(condition.client)) &&
        matches(condition.processed, client.processed) &&
        matches(condition.partitions, partitionsOf(view, condition.client)) &&
        matches(condition.rebalances, client.rebalances) &&
        matches(condition.failedRebalances, client.failedRebalances) &&
        matches(condition.accepted, client.accepted) &&
        matches(condition.refused, client.refused) &&
        matches(condition.stale, client.stale)
      )
    }
    case 'transaction': {
      const transaction = view.transactions[condition.transactionalId]
      return (
        transaction !== undefined &&
        (condition.is === undefined || transaction.state === condition.is) &&
        (condition.coordinator === undefined || transaction.coordinator === condition.coordinator) &&
        matches(condition.epoch, transaction.epoch)
      )
    }
    case 'group': {
      const group = view.groups[condition.group]
      return (
        group !== undefined &&
        (condition.is === undefined || group.state === condition.is) &&
        (condition.coordinator === undefined || group.coordinator === condition.coordinator) &&
        (condition.members === undefined || sameNames(condition.members, group.members)) &&
        matches(condition.size, group.members.length) &&
        matches(condition.generation, group.generation) &&
        matches(condition.rebalances, group.rebalances)
      )
    }
    case 'owner': {
      const tp = topicPartition(condition.topic, condition.partition)
      const group = view.groups[condition.group]
      return (
        (condition.is === undefined || (partitionOwner(view, condition) ?? 'none') === condition.is) &&
        matches(condition.believers, believersIn(view, condition.group, tp).length) &&
        matches(condition.committed, group?.committed[tp] ?? -1)
      )
    }
    case 'operation':
      return operationIs(condition, view.operations[condition.operation])
    case 'notified':
      return matches(condition.times, notifications(condition, view))
    case 'elected': {
      const election = view.elections[condition.election]
      const leader = electedContender(view, condition.election)
      const holds =
        condition.is === undefined ? leader !== undefined || onlyCounts(condition) : (leader ?? 'none') === condition.is
      return (
        holds &&
        matches(condition.terms, election?.terms ?? 0) &&
        matches(condition.woken, election?.woken ?? 0) &&
        matches(condition.believers, Object.keys(election?.believers ?? {}).length)
      )
    }
    case 'zk-server': {
      const server = view.zookeeper[condition.server]
      return (
        server !== undefined &&
        (condition.is === undefined || serverState(server) === condition.is) &&
        (condition.synced === undefined || server.synced === condition.synced) &&
        matches(condition.behind, behind(view, condition.server))
      )
    }
    case 'replicas': {
      const replicas = view.partitions[topicPartition(condition.topic, condition.partition)]?.replicas ?? []
      return replicas.length === condition.is.length && replicas.every((id, i) => brokerName(id) === condition.is[i])
    }
    case 'broker': {
      const carried = carriedBy(view, condition.broker, condition.topic)
      return matches(condition.leads, carried.leads) && matches(condition.replicas, carried.replicas)
    }
    case 'measure': {
      const measure = view.measures[condition.measure]
      return (
        measure?.toUs !== undefined &&
        matches(condition.writes, measure.work.writes) &&
        matches(condition.refused, measure.work.refused) &&
        matches(condition.watches, measure.work.watches) &&
        matches(condition.lasts, measure.toUs - measure.fromUs)
      )
    }
    case 'all':
      return condition.conditions.every((one) => evaluate(one, view, ledger))
    case 'event':
      return countOf(view, condition.event, condition.machine) >= condition.nth
    default:
      return unreachable(condition)
  }
}

/** The last message with a key in a replica's log, and how many there are. */
export function recordsOfKey(
  condition: Extract<Condition, { about: 'key' }>,
  view: ClusterView,
): { readonly last: LoggedMessage | undefined; readonly records: number } {
  const replica = replicaOf(view, condition.broker, topicPartition(condition.topic, condition.partition))
  const found = replica?.log.toArray().filter(({ key }) => key === condition.key) ?? []
  return { last: found.at(-1), records: found.length }
}

/** The last search for an offset in a replica; undefined if there was none. */
export const lookedUp = (
  { broker, topic, partition, offset }: Extract<Condition, { about: 'lookup' }>,
  view: ClusterView,
): OffsetSearch | undefined => view.lookups[lookupKey(broker, topicPartition(topic, partition), offset)]

export const foundName = ({ found }: OffsetSearch): string =>
  found === null || found.offset === null ? 'none' : messageName(found.value, found.key)

export const valueName = (message: LoggedMessage | undefined): string =>
  message === undefined ? 'none' : messageName(message.value, message.key)

function operationIs(
  condition: Extract<Condition, { about: 'operation' }>,
  operation: OperationView | undefined,
): boolean {
  if (operation === undefined) return false
  const { error, data, version, children, path } = operation
  const { is } = condition
  if (is === 'pending') return error === null
  if (error === null || (is !== undefined && is !== 'answered' && is !== error)) return false
  return (
    matches(condition.data, data ?? undefined) &&
    matches(condition.version, version ?? undefined) &&
    (condition.path === undefined || condition.path === path) &&
    (condition.children === undefined || (children !== null && sameNames(condition.children, children)))
  )
}

/** Watch events of this kind and path that the client was told. */
export function notifications(condition: Extract<Condition, { about: 'notified' }>, view: ClusterView): number {
  const notified = view.clients[condition.client]?.notified ?? {}
  let count = 0
  for (const what of Object.keys(notified)) {
    const [event, path] = [what.slice(0, what.indexOf(' ')), what.slice(what.indexOf(' ') + 1)]
    if (condition.event !== undefined && condition.event !== event) continue
    if (condition.path !== undefined && condition.path !== path) continue
    count += notified[what]!
  }
  return count
}

/** Asking for nothing but counts asks for no leader. */
const onlyCounts = ({ terms, woken, believers }: Extract<Condition, { about: 'elected' }>): boolean =>
  terms !== undefined || woken !== undefined || believers !== undefined

export const serverState = (server: ZooKeeperServerView): string => server.state.toLowerCase()

/** Transactions committed that a server has not applied; those of different epochs count by the counter alone. */
export function behind(view: ClusterView, server: string): number {
  const applied = view.zookeeper[server]?.lastApplied ?? 0
  if (applied >= view.lastCommitted) return 0
  return zxidEpoch(applied) === zxidEpoch(view.lastCommitted)
    ? view.lastCommitted - applied
    : Math.max(1, zxidCounter(view.lastCommitted))
}

export function carriedBy(
  view: ClusterView,
  broker: string,
  topic: string | undefined,
): { readonly leads: number; readonly replicas: number } {
  let leads = 0
  let replicas = 0
  for (const tp of Object.keys(view.partitions)) {
    const partition = view.partitions[tp]!
    if (topic !== undefined && partition.topic !== topic) continue
    if (partition.leader >= 0 && brokerName(partition.leader) === broker) leads += 1
    if (partition.replicas.some((id) => brokerName(id) === broker)) replicas += 1
  }
  return { leads, replicas }
}

/** Nothing asked: true. Asked, but nothing there: false. A text is compared as text, a number asked for as a number. */
export function matches(match: Match | undefined, value: string | number | boolean | undefined): boolean {
  if (match === undefined) return true
  if (value === undefined) return false
  switch (match.is) {
    case 'equal':
      return match.value === value || String(match.value) === String(value)
    case 'range':
      return Number(value) >= match.low && Number(value) <= match.high
    case 'compare':
      return compares(match.operator, Number(value), match.value)
    default:
      return unreachable(match)
  }
}

function compares(operator: '<' | '<=' | '>' | '>=' | '!=', value: number, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '>=':
      return value >= limit
    case '!=':
      return value !== limit
    default:
      return unreachable(operator)
  }
}

/** The leader that acts, or the one that `believes` (a broker or a client) takes for it. */
export function leaderSeen(
  condition: Extract<Condition, { about: 'leader' }>,
  view: ClusterView,
): { readonly leader: string | undefined; readonly epoch: number | undefined } {
  const tp = topicPartition(condition.topic, condition.partition)
  if (condition.believes === undefined) {
    const leader = actingLeader(view, tp)
    return { leader, epoch: view.partitions[tp]?.leaderEpoch }
  }
  const replica = replicaOf(view, condition.believes, tp)
  const id = replica?.leader ?? view.clients[condition.believes]?.leaders[tp] ?? -1
  return { leader: id < 0 ? undefined : brokerName(id), epoch: replica?.leaderEpoch }
}

/** ISR as names, as ZooKeeper holds it or as a leader caches it; undefined where there is none. */
export function isrSeen(
  condition: Extract<Condition, { about: 'isr' }>,
  view: ClusterView,
): readonly string[] | undefined {
  const tp = topicPartition(condition.topic, condition.partition)
  if (condition.believes === undefined) {
    const partition = view.partitions[tp]
    return partition === undefined || partition.leaderEpoch < 0 ? undefined : partition.isr.map(brokerName)
  }
  const replica = replicaOf(view, condition.believes, tp)
  return replica?.role === 'leader' ? replica.isr.map(brokerName) : undefined
}

const sameNames = (wanted: readonly string[], isr: readonly string[]): boolean =>
  wanted.length === isr.length && wanted.every((name) => isr.includes(name))

/** The session that a machine opened last. */
export function latestSession(view: ClusterView, owner: string): SessionView | undefined {
  let latest: SessionView | undefined
  for (const id of Object.keys(view.sessions)) {
    const session = view.sessions[id]!
    if (session.owner === owner) latest = session
  }
  return latest
}
