import { describe, expect, it } from 'vitest'
import { type ProducerIdStore, ProducerIds } from '../../../src/coordinator/producer-ids.ts'
import { decodeProducerIdBlock, encodeProducerIdBlock } from '../../../src/protocol/index.ts'
import type { ZkResult, ZkStat } from '../../../src/zookeeper/index.ts'

const stat = (version: number): ZkStat => ({ version }) as ZkStat

/** One node with its version; answers wait until `deliver`. */
class Node implements ProducerIdStore {
  data: string | undefined
  version = 0
  fails = false
  private readonly answers: Array<() => void> = []

  getData(_path: string, done: (result: ZkResult<{ data: string; stat: ZkStat }>) => void): void {
    const { data, version } = this
    if (this.fails) this.answer(() => done({ error: 'ConnectionLoss' } as never))
    else if (data === undefined) this.answer(() => done({ error: 'NoNode' } as never))
    else this.answer(() => done({ error: 'OK', value: { data, stat: stat(version) } } as never))
  }

  create(_path: string, data: string, _mode: 'persistent', done: (result: ZkResult<string>) => void): void {
    this.answer(() => {
      const isThere = this.data !== undefined
      if (!isThere) this.data = data
      done({ error: isThere ? 'NodeExists' : 'OK', value: '' } as never)
    })
  }

  setData(_path: string, data: string, version: number, done: (result: ZkResult<ZkStat>) => void): void {
    this.answer(() => {
      const fits = version === this.version
      if (fits) {
        this.data = data
        this.version++
      }
      done({ error: fits ? 'OK' : 'BadVersion', value: stat(this.version) } as never)
    })
  }

  private answer(done: () => void): void {
    this.answers.push(done)
  }

  deliver(): void {
    for (let next = this.answers.shift(); next !== undefined; next = this.answers.shift()) next()
  }
}

function ask(ids: ProducerIds, count: number): Array<number | undefined> {
  const given: Array<number | undefined> = []
  for (let n = 0; n < count; n++) ids.next((id) => given.push(id))
  return given
}

describe('producer ids', () => {
  it('are given out one by one from a block of a thousand', () => {
    const node = new Node()
    const given = ask(new ProducerIds(node, 1), 1002)
    node.deliver()
    expect(given).toEqual(Array.from({ length: 1002 }, (_, i) => i))
    expect(JSON.parse(node.data!)).toEqual({ version: 1, broker: 1, block_start: '1000', block_end: '1999' })
  })

  it('are never those of another broker, also where both look at the same time', () => {
    const node = new Node()
    node.data = encodeProducerIdBlock({ broker: 9, start: 5000, end: 5999 })
    const first = ask(new ProducerIds(node, 1), 3)
    const second = ask(new ProducerIds(node, 2), 3)
    node.deliver()
    expect(first).toEqual([6000, 6001, 6002])
    expect(second).toEqual([7000, 7001, 7002])
    expect(decodeProducerIdBlock(node.data)).toEqual({ broker: 2, start: 7000, end: 7999 })
  })

  it('are not to be had while ZooKeeper does not answer', () => {
    const node = new Node()
    node.fails = true
    const ids = new ProducerIds(node, 1)
    const given = ask(ids, 1)
    node.deliver()
    node.fails = false
    const later = ask(ids, 1)
    node.deliver()
    expect([given, later]).toEqual([[undefined], [0]])
  })
})
