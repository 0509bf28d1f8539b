/**
 * The part of the fold for ZooKeeper: servers, sessions, the tree as committed, and what Kafka wrote into it (leaders,
 * ISRs, assignments, the controller, registrations). Commits are folded when the leader commits, not when a server
 * applies: that is the moment they become true.
 */
import { unreachable } from '../../src/host/index.ts'
import {
  decodeAssignment,
  decodeController,
  decodePartitionState,
  partitionOfStatePath,
  topicPartition,
  zkPaths,
} from '../../src/protocol/index.ts'
import type { ZnodeChange } from '../../src/zookeeper/events.ts'
import { parentPath } from '../../src/zookeeper/index.ts'
import { type Zxid, zxidEpoch } from '../../src/zookeeper/zxid.ts'
import type { EventOf } from './any-event.ts'
import { emptyServer } from './cluster-view.ts'
import type { ViewDraft } from './fold.ts'
import { forgetRegistration } from './fold-old-consumer.ts'
import { brokerName } from './names.ts'

type ZkViewEvent = EventOf<
  | 'ZkServerState'
  | 'ZkLeaderServing'
  | 'ZkCommitted'
  | 'ZkApplied'
  | 'ZkRecovered'
  | 'ZkSessionCreated'
  | 'ZkSessionClosed'
  | 'ZkClientState'
  | 'ZkAcknowledged'
  | 'ZkSynced'
  | 'ZkWatchFired'
>

export function foldZooKeeperEvent(view: ViewDraft, machine: string, event: ZkViewEvent): void {
  switch (event.kind) {
    case 'ZkServerState': {
      const server = serverOf(view, machine)
      server.state = event.state
      server.serving = false
      server.epoch = event.epoch
      server.leader = event.leader
      return
    }
    case 'ZkLeaderServing': {
      const server = serverOf(view, machine)
      server.serving = true
      server.epoch = event.epoch
      return
    }
    case 'ZkApplied': {
      const server = serverOf(view, machine)
      server.lastApplied = event.zxid
      // A follower looks for a leader in its old epoch; what it applies tells of the new one.
      server.epoch = Math.max(server.epoch, zxidEpoch(event.zxid))
      return
    }
    case 'ZkRecovered':
      serverOf(view, machine).lastApplied = event.lastZxid
      return
    case 'ZkAcknowledged':
      serverOf(view, machine).acknowledged = event.zxid
      return
    case 'ZkSynced':
      serverOf(view, event.to).synced = event.mode
      return
    case 'ZkCommitted':
      // A new leader repeats what its predecessor may have committed already.
      if (event.zxid <= view.lastCommitted) return
      view.lastCommitted = event.zxid
      foldWork(view, event.txn)
      for (const change of event.changes) foldChange(view, change, event.zxid)
      return
    case 'ZkWatchFired':
      view.work.watches += 1
      return
    case 'ZkSessionCreated':
      view.sessions[event.session] = { owner: event.owner, state: 'alive', server: null }
      return
    case 'ZkSessionClosed': {
      const session = view.sessions[event.session]
      if (session !== undefined) session.state = event.expired ? 'expired' : 'closed'
      return
    }
    case 'ZkClientState': {
      const session = view.sessions[event.session]
      if (session !== undefined) session.server = event.state === 'connected' ? event.server : null
      return
    }
    default:
      unreachable(event)
  }
}

/** Its process ended; its disk, and so what it applied, stays. */
export function forgetServer(view: ViewDraft, machine: string): void {
  const server = view.zookeeper[machine]
  if (server === undefined) return
  server.state = 'DOWN'
  server.serving = false
  server.leader = null
}

const serverOf = (view: ViewDraft, machine: string): ViewDraft['zookeeper'][string] =>
  (view.zookeeper[machine] ??= { ...emptyServer })

function foldWork(view: ViewDraft, txn: string): void {
  if (txn === 'error') view.work.refused += 1
  else if (txn === 'createSession' || txn === 'closeSession') view.work.sessions += 1
  else view.work.writes += 1
}

function foldChange(view: ViewDraft, change: ZnodeChange, zxid: Zxid): void {
  const { path } = change
  switch (change.op) {
    case 'create':
      view.znodes[path] = newNode(change.data, change.ephemeralOwner, zxid)
      foldChild(view, path, zxid).childrenCreated += 1
      foldContent(view, path, change.data, 0)
      return
    case 'setData': {
      const node = (view.znodes[path] ??= newNode('', null, 0))
      node.data = change.data
      node.version = change.version
      node.mzxid = zxid
      foldContent(view, path, change.data, change.version)
      return
    }
    case 'delete':
      delete view.znodes[path]
      foldChild(view, path, zxid)
      // A place is free: whoever wakes from now on wakes for it.
      if (view.elections[parentPath(path)] !== undefined) view.elections[parentPath(path)]!.woken = 0
      foldDeletion(view, path)
      forgetRegistration(view, path)
      return
    default:
      unreachable(change)
  }
}

const newNode = (data: string, ephemeralOwner: string | null, zxid: Zxid): ViewDraft['znodes'][string] => ({
  data,
  version: 0,
  ephemeralOwner,
  czxid: zxid,
  mzxid: zxid,
  pzxid: zxid,
  childrenCreated: 0,
})

/** A child of the parent came or went. The root is there from the beginning, and enters the view with its first child. */
function foldChild(view: ViewDraft, path: string, zxid: Zxid): ViewDraft['znodes'][string] {
  const parent = (view.znodes[parentPath(path)] ??= newNode('', null, 0))
  parent.pzxid = zxid
  return parent
}

const idsPrefix = `${zkPaths.brokerIds}/`
const topicsPrefix = `${zkPaths.brokerTopics}/`

function foldContent(view: ViewDraft, path: string, data: string, version: number): void {
  if (path === zkPaths.controller) view.controller.broker = decodeController(data)
  else if (path === zkPaths.controllerEpoch) view.controller.epoch = Number(data)
  else if (path.startsWith(idsPrefix)) register(view, Number(path.slice(idsPrefix.length)), true)
  else if (path.startsWith(topicsPrefix)) {
    const rest = path.slice(topicsPrefix.length)
    if (!rest.includes('/')) foldAssignment(view, rest, data)
    else foldState(view, path, data, version)
  }
}

function foldAssignment(view: ViewDraft, topic: string, data: string): void {
  for (const [partition, replicas] of decodeAssignment(data)) partitionOf(view, topic, partition).replicas = replicas
}

function foldState(view: ViewDraft, path: string, data: string, version: number): void {
  const of = partitionOfStatePath(path)
  if (of === undefined) return
  const { leader, leaderEpoch, isr, zkVersion } = decodePartitionState(data, version).leaderAndIsr
  const partition = partitionOf(view, of.topic, of.partition)
  partition.leader = leader
  partition.leaderEpoch = leaderEpoch
  partition.isr = isr
  partition.zkVersion = zkVersion
  if (leader >= 0) partition.lastLeader = leader
}

function partitionOf(view: ViewDraft, topic: string, partition: number): ViewDraft['partitions'][string] {
  return (view.partitions[topicPartition(topic, partition)] ??= {
    topic,
    partition,
    replicas: [],
    leader: -1,
    leaderEpoch: -1,
    isr: [],
    zkVersion: -1,
    lastLeader: -1,
  })
}

function foldDeletion(view: ViewDraft, path: string): void {
  if (path === zkPaths.controller) view.controller.broker = -1
  else if (path.startsWith(idsPrefix)) register(view, Number(path.slice(idsPrefix.length)), false)
  else if (path.startsWith(topicsPrefix)) {
    const of = partitionOfStatePath(path)
    if (of !== undefined) delete view.partitions[topicPartition(of.topic, of.partition)]
  }
}

function register(view: ViewDraft, id: number, registered: boolean): void {
  const broker = (view.brokers[brokerName(id)] ??= { id, registered: false, replicas: {} })
  broker.registered = registered
}
