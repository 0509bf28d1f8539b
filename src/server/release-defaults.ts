/**
 * Where the defaults of `server.properties` of a release differ from those of 0.8.2, which the table of keys has
 * (replication.md 2.0 and 2.13).
 */
import type { BrokerConfig } from '../config/index.ts'
import type { PresetName } from '../versions.ts'

const before082: Partial<BrokerConfig> = {
  'auto.leader.rebalance.enable': false,
  'controlled.shutdown.enable': false,
}

/** KAFKA-2988: the cleaner runs, in less memory. */
const from09: Partial<BrokerConfig> = { 'log.cleaner.enable': true, 'log.cleaner.dedupe.buffer.size': 134_217_728 }

/** KAFKA-3636, in 0.10.0. */
const from0102: Partial<BrokerConfig> = { ...from09, 'group.max.session.timeout.ms': 300_000 }

/** KIP-106 */
const from011: Partial<BrokerConfig> = { ...from0102, 'unclean.leader.election.enable': false }

/** KAFKA-5384, in 1.0. */
const from11: Partial<BrokerConfig> = { ...from011, 'delete.topic.enable': true }

/** KIP-186 */
const from20: Partial<BrokerConfig> = { ...from11, 'offsets.retention.minutes': 10_080 }

/** KIP-345, in 2.3. */
const from24: Partial<BrokerConfig> = { ...from20, 'group.max.session.timeout.ms': 1_800_000 }

/** KIP-537, and the interval in `TransactionStateManager.scala`, in 2.5. */
const from27: Partial<BrokerConfig> = {
  ...from24,
  'replica.lag.time.max.ms': 30_000,
  'zookeeper.session.timeout.ms': 18_000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 10_000,
}

/** KIP-1030, in 4.0. */
const from41: Partial<BrokerConfig> = { ...from27, 'log.message.timestamp.after.max.ms': 3_600_000 }

export const releaseDefaults: Readonly<Record<PresetName, Partial<BrokerConfig>>> = {
  '0.8.0': before082,
  '0.8.1': before082,
  '0.8.2': {},
  '0.9': from09,
  '0.10.2': from0102,
  '0.11': from011,
  '1.1': from11,
  '2.0': from20,
  '2.1': from20,
  '2.4': from24,
  '2.7': from27,
  '2.8': from27,
  '3.3': from27,
  '3.5': from27,
  '3.7': from27,
  '4.1': from41,
}
