import { test } from 'vitest'
import { formatRecord } from '../../../../sim/view/format.ts'
import { member, world } from './groups.ts'

test('try', () => {
  const protocol = (process.env.PROTO ?? '1.1') as never
  const harness = world({ protocol, clients: [member('c1'), member('c2')] })
  harness.runFor(20000)
  for (const r of harness.records) {
    if (/^(c\d)$/.test(r.machine) || /Group|Member|Generation|OffsetsComm|Rebal|Coordinator/.test(r.event.kind))
      console.log(formatRecord(r as never).slice(0, 220))
  }
})
