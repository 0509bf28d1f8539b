/** The action `zk`: one operation of a ZooKeeper client. Which one follows from the key that is there. */
import type { z } from 'zod'
import type { MultiPart } from '../../../../src/zookeeper/index.ts'
import type { Action, ZkOperation } from '../../plan.ts'
import type { Report } from '../report.ts'
import type { StepInput } from '../schema/steps.ts'
import { type Located, listed, oneOrMore, quoted } from '../source.ts'
import type { Names } from './names.ts'

type OneOf<T> = T extends readonly (infer U)[] ? U : T
type Input = Extract<OneOf<NonNullable<StepInput['zk']>>, object>
type PartInput = NonNullable<Input['multi']>[number]
type Place = z.infer<z.ZodString>

const parts = ['create', 'delete', 'setData', 'check'] as const
const operations = [
  'create',
  'delete',
  'setData',
  'getData',
  'exists',
  'getChildren',
  'sync',
  'multi',
  'close',
] as const
type OperationName = (typeof operations)[number] | (typeof parts)[number]

/** What a key is for. */
const usedBy: Readonly<Record<'data' | 'version' | 'mode' | 'watch', readonly string[]>> = {
  data: ['create', 'setData'],
  version: ['delete', 'setData', 'check'],
  mode: ['create'],
  watch: ['getData', 'exists', 'getChildren'],
}

/** The operation's name: its own, or the client's with a number. */
export function operationName(node: Located<Input>, number: number): string {
  return node.value.name ?? `${node.value.by}-${number}`
}

/** The steps' `zk` actions, each with its name and its step. */
export function eachZkAction(
  steps: ReadonlyArray<Located<StepInput>>,
): Array<{ node: Located<Input>; name: string; step: number }> {
  const found: Array<{ node: Located<Input>; name: string; step: number }> = []
  const counts = new Map<string, number>()
  for (const [step, at] of steps.entries()) {
    const zk = at.fields.get('zk')
    if (zk === undefined) continue
    for (const node of oneOrMore(zk as Located<Input | Input[]>) as ReadonlyArray<Located<Input>>) {
      const number = (counts.get(node.value.by) ?? 0) + 1
      counts.set(node.value.by, number)
      found.push({ node, name: operationName(node, number), step })
    }
  }
  return found
}

/** The operation that a mapping asks for; undefined where it asks for none. */
export const operationOf = (node: Located<Input>): string | undefined => operations.find((op) => node.fields.has(op))

export class ZooKeeperActionCompiler {
  private readonly names: Names
  private readonly report: Report

  constructor(names: Names, report: Report) {
    this.names = names
    this.report = report
  }

  compile(node: Located<Input>): Action | undefined {
    const client = this.names.client(node.field('by')!, 'zookeeper')
    const operation = this.operation(node)
    const name = [...this.names.operations].find(([, { at }]) => at === node)?.[0]
    if (client === undefined || operation === undefined || name === undefined) return undefined
    return { span: node.wholeSpan, do: 'zk', by: client.name, operation, name }
  }

  private operation(node: Located<Input>): ZkOperation | undefined {
    const op = this.only(node, operations, 'an operation')
    switch (op) {
      case undefined:
        return undefined
      case 'create':
      case 'delete':
      case 'setData':
        return this.write(op, node) as ZkOperation
      case 'getData':
      case 'exists':
      case 'getChildren':
        return { op, path: node.value[op]!, watch: node.value.watch === true }
      case 'sync':
        return { op, path: node.value.sync! }
      case 'multi':
        return {
          op,
          parts: listed<PartInput>(node.field('multi') as Located<readonly PartInput[]>).flatMap(
            (one) => this.part(one) ?? [],
          ),
        }
      case 'close':
        return { op }
      default:
        return undefined
    }
  }

  private part(node: Located<PartInput>): MultiPart | undefined {
    const op = this.only(node, parts, 'an operation of a multi')
    return op === undefined ? undefined : this.write(op, node)
  }

  private write(op: MultiPart['op'], node: Located<PartInput>): MultiPart {
    const path: Place = node.value[op]!
    const data = node.field('data')?.text ?? ''
    const version = node.value.version ?? -1
    switch (op) {
      case 'create':
        return { op, path, data, mode: node.value.mode ?? 'persistent' }
      case 'setData':
        return { op, path, data, version }
      case 'delete':
      case 'check':
        return { op, path, version }
    }
  }

  /** The one operation there is, after the keys around it were checked. */
  private only<T extends OperationName>(node: Located, among: readonly T[], what: string): T | undefined {
    const given = among.filter((op) => node.fields.has(op))
    if (given.length === 0) {
      this.report.error('KS103', node.place, `${what} is missing`, { expected: `one of ${among.join(', ')}` })
      return undefined
    }
    if (given.length > 1) {
      const second = node.fields.get(given[1]!)!
      this.report.error('KS102', second.keyPlace, `two operations in one: "${given[0]}" and "${given[1]}"`, {
        expected: 'one; a second one is an item of its own, or both are in a multi',
      })
      return undefined
    }
    const op = given[0]!
    for (const key of Object.keys(usedBy) as Array<keyof typeof usedBy>) {
      const field = node.fields.get(key)
      if (field !== undefined && !usedBy[key].includes(op))
        this.report.error(
          'KS405',
          field.keyPlace,
          `${quoted(key)} belongs to ${usedBy[key].join(', ')}; this is "${op}"`,
        )
    }
    return op
  }
}
