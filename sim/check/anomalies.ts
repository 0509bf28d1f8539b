/**
 * Known ways in which the control plane of older releases gets stuck (replication.md section 4), told from what a run
 * went through. Each needs its own evidence; that a release has a weakness names nothing by itself. Those that no ticket
 * or chapter tells of are numbered D1 and up (docs/fidelity.md lists them).
 */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { BrokerControl, PartitionControl } from './control-state.ts'
import type { ControlTruth } from './control-truth.ts'
import { deposedAnomaly, deposedDecision, deposedMove, meddling, straysOf, toldByDeposed } from './deposed-anomalies.ts'
import { isrAnomaly } from './isr-anomalies.ts'

export interface Anomaly {
  /** `M24`, as in replication.md; `D1` and up are our own. */
  readonly id: string
  readonly because: string
}

/** Why nobody does a controller's work, though there is one, or should be. */
export function controllerAnomaly(control: ControlTruth, versions: ProtocolVersions): Anomaly | undefined {
  const { holder, epoch, acting, resignedInName } = control.controller
  if (resignedInName && versions.electedBeforeNewSession === 'resigns') {
    return {
      id: 'D3',
      because: `b${holder} had become the controller in its new session when it was told of that session, and resigned; /controller names it still, so nobody else stands (KAFKA-4229, before 0.10.2)`,
    }
  }
  const deaf = deafController(control)
  if (deaf !== undefined) return deaf
  const own = holder === undefined ? undefined : acting.get(`b${holder}`)
  if (own !== undefined && own < epoch && versions.lostEpochRace === 'goes-on') {
    return {
      id: 'D4',
      because: `b${holder} is the controller and has epoch ${own}, for a controller that was deposed raised it to ${epoch} just before: brokers refuse its requests (derived; before 1.1)`,
    }
  }
  const leaderless = leaderlessElection(control)
  if (leaderless === undefined) return undefined
  // From 0.11 on controllers look at the request when they have given leaders to all partitions that do not go.
  const goes = control.requests.has(`/admin/delete_topics/${leaderless.topic}`)
  if (versions.preferredElections === 'not-remembered' && !goes) return undefined
  return {
    id: 'D5',
    because: `a preferred election of ${leaderless.tp} is asked for, which has no state in ZooKeeper${goes ? ', for its topic is half deleted' : ''}: every controller fails as it takes over (derived; in every release here)`,
  }
}

/** No event of ZooKeeper reaches the controller, or any broker that could become it. */
function deafController(control: ControlTruth): Anomaly | undefined {
  const { holder } = control.controller
  const candidates = holder === undefined ? control.liveBrokers() : [control.brokerOf(holder)]
  if (candidates.length === 0 || candidates.some(({ awaitsItself }) => !awaitsItself)) return undefined
  const names = candidates.map(({ machine }) => machine).join(' and ')
  return {
    id: 'D28',
    because: `the session of ${names} expired during start-up, which registered it in the next one; told of that one it registers again, finds its own node, and waits for it to go: nothing that happens in ZooKeeper reaches it (KAFKA-1387, before 0.9)`,
  }
}

/** A partition without a leader, ever, that a preferred election is asked for. */
function leaderlessElection(control: ControlTruth): PartitionControl | undefined {
  const request = control.requests.get('/admin/preferred_replica_election')
  if (request === undefined) return undefined
  for (const partition of control.partitions.values()) {
    const named = request.includes(`{"topic":"${partition.topic}","partition":${partition.partition}}`)
    if (named && partition.state === undefined) return partition
  }
  return undefined
}

/** Why a partition is stuck, or not known to be led right, when all is calm; undefined if nothing known explains it. */
export function partitionAnomaly(
  control: ControlTruth,
  partition: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  const controller = controllerAnomaly(control, versions)
  if (controller !== undefined) return controller
  for (const id of partition.assigned) {
    const broker = control.brokerOf(id)
    const anomaly = brokerAnomaly(control, broker, versions) ?? replicaAnomaly(control, broker, partition, versions)
    if (anomaly !== undefined) return anomaly
  }
  const lost =
    deposedAnomaly(control, partition, versions) ??
    unseenPartition(control, partition, versions) ??
    lostAnswer(control, partition) ??
    needlessElection(control, partition, versions) ??
    leaderlessMove(control, partition) ??
    deposedMove(partition, straysOf(partition), versions) ??
    isrAnomaly(control, partition, versions) ??
    overwriteAnomaly(control, partition.tp)
  if (lost !== undefined) return lost
  const leader = partition.state === undefined ? undefined : control.brokerOf(partition.state.leader)
  const role = leader?.roles.get(partition.tp)
  if (role?.isrWriteFailed === true && versions.controllerWrites === 'node-version') {
    return {
      id: 'M22',
      because: `${leader!.machine} holds a version of the state of ${partition.tp} that ZooKeeper has left behind (KAFKA-2729)`,
    }
  }
  return undefined
}

/** Why a replica does not do what its partition's state says. */
function replicaAnomaly(
  control: ControlTruth,
  broker: BrokerControl,
  { tp, state, assigned }: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  const older = logOfOlderTopic(control, broker, tp, versions)
  if (older !== undefined) return older
  const role = broker.roles.get(tp)
  if (role === undefined || state === undefined) return undefined
  if (role.truncationRepeats && versions.truncationAtEnd === 'keeps-epochs') {
    return {
      id: 'M43',
      because: `${broker.machine} asks again and again where its log of ${tp} parts from its leader's, and never gets to fetch (KAFKA-10706, from 2.0 up to 2.6)`,
    }
  }
  const why = forgottenDeletion(control, broker, tp)
  // An equal epoch is refused as well, and may be another leader's.
  const otherLeader = role.leaderEpoch === state.leaderEpoch && role.leader !== state.leader
  if ((role.leaderEpoch > state.leaderEpoch || otherLeader) && why !== undefined) {
    return {
      id: 'D11',
      because: `${broker.machine} was a replica of ${tp} before and never deleted it, for ${why}: it has epoch ${role.leaderEpoch} from then, and takes only higher ones of the topic that has the name now (derived; in every release here)`,
    }
  }
  const leader = control.brokerOf(state.leader)
  for (const [other, { role: kind, leader: followed }] of broker.roles) {
    const stray = kind === 'follower' && followed === state.leader && leader.roles.get(other)?.role === 'leader'
    if (!stray || versions.unassignedFollower !== 'whole-fetch-fails') continue
    if (control.partitions.get(other)?.assigned.includes(broker.id) !== false) continue
    return {
      id: 'D14',
      because: `${broker.machine} fetches ${other} from ${leader.machine} too, which moved away from it: ${leader.machine} refuses whole requests for that (KAFKA-5758, before 1.0); ${tp} is on [${assigned}]`,
    }
  }
  return undefined
}

/** A broker refuses a partition, for its log belongs to an older topic of the same name. */
function logOfOlderTopic(
  control: ControlTruth,
  broker: BrokerControl,
  tp: string,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (!control.remains.isOfOtherTopic(tp, broker.id)) return undefined
  const why = forgottenDeletion(control, broker, tp)
  if (why !== undefined) {
    return {
      id: 'D11',
      because: `${broker.machine} was a replica of ${tp} before and never deleted it, for ${why}: its log bears the id of that topic, so it refuses the one that has the name now (InconsistentTopicId; derived; in every release here that has ids)`,
    }
  }
  if (!control.remains.cameBack(tp, broker.id) || versions.deletedReplica === 'synced') return undefined
  return {
    id: 'D36',
    because: `${broker.machine} deleted its replica of ${tp}, and lost power before the disk knew: the log is back, bears the id of the older topic, and ${broker.machine} refuses the one that has the name now (InconsistentTopicId; KAFKA-3968, before 3.0)`,
  }
}

/** It was added while the controller took over, which had read its topic, and did not watch it yet. */
function unseenPartition(
  { controller }: ControlTruth,
  { tp, topic, state, addedAtUs }: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (versions.topicWatch !== 'after-read' || state !== undefined || addedAtUs === undefined) return undefined
  const { holder, sinceUs, atWorkSinceUs = Number.POSITIVE_INFINITY, toldOf } = controller
  if (addedAtUs < sinceUs || addedAtUs > atWorkSinceUs || (toldOf.get(topic) ?? -1) >= addedAtUs) return undefined
  return {
    id: 'D17',
    because: `${tp} was added while b${holder} took over as the controller: it had read the partitions of ${topic} and did not watch for new ones yet, so that no watch ever told it (derived; before 1.1)`,
  }
}

/** The answer to a controller's own write was lost, and its second try told it that somebody had been there. */
function lostAnswer({ controller }: ControlTruth, { tp, decidedIn }: PartitionControl): Anomaly | undefined {
  const prefix = `${tp}: the state of new partition ${tp} exists already, from controller epoch ${controller.epoch}`
  if (decidedIn !== controller.epoch || !controller.failures.has(prefix)) return undefined
  return {
    id: 'D12',
    because: `b${controller.holder} created the state of ${tp}, the answer was lost with the connection, and its second try found a state: it takes the partition for new ever since (derived, kin to KAFKA-1382; in every release here)`,
  }
}

function needlessElection(
  { controller }: ControlTruth,
  { tp, state }: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  const reason = `${tp}: preferred replica ${state?.leader} leads ${tp}`
  if (versions.unneededElection !== 'counts-as-done' || !controller.failures.has(reason)) return undefined
  return {
    id: 'D13',
    because: `b${controller.holder} was asked to let the preferred replica lead ${tp}, whose leader it was, though dead: the election counted as done and the partition for online, so that its return changed nothing (derived; before 1.1)`,
  }
}

/** A move came to its end while no new replica was registered: the old ones went, the leader with them. */
function leaderlessMove({ controller }: ControlTruth, { tp, state }: PartitionControl): Anomaly | undefined {
  if (state === undefined || state.leader >= 0) return undefined
  const given = [...controller.failures].some((failure) => failure.startsWith(`${tp}: none of the new replicas [`))
  if (!given) return undefined
  return {
    id: 'D23',
    because: `the new replicas of ${tp} were in the ISR, which completes a move, and not registered, which none of them can lead without: b${controller.holder} removed the old replicas and their leader, and takes the partition for online (derived; in every release here)`,
  }
}

/** Why the controller is wrong about a broker. */
export function brokerAnomaly(
  control: ControlTruth,
  broker: BrokerControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (broker.running && broker.registered !== undefined && !broker.noticed && versions.brokerEpoch === 'none') {
    return {
      id: 'M24',
      because: `${broker.machine} left and came back between two looks of the controller, which never noticed (KAFKA-7235, before 2.2)`,
    }
  }
  if (broker.registered !== undefined && broker.lossMissed && versions.brokerListing === 'ids-then-nodes') {
    return {
      id: 'D1',
      because: `${broker.machine} left while the controller read who is there: it was listed, its node was gone, and so it was forgotten without having failed (derived; before 0.10)`,
    }
  }
  return meddling(control, versions)
}

/** Why a broker has a partition that is not its own. */
export function strayAnomaly(
  control: ControlTruth,
  broker: BrokerControl,
  tp: string,
  versions: ProtocolVersions,
): Anomaly | undefined {
  const why = forgottenDeletion(control, broker, tp)
  if (why !== undefined) {
    return {
      id: 'D11',
      because: `${why}, so that it never heard that ${tp} had moved away from it and its replica was to go: no controller asks again (derived; in every release here)`,
    }
  }
  if (control.writtenAway.has(tp)) return writtenAwayAnomaly(tp)
  const { failures, holder } = control.controller
  if (failures.has(`reassignment of ${tp}: ${tp} has no state to raise the leader epoch of`)) {
    return {
      id: 'D30',
      because: `b${holder} moved ${tp} before it ever had a leader: the move failed when its new replicas were written, and b${holder} knows them as no replicas, which it never tells to go (derived; in every release here)`,
    }
  }
  return toldByDeposed(broker, tp, versions) ?? brokerAnomaly(control, broker, versions)
}

/** Why a broker never deleted what it had of a partition that moved away from it. */
function forgottenDeletion(control: ControlTruth, broker: BrokerControl, tp: string): string | undefined {
  const drop = control.remains.dropOf(tp, broker.id)
  if (drop === undefined) return undefined
  if (drop.registered === undefined)
    return `${broker.machine} was not registered at that moment, as far as the controller knew`
  if (drop.registered !== broker.registered) return `${broker.machine} lost its registration then`
  if (drop.controllerEpoch < control.controller.epoch) return 'the controller was replaced then'
  return undefined
}

const writtenAwayAnomaly = (tp: string): Anomaly => ({
  id: 'D9',
  because: `the tool added ${tp} while a controller changed replicas of the topic, and the controller wrote back what it remembered, without ${tp} (derived; neither looks at the version)`,
})

/** Why a request for preferred elections stays in ZooKeeper. */
export function electionAnomaly(control: ControlTruth, data: string): Anomaly | undefined {
  const { failures, holder } = control.controller
  for (const [, topic, partition] of data.matchAll(NAMED_PARTITION)) {
    const tp = `${topic}-${partition}`
    const failed = failures.has(`preferred replica election: no leadership is known for ${tp}`)
    if (!failed) continue
    return {
      id: 'D20',
      because: `b${holder} was asked for a preferred election of ${tp} when the topic was gone, or the partition had no leader yet: it failed, and the request waits for the next controller (derived; from 2.2 on only where the partition is there)`,
    }
  }
  return undefined
}

/** Why a topic that is to be deleted is not. */
export function deletionAnomaly(control: ControlTruth, topic: string, versions: ProtocolVersions): Anomaly | undefined {
  const { deletionDied, holder } = control.controller
  if (deletionDied !== undefined && versions.topicDeletion === 'thread-dies') {
    return {
      id: 'D6',
      because: `the thread of b${holder} that deletes topics ended by an exception: ${deletionDied} (derived; before 0.11)`,
    }
  }
  for (const partition of control.partitions.values()) {
    if (partition.topic !== topic || versions.leaderlessReplicas !== 'stay-online') continue
    if (partition.decidedByDeposed && versions.controllerWrites === 'node-version') return deposedDecision(partition)
    if (partition.state !== undefined) continue
    return {
      id: 'D7',
      because: `partition ${partition.tp} has no state in ZooKeeper (it never had a leader, or a controller died while it removed the topic), and its replicas cannot be taken offline, nor deleted (KAFKA-6650, before 2.0)`,
    }
  }
  if (control.controller.staleHalts.has(topic)) {
    return {
      id: 'D21',
      because: `b${holder} put the deletion of another ${topic} off because a replica was down, and completed it all the same, for that replica was deleted already: it takes the name for not to be deleted ever since (derived; in every release here)`,
    }
  }
  const halted = control.controller.deletionsHalted.get(topic) === 'reassignment'
  const moving = [...control.requests].some(([path, data]) => path === REASSIGNMENT && namesTopic(data, topic))
  if (halted && !moving && versions.movesOfDeletedTopics !== 'given-up-for-deletion') {
    return {
      id: 'D10',
      because: `b${holder} put the deletion of ${topic} off because its replicas were moving; that was given up, and nobody goes on with the deletion (derived; before 2.4)`,
    }
  }
  return undefined
}

/** Why a request to move replicas stays in ZooKeeper. */
export function moveAnomaly(control: ControlTruth, data: string, versions: ProtocolVersions): Anomaly | undefined {
  // A move is done when all new replicas are in the ISR, where one that refuses the topic never comes.
  for (const [, topic, partition] of data.matchAll(NAMED_PARTITION)) {
    const tp = `${topic}-${partition}`
    for (const id of control.partitions.get(tp)?.assigned ?? []) {
      const older = logOfOlderTopic(control, control.brokerOf(id), tp, versions)
      if (older !== undefined) return older
    }
  }
  const topics = topicsIn(data)
  const { requests, deletedWhileMoving } = control
  const going = topics.filter((topic) => deletedWhileMoving.has(topic) || requests.has(`/admin/delete_topics/${topic}`))
  if (topics.length === 0 || going.length < topics.length) return undefined
  return {
    id: 'D8',
    because: `topic ${going.join(' and topic ')} was deleted while its replicas moved: a controller that is asked to delete a topic looks whether they do, and goes on all the same (derived; in every release here)`,
  }
}

/** What ZooKeeper holds of a partition is not what its controller decided. */
export function overwriteAnomaly(control: ControlTruth, tp: string): Anomaly | undefined {
  if (control.partitions.get(tp)?.overwrittenByTool !== true) return undefined
  return {
    id: 'D9',
    because: `the tool that adds partitions read the replicas of ${tp} before a controller changed them, and wrote them back after (derived; it never looks at the version)`,
  }
}

/** A partition in the JSON of a request. */
const NAMED_PARTITION = /"topic":"([^"]*)","partition":(\d+)/g

const REASSIGNMENT = '/admin/reassign_partitions'

const topicsIn = (data: string): string[] => [...data.matchAll(/"topic":"([^"]*)"/g)].map(([, topic]) => topic!)

const namesTopic = (data: string, topic: string): boolean => topicsIn(data).includes(topic)

/** Why a broker is down for good, or not known to be there. */
export function haltAnomaly(broker: BrokerControl, versions: ProtocolVersions): Anomaly | undefined {
  if (broker.running && broker.refused && versions.staleRegistration === 'fatal') {
    return {
      id: 'D22',
      because: `${broker.machine} found the node of its older session when it registered itself in its new one, took the id for taken, and works on unregistered (KAFKA-7165, from 0.9 up to 2.1)`,
    }
  }
  if (broker.exit?.startsWith('log truncation is not allowed') !== true || versions.outOfRange === 'never-halt') {
    return undefined
  }
  return { id: 'M19', because: `${broker.machine} halts again and again: ${broker.exit} (KAFKA-3410, before 2.1)` }
}

/** Why a broker is wrong about which others are alive. */
export function newsAnomaly(
  control: ControlTruth,
  broker: BrokerControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (versions.brokerNews === 'all-brokers') return undefined
  const ids = control.liveBrokers().map(({ id }) => id)
  const wrong = [...ids, ...broker.alive].filter((id) => ids.includes(id) !== broker.alive.includes(id))
  const holds = (id: number): boolean => [...control.partitions.values()].some(({ assigned }) => assigned.includes(id))
  if (wrong.some(holds)) return undefined
  return {
    id: 'D2',
    because: `b${wrong.join(' and b')} hold no replica, and others hear of a broker only with a change of a partition that it is on (KAFKA-972, before 0.9)`,
  }
}
