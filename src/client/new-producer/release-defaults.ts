/** Where the defaults of a release differ from those of 0.8.2, which the table of keys has (`ProducerConfig.java`). */
import { configValues, INT_MAX, type JavaProducerConfig, javaProducerConfigTable } from '../../config/index.ts'
import { type PresetName, presets } from '../../versions.ts'

type Defaults = Partial<JavaProducerConfig>

const from09: Defaults = { 'reconnect.backoff.ms': 50 }
/** KIP-91 */
const from21: Defaults = { ...from09, retries: INT_MAX }
/** KIP-679 */
const from30: Defaults = { ...from21, acks: 'all' }
/** KIP-1030 */
const from40: Defaults = { ...from30, 'linger.ms': 5 }

const defaults: Readonly<Record<PresetName, Defaults>> = {
  '0.8.0': {},
  '0.8.1': {},
  '0.8.2': {},
  '0.9': from09,
  '0.10.2': from09,
  '0.11': from09,
  '1.1': from09,
  '2.0': from09,
  '2.1': from21,
  '2.4': from21,
  '2.7': from21,
  '2.8': from21,
  '3.3': from30,
  '3.5': from30,
  '3.7': from30,
  '4.1': from40,
}

const IDEMPOTENCE = 'enable.idempotence'
const IN_FLIGHT = 'max.in.flight.requests.per.connection'

/** Most requests in flight under which sequence numbers keep their promise. */
export const maxInFlightOfIdempotence = (preset: PresetName): number =>
  presets[preset].idempotence === 'one-in-flight' ? 1 : 5

/** What a configuration comes to: with idempotence, what is not set follows from it (`configureAcks` and others). */
export function javaProducerConfig(
  preset: PresetName,
  overrides: Readonly<Record<string, unknown>>,
): JavaProducerConfig {
  const { idempotence, transactions } = presets[preset]
  const ignored = transactions === 'none' ? { 'transactional.id': '' } : {}
  const config = configValues(javaProducerConfigTable, defaults[preset], overrides, ignored)
  if (config['transactional.id'] !== '') return { ...config, ...asked(config, preset, overrides) }
  const isAsked = overrides[IDEMPOTENCE] === true
  if (idempotence === 'none' || overrides[IDEMPOTENCE] === false) return { ...config, [IDEMPOTENCE]: false }
  if (!isAsked) return { ...config, [IDEMPOTENCE]: idempotence === 'by-default' && allows(config, preset) }
  return { ...config, ...asked(config, preset, overrides) }
}

/** What follows from `enable.idempotence`, which a transactional id implies. */
function asked(
  config: JavaProducerConfig,
  preset: PresetName,
  overrides: Readonly<Record<string, unknown>>,
): Partial<JavaProducerConfig> {
  return {
    [IDEMPOTENCE]: true,
    acks: overrides.acks === undefined ? 'all' : config.acks,
    retries: overrides.retries === undefined ? INT_MAX : config.retries,
    [IN_FLIGHT]: overrides[IN_FLIGHT] === undefined ? maxInFlightOfIdempotence(preset) : config[IN_FLIGHT],
  }
}

/** Whether nothing that is set stands in the way of sequence numbers. */
const allows = (config: JavaProducerConfig, preset: PresetName): boolean =>
  acksOf(config) === -1 && config.retries > 0 && config[IN_FLIGHT] <= maxInFlightOfIdempotence(preset)

/** 0, 1, or -1 for all. */
export function acksOf({ acks }: Pick<JavaProducerConfig, 'acks'>): number {
  const text = String(acks)
  return text === 'all' ? -1 : Number(text)
}
