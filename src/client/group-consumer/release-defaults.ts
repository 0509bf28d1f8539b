/** Where the defaults of a release differ from those of 0.9, which the table of keys has (replication.md 2.13). */
import type { GroupConsumerConfig } from '../../config/index.ts'
import type { PresetName } from '../../versions.ts'

/** KIP-62 and KIP-41: heartbeats go on while the application works, and poll hands out less at a time. */
const from0102: Partial<GroupConsumerConfig> = {
  'session.timeout.ms': 10_000,
  'max.poll.records': 500,
  'request.timeout.ms': 305_000,
}

/** KIP-266 */
const from20: Partial<GroupConsumerConfig> = { ...from0102, 'request.timeout.ms': 30_000 }

const unchanged: readonly string[] = ['0.8.0', '0.8.1', '0.8.2', '0.9']
const before20: readonly string[] = ['0.10.2', '0.11', '1.1']

export function groupConsumerDefaults(preset: PresetName): Partial<GroupConsumerConfig> {
  if (unchanged.includes(preset)) return {}
  return before20.includes(preset) ? from0102 : from20
}
