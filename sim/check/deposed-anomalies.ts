/** Known ways in which a controller that has been replaced spoils things (M23, docs/fidelity.md), each with its evidence. */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Anomaly } from './anomalies.ts'
import type { BrokerControl, PartitionControl } from './control-state.ts'
import type { ControlTruth } from './control-truth.ts'

/** What ZooKeeper holds of a partition, or what follows from it, is a deposed controller's doing. */
export function deposedAnomaly(
  control: ControlTruth,
  partition: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (versions.controllerWrites !== 'node-version') return undefined
  if (partition.decidedByDeposed) return deposedDecision(partition)
  if (control.shells.has(partition.topic)) return shell(partition)
  return removedLeader(control, partition)
}

/** One controller deletes a topic, and another one, who knows it still, gives its partitions leaders. */
export const shell = ({ tp, topic, decidedBy }: PartitionControl): Anomaly => ({
  id: 'M23',
  because: `${decidedBy} wrote the state of ${tp} after another controller, which stood before or after it, had deleted ${topic}: the topic's node is empty, and nobody knows its partitions (KAFKA-6082, before 2.1)`,
})

export const deposedDecision = ({ tp, decidedBy }: PartitionControl): Anomaly => ({
  id: 'M23',
  because: `the last decision on ${tp} was made by ${decidedBy}, a controller that had been replaced (KAFKA-6082, before 2.1)`,
})

/**
 * A controller takes a broker out of an ISR that it remembers another leader of, and finds in ZooKeeper that the broker is
 * the leader: it writes that there is none, and takes the partition for online.
 */
function removedLeader(
  { controller }: ControlTruth,
  { tp, state, decidedIn, decidedBy, removedLeaderOf }: PartitionControl,
): Anomaly | undefined {
  if (removedLeaderOf === undefined || state === undefined || state.leader >= 0) return undefined
  if (decidedIn !== controller.epoch) return undefined
  return {
    id: 'M23',
    because: `${removedLeaderOf}, a controller that had been replaced, gave ${tp} another leader; ${decidedBy}, which never knew of it, took that broker out of the ISR, and so the leader away, and takes the partition for online (KAFKA-6082, before 2.1)`,
  }
}

/** A broker that has just started obeys whoever writes first, a deposed controller too. */
export function toldByDeposed(broker: BrokerControl, tp: string, versions: ProtocolVersions): Anomaly | undefined {
  const role = broker.roles.get(tp)
  if (role === undefined || !role.toldByDeposed || versions.controllerWrites !== 'node-version') return undefined
  return {
    id: 'M23',
    because: `${broker.machine} was told to lead ${tp} by a controller that had been replaced, before it heard of another one; the one that stands never knew (KAFKA-6082, before 2.1)`,
  }
}

/** Something that a deposed controller took away from under the one that stands, which gave up steps because of it. */
export function meddling(control: ControlTruth, versions: ProtocolVersions): Anomaly | undefined {
  if (versions.controllerWrites !== 'node-version') return undefined
  const { deposedWrites, failures, holder } = control.controller
  for (const [topic, by] of deposedWrites) {
    for (const failure of failures) {
      if (!failure.includes(` ${topic}-`)) continue
      return {
        id: 'M23',
        because: `${by}, a controller that had been replaced, changed topic ${topic} behind the back of b${holder}, which gave this up: "${failure}" (KAFKA-6082, before 2.1)`,
      }
    }
  }
  return undefined
}

/**
 * Why brokers that are no replicas are in a partition's ISR. The controller that stands read the replicas before the other
 * one took some away, and goes on to name them to leaders, who let them in; or the deposed one could not take them out of
 * the ISR, for its successor had written that since, and took them out of the replicas all the same.
 *
 * @param strays those members of the ISR
 */
export function deposedMove(
  { tp, movedBehind }: PartitionControl,
  strays: readonly number[],
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (versions.controllerWrites !== 'node-version' || movedBehind === undefined || strays.length === 0) return undefined
  const { by, taken } = movedBehind
  if (!strays.every((id) => taken.includes(id))) return undefined
  return {
    id: 'M23',
    because: `${by}, a controller that had been replaced, ended a move of ${tp} and took b${taken.join(' and b')} away from its replicas behind the back of the one that stood: the ISR has b${strays.join(' and b')} still, or again (KAFKA-6082, before 2.1)`,
  }
}

/** Members of the ISR that ZooKeeper holds which are not among the replicas that it holds. */
export const straysOf = ({ state, assigned }: PartitionControl): number[] =>
  state === undefined ? [] : state.isr.filter((id) => !assigned.includes(id))
