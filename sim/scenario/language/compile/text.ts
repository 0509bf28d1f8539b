/** Titles and captions: a text, or one in English and Chinese. */
import type { LocalText } from '../../plan.ts'
import type { Located } from '../source.ts'

export function localText(node: Located): LocalText {
  if (node.fields.size === 0) return { en: node.text }
  const zh = node.fields.get('zh')
  return { en: node.fields.get('en')!.text, ...(zh === undefined ? {} : { zh: zh.text }) }
}
