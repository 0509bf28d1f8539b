/** What each release writes into the offsets topic (formats.md 9.2). */
import type { OffsetsTopicLayout } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'

export const offsetsTopicLayouts: Readonly<Record<ProtocolVersions['offsetsTopicLayout'], OffsetsTopicLayout>> = {
  'offset-0': { offsetKey: 0, offsetValue: 0, groupValue: 0 },
  'offset-1-group-0': { offsetKey: 1, offsetValue: 1, groupValue: 0 },
  'offset-1-group-1': { offsetKey: 1, offsetValue: 1, groupValue: 1 },
  'offset-3-group-2': { offsetKey: 1, offsetValue: 3, groupValue: 2 },
  'offset-3-group-3': { offsetKey: 1, offsetValue: 3, groupValue: 3 },
}
