/**
 * The hash by which the Java producer chooses the partition of a key: MurmurHash2 with Kafka's seed
 * (`org/apache/kafka/common/utils/Utils.java`; formats.md 9.4).
 */
const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** A signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  let hash = SEED ^ length
  const words = length - (length % 4)
  for (let i = 0; i < words; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> R
    k = Math.imul(k, M)
    hash = Math.imul(hash, M) ^ k
  }
  const rest = length % 4
  if (rest >= 3) hash ^= bytes[words + 2]! << 16
  if (rest >= 2) hash ^= bytes[words + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[words]!, M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}

/** A hash without its sign bit: what Kafka takes modulo the number of partitions. */
export const toPositive = (hash: number): number => hash & 0x7fff_ffff
