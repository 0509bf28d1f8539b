/**
 * What an old consumer writes of itself into `/consumers/G/ids/C`: `kafka/consumer/TopicCount.scala`, release 0.8.2.2
 * (formats.md section 7). Streams (threads) by topic, or by the one regular expression of a filter.
 */
export interface ConsumerRegistration {
  readonly pattern: 'static' | 'white_list' | 'black_list'
  readonly subscription: ReadonlyMap<string, number>
}

export const encodeConsumerRegistration = (
  { pattern, subscription }: ConsumerRegistration,
  timestampMs: number,
): string =>
  JSON.stringify({
    version: 1,
    subscription: Object.fromEntries(subscription),
    pattern,
    timestamp: String(timestampMs),
  })

export function decodeConsumerRegistration(data: string): ConsumerRegistration {
  const { pattern, subscription } = JSON.parse(data) as {
    pattern: ConsumerRegistration['pattern']
    subscription: Record<string, number>
  }
  return { pattern, subscription: new Map(Object.entries(subscription)) }
}
