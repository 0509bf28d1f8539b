/** What is true of the thing that a condition asks about, in words: told when a condition did not come true. */
import { unreachable } from '../../src/host/index.ts'
import { topicPartition } from '../../src/protocol/index.ts'
import type { Condition } from '../scenario/plan.ts'
import {
  believersIn,
  type ClusterView,
  countOf,
  electedContender,
  type OperationView,
  partitionOwner,
  partitionsOf,
  replicaOf,
  type ZooKeeperWork,
  zooKeeperLeader,
} from './cluster-view.ts'
import {
  behind,
  carriedBy,
  isrSeen,
  latestSession,
  leaderSeen,
  lookedUp,
  notifications,
  recordsOfKey,
  serverState,
  valueName,
} from './conditions.ts'
import { describeProgress } from './fate.ts'
import { searchWords } from './format-storage.ts'
import type { Ledger } from './ledger.ts'
import { brokerName, formatDuration, leaderName } from './names.ts'

/** `b2/orders-0 has LEO 1, HW 0, role follower`. */
export function explain(condition: Condition, view: ClusterView, ledger: Ledger): string {
  switch (condition.about) {
    case 'replica':
      return replicaWords(condition, view)
    case 'key': {
      const { last, records } = recordsOfKey(condition, view)
      const where = `${condition.broker}/${condition.topic}-${condition.partition}`
      if (last === undefined) return `${where} holds no message with key ${condition.key}`
      const count = `${records} message${records === 1 ? '' : 's'} with key ${condition.key}`
      return `${where} holds ${count}, the last one ${valueName(last)} at offset ${last.offset}`
    }
    case 'lookup': {
      const search = lookedUp(condition, view)
      const where = `${condition.broker}/${condition.topic}-${condition.partition}`
      if (search === undefined) return `nobody has looked up offset ${condition.offset} in ${where}`
      return `offset ${condition.offset} in ${where}: ${searchWords(search)}`
    }
    case 'leader': {
      const tp = topicPartition(condition.topic, condition.partition)
      const { leader, epoch } = leaderSeen(condition, view)
      if (condition.believes !== undefined) {
        return `${condition.believes} believes that ${leader ?? 'nobody'} leads ${tp}${epoch === undefined ? '' : ` (epoch ${epoch})`}`
      }
      return leader === undefined ? `nobody leads ${tp}${elected(view, tp)}` : `${leader} leads ${tp} (epoch ${epoch})`
    }
    case 'isr': {
      const tp = topicPartition(condition.topic, condition.partition)
      const isr = isrSeen(condition, view)
      const whose =
        condition.believes === undefined ? `the ISR of ${tp}` : `the ISR of ${tp} as ${condition.believes} sees it`
      return isr === undefined
        ? `there is no ISR of ${tp} to be seen${condition.believes === undefined ? '' : ` on ${condition.believes}, which does not lead`}`
        : `${whose} is [${isr.join(', ')}]`
    }
    case 'controller': {
      const { broker, epoch } = view.controller
      return broker < 0
        ? `nobody is controller (epoch ${epoch})`
        : `the controller is ${brokerName(broker)} (epoch ${epoch})`
    }
    case 'zk-leader': {
      const leader = zooKeeperLeader(view)
      if (leader !== undefined) return `${leader} leads ZooKeeper (epoch ${view.zookeeper[leader]!.epoch})`
      const states = Object.keys(view.zookeeper).map((name) => `${name} ${view.zookeeper[name]!.state}`)
      return `ZooKeeper has no leader that serves (${states.join(', ')})`
    }
    case 'session': {
      const session = latestSession(view, condition.owner)
      return session === undefined
        ? `${condition.owner} has no session`
        : `the session of ${condition.owner} is ${session.state}${condition.connected === undefined ? '' : `, ${session.server === null ? 'not connected' : `connected to ${session.server}`}`}`
    }
    case 'message':
      return describeProgress(ledger, condition.message)
    case 'znode': {
      const node = view.znodes[condition.path]
      return node === undefined
        ? `${condition.path} does not exist`
        : `${condition.path} has version ${node.version} and data ${JSON.stringify(node.data)}`
    }
    case 'checkpoint': {
      const tp = topicPartition(condition.topic, condition.partition)
      const hw = replicaOf(view, condition.broker, tp)?.checkpointed
      return hw === undefined
        ? `${condition.broker} has checkpointed no high watermark of ${tp}`
        : `${condition.broker} has checkpointed HW ${hw} of ${tp}`
    }
    case 'machine':
      return `${condition.machine} is ${view.machines[condition.machine]?.state ?? 'unknown'}`
    case 'client': {
      const client = view.clients[condition.client]
      if (condition.accepted !== undefined || condition.refused !== undefined || condition.stale !== undefined) {
        const { accepted, refused, stale } = client ?? { accepted: 0, refused: 0, stale: 0 }
        return `${condition.client} took ${accepted} writes, ${stale} of them of a leader that had been replaced, and refused ${refused}`
      }
      if (condition.queued !== undefined || condition.dropped !== undefined || condition.lostInQueue !== undefined) {
        const { queued, dropped } = client ?? { queued: 0, dropped: 0 }
        return `${condition.client} has ${queued} queued, dropped ${dropped}, lost ${ledger.lostInQueue(condition.client)} in its queue`
      }
      if (condition.processed !== undefined) return `${condition.client} has processed ${client?.processed ?? 0}`
      const { partitions, rebalances, failedRebalances } = condition
      if (partitions !== undefined || rebalances !== undefined || failedRebalances !== undefined) {
        const tried = `${client?.rebalances ?? 0} attempts at a rebalance, ${client?.failedRebalances ?? 0} of them failed`
        return `${condition.client} owns ${partitionsOf(view, condition.client)} partitions after ${tried}`
      }
      return client === undefined
        ? `${condition.client} has done nothing`
        : `${condition.client} was handed ${client.sent}, had ${client.acked} acknowledged, gave up ${client.gaveUp}, read ${client.read}`
    }
    case 'event':
      return `${condition.event} was seen ${times(countOf(view, condition.event, condition.machine))}${condition.machine === undefined ? '' : ` on ${condition.machine}`}`
    case 'transaction': {
      const transaction = view.transactions[condition.transactionalId]
      if (transaction === undefined) return `no coordinator knows ${condition.transactionalId}`
      const { state, epoch, coordinator } = transaction
      return `transaction of ${condition.transactionalId} is ${state} with epoch ${epoch}, coordinated by ${coordinator}`
    }
    case 'group': {
      const group = view.groups[condition.group]
      if (group === undefined) return `nobody has asked for group ${condition.group}`
      const members = group.members.length === 0 ? 'nobody' : group.members.join(', ')
      return `group ${condition.group} is ${group.state} in generation ${group.generation} with ${members}, coordinated by ${group.coordinator || 'nobody'}, after ${group.rebalances} rebalances`
    }
    case 'owner': {
      const tp = topicPartition(condition.topic, condition.partition)
      const believers = believersIn(view, condition.group, tp)
      const committed = view.groups[condition.group]?.committed[tp]
      const beliefs =
        believers.length === 0 ? 'nobody takes it for its own' : `${believers.join(', ')} take it for their own`
      const offset = committed === undefined ? 'nothing is committed' : `committed is ${committed}`
      return `in group ${condition.group} the owner of ${tp} is ${partitionOwner(view, condition) ?? 'none'}; ${beliefs}; ${offset}`
    }
    case 'operation':
      return operationWords(condition.operation, view)
    case 'notified': {
      const notified = view.clients[condition.client]?.notified ?? {}
      const all = Object.keys(notified).map((what) => `${what} ${times(notified[what]!)}`)
      const none = notifications(condition, view) === 0 && all.length === 0
      return none ? `${condition.client} was told of nothing` : `${condition.client} was told: ${all.join(', ')}`
    }
    case 'elected': {
      const election = view.elections[condition.election]
      if (election === undefined) return `nobody takes part in ${condition.election}`
      const leader = electedContender(view, condition.election) ?? 'nobody'
      const believers = Object.keys(election.believers)
      const believed = believers.length === 0 ? 'nobody' : believers.join(' and ')
      return `${leader} leads ${condition.election} and ${believed} ${believers.length > 1 ? 'believe' : 'believes'} to lead; elected ${times(election.terms)}, last woken ${election.woken}`
    }
    case 'zk-server': {
      const server = view.zookeeper[condition.server]
      if (server === undefined) return `there is no ${condition.server}`
      const synced = server.synced === null ? 'never synchronised' : `last synchronised by ${server.synced}`
      return `${condition.server} is ${serverState(server)}, ${behind(view, condition.server)} transactions behind, ${synced}`
    }
    case 'replicas': {
      const tp = topicPartition(condition.topic, condition.partition)
      return `${tp} is assigned to [${(view.partitions[tp]?.replicas ?? []).map(brokerName).join(', ')}]`
    }
    case 'broker': {
      const { leads, replicas } = carriedBy(view, condition.broker, condition.topic)
      return `${condition.broker} leads ${leads} and carries ${replicas}`
    }
    case 'measure': {
      const measure = view.measures[condition.measure]
      return measure?.toUs === undefined
        ? `${condition.measure} was not measured`
        : `${condition.measure}: ${workWords(measure.work)} in ${formatDuration(measure.toUs - measure.fromUs)}`
    }
    case 'all':
      return condition.conditions.map((one) => explain(one, view, ledger)).join('; ')
    default:
      return unreachable(condition)
  }
}

/** `ZooKeeper committed 2 writes, refused 1, fired 2 watches` */
export function workWords({ writes, refused, watches, sessions }: ZooKeeperWork): string {
  const parts = [
    `${writes === 1 ? '1 write' : `${writes} writes`} committed`,
    `${refused} refused`,
    `${watches === 1 ? '1 watch' : `${watches} watches`} fired`,
  ]
  if (sessions > 0) parts.push(`${sessions === 1 ? '1 session' : `${sessions} sessions`} opened or ended`)
  return parts.join(', ')
}

function operationWords(name: string, view: ClusterView): string {
  const operation = view.operations[name]
  if (operation === undefined) return `${name} was not asked`
  return `${name} (${operation.asked} by ${operation.client}) ${
    operation.error === null ? 'is not answered' : `was answered: ${answerWords(operation)}`
  }`
}

/** `OK, "x", version 1`, `NoNode` */
export function answerWords(answer: Pick<OperationView, 'error' | 'path' | 'data' | 'version' | 'children'>): string {
  const { error, path, data, version, children } = answer
  const parts = [error ?? '']
  if (path !== null) parts.push(path)
  if (data !== null) parts.push(`"${data}"`)
  if (version !== null) parts.push(`version ${version}`)
  if (children !== null) parts.push(`[${children.join(', ')}]`)
  return parts.join(', ')
}

const times = (count: number): string => (count === 0 ? 'never' : count === 1 ? 'once' : `${count} times`)

function replicaWords(condition: Extract<Condition, { about: 'replica' }>, view: ClusterView): string {
  const tp = topicPartition(condition.topic, condition.partition)
  const replica = replicaOf(view, condition.broker, tp)
  if (replica === undefined) return `${condition.broker} has no replica of ${tp}`
  const words = [
    `${condition.broker}/${tp} has LEO ${replica.logEndOffset}`,
    `HW ${replica.highWatermark}`,
    `role ${replica.role}`,
  ]
  if (condition.truncatedTo !== undefined) {
    words.push(
      replica.lastTruncation === undefined ? 'never truncated' : `last truncated to ${replica.lastTruncation.to}`,
    )
  }
  if (condition.starts !== undefined) words.push(`begins at ${replica.logStartOffset}`)
  if (condition.segments !== undefined) words.push(`segments ${replica.segments.join(', ')}`)
  if (condition.records !== undefined) words.push(`${replica.log.length} records`)
  return words.join(', ')
}

/** Why nobody acts: nobody was elected, or the one elected is not there yet. */
function elected(view: ClusterView, tp: string): string {
  const partition = view.partitions[tp]
  if (partition === undefined) return ', which ZooKeeper does not know'
  if (partition.leader < 0) return ''
  return `: ZooKeeper names ${leaderName(partition.leader)} (epoch ${partition.leaderEpoch}), which does not act as leader of that epoch`
}
