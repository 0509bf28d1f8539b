/**
 * Names in a server's data directory, with the zxid as 16 hexadecimal digits as ZooKeeper writes them:
 * `log.Z` holds transactions after Z, `snapshot.Z` the state through Z.
 */
import type { FileSystem } from '../../host/index.ts'
import { makeZxid, type Zxid, zxidCounter, zxidEpoch } from '../zxid.ts'

export const DATA_DIRECTORY = 'version-2'

const hex8 = (value: number): string => value.toString(16).padStart(8, '0')
const hexZxid = (zxid: Zxid): string => hex8(zxidEpoch(zxid)) + hex8(zxidCounter(zxid))

export const logPath = (zxid: Zxid): string => `${DATA_DIRECTORY}/log.${hexZxid(zxid)}`
export const snapshotPath = (zxid: Zxid): string => `${DATA_DIRECTORY}/snapshot.${hexZxid(zxid)}`

/** Zxids in the names of the files of one kind, rising. */
export function listZxids(files: FileSystem, kind: 'log' | 'snapshot'): Zxid[] {
  const zxids: Zxid[] = []
  for (const name of files.list(DATA_DIRECTORY)) {
    const match = /^(log|snapshot)\.([0-9a-f]{8})([0-9a-f]{8})$/.exec(name)
    if (match?.[1] === kind) zxids.push(makeZxid(Number.parseInt(match[2]!, 16), Number.parseInt(match[3]!, 16)))
  }
  return zxids.sort((a, b) => a - b)
}
