import { describe, expect, it } from 'vitest'
import {
  drawPartition,
  Ledger,
  Narrator,
  type NarratorOptions,
  type ViewRecord,
  ViewRecorder,
} from '../../../sim/view/index.ts'
import { displayWidth } from '../../../sim/view/painter.ts'
import { beforeTheCrash, plan, Story, threeMessageLoss, tp } from './story.ts'

function tell(
  records: readonly ViewRecord[],
  options: Partial<NarratorOptions> = {},
): { lines: string[]; end: string[] } {
  const narrator = new Narrator(options)
  const recorder = new ViewRecorder(plan)
  const ledger = new Ledger()
  const lines: string[] = []
  for (const record of records) {
    recorder.apply(record)
    ledger.apply(record)
    lines.push(...narrator.apply(record, recorder.view, ledger))
  }
  return { lines, end: narrator.end(recorder.view, ledger) }
}

describe('a drawing of a partition', () => {
  it('shows each log with its end and its high watermark, aligned by offset', () => {
    expect(drawPartition(beforeTheCrash().told().view, tp).join('\n')).toMatchInlineSnapshot(`
      "    orders-0  ZooKeeper: leader b1 (epoch 0), ISR b1 b2 b3
            b1  leader    │ m1 │ m2 │ m3 │  LEO 3
                               ▲ HW 1
            b2  follower  │ m1 │ m2 │       LEO 2
                               ▲ HW 1
            b3  follower  │ m1 │            LEO 1
                          ▲ HW 0"
    `)
  })

  it('aligns columns of different width, also with wide characters, and shows an empty log', () => {
    const story = new Story()
      .state(1, 0, [1, 2], 0)
      .append('b1', 'leader', 0, 0, 'a', '订单二', 'a-very-long-message-name')
      .append('b2', 'follower', 0, 0, 'a', 'other')
    story
      .on('b1', { kind: 'ProcessStarted', life: 1 })
      .on('b3', { kind: 'ReplicaCreated', tp, logEndOffset: 0, highWatermark: 0 })
    const lines = drawPartition(story.told().view, tp)
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "    orders-0  ZooKeeper: leader b1 (epoch 0), ISR b1 b2
            b1  waiting   │ a │ 订单二 │ a-very-long… │  LEO 3
                          ▲ HW 0
            b2  down      │ a │ other  │                 LEO 2
                          ▲ HW 0
            b3  down      │                              LEO 0
                          ▲ HW 0"
    `)
    const bars = (line: string): number[] =>
      [...line.matchAll(/│/g)].map((match) => displayWidth(line.slice(0, match.index)))
    expect(bars(lines[3]!)).toEqual(bars(lines[1]!).slice(0, 3))
  })

  it('keeps to the tail of a long log, in at most the width given', () => {
    const story = new Story()
      .append('b1', 'leader', 0, 0, ...Array.from({ length: 500 }, (_, index) => `message-${index}`))
      .highWatermark('b1', 'leader', 0, 0, 499)
    story.highWatermark('b2', 'follower', 0, 0, 3).append('b2', 'follower', 0, 0, 'message-0', 'message-1', 'message-2')
    for (const width of [60, 80, 100]) {
      const lines = drawPartition(story.told().view, tp, { width })
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width)
      expect(lines[1]).toContain('message-499')
      expect(lines[1]).toMatch(/… \d+ before/)
      expect(lines[4]).toContain('◄ HW 3')
    }
  })

  it('shows the place where a running replica ends far behind the others', () => {
    const story = new Story()
      .on('b1', { kind: 'ProcessStarted', life: 1 })
      .on('b2', { kind: 'ProcessStarted', life: 1 })
    story.append('b1', 'leader', 0, 0, ...Array.from({ length: 40 }, (_, index) => `m${index}`))
    story.highWatermark('b1', 'leader', 0, 0, 30).append('b2', 'follower', 0, 0, 'm0', 'm1', 'm2', 'm3', 'm4', 'm5')
    story.highWatermark('b2', 'follower', 0, 0, 3)
    const lines = drawPartition(story.told().view, tp, { width: 80 })
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80)
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "    orders-0  not in ZooKeeper
            b1  waiting   … 4 before │ m4 │ m5 │ m6 │ m7 │ m8 │ … 31 more  LEO 40
                                                              ► HW 30
            b2  waiting   … 4 before │ m4 │ m5 │                           LEO 6
                                     ◄ HW 3"
    `)
  })

  it('marks with its own tone what differs from the leader, what is committed and what is not', () => {
    const story = threeMessageLoss()
    const crashed = story.records.slice(
      0,
      story.records.findIndex((record) => record.machine === 'b1' && record.event.kind === 'LogTruncated'),
    )
    const recorder = new ViewRecorder(plan)
    for (const record of crashed) recorder.apply(record)
    const painted = drawPartition(recorder.view, tp, { painter: { paint: (tone, text) => `<${tone}:${text}>` } })
    expect(painted[1]).toContain('<committed:m1> │ <uncommitted:m2> │ <bad:m3>')
  })

  it('can do without anything but ASCII', () => {
    expect(drawPartition(beforeTheCrash().told().view, tp, { ascii: true }).join('')).toMatch(/^[\x20-\x7e]*$/)
  })
})

describe('the narrator', () => {
  it('tells the three-message loss', () => {
    const { lines, end } = tell(threeMessageLoss().records)
    expect([...lines, ...end].join('\n')).toMatchInlineSnapshot(`
      "    0.020 s  b1          leads orders-0 now (epoch 0); ISR b1 b2 b3
          1.000 s  p1          is handed m1 for orders
          1.000 s  b1          appends m1 at offset 0 of orders-0
          1.002 s  b2          fetches m1 (LEO 1)
          1.002 s  b3          fetches m1 (LEO 1)
          1.005 s  b1          commits m1: HW 0→1, all of ISR b1 b2 b3 have it
          1.005 s  p1          has m1 acknowledged by b1 at offset 0 (acks -1: it is committed)
          1.100 s  p2          is handed m2 for orders
          1.100 s  b1          appends m2 at offset 1 of orders-0
          1.102 s  b2          fetches m2 (LEO 2)
          1.200 s  p3          is handed m3 for orders
          1.200 s  b1          appends m3 at offset 2 of orders-0
          5.000 s  b1          writes its high watermarks to disk: orders-0 HW 1
          6.000 s  b1          crashes: its memory is gone, its files stay
          orders-0  ZooKeeper: leader b1 (epoch 0), ISR b1 b2 b3
            b1  down      │ m1 │ m2 │ m3 │  LEO 3
                               ▲ HW 1
            b2  follower  │ m1 │ m2 │       LEO 2
                               ▲ HW 1
            b3  follower  │ m1 │            LEO 1
                          ▲ HW 0

          6.000 s  p2          fails to send m2 (disconnected from b1), 3 retries left; a copy may be in
                               the log
          6.000 s  p3          fails to send m3 (disconnected from b1), 3 retries left; a copy may be in
                               the log
         12.000 s  ZooKeeper   ends the session of b1: it heard nothing from it for the session's timeout
         12.010 s  b2          leads orders-0 now (epoch 1), with m1 m2; ISR b2 b3
          orders-0  ZooKeeper: leader b2 (epoch 1), ISR b2 b3
            b1  down      │ m1 │ m2 │ m3 │  LEO 3
                               ▲ HW 1
            b2  leader    │ m1 │ m2 │       LEO 2
                               ▲ HW 1
            b3  follower  │ m1 │            LEO 1
                          ▲ HW 0

         12.010 s  b3          follows b2 in orders-0 (epoch 1) from LEO 1
         12.020 s  b3          fetches m2 (LEO 2)
         12.030 s  b2          commits m2: HW 1→2, all of ISR b2 b3 have it
         12.100 s  p4          is handed m4 for orders
         12.100 s  b2          appends m4 at offset 2 of orders-0
         12.100 s  b3          fetches m4 (LEO 3)
         12.110 s  b2          commits m4: HW 2→3, all of ISR b2 b3 have it
         12.110 s  p4          has m4 acknowledged by b2 at offset 2 (acks -1: it is committed)
         12.300 s  b1          starts again (life 2)
         12.300 s  b1          finds m1 m2 m3 of orders-0 on its disk; its checkpoint says HW 1
         12.400 s  b1          cuts orders-0 back to its high watermark, 3→1: m2 m3 cut off; no log holds
                               m3 any more
          orders-0  ZooKeeper: leader b2 (epoch 1), ISR b2 b3
            b1  waiting   │ m1 │            LEO 1
                               ▲ HW 1
            b2  leader    │ m1 │ m2 │ m4 │  LEO 3
                                         ▲ HW 3
            b3  follower  │ m1 │ m2 │ m4 │  LEO 3
                          ▲ HW 0

         12.400 s  b1          follows b2 in orders-0 (epoch 1) from LEO 1
         12.410 s  b1          fetches m2 m4 (LEO 3)
         12.500 s  p2          sends m2 again, to b2 (attempt 2)
         12.500 s  b2          appends m2 at offset 3 of orders-0
         12.500 s  p3          sends m3 again, to b2 (attempt 2)
         12.500 s  b2          appends m3 at offset 4 of orders-0
         12.500 s  b3          fetches m2 m3 (LEO 5)
         12.500 s  b1          fetches m2 m3 (LEO 5)
         12.510 s  b2          commits m2 m3: HW 3→5, all of ISR b2 b3 have it
         12.510 s  p2          has m2 acknowledged by b2 at offset 3 (acks -1: it is committed)
         12.510 s  p3          has m3 acknowledged by b2 at offset 4 (acks -1: it is committed)

      At the end, 12.510 s
          orders-0  ZooKeeper: leader b2 (epoch 1), ISR b2 b3
            b1  follower  │ m1 │ m2 │ m4 │ m2 │ m3 │  LEO 5
                               ▲ HW 1
            b2  leader    │ m1 │ m2 │ m4 │ m2 │ m3 │  LEO 5
                                                   ▲ HW 5
            b3  follower  │ m1 │ m2 │ m4 │ m2 │ m3 │  LEO 5
                          ▲ HW 0

        4 messages handed to producers, 4 acknowledged, 1 duplicated
        m1: appended by b1 at offset 0, committed, acknowledged, stands
        m2: appended by b1 at offset 1, committed, never acknowledged, stands; sent again by p2,
          appended by b2 at offset 3, committed, acknowledged, stands as a duplicate
        m3: appended by b1 at offset 2, never committed, never acknowledged; cut off when b1 followed
          another leader at 12.400 s; sent again by p3, appended by b2 at offset 4, committed,
          acknowledged, stands
        m4: appended by b2 at offset 2, committed, acknowledged, stands
        orders-0 reads: m1 m2 m4 m2 m3 (log of b2)
        orders-0 unavailable for writes from 6.000 s (disconnected) until 12.110 s (6110 ms)"
    `)
  })

  it('never writes a line wider than asked for', () => {
    for (const width of [60, 72, 100]) {
      const { lines, end } = tell(threeMessageLoss().records, { width })
      expect(Math.max(...[...lines, ...end].map(displayWidth))).toBeLessThanOrEqual(width)
    }
  })

  it('shows captions in the language asked for, and falls back to English', () => {
    const story = new Story().on(
      '',
      { kind: 'Caption', index: 0, en: 'Follower b3 stops.', zh: '副本 b3 停下。' },
      { kind: 'Caption', index: 1, en: 'Only English.' },
    )
    const captions = (lang: 'en' | 'zh'): string[] =>
      tell(story.records, { lang }).lines.filter((line) => line.includes('┃'))
    expect(captions('zh')).toEqual(['  ┃ 副本 b3 停下。', '  ┃ Only English.'])
    expect(captions('en')).toEqual(['  ┃ Follower b3 stops.', '  ┃ Only English.'])
  })

  it('breaks a long caption without spaces inside the width', () => {
    const zh = '已提交的消息不会丢失'.repeat(12)
    const { lines } = tell(new Story().on('', { kind: 'Caption', index: 0, en: 'x', zh }).records, {
      lang: 'zh',
      width: 60,
    })
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(60)
    expect(lines.map((line) => line.replace(/[ ┃]/g, '')).join('')).toBe(zh)
  })

  it('counts the messages of a workload instead of telling each', () => {
    const story = new Story().state(1, 0, [1], 0).lead('b1', 0, [1], 0, 0, 0)
    for (let index = 0; index < 300; index++) {
      story
        .at(100 + index)
        .hand('p1', `m${index}`)
        .append('b1', 'leader', 0, index, `m${index}`)
      story.highWatermark('b1', 'leader', 0, index, index + 1).acknowledge('p1', `m${index}`, index, 1)
    }
    story.at(5000).on('b1', { kind: 'ProcessEnded', how: 'crash', reason: '' })
    const { lines } = tell(story.records)
    expect(lines.length).toBeLessThan(100)
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(
      'messages from here on: 296 handed over, 296 committed, 296 acknowledged',
    )
  })

  it('tells of a workload when it begins to fail and when it goes well again', () => {
    const story = new Story().state(1, 0, [1], 0).lead('b1', 0, [1], 0, 0, 0)
    for (let index = 0; index < 50; index++) {
      story.at(100 + index).hand('p1', `m${index}`)
      if (index < 20 || index > 30) story.acknowledge('p1', `m${index}`, index, 1)
      else story.fail('p1', `m${index}`, 'timeout')
    }
    const { lines } = tell(story.records)
    expect(lines.filter((line) => line.includes('fails to send'))).toEqual([
      expect.stringContaining('fails to send m20 (timeout at b1), 3 retries left; a copy may be in the'),
    ])
    expect(lines.filter((line) => line.includes('has m31 acknowledged'))).toHaveLength(1)
  })

  it('says what a move waits for, and why a topic did not come to be', () => {
    const story = new Story()
      .at(100)
      .on('b1', { kind: 'ReassignmentWaits', tp, for: [3, 4] })
      .on('b1', { kind: 'TopicNotCreated', topic: 'late', errorCode: 38, reason: 'replication factor: 9' })
    const text = tell(story.records).lines.join(' ').replace(/ +/g, ' ')
    expect(text).toContain('controller cannot finish the move of orders-0 while b3 b4 are not there')
    expect(text).toContain('b1 cannot create topic late (InvalidReplicationFactor): replication factor: 9')
  })

  it('gathers messages that fared alike in one sentence of the verdict', () => {
    const story = new Story().state(1, 0, [1], 0).lead('b1', 0, [1], 0, 0, 0)
    for (let index = 0; index < 50; index++)
      story
        .at(100 + index)
        .hand('p1', `m${index}`, 0)
        .append('b1', 'leader', 0, index, `m${index}`)
    story.at(900).on('b1', { kind: 'Truncated', tp, from: 50, to: 10, reason: 'became-follower', highWatermark: 10 })
    expect(tell(story.records).end.join(' ').replace(/ +/g, ' ')).toContain(
      'm10 m11 m12 … m49 (40 messages): appended by b1, never committed; cut off when b1 followed another leader at 0.900 s',
    )
  })

  it('says nothing about what teaches nothing', () => {
    const story = beforeTheCrash()
    const told = tell(story.records).lines.length
    story.on('b1', { kind: 'FollowerPosition', tp, follower: 2, logEndOffset: 2 })
    story.on('b1', { kind: 'HighWatermarksCheckpointed', entries: { [tp]: 1 } })
    story.on('zk1', { kind: 'ZkApplied', zxid: 5 })
    story.on('b2', { kind: 'Truncated', tp, from: 2, to: 2, reason: 'became-follower', highWatermark: 1 })
    expect(tell(story.records).lines).toHaveLength(told)
  })
})
