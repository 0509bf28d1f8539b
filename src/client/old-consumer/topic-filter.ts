/**
 * White- and blacklists of topics: `kafka/consumer/TopicFilter.scala`, release 0.8.2.2. A list is a regular expression in
 * which a comma means "or"; it must match the whole name. Java's and JavaScript's expressions agree on what topic names
 * need.
 */
import { OFFSETS_TOPIC } from '../../protocol/index.ts'

export interface TopicFilter {
  readonly kind: 'white_list' | 'black_list'
  /** As it is registered in ZooKeeper. */
  readonly regex: string
}

/** @param raw as an application writes it */
export const topicFilter = (kind: TopicFilter['kind'], raw: string): TopicFilter => ({
  kind,
  regex: raw
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, ''),
})

/** Undefined if the expression is none. */
export function topicPattern(regex: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${regex})$`)
  } catch {
    return undefined
  }
}

/** Which of these topics it lets through. */
export function allowedTopics(
  { kind, regex }: TopicFilter,
  topics: readonly string[],
  excludeInternalTopics: boolean,
): string[] {
  const pattern = topicPattern(regex)
  return topics.filter((topic) => {
    if (excludeInternalTopics && topic === OFFSETS_TOPIC) return false
    return (pattern?.test(topic) ?? false) === (kind === 'white_list')
  })
}
