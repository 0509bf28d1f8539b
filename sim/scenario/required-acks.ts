/** What producers wait for, whichever kind they are. */
import { acksOf, javaProducerDefaults } from '../../src/client/index.ts'
import { configValues, javaProducerConfigTable, producerConfigTable } from '../../src/config/index.ts'
import type { PresetName } from '../../src/versions.ts'
import type { ClientPlan } from './plan.ts'

/** Acknowledgements (-1: of the whole ISR) that a client asks for; undefined if it is no producer. */
export function requiredAcks(client: ClientPlan, protocol: PresetName): number | undefined {
  switch (client.kind) {
    case 'producer':
      return configValues(producerConfigTable, client.config)['request.required.acks']
    case 'java-producer':
      return acksOf(configValues(javaProducerConfigTable, javaProducerDefaults(protocol), client.config))
    default:
      return undefined
  }
}
