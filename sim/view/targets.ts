/** Whom a scenario's target means at this moment, by the view. Without chance: the same view gives the same machines. */
import { unreachable } from '../../src/host/index.ts'
import { type TopicPartition, topicPartition } from '../../src/protocol/index.ts'
import type { Target } from '../scenario/plan.ts'
import { actingLeader, type ClusterView, electedContender, isUp, replicaOf, zooKeeperLeader } from './cluster-view.ts'
import { brokerName } from './names.ts'

/**
 * Machine names; empty if the selector finds nobody. A follower is a replica that runs and follows; `any` is the first
 * one in assignment order, `most advanced` the one with the highest LEO (the first of equals).
 */
export function resolve(target: Target, view: ClusterView): readonly string[] {
  switch (target.select) {
    case 'machine':
      return [target.name]
    case 'leader':
      return oneOrNone(actingLeader(view, topicPartition(target.topic, target.partition)))
    case 'controller':
      return view.controller.broker < 0 ? [] : [brokerName(view.controller.broker)]
    case 'zk-leader':
      return oneOrNone(zooKeeperLeader(view))
    case 'any-follower':
      return followers(view, topicPartition(target.topic, target.partition)).slice(0, 1)
    case 'most-advanced-follower':
      return oneOrNone(mostAdvanced(view, topicPartition(target.topic, target.partition)))
    case 'all-brokers':
      return Object.keys(view.brokers)
    case 'all-zookeeper':
      return Object.keys(view.zookeeper)
    case 'elected':
      return oneOrNone(electedContender(view, target.election))
    case 'coordinator': {
      const { coordinator } = view.groups[target.group] ?? { coordinator: '' }
      return coordinator === '' ? [] : [coordinator]
    }
    case 'transaction-coordinator':
      return oneOrNone(view.transactions[target.transactionalId]?.coordinator)
    default:
      return unreachable(target)
  }
}

/** Running followers in assignment order. */
export function followers(view: ClusterView, tp: TopicPartition): string[] {
  const names: string[] = []
  for (const id of view.partitions[tp]?.replicas ?? []) {
    const name = brokerName(id)
    if (isUp(view, name) && replicaOf(view, name, tp)?.role === 'follower') names.push(name)
  }
  return names
}

function mostAdvanced(view: ClusterView, tp: TopicPartition): string | undefined {
  let best: string | undefined
  let end = -1
  for (const name of followers(view, tp)) {
    const { logEndOffset } = replicaOf(view, name, tp)!
    if (logEndOffset > end) {
      best = name
      end = logEndOffset
    }
  }
  return best
}

const oneOrNone = (name: string | undefined): readonly string[] => (name === undefined ? [] : [name])
