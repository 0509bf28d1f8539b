/**
 * The part of the trace formatter for what stands around the data plane: controller, machines and links, and the
 * scenario's script. See `format.ts`.
 */

import type { ControllerEvent } from '../../src/controller/events.ts'
import { unreachable } from '../../src/host/index.ts'
import type { ClusterEvent } from '../cluster/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { ScenarioEvent } from '../scenario/events.ts'
import { brokerName, brokerNames, formatMs, leaderName } from './names.ts'

type AdminEvent = Extract<ClusterEvent, { kind: 'AdminAsked' }>

type ScriptEvent = Exclude<ScenarioEvent, { kind: 'FilesListed' | 'OffsetLookedUp' }>

export function formatControlEvent(event: ControllerEvent | AdminEvent | WorldEvent | ScriptEvent): string {
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
    case 'ReassignmentWaits':
      return `ReassignmentWaits ${event.tp} for ${brokerNames(event.for)}`
    case 'TopicDeletionStarted':
    case 'TopicDeleted':
      return `${event.kind} ${event.topic}`
    case 'TopicDeletionHalted':
      return `TopicDeletionHalted ${event.topic} (${event.reason})`
    case 'TopicDeletionDied':
      return `TopicDeletionDied ${event.reason}`
    case 'StateChangeFailed':
      return `StateChangeFailed ${event.subject}: ${event.reason}`

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
    case 'MeasureBegan':
    case 'MeasureEnded':
      return `${event.kind} ${event.name}`
    case 'AdminAsked':
      return `AdminAsked ${event.request}: ${event.error}`
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
