/** Order of votes and majorities (org.apache.zookeeper.server.quorum.FastLeaderElection, QuorumMaj). */
import type { Vote } from '../messages.ts'

/** True if `a` beats `b`: by epoch, then by zxid, then by server id. */
export function beats(a: Vote, b: Vote): boolean {
  if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch
  if (a.zxid !== b.zxid) return a.zxid > b.zxid
  return a.leader > b.leader
}

export const sameVote = (a: Vote, b: Vote): boolean =>
  a.leader === b.leader && a.zxid === b.zxid && a.peerEpoch === b.peerEpoch

/** How many of `voters` make a majority. */
export const majorityOf = (voters: number): number => (voters >> 1) + 1
