/**
 * `partitioner.class: ./my-partitioner.js`: a module of the user's own, loaded from beside the scenario. Only the command
 * line does this; it runs with all the rights of the command. TypeScript needs a Node that strips types by itself.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import type { LoadedPartitioner } from '../sim/scenario/language/index.ts'
import type { PartitionerClass } from '../src/client/index.ts'

const TYPESCRIPT = ['.ts', '.mts', '.cts']

/** @param scenario path of the scenario file, which the module's path is relative to */
export function loadPartitioner(specifier: string, scenario: string): LoadedPartitioner {
  const path = resolve(dirname(scenario), specifier)
  if (!existsSync(path)) return { problem: 'there is no such file' }
  if (TYPESCRIPT.includes(extname(path)) && !stripsTypes()) {
    return {
      problem: `Node ${process.versions.node} does not load TypeScript (22.18 and newer do)`,
      expected: `a JavaScript module, such as ${specifier.replace(/\.[cm]?ts$/, '.js')}`,
    }
  }
  let loaded: unknown
  try {
    loaded = createRequire(path)(path)
  } catch (error) {
    return { problem: `it does not load: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}` }
  }
  const found = partitionerIn(loaded)
  if (found !== undefined) return { partitioner: found }
  return {
    problem: 'it exports no class with a method partition',
    expected: 'export default class { partition(key, numPartitions) { … } }',
  }
}

const stripsTypes = (): boolean => {
  const { typescript } = process.features as { readonly typescript?: unknown }
  return typescript !== undefined && typescript !== false
}

/** The default export, or the only class with the method among the others. */
function partitionerIn(loaded: unknown): PartitionerClass | undefined {
  if (isPartitionerClass(loaded)) return loaded
  if (typeof loaded !== 'object' || loaded === null) return undefined
  const exported = loaded as Readonly<Record<string, unknown>>
  if (isPartitionerClass(exported.default)) return exported.default
  const classes = Object.values(exported).filter(isPartitionerClass)
  return classes.length === 1 ? classes[0] : undefined
}

const isPartitionerClass = (value: unknown): value is PartitionerClass =>
  typeof value === 'function' &&
  typeof (value.prototype as { readonly partition?: unknown } | undefined)?.partition === 'function'
