/** Clients of other releases than the cluster's: which a cluster can serve. */
import { type PresetName, presets } from '../../../../src/versions.ts'
import type { Report } from '../report.ts'
import { entries, type Located } from '../source.ts'
import { presetNames } from '../vocabulary.ts'
import type { ClientInput } from './clients.ts'

/** KIP-896: 4.0 took the requests away that clients before 2.1 send. */
const OLDEST_SINCE_4_0 = presetNames.indexOf('2.1')

/** Brokers know the requests of their own time and of the past, not of the future. */
export function checkReleases(
  node: Located<Record<string, ClientInput>> | undefined,
  protocol: PresetName,
  report: Report,
): void {
  const newest = presetNames.indexOf(protocol)
  const oldest = presets[protocol].downConversion === 'gone' ? OLDEST_SINCE_4_0 : 0
  for (const client of entries<ClientInput>(node)) {
    const release = client.field('release')
    if (release === undefined) continue
    const place = presetNames.indexOf(release.value)
    if (place >= oldest && place <= newest) continue
    const [which, expected] =
      place > newest
        ? ['newer than its brokers', `${protocol} or older`]
        : ['older than its brokers can serve (KIP-896)', `${presetNames[oldest]} or later`]
    report.error('KS304', release.place, `client "${client.name}" is of ${release.value}, ${which}`, { expected })
  }
}
