/** The YAML library's errors in words for people who write scenarios: what is wrong, and how it is put right. */
import type { YAMLParseError } from 'yaml'
import type { DiagnosticCode } from './codes.ts'

const patterns: ReadonlyArray<readonly [RegExp, string]> = [
  [/^Flow sequence .*end with a \]/, 'a list that begins with [ is not closed'],
  [/^Flow map .*end with a \}/, 'a mapping that begins with { is not closed'],
  [/^Missing closing .quote/, 'a quoted text is not closed'],
  [/^Nested mappings are not allowed in compact mappings/, 'a text with ": " in it needs quotes'],
  [/^Tabs are not allowed as indentation/, 'tabs cannot indent; use spaces'],
  [/^Implicit map keys need to be followed by map values/, 'a colon is missing after this key'],
  [/^Implicit keys need to be on a single line/, 'a colon is missing, or a key goes over several lines'],
  [/^All mapping items must start at the same column/, 'this key is not indented like those beside it'],
  [/^All sequence items must start at the same column/, 'this item is not indented like those beside it'],
  [/^A (?:block )?sequence may not be used as an implicit map key/, 'this list is not indented below its key'],
]

export function explainYamlError(error: YAMLParseError, text: string): { code: DiagnosticCode; message: string } {
  const raw = error.message.replace(/ at line \d+[\s\S]*$/, '').replace(/\s+/g, ' ')
  if (/call stack/i.test(raw)) return { code: 'KS006', message: 'lists and mappings are nested too deeply' }
  if (/^Plain value cannot start with/.test(raw)) {
    return {
      code: 'KS003',
      message: `not YAML: a text that begins with ${text[error.pos[0]] ?? 'this character'} needs quotes`,
    }
  }
  const known = patterns.find(([pattern]) => pattern.test(raw))
  return { code: 'KS003', message: `not YAML: ${known?.[1] ?? raw}` }
}
