// What is written about the language is made of the language itself.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  diagnosticCodes,
  type JsonSchema,
  parseScenario,
  scenarioDocs,
  scenarioJsonSchema,
} from '../../../../sim/scenario/language/index.ts'

const committed = (name: string): string => readFileSync(join(import.meta.dirname, '../../../../docs', name), 'utf8')

describe('docs/scenarios.md', () => {
  it('is up to date (npm run docs writes it)', () => {
    expect(committed('scenarios.md')).toBe(scenarioDocs())
  })

  it('begins with a scenario that compiles', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(scenarioDocs())![1]!
    expect(parseScenario(example, 'example.yaml')).toMatchObject({ warnings: [] })
  })

  it('links only to headings that are there', () => {
    const docs = scenarioDocs()
    const headings = [...docs.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(' ', '-'))
    const links = [...docs.matchAll(/\]\(#([^)]*)\)/g)].map(([, target]) => target!)
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((target) => !headings.includes(target))).toEqual([])
  })

  it('lists every code', () => {
    const docs = scenarioDocs()
    expect(Object.keys(diagnosticCodes).filter((code) => !docs.includes(`| ${code} |`))).toEqual([])
  })
})

describe('docs/scenario.schema.json', () => {
  it('is up to date (npm run docs writes it)', () => {
    expect(committed('scenario.schema.json')).toBe(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`)
  })

  it('describes every key, and allows no others', () => {
    const bare: string[] = []
    const open: string[] = []
    const visit = (node: JsonSchema, path: string): void => {
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        if (child.description === undefined) bare.push(`${path}.${key}`)
        visit(child, `${path}.${key}`)
      }
      if (node.properties !== undefined && node.additionalProperties !== false) open.push(path)
      for (const child of [
        ...(node.anyOf ?? []),
        ...(Array.isArray(node.items) ? node.items : node.items === undefined ? [] : [node.items]),
      ])
        visit(child, path)
      if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}.*`)
      for (const [name, child] of Object.entries(node.definitions ?? {})) visit(child, name)
    }
    visit(scenarioJsonSchema(), 'scenario')
    expect(bare).toEqual([])
    expect(open).toEqual([])
  })
})
