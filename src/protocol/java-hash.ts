/** Java's `String.hashCode` and `Arrays.hashCode`, and `kafka.utils.Utils.abs` of 0.8.2 (formats.md 9.2, 9.3). */

/** h = 31 * h + UTF-16 unit, in 32 bits. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** `Arrays.hashCode(byte[])`: from 1, h = 31 * h + signed byte. */
export function javaBytesHash(bytes: Uint8Array): number {
  let hash = 1
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(31, hash) + ((bytes[i]! << 24) >> 24)) | 0
  return hash
}

/** |n|, with 0 for the smallest integer, which has no positive counterpart. */
export const javaAbs = (n: number): number => (n === -0x8000_0000 ? 0 : Math.abs(n))

/**
 * The order in which a `java.util.HashMap` of default size walks over keys that were put in this order: by table slot,
 * within a slot in the order of arrival.
 */
export function javaHashOrder<T>(items: readonly T[], hashOf: (item: T) => number): T[] {
  let capacity = 16
  while (items.length > capacity * 0.75) capacity *= 2
  const slotOf = (item: T): number => {
    const hash = hashOf(item)
    return (hash ^ (hash >>> 16)) & (capacity - 1)
  }
  return items
    .map((item, arrived) => ({ item, arrived, slot: slotOf(item) }))
    .sort((a, b) => a.slot - b.slot || a.arrived - b.arrived)
    .map(({ item }) => item)
}
