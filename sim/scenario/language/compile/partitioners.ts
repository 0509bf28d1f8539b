/** `partitioner.class`: one of the classes there are, or a module beside the scenario, which whoever parses may load. */
import { isBuiltInPartitioner, type PartitionerClass, partitionerNames } from '../../../../src/client/index.ts'
import { nearest } from '../nearest.ts'
import type { LoadPartitioner } from '../parse.ts'
import type { Report } from '../report.ts'
import { type Located, quoted } from '../source.ts'

/** A path, rather than the name of a class. */
const PATH = /^(?:\.{1,2}\/|\/)/

export class Partitioners {
  private readonly file: string
  private readonly report: Report
  private readonly load: LoadPartitioner | undefined

  constructor(file: string, report: Report, load: LoadPartitioner | undefined) {
    this.file = file
    this.report = report
    this.load = load
  }

  /** The class of a module; undefined for those that the producer brings, and after a diagnostic. */
  find(node: Located<string>): PartitionerClass | undefined {
    const name = node.value
    if (isBuiltInPartitioner(name)) return undefined
    if (!PATH.test(name)) {
      this.report.error('KS110', node.place, `no partitioner class ${quoted(name)}`, {
        suggestion: nearest(name, partitionerNames),
        expected: `one of ${partitionerNames.join(', ')}, or a module beside the scenario, such as ./my-partitioner.js`,
      })
      return undefined
    }
    const loaded = this.load?.(name, this.file) ?? {
      problem: 'modules are code, which only the command line loads, from beside the scenario file',
    }
    if ('partitioner' in loaded) return loaded.partitioner
    const { problem, expected } = loaded
    this.report.error('KS116', node.place, `the module ${quoted(name)} cannot be loaded: ${problem}`, { expected })
    return undefined
  }
}
