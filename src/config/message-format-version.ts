/**
 * Versions that `message.format.version` and `log.message.format.version` may name, and what a log's messages look like
 * then (`kafka/api/ApiVersion.scala`, 0.10.0 to 2.8; `MetadataVersion.java` from 3.3 on; formats.md 1.1).
 */

/** Oldest first. What a release went through before it was out (`0.10.0-IV0`) counts as the release. */
const releases = [
  ...['0.8.0', '0.8.1', '0.8.2', '0.9.0', '0.10.0', '0.10.1', '0.10.2', '0.11.0'],
  ...['1.0', '1.1', '2.0', '2.1', '2.2', '2.3', '2.4', '2.5', '2.6', '2.7', '2.8'],
  ...['3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '3.8', '3.9', '4.0', '4.1'],
]
const FIRST_OF_FORMAT_1 = releases.indexOf('0.10.0')
const FIRST_OF_FORMAT_2 = releases.indexOf('0.11.0')

/** Place of a version among the releases; a third or fourth number (`0.10.2.1`, `1.1.0`) does not count. -1: unknown. */
function placeOf(version: string): number {
  const match = /^(0\.\d+\.\d+|[1-9]\d*\.\d+)(?:-IV\d)?(?:\.\w+)*$/.exec(version)
  return match === null ? -1 : releases.indexOf(match[1]!)
}

/** Whether Kafka has had such a version; '' stands for that of the broker's release. */
export const isMessageFormatVersion = (version: string): boolean => version === '' || placeOf(version) >= 0

/** The message format of a version that there is: 0, 1 or 2. */
export function magicOfVersion(version: string): 0 | 1 | 2 {
  const place = placeOf(version)
  if (place < FIRST_OF_FORMAT_1) return 0
  return place < FIRST_OF_FORMAT_2 ? 1 : 2
}

/**
 * Whether a version is newer than a release, which then cannot write it.
 * @param release as presets are named: 0.9 is 0.9.0
 */
export function isNewerThanRelease(version: string, release: string): boolean {
  const place = Math.max(placeOf(release), placeOf(`${release}.0`))
  return version !== '' && placeOf(version) > place
}
