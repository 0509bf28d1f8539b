/** The reference half of docs/scenarios.md: one table a mapping, drawn from the JSON Schema, so it cannot go stale. */
import { type FormatName, textFormats } from './formats.ts'
import { type JsonSchema, scenarioJsonSchema } from './json-schema.ts'

let schema: JsonSchema | undefined

/** Made when first asked for: a run of a scenario never needs it. */
const root = (): JsonSchema => (schema ??= scenarioJsonSchema())

/** Follows a reference into the definitions. */
function resolve(node: JsonSchema): JsonSchema {
  // Draft 7 wraps a reference that has a description beside it.
  const reference = node.$ref ?? node.allOf?.[0]?.$ref
  if (reference === undefined) return node
  return root().definitions![reference.slice('#/definitions/'.length)]!
}

/** The mapping at a path of keys below the root: through lists, alternatives and references. */
export function mappingAt(...path: readonly string[]): JsonSchema {
  let node: JsonSchema = root()
  for (const key of path) node = findMapping(node)!.properties![key]!
  return findMapping(node)!
}

function findMapping(node: JsonSchema): JsonSchema | undefined {
  const own = resolve(node)
  if (own.properties !== undefined) return own
  for (const option of own.anyOf ?? []) {
    const found = findMapping(option)
    if (found !== undefined) return found
  }
  if (own.items !== undefined && !Array.isArray(own.items)) return findMapping(own.items as JsonSchema)
  return typeof own.additionalProperties === 'object' ? findMapping(own.additionalProperties) : undefined
}

/** The alternatives of the condition, one mapping each. */
export const conditionMappings = (): readonly JsonSchema[] => root().definitions!.condition!.anyOf!

/** `| key | value | meaning |` for each key of a mapping; keys that must be there are bold. */
export function keyTable(mapping: JsonSchema, keys: readonly string[] = Object.keys(mapping.properties!)): string {
  const rows = keys.map((key) => {
    const node = mapping.properties![key]!
    const name = mapping.required?.includes(key) === true ? `**\`${key}\`**` : `\`${key}\``
    return `| ${name} | ${cell(describeValue(node))} | ${cell(node.description ?? resolve(node).description ?? '')} |`
  })
  return ['| key | value | meaning |', '|---|---|---|', ...rows].join('\n')
}

/** Names of texts with what they look like. */
export function formatTable(): string {
  const rows = Object.entries(textFormats).map(([name, { expected, examples }]) => {
    const shown = examples.map((example) => `\`${example}\``).join(', ')
    return `| ${name} | ${cell(expected.replace(/, like .*$/, ''))} | ${cell(shown)} |`
  })
  return ['| value | form | examples |', '|---|---|---|', ...rows].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** What may stand there, in a few words. */
function describeValue(node: JsonSchema): string {
  const reference = node.$ref ?? node.allOf?.[0]?.$ref
  if (reference !== undefined) return sectionLink(reference.slice('#/definitions/'.length))
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.enum !== undefined)
    return node.enum.length > 8 ? 'one of the list below' : node.enum.map((word) => `\`${word}\``).join(', ')
  if (node.title !== undefined && Object.hasOwn(textFormats, node.title)) return node.title as FormatName
  if (node.anyOf !== undefined) return alternatives(node.anyOf)
  switch (node.type) {
    case 'array':
      return Array.isArray(node.items) ? 'list of two' : `list of ${describeValue(node.items as JsonSchema)}`
    case 'object':
      return typeof node.additionalProperties === 'object'
        ? `mapping to ${describeValue(node.additionalProperties)}`
        : 'mapping, see below'
    case 'integer':
      return wholeNumber(node)
    case 'number':
      return 'number'
    case 'boolean':
      return '`true` or `false`'
    default:
      return 'text'
  }
}

function wholeNumber({ minimum, maximum }: JsonSchema): string {
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (low !== undefined && high !== undefined) return `${low} to ${high}`
  return low === undefined ? 'whole number' : `whole number, at least ${low}`
}

/** A value or a list of such values reads "one or a list". */
function alternatives(options: readonly JsonSchema[]): string {
  const words = [...new Set(options.map(describeValue))]
  const single = words[0]!
  if (words.includes(`list of ${single}`)) {
    const rest = words.filter((word) => word !== single && word !== `list of ${single}`)
    return [`${single}, or a list of them`, ...rest].join(', or ')
  }
  return words.filter((word) => word !== 'number' || !words.includes('text')).join(' or ')
}

const sections: Readonly<Record<string, string>> = {
  condition: '[condition](#conditions)',
  link: '[link](#links)',
  sends: '[workload](#workloads)',
  send: 'mapping, see below',
  zk: 'mapping, see below',
  step: '[step](#steps)',
  processes: '[processing](#processing)',
  applicationExpectation: '[application](#applications)',
  producerExpectation: '[figures of a producer](#figures)',
  backlogExpectation: '[backlog](#figures)',
  readerExpectation: '[order of reading](#figures)',
  unavailability: '[unavailability](#unavailability)',
  text: 'text, or `{ en: …, zh: … }`',
}

const sectionLink = (name: string): string =>
  sections[name] ?? `[${name}](#${name === 'messageExpectation' ? 'messages' : name})`
