import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LoggedMessage, MessageLog } from '../../../sim/view/index.ts'

const message = (offset: number, value = `m${offset}`): LoggedMessage => ({ offset, key: null, value, epoch: 0 })
const values = (log: MessageLog): (string | null)[] => log.toArray().map((each) => each.value)

describe('a message log', () => {
  it('is a value: two logs that grow from the same one do not see each other', () => {
    const base = MessageLog.empty.append([message(0), message(1)])
    const left = base.append([message(2, 'left')])
    const right = base.append([message(2, 'right')])
    expect([values(base), values(left), values(right)]).toEqual([
      ['m0', 'm1'],
      ['m0', 'm1', 'left'],
      ['m0', 'm1', 'right'],
    ])
    expect(values(MessageLog.empty)).toEqual([])
  })

  it('finds messages by offset, also across holes', () => {
    const log = MessageLog.empty.append([message(3), message(5), message(9)])
    expect(log.get(5)?.value).toBe('m5')
    expect(log.get(4)).toBeUndefined()
    expect(log.between(4, 9).map((each) => each.offset)).toEqual([5])
    expect(values(log.truncateTo(9))).toEqual(['m3', 'm5'])
    expect(values(log.startAt(4))).toEqual(['m5', 'm9'])
    expect(log.get(100)).toBeUndefined()
  })

  it('equals a plain array under any mix of appends and cuts from any earlier log', () => {
    const deeds = fc.array(fc.record({ from: fc.nat(), cut: fc.boolean(), n: fc.nat(6) }), { maxLength: 50 })
    fc.assert(
      fc.property(deeds, (steps) => {
        const logs: [MessageLog, string[]][] = [[MessageLog.empty, []]]
        steps.forEach(({ from, cut, n }, index) => {
          const [log, model] = logs[from % logs.length]!
          if (cut) {
            const to = Math.max(0, model.length - n)
            logs.push([log.truncateTo(to), model.slice(0, to)])
          } else {
            const added = Array.from({ length: n }, (_, i) => message(model.length + i, `${index}.${i}`))
            logs.push([log.append(added), [...model, ...added.map((each) => each.value!)]])
          }
        })
        for (const [log, model] of logs) expect(values(log)).toEqual(model)
      }),
    )
  })

  it('appends 200,000 messages one at a time in well under a second', () => {
    const started = performance.now()
    let log = MessageLog.empty
    for (let offset = 0; offset < 200_000; offset++) log = log.append([message(offset)])
    expect(log.length).toBe(200_000)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
