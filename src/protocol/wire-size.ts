/**
 * Sizes in bytes of requests and responses on the wire (formats.md 5.1 and 6), charged to the simulated bandwidth.
 * Client APIs group partitions by topic on the wire; the estimate counts each topic name once a partition.
 */
export const stringSize = (text: string): number => 2 + text.length

/** Frame length, api key, api version, correlation id, client id. */
export const requestHeaderSize = (clientId: string): number => 12 + stringSize(clientId)

/** Frame length and correlation id. */
export const responseHeaderSize = 8

export function arraySize<T>(items: readonly T[], size: (item: T) => number): number {
  let total = 4
  for (const item of items) total += size(item)
  return total
}
