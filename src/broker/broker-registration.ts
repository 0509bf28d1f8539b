/**
 * A broker's ephemeral node `/brokers/ids/N`: created at start and again in each new session. If an older session of the
 * same broker still holds it, the broker waits for a session timeout and tries again, up to 0.8.2, even if the node is of
 * its present session, where start-up made it when the connection came back (KAFKA-1387); later it gives up, or
 * (2.2) replaces the node if this process made it. If another broker has the id, it cannot start
 * (`kafka/server/KafkaHealthcheck.scala`, `ZkUtils.registerBrokerInZk`, 0.8.2.2; `ZKCheckedEphemeral`, 0.9.0.0;
 * `CheckedEphemeral` in `KafkaZkClient.scala`, 2.2.0; replication.md 2.10).
 */
import { fromMs, type Host, sleep, type Task, until } from '../host/index.ts'
import { type BrokerEndpoint, decodeBroker, encodeBroker, zkPaths } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient, ZkResult, ZkStat } from '../zookeeper/index.ts'
import { traceBroker } from './events.ts'

export interface Registration {
  /** czxid of the node, where brokers have epochs (F19). */
  readonly epoch: number | undefined
  /** The session that the node belongs to. */
  readonly session: string | null
}

/**
 * `session-expired`: where operations fail with their session, the next session has to register it.
 * @param lastSession the session in which this process registered itself before, if it did
 * @param inNewSession told of a new session, where it holds up all events of ZooKeeper behind this one
 */
export function* registerBroker(
  host: Host,
  zk: ZkClient,
  endpoint: BrokerEndpoint,
  sessionTimeoutMs: number,
  versions: ProtocolVersions,
  lastSession: string | null,
  inNewSession = false,
): Task<Registration | 'id-taken' | 'session-expired'> {
  const path = zkPaths.brokerId(endpoint.id)
  const data = encodeBroker(endpoint, Math.floor(host.now() / 1000))
  let awaitsItself = false
  for (;;) {
    const created = yield* until<ZkResult<string>>((resume) => zk.create(path, data, 'ephemeral', resume))
    if (created.error === 'OK') break
    if (created.error === 'SessionExpired') return 'session-expired'
    const stored = yield* until<ZkResult<{ data: string; stat: ZkStat }>>((resume) => zk.getData(path, resume))
    if (stored.error === 'NoNode') continue
    if (stored.error === 'SessionExpired') return 'session-expired'
    if (versions.staleRegistration !== 'waited-out') {
      const owner = stored.value?.stat.ephemeralOwner
      if (owner === zk.sessionId) break
      if (versions.staleRegistration === 'fatal' || owner !== lastSession) {
        if (host.tracing) traceBroker(host, { kind: 'BrokerNotRegistered', brokerId: endpoint.id })
        return 'id-taken'
      }
      const deleted = yield* until<ZkResult<undefined>>((resume) => zk.delete(path, -1, resume))
      if (deleted.error === 'SessionExpired') return 'session-expired'
      continue
    }
    if (stored.error === 'OK') {
      // The same text is taken for our own write whose answer was lost (createEphemeralPathExpectConflict).
      if (stored.value!.data === data) break
      const other = decodeBroker(endpoint.id, stored.value!.data)
      if (other.host !== endpoint.host || other.port !== endpoint.port) return 'id-taken'
      if (inNewSession && !awaitsItself && stored.value!.stat.ephemeralOwner === zk.sessionId) {
        awaitsItself = true
        if (host.tracing) traceBroker(host, { kind: 'BrokerAwaitsItself', brokerId: endpoint.id })
      }
    }
    yield* sleep(host, fromMs(sessionTimeoutMs), 'broker registration back-off')
  }
  if (host.tracing) traceBroker(host, { kind: 'BrokerRegistered', brokerId: endpoint.id })
  if (versions.brokerEpoch === 'none') return { epoch: undefined, session: zk.sessionId }
  const node = yield* until<ZkResult<ZkStat>>((resume) => zk.exists(path, resume))
  if (node.error === 'SessionExpired') return 'session-expired'
  return { epoch: node.value?.czxid, session: zk.sessionId }
}
