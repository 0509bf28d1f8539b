/** Where the defaults of a release differ from those of 0.8.2, which the table of keys has (`ProducerConfig.java`). */
import { INT_MAX, type JavaProducerConfig } from '../../config/index.ts'
import type { PresetName } from '../../versions.ts'

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

export const javaProducerDefaults = (preset: PresetName): Defaults => defaults[preset]

/** 0, 1, or -1 for all. */
export function acksOf({ acks }: Pick<JavaProducerConfig, 'acks'>): number {
  const text = String(acks)
  return text === 'all' ? -1 : Number(text)
}
