/** Rules of nodes (formats.md 8.2), on one tree. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ZK_ERROR_CODES } from '../../../src/zookeeper/errors.ts'
import type { WriteOperation } from '../../../src/zookeeper/operation.ts'
import { isValidPath, sequentialSuffix } from '../../../src/zookeeper/tree/path.ts'
import { makeZxid } from '../../../src/zookeeper/zxid.ts'
import { LocalTree } from './tree.ts'

describe('sequential nodes', () => {
  test('are numbered by the children ever created, plain ones included, failed and deleted ones not', () => {
    const t = new LocalTree()
    t.create('/p')
    expect(t.create('/p/s-', 'persistent-sequential').path).toBe('/p/s-0000000000')
    t.create('/p/plain')
    expect(t.create('/p/s-', 'ephemeral-sequential').path).toBe('/p/s-0000000002')
    expect(t.create('/p/plain').error).toBe('NodeExists')
    t.delete('/p/plain')
    expect(t.create('/p/t-', 'persistent-sequential').path).toBe('/p/t-0000000003')
  })

  test('may have no name of their own but the number', () => {
    const t = new LocalTree()
    t.create('/p')
    expect(t.create('/p/', 'persistent-sequential').path).toBe('/p/0000000000')
  })

  test('are numbered apart while their creations are under way together', () => {
    const t = new LocalTree()
    t.create('/p')
    for (let i = 0; i < 3; i++) t.propose({ op: 'create', path: '/p/s', data: '', mode: 'persistent-sequential' })
    expect(t.applyAll().map((result) => result.path)).toEqual(['/p/s0000000000', '/p/s0000000001', '/p/s0000000002'])
  })

  test('print the counter as a Java int of ten digits', () => {
    expect(sequentialSuffix(0)).toBe('0000000000')
    expect(sequentialSuffix(2147483647)).toBe('2147483647')
    expect(sequentialSuffix(2147483648)).toBe('-2147483648')
    expect(sequentialSuffix(-1)).toBe('-000000001')
  })
})

describe('stats', () => {
  test('cversion is twice the creations less the children there are, and pzxid is the last change of a child', () => {
    const t = new LocalTree()
    t.create('/p')
    t.create('/p/a')
    t.create('/p/b')
    t.delete('/p/a')
    expect(t.tree.stat('/p')).toEqual({
      czxid: makeZxid(1, 1),
      mzxid: makeZxid(1, 1),
      pzxid: makeZxid(1, 4),
      ctimeMs: 1001,
      mtimeMs: 1001,
      version: 0,
      cversion: 3,
      aversion: 0,
      ephemeralOwner: null,
      dataLength: 0,
      numChildren: 1,
    })
  })

  test('the root starts with cversion -1 and one child', () => {
    expect(new LocalTree().tree.stat('/')).toMatchObject({ cversion: -1, numChildren: 1, czxid: 0 })
  })

  test('version counts writes, equal data included, and length is in bytes of UTF-8', () => {
    const t = new LocalTree()
    t.create('/a', 'persistent', 'x')
    t.set('/a', 'é')
    const { stat } = t.set('/a', 'é')
    expect(stat).toMatchObject({
      version: 2,
      dataLength: 2,
      mzxid: makeZxid(1, 3),
      czxid: makeZxid(1, 1),
      mtimeMs: 1003,
    })
  })
})

describe('refusals', () => {
  test('come with ZooKeeper’s names', () => {
    const t = new LocalTree()
    t.create('/a')
    t.create('/a/b')
    t.create('/e', 'ephemeral')
    expect(t.create('/x/y').error).toBe('NoNode')
    expect(t.create('/a').error).toBe('NodeExists')
    expect(t.create('/').error).toBe('NodeExists')
    expect(t.create('/e/c').error).toBe('NoChildrenForEphemerals')
    expect(t.create('relative').error).toBe('BadArguments')
    expect(t.create('/a//b').error).toBe('NoNode')
    expect(t.create('/a/').error).toBe('BadArguments')
    expect(t.delete('/a')).toBe('NotEmpty')
    expect(t.delete('/none')).toBe('NoNode')
    expect(t.delete('/')).toBe('BadArguments')
    expect(t.delete('/a/b', 3)).toBe('BadVersion')
    expect(t.set('/a', 'x', 1).error).toBe('BadVersion')
    expect(t.set('/none', 'x').error).toBe('NoNode')
    expect(ZK_ERROR_CODES.NodeExists).toBe(-110)
  })

  test('see what is proposed and not applied yet', () => {
    const t = new LocalTree()
    t.propose({ op: 'create', path: '/a', data: '', mode: 'persistent' })
    t.propose({ op: 'setData', path: '/a', data: 'x', version: 0 })
    t.propose({ op: 'setData', path: '/a', data: 'y', version: 0 })
    t.propose({ op: 'create', path: '/a/b', data: '', mode: 'persistent' })
    t.propose({ op: 'delete', path: '/a', version: -1 })
    t.propose({ op: 'delete', path: '/a/b', version: -1 })
    t.propose({ op: 'delete', path: '/a', version: 1 })
    t.propose({ op: 'setData', path: '/a', data: 'z', version: -1 })
    expect(t.applyAll().map((result) => result.error)).toEqual([
      'OK',
      'OK',
      'BadVersion',
      'OK',
      'NotEmpty',
      'OK',
      'OK',
      'NoNode',
    ])
  })

  test.each(['/a', '/', '/a/b-0', '/ä', '/a/...'])('%s is a path', (path) => expect(isValidPath(path)).toBe(true))
  test.each(['', 'a', '/a/', '//a', '/a/./b', '/a/..', '/\0', '/\u0085', '/\ud800'])('%j is not a path', (path) =>
    expect(isValidPath(path)).toBe(false),
  )
})

describe('multi', () => {
  test('does everything under one zxid', () => {
    const t = new LocalTree()
    const parts = [
      { op: 'create', path: '/a', data: 'x', mode: 'persistent' },
      { op: 'create', path: '/a/s', data: '', mode: 'persistent-sequential' },
      { op: 'setData', path: '/a', data: 'y', version: 0 },
      { op: 'check', path: '/a', version: 1 },
    ] as const
    const { error, results } = t.run({ op: 'multi', parts })
    expect(error).toBe('OK')
    expect(results!.map(({ path }) => path)).toEqual(['/a', '/a/s0000000000', undefined, undefined])
    expect(t.tree.stat('/a')).toMatchObject({ czxid: makeZxid(1, 1), mzxid: makeZxid(1, 1), version: 1 })
  })

  test('does nothing if one part is refused, and says which', () => {
    const t = new LocalTree()
    const parts = [
      { op: 'create', path: '/a', data: 'x', mode: 'persistent' },
      { op: 'setData', path: '/a', data: 'y', version: 7 },
      { op: 'delete', path: '/a', version: -1 },
    ] as const
    const { error, results } = t.run({ op: 'multi', parts })
    expect(error).toBe('BadVersion')
    expect(results!.map((result) => result.error)).toEqual(['OK', 'BadVersion', 'RuntimeInconsistency'])
    expect(t.tree.node('/a')).toBeUndefined()
    expect(t.create('/a').error).toBe('OK')
  })
})

describe('the end of a session', () => {
  test('removes its ephemeral nodes, those under way included, in one transaction', () => {
    const t = new LocalTree()
    t.create('/p')
    t.create('/p/e1', 'ephemeral')
    t.propose({ op: 'create', path: '/p/e2', data: '', mode: 'ephemeral' })
    t.propose({ op: 'delete', path: '/p/e1', version: -1 })
    t.propose({ op: 'create', path: '/p/other', data: '', mode: 'ephemeral' }, 's2')
    t.propose({ op: 'closeSession' })
    t.propose({ op: 'delete', path: '/p/e2', version: -1 })
    expect(t.applyAll().map((result) => result.error)).toEqual(['OK', 'OK', 'OK', 'OK', 'NoNode'])
    expect(t.tree.children('/p')).toEqual(['other'])
    expect(t.tree.stat('/p')!.pzxid).toBe(makeZxid(1, 6))
    expect(t.tree.ephemeralOwners()).toEqual(['s2'])
  })
})

test('requests judged while others are under way give what one after another would give', () => {
  const path = fc.constantFrom('/a', '/b', '/a/c', '/a/c/d')
  const version = fc.constantFrom(-1, 0, 1)
  const operation: fc.Arbitrary<WriteOperation> = fc.oneof(
    fc.record({
      op: fc.constant('create' as const),
      path,
      data: fc.constant('x'),
      mode: fc.constantFrom('persistent' as const, 'ephemeral' as const, 'persistent-sequential' as const),
    }),
    fc.record({ op: fc.constant('delete' as const), path, version }),
    fc.record({ op: fc.constant('setData' as const), path, data: fc.constant('y'), version }),
    fc.constant({ op: 'closeSession' as const }),
  )
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 30 }),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      (operations, flush) => {
        const pipelined = new LocalTree()
        const oneByOne = new LocalTree()
        const results: unknown[] = []
        for (const [i, op] of operations.entries()) {
          pipelined.propose(op)
          if (flush[i]) results.push(...pipelined.applyAll())
        }
        results.push(...pipelined.applyAll())
        expect(results).toEqual(operations.map((op) => oneByOne.run(op)))
        expect([...pipelined.tree.nodes]).toEqual([...oneByOne.tree.nodes])
      },
    ),
  )
})
