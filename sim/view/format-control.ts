/**
 * The part of the trace formatter for what stands around the data plane: controller, ZooKeeper, machines and links,
 * and the scenario's script. See `format.ts`.
 */

import type { ControllerEvent } from '../../src/controller/events.ts'
import { unreachable } from '../../src/host/index.ts'
import type { ZnodeChange, ZooKeeperEvent } from '../../src/zookeeper/events.ts'
import { formatZxid } from '../../src/zookeeper/zxid.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { ScenarioEvent } from '../scenario/events.ts'
import { brokerName, brokerNames, formatMs, leaderName } from './names.ts'

export function formatControlEvent(event: ControllerEvent | ZooKeeperEvent | WorldEvent | ScenarioEvent): string {
  switch (event.kind) {
    case 'ControllerElected':
    case 'ControllerResigned':
      return `${event.kind} ${brokerName(event.brokerId)} controllerEpoch=${event.controllerEpoch}`
    case 'PartitionElected':
      return `PartitionElected ${event.tp} leader=${leaderName(event.leader)} epoch=${event.leaderEpoch} isr=${brokerNames(event.isr)} (${event.election})`
    case 'PartitionOffline':
      return `PartitionOffline ${event.tp} isr=${brokerNames(event.isr)} (${event.reason})`
    case 'ReplicaLeftIsr':
      return `ReplicaLeftIsr ${event.tp} ${brokerName(event.replica)} isr=${brokerNames(event.isr)} leader=${leaderName(event.leader)} epoch=${event.leaderEpoch}`
    case 'BrokerFailure':
    case 'BrokerStartup':
      return `${event.kind} ${brokerNames(event.brokers)}`
    case 'TopicCreated':
      return `TopicCreated ${event.topic}${assignment(event.assignment)}`
    case 'StateChangeFailed':
      return `StateChangeFailed ${event.subject}: ${event.reason}`

    case 'ZkServerState':
      return `ZkServerState ${event.state} epoch=${event.epoch} leader=${event.leader ?? 'none'}`
    case 'ZkLeaderServing':
      return `ZkLeaderServing epoch=${event.epoch}`
    case 'ZkProposed':
      return `ZkProposed ${formatZxid(event.zxid)} ${event.txn}`
    case 'ZkCommitted':
      return `ZkCommitted ${formatZxid(event.zxid)} ${event.txn} by ${event.session}${changes(event.changes)}`
    case 'ZkApplied':
      return `ZkApplied ${formatZxid(event.zxid)}`
    case 'ZkSynced':
      return `ZkSynced ${event.mode} to ${event.to} ${formatZxid(event.zxid)}`
    case 'ZkRecovered':
      return `ZkRecovered ${formatZxid(event.lastZxid)}${event.truncatedBytes === 0 ? '' : ` ${event.truncatedBytes} bytes cut`}`
    case 'ZkSessionCreated':
      return `ZkSessionCreated ${event.session} for ${event.owner} timeout=${event.timeoutMs}ms`
    case 'ZkSessionClosed':
      return `ZkSessionClosed ${event.session} ${event.expired ? 'expired' : 'by its client'}`
    case 'ZkWatchFired':
      return `ZkWatchFired ${event.event} ${event.path} to ${event.session}`
    case 'ZkClientState':
      return `ZkClientState ${event.state} ${event.session} server=${event.server ?? 'none'}`

    case 'ProcessStarted':
      return `ProcessStarted life=${event.life}`
    case 'ProcessEnded':
      return `ProcessEnded ${event.how}${event.reason === '' ? '' : `: ${event.reason}`}`
    case 'PowerLost':
      return `PowerLost files=${event.filesChanged} bytes=${event.bytesLost}`
    case 'Paused':
    case 'Resumed':
      return event.kind
    case 'ClockSet':
      return `ClockSet jump=${formatMs(event.jumpUs)}ms drift=${event.driftPpm}ppm`
    case 'MessageSent':
      return `MessageSent ${event.message} to ${event.to} c${event.connection} ${event.bytes} bytes`
    case 'MessageReceived':
      return `MessageReceived ${event.message} from ${event.from} c${event.connection}`
    case 'LinkCut':
    case 'LinkHealed':
    case 'LinkStalled':
    case 'LinkReleased':
      return `${event.kind} ${event.from}→${event.to}`
    case 'ConnectionReset':
      return `ConnectionReset ${event.from}→${event.to} c${event.connection}`
    case 'DiskFault':
      return `DiskFault ${event.fault} ${event.path} at ${event.position} length ${event.length}`

    case 'StepRun':
      return `StepRun #${event.index} ${event.what}${event.chosen === '' ? '' : ` (${event.chosen})`}`
    case 'ConditionMet':
      return `ConditionMet #${event.index} ${event.what}`
    case 'Caption':
      return `Caption #${event.index} ${event.en}${event.zh === undefined ? '' : ` | ${event.zh}`}`
    default:
      return unreachable(event)
  }
}

/** ` 0=[b1 b2] 1=[b2 b3]` */
function assignment(of: Readonly<Record<string, readonly number[]>>): string {
  let text = ''
  for (const partition of Object.keys(of)) text += ` ${partition}=[${brokerNames(of[partition]!)}]`
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
