/** Known ways in which live replicas stay out of an ISR for good, each with its evidence (docs/fidelity.md). */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Anomaly } from './anomalies.ts'
import type { PartitionControl } from './control-state.ts'
import type { ControlTruth } from './control-truth.ts'

/** Why the replicas of a partition that is led do not come into its ISR. */
export function isrAnomaly(
  control: ControlTruth,
  partition: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  return deadSuccessor(control, partition, versions) ?? refusedThoughDone(control, partition, versions)
}

/** Replicas that were told of a leader while it was dead do not follow it, and are not told again. */
function deadSuccessor(
  control: ControlTruth,
  { tp, assigned, state, deadSuccessorIn }: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (state === undefined || state.leaderEpoch !== deadSuccessorIn || versions.shutdownPick !== 'isr-order')
    return undefined
  const untold = assigned.filter((id) => {
    const role = control.brokerOf(id).roles.get(tp)
    return control.isLive(id) && (role === undefined || role.leaderEpoch < state.leaderEpoch)
  })
  if (untold.length === 0) return undefined
  return {
    id: 'D15',
    because: `a controlled shutdown of the leader of ${tp} made b${state.leader} its successor, which was dead, but the first in the ISR: b${untold.join(' and b')} could not follow it then, and nobody told them again when it was back (KAFKA-3670, before 0.10)`,
  }
}

/** The leader was refused the ISR that ZooKeeper holds. */
function refusedThoughDone(
  control: ControlTruth,
  { tp, state }: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  const role = state === undefined ? undefined : control.brokerOf(state.leader).roles.get(tp)
  if (versions.isrUpdate === 'zookeeper' || state === undefined || role?.refusedIsr === undefined) return undefined
  if (state.leaderEpoch !== role.leaderEpoch || state.zkVersion <= role.zkVersion) return undefined
  if (inOrder(state.isr) !== inOrder(role.refusedIsr)) return undefined
  return {
    id: 'D16',
    because: `a controller wrote the ISR that b${state.leader} asked for, the answer was lost with the connection, and its second try found the new version: it refused what it had done, and b${state.leader} waits for news of ${tp} that nobody sends (derived, kin to KAFKA-1382; from 2.7 on)`,
  }
}

const inOrder = (ids: readonly number[]): string => [...ids].sort((a, b) => a - b).join()
