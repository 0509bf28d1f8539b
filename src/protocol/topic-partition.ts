/** A partition of a topic, written `topic-partition` as in directory names; used as a map key everywhere. */
export type TopicPartition = string

export const topicPartition = (topic: string, partition: number): TopicPartition => `${topic}-${partition}`

/** Splits at the last `-`: topic names may hold more of them. */
export function splitTopicPartition(tp: TopicPartition): { readonly topic: string; readonly partition: number } {
  const dash = tp.lastIndexOf('-')
  return { topic: tp.slice(0, dash), partition: Number(tp.slice(dash + 1)) }
}
