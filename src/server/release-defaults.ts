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

/** KIP-106 */
const from011: Partial<BrokerConfig> = { 'unclean.leader.election.enable': false }

/** KAFKA-5384, in 1.0. */
const from11: Partial<BrokerConfig> = { ...from011, 'delete.topic.enable': true }

export const releaseDefaults: Readonly<Record<PresetName, Partial<BrokerConfig>>> = {
  '0.8.0': before082,
  '0.8.1': before082,
  '0.8.2': {},
  '0.9': {},
  '0.10.2': {},
  '0.11': from011,
  '1.1': from11,
  '2.0': from11,
  '2.1': from11,
  '2.4': from11,
}
