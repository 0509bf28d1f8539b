/** The part of the trace formatter for ZooKeeper: servers, sessions, clients, elections. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { ZnodeChange, ZooKeeperEvent } from '../../src/zookeeper/events.ts'
import { formatZxid } from '../../src/zookeeper/zxid.ts'
import type { ClusterEvent } from '../cluster/events.ts'

type ZooKeeperClientEvent = Exclude<ClusterEvent, { kind: 'AdminAsked' }>

export function formatZooKeeperEvent(event: ZooKeeperEvent | ZooKeeperClientEvent): string {
  switch (event.kind) {
    case 'ZkServerState':
      return `ZkServerState ${event.state} epoch=${event.epoch} leader=${event.leader ?? 'none'}`
    case 'ZkRoleEnded':
      return `ZkRoleEnded ${event.role}: ${event.reason}`
    case 'ZkLeaderServing':
      return `ZkLeaderServing epoch=${event.epoch}`
    case 'ZkProposed':
      return `ZkProposed ${formatZxid(event.zxid)} ${event.txn}`
    case 'ZkAcknowledged':
      return `ZkAcknowledged ${formatZxid(event.zxid)}`
    case 'ZkCommitted':
      return `ZkCommitted ${formatZxid(event.zxid)} ${event.txn} by ${event.session}${changes(event.changes)}`
    case 'ZkApplied':
      return `ZkApplied ${formatZxid(event.zxid)}`
    case 'ZkSynced':
      return `ZkSynced ${event.mode} to ${event.to} ${formatZxid(event.zxid)}`
    case 'ZkRecovered':
      return `ZkRecovered ${formatZxid(event.lastZxid)}${event.truncatedBytes === 0 ? '' : ` ${event.truncatedBytes} bytes cut`}`
    case 'ZkSnapshotDamaged':
      return `ZkSnapshotDamaged ${formatZxid(event.zxid)}`
    case 'ZkDiskFailed':
      return `ZkDiskFailed ${event.failure}: ${event.detail}`
    case 'ZkClientAhead':
      return `ZkClientAhead ${event.client} has seen ${formatZxid(event.clientZxid)}, this server ${formatZxid(event.serverZxid)}`
    case 'ZkSessionCreated':
      return `ZkSessionCreated ${event.session} for ${event.owner} timeout=${event.timeoutMs}ms`
    case 'ZkSessionClosed':
      return `ZkSessionClosed ${event.session} ${event.expired ? 'expired' : 'by its client'}`
    case 'ZkWatchFired':
      return `ZkWatchFired ${event.event} ${event.path} to ${event.session}`
    case 'ZkClientState':
      return `ZkClientState ${event.state} ${event.session} server=${event.server ?? 'none'}`

    case 'ElectionEntered':
      return `ElectionEntered ${event.election} ${event.contender} (${event.recipe}) node=${event.node}`
    case 'ElectionWon':
      return `ElectionWon ${event.election} ${event.contender} epoch=${formatZxid(event.epoch)} node=${event.node}`
    case 'ElectionLost':
      return `ElectionLost ${event.election} ${event.contender} watches=${event.watches}`
    case 'ElectionWoken':
      return `ElectionWoken ${event.election} ${event.contender} watched=${event.watched}`
    case 'ElectionResigned':
      return `ElectionResigned ${event.election} ${event.contender} node=${event.node}${event.led ? ' led' : ''}`
    case 'LeadershipExpired':
      return `LeadershipExpired ${event.election} ${event.contender} epoch=${formatZxid(event.epoch)}`

    case 'ZkAsked':
      return `ZkAsked ${event.operation}: ${event.asked} by ${event.client}`
    case 'ZkAnswered':
      return `ZkAnswered ${event.operation}: ${event.asked} = ${event.error}${answer(event)} to ${event.client}`
    case 'ZkNotified':
      return `ZkNotified ${event.event} ${event.path} to ${event.client}`
    case 'ResourceWritten':
      return `ResourceWritten ${event.accepted ? 'accepted' : 'refused'} from ${event.by} epoch=${formatZxid(event.epoch)} highest=${formatZxid(event.highest)}`
    default:
      return unreachable(event)
  }
}

function answer(event: Extract<ClusterEvent, { kind: 'ZkAnswered' }>): string {
  let text = ''
  if (event.path !== null) text += ` path=${event.path}`
  if (event.data !== null) text += ` data=${event.data}`
  if (event.version !== null) text += ` version=${event.version}`
  if (event.children !== null) text += ` children=[${event.children.join(' ')}]`
  return text
}

function changes(of: readonly ZnodeChange[]): string {
  let text = ''
  for (const change of of) {
    switch (change.op) {
      case 'create':
        text += ` +${change.path}${change.data === '' ? '' : `=${change.data}`}${change.ephemeralOwner === null ? '' : ` ephemeral of ${change.ephemeralOwner}`}`
        break
      case 'setData':
        text += ` ${change.path}=${change.data} v${change.version}`
        break
      case 'delete':
        text += ` -${change.path}`
        break
      default:
        unreachable(change)
    }
  }
  return text
}
