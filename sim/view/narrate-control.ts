/** Controller, machines and the script, told. See `narrate.ts`. */
import type { DeletionHalt } from '../../src/controller/events.ts'
import { unreachable } from '../../src/host/index.ts'
import { errorName } from '../../src/protocol/index.ts'
import type { ViewRecord } from './any-event.ts'
import { type ClusterView, replicaOf } from './cluster-view.ts'
import { brokerName, brokerNames, leaderName } from './names.ts'
import type { ControlEvent, NarrationMemory, Telling } from './narrate.ts'
import { narrateStorage } from './narrate-storage.ts'
import { narrateZooKeeper } from './narrate-zookeeper.ts'

const halts: Readonly<Record<DeletionHalt, string>> = {
  'dead-replicas': 'one of its replicas is down',
  reassignment: 'its replicas are moving',
  'preferred-election': 'a preferred replica election is under way',
  'replica-not-deleted': 'a replica could not be deleted',
}

/** Deeds that the machines' own events tell better. */
const toldByMachines =
  /^(crash|list the files|look up|powerOff|pause|resume|restart|shutdown|start|stop|send|measure|reassign|give|delete|elect)\b|\bcommits?$|^\S+: |\benters?\b|\bresigns?\b|\bis measured$/

/** With more partitions than these, the elections of a broker are told up to a number, and counted after that. */
const PARTITIONS_MANY = 12
const ELECTIONS_TOLD = 4
const COUNTED = ['one of many partitions']

export function narrateControl(
  record: ViewRecord,
  event: ControlEvent,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  const who = record.machine
  switch (event.kind) {
    case 'ControllerElected':
      return { who, text: `is the controller now (controller epoch ${event.controllerEpoch})`, tone: 'good' }
    case 'ControllerResigned':
      return { who, text: `is no longer the controller (was so in epoch ${event.controllerEpoch})`, tone: 'warn' }
    case 'TopicCreated':
      return {
        who: 'controller',
        text: `knows topic ${event.topic} now: ${assignment(event.assignment)}`,
        tone: 'plain',
      }
    case 'ReassignmentWaits':
      return {
        who: 'controller',
        text: `cannot finish the move of ${event.tp} while ${brokerNames(event.for)} ${event.for.length === 1 ? 'is' : 'are'} not there: old and new replicas stay together until then`,
        tone: 'warn',
      }
    case 'TopicNotCreated':
      return {
        who,
        text: `cannot create topic ${event.topic} (${errorName(event.errorCode)}): ${event.reason}`,
        tone: 'warn',
      }
    case 'TopicDeletionStarted':
      return { who: 'controller', text: `has the replicas of topic ${event.topic} deleted`, tone: 'warn' }
    case 'TopicDeletionHalted':
      return {
        who: 'controller',
        text: `puts the deletion of topic ${event.topic} off: ${halts[event.reason]}`,
        tone: 'warn',
      }
    case 'TopicDeleted':
      return { who: 'controller', text: `has deleted topic ${event.topic}`, tone: 'plain' }
    case 'TopicDeletionDied':
      return { who, text: `deletes no topics any more: ${event.reason}`, tone: 'bad' }
    case 'LeaderAndIsrRefused': {
      // StaleLeaderEpoch is daily bread: each new controller repeats what the brokers know already.
      if (errorName(event.errorCode) !== 'StaleControllerEpoch') return undefined
      const text = 'refuses an order of an older controller (StaleControllerEpoch): it has heard of a later one'
      return { who, text, tone: 'good' }
    }
    case 'PartitionElected': {
      if (event.election === 'new-partition') return undefined
      const unclean = event.election === 'offline-unclean'
      const how = unclean ? ', which was not in the ISR: what it lacks is lost' : ''
      const text = `elects ${leaderName(event.leader)} leader of ${event.tp} (epoch ${event.leaderEpoch}, ${event.election})${how}; ISR ${brokerNames(event.isr)}`
      const told = memory.times(`elections ${event.leader}`)
      const counted = !unclean && Object.keys(view.partitions).length > PARTITIONS_MANY && told > ELECTIONS_TOLD
      return { who: 'controller', text, tone: unclean ? 'bad' : 'good', ...(counted ? { messages: COUNTED } : {}) }
    }
    case 'PartitionOffline':
      if (!memory.changed(`offline ${event.tp}`, `${view.partitions[event.tp]?.leaderEpoch} ${event.reason}`))
        return undefined
      return {
        who: 'controller',
        text: `finds no leader for ${event.tp}: ${event.reason} (ISR ${brokerNames(event.isr)})`,
        tone: 'bad',
        draw: [event.tp],
      }
    case 'ReplicaLeftIsr':
      return {
        who: 'controller',
        text: `takes ${brokerName(event.replica)} out of the ISR of ${event.tp}; ISR ${brokerNames(event.isr)}`,
        tone: 'warn',
      }
    case 'BrokerFailure':
      return { who: 'controller', text: `sees that ${brokerNames(event.brokers)} left ZooKeeper`, tone: 'warn' }
    case 'BrokerStartup':
      if (event.brokers.every((id) => (view.machines[brokerName(id)]?.life ?? 0) < 2)) return undefined
      return { who: 'controller', text: `sees that ${brokerNames(event.brokers)} came back`, tone: 'plain' }
    case 'BrokerNotRegistered':
      return {
        who: brokerName(event.brokerId),
        text: 'finds its node of another session in ZooKeeper and does not register itself',
        tone: 'warn',
      }
    case 'BrokerAwaitsItself':
      return {
        who: brokerName(event.brokerId),
        text: 'waits for its own node of this session to go, and takes notice of nothing else in ZooKeeper',
        tone: 'warn',
      }
    case 'StateChangeFailed':
      return { who: 'controller', text: `gives up on ${event.subject}: ${event.reason}`, tone: 'warn' }

    case 'ZkServerState':
    case 'ZkRoleEnded':
    case 'ZkSnapshotDamaged':
    case 'ZkDiskFailed':
    case 'ZkClientAhead':
    case 'ZkLeaderServing':
    case 'ZkProposed':
    case 'ZkAcknowledged':
    case 'ZkCommitted':
    case 'ZkApplied':
    case 'ZkSynced':
    case 'ZkSessionClosed':
    case 'ZkClientState':
    case 'ZkAsked':
    case 'ZkAnswered':
    case 'ZkNotified':
    case 'ElectionEntered':
    case 'ElectionWon':
    case 'ElectionLost':
    case 'ElectionWoken':
    case 'ElectionResigned':
    case 'LeadershipExpired':
    case 'ResourceWritten':
    case 'MeasureEnded':
    case 'AdminAsked':
      return narrateZooKeeper(who, event, view, memory)

    case 'LogCleaningStarted':
    case 'SegmentsCompacted':
    case 'LogCleaned':
    case 'LogCleaningAborted':
    case 'LogCleaningFailed':
    case 'SegmentRolled':
    case 'FilesListed':
    case 'OffsetLookedUp':
      return narrateStorage(who, event, view, memory)

    case 'ProcessStarted':
      return event.life < 2 ? undefined : { who, text: `starts again (life ${event.life})`, tone: 'good' }
    case 'ProcessEnded':
      return ended(who, event.how, event.reason, view)
    case 'PowerLost':
      if (event.bytesLost === 0 && event.filesChanged === 0) return undefined
      return {
        who,
        text: `loses what was not on its disk yet: ${event.bytesLost} bytes, ${event.filesChanged} files`,
        tone: 'bad',
      }
    case 'Paused':
      return { who, text: 'stands still (a long pause): it neither hears nor says anything', tone: 'warn' }
    case 'Resumed':
      return { who, text: 'runs on, and does not know how long it stood still', tone: 'good' }
    case 'DiskFault':
      return { who, text: `has a disk fault: ${event.fault} in ${event.path}`, tone: 'warn' }
    case 'ClockSet':
      return { who, text: `has its clock set: ${event.jumpUs / 1000} ms, drift ${event.driftPpm} ppm`, tone: 'warn' }

    case 'StepRun': {
      if (/ resigns?$/.test(event.what)) return undefined
      if (/^(hold|drop|delay) the message/.test(event.what)) {
        const which = memory.told('condition') ?? ''
        return { who: 'step', text: event.what.replace('the message', which), tone: 'mark' }
      }
      if (event.chosen === '' && toldByMachines.test(event.what)) return undefined
      return { who: 'step', text: `${event.what}${event.chosen === '' ? '' : `: ${event.chosen}`}`, tone: 'mark' }
    }

    case 'ConditionMet':
      memory.changed('condition', event.what)
      return undefined

    case 'BrokerStarted':
    case 'BrokerRegistered':
    case 'ReplicaDeleted':
    case 'FollowerPosition':
    case 'IsrProposed':
    case 'ProduceAnswered':
    case 'RequestRefused':
    case 'MetadataUpdated':
    case 'LogTruncated':
    case 'CheckpointWritten':
    case 'MetadataRefreshFailed':
    case 'ZkRecovered':
    case 'ZkSessionCreated':
    case 'ZkWatchFired':
    case 'MessageSent':
    case 'MessageReceived':
    case 'LinkCut':
    case 'LinkHealed':
    case 'LinkStalled':
    case 'LinkReleased':
    case 'ConnectionReset':
    case 'MeasureBegan':
    case 'Caption':
      return undefined
    default:
      return unreachable(event)
  }
}

function ended(who: string, how: 'crash' | 'exit' | 'power', reason: string, view: ClusterView): Telling {
  const replicas = view.brokers[who]?.replicas ?? {}
  const draw = Object.keys(replicas).filter((tp) => replicaOf(view, who, tp)!.logEndOffset > 0)
  const drawing = { draw, drawLogsOnly: true }
  const why = reason === '' ? '' : ` (${reason})`
  const hasDisk = view.brokers[who] !== undefined || view.zookeeper[who] !== undefined
  switch (how) {
    case 'crash':
      if (reason === 'shutdown') return { who, text: 'is stopped', tone: 'warn', ...drawing }
      return {
        who,
        text: `crashes${why}${hasDisk ? ': its memory is gone, its files stay' : ''}`,
        tone: 'bad',
        ...drawing,
      }
    case 'power':
      return { who, text: `loses power${why}: what was not synced to its disk may be gone`, tone: 'bad', ...drawing }
    case 'exit':
      return { who, text: `ends its process${why}`, tone: 'warn', ...drawing }
    default:
      return unreachable(how)
  }
}

function assignment(of: Readonly<Record<string, readonly number[]>>): string {
  const partitions = Object.keys(of)
  const shown = partitions.slice(0, 4).map((partition) => `partition ${partition} on ${brokerNames(of[partition]!)}`)
  return shown.join(', ') + (partitions.length > 4 ? ` … (${partitions.length} partitions)` : '')
}
