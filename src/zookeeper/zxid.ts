/**
 * ZooKeeper transaction ids: an epoch and a counter that starts at 0 in each epoch (formats.md 8.1). As one number,
 * epoch * 2^32 + counter, which a double holds exactly for epochs below 2^21.
 */
export type Zxid = number

const COUNTERS = 0x1_0000_0000

export const makeZxid = (epoch: number, counter: number): Zxid => epoch * COUNTERS + counter
export const zxidEpoch = (zxid: Zxid): number => Math.floor(zxid / COUNTERS)
export const zxidCounter = (zxid: Zxid): number => zxid % COUNTERS
/** `2:17` for counter 17 of epoch 2. */
export const formatZxid = (zxid: Zxid): string => `${zxidEpoch(zxid)}:${zxidCounter(zxid)}`
