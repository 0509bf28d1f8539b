/**
 * Is a scenario's condition true? Answered by the view and the ledger, cheaply: the runner asks after every event.
 * What is true instead, for people: `explain.ts`.
 */
import { unreachable } from '../../src/host/index.ts'
import { topicPartition } from '../../src/protocol/index.ts'
import type { Condition, Match } from '../scenario/plan.ts'
import {
  actingLeader,
  type ClusterView,
  countOf,
  replicaOf,
  type SessionView,
  zooKeeperLeader,
} from './cluster-view.ts'
import type { Ledger } from './ledger.ts'
import { brokerName } from './names.ts'

export function evaluate(condition: Condition, view: ClusterView, ledger: Ledger): boolean {
  switch (condition.about) {
    case 'replica': {
      const replica = replicaOf(view, condition.broker, topicPartition(condition.topic, condition.partition))
      const { leo, hw, role, truncatedTo } = condition
      return (
        matches(role, replica?.role ?? 'none') &&
        matches(leo, replica?.logEndOffset) &&
        matches(hw, replica?.highWatermark) &&
        matches(truncatedTo, replica?.lastTruncation?.to)
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
    case 'session':
      return latestSession(view, condition.owner)?.state === condition.is
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
        matches(condition.gaveUp, client.gaveUp)
      )
    }
    case 'event':
      return countOf(view, condition.event, condition.machine) >= condition.nth
    default:
      return unreachable(condition)
  }
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
