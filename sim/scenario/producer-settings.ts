/** What the settings of producers come to, whichever kind they are. */
import { acksOf, javaProducerConfig } from '../../src/client/index.ts'
import { configValues, producerConfigTable } from '../../src/config/index.ts'
import type { PresetName } from '../../src/versions.ts'
import type { ClientPlan } from './plan.ts'

/** Acknowledgements (-1: of the whole ISR) that a client asks for; undefined if it is no producer. */
export function requiredAcks(client: ClientPlan, protocol: PresetName): number | undefined {
  switch (client.kind) {
    case 'producer':
      return configValues(producerConfigTable, client.config)['request.required.acks']
    case 'java-producer':
      return acksOf(javaProducerConfig(protocol, client.config))
    case 'group-consumer':
      return client.writes === undefined ? undefined : acksOf(javaProducerConfig(protocol, client.writes.config))
    default:
      return undefined
  }
}

/** Whether a client numbers its records, so that a leader takes none twice and none out of order. */
export function isIdempotent(client: ClientPlan, protocol: PresetName): boolean {
  const config = javaProducerSettingsOf(client)
  return config !== undefined && javaProducerConfig(protocol, config)['enable.idempotence']
}

/** What a Java producer is configured with, also one that a consumer writes by; undefined for clients without one. */
export function javaProducerSettingsOf(client: ClientPlan): Readonly<Record<string, unknown>> | undefined {
  if (client.kind === 'java-producer') return client.config
  return client.kind === 'group-consumer' ? client.writes?.config : undefined
}
