/** What must come of it: facts about messages, order, promises, states, unavailability. */
import type { z } from 'zod'
import type {
  Condition,
  ExpectationPlan,
  MessageExpectation,
  OrderExpectation,
  SourceSpan,
  UnavailabilityExpectation,
} from '../../plan.ts'
import { matchBounds, readDuration, readMatch } from '../formats.ts'
import type { Report } from '../report.ts'
import type { expectSchema } from '../schema/scenario.ts'
import { entries, type Located, listed } from '../source.ts'
import { compileApplications } from './applications.ts'
import type { ConditionCompiler } from './conditions.ts'
import { compileFigures } from './figures.ts'
import type { Names } from './names.ts'
import { localText } from './text.ts'

export type ExpectInput = z.infer<typeof expectSchema>
type MessageInput = NonNullable<ExpectInput['messages']>[string]
type UnavailableInput = NonNullable<ExpectInput['unavailable']>[number]

/** Marks in `order` for whatever lies between. */
const ELLIPSIS = ['…', '...']

export function compileExpectations(
  node: Located<ExpectInput> | undefined,
  names: Names,
  conditions: ConditionCompiler,
  report: Report,
): ExpectationPlan {
  const all = (list: Located<readonly unknown[]> | undefined): readonly Condition[] =>
    listed(list).flatMap((one) => conditions.one(one) ?? [])
  const broken = node?.field('promises')
  return {
    messages: entries<MessageInput>(node?.field('messages')).flatMap((one) => compileMessage(one, names, report)),
    applications: compileApplications(node?.field('applications'), names, report),
    order: entries<(string | number)[]>(node?.field('order')).flatMap((one) => compileOrder(one, names)),
    ...(broken === undefined ? {} : { promises: { span: broken.wholeSpan, broken: broken.value.broken } }),
    state: all(node?.field('state')),
    sometimes: all(node?.field('sometimes')),
    never: all(node?.field('never')),
    unavailable: listed<UnavailableInput>(node?.field('unavailable')).flatMap((one) =>
      compileUnavailable(one, names, report),
    ),
    ...compileFigures(node, names, report),
    ...(node?.field('verdict') === undefined ? {} : { verdict: localText(node.field('verdict')!) }),
  }
}

function compileMessage(node: Located<MessageInput>, names: Names, report: Report): readonly MessageExpectation[] {
  if (!names.knowsMessage(node.name, node.keyPlace)) return []
  const spans: Record<string, SourceSpan> = {}
  for (const [key, field] of node.fields) {
    spans[key] = field.span
    if (typeof field.value === 'boolean') continue
    const bounds = matchBounds(readMatch(field.value as string | number))!
    if (bounds.low > bounds.high)
      report.error(
        'KS402',
        field.place,
        `"${key}: ${field.text}" can never hold: ${String(field.text).includes('..') ? 'the range runs backwards' : 'no number is that small'}`,
      )
  }
  const { acked, copies, lost, committed, gaveUp, dropped, lostInQueue, read, processed } = node.value
  return [
    {
      span: node.wholeSpan,
      message: node.name,
      ...(acked === undefined ? {} : { acked }),
      ...(copies === undefined ? {} : { copies: readMatch(copies) }),
      ...(lost === undefined ? {} : { lost: readMatch(lost) }),
      ...(committed === undefined ? {} : { committed }),
      ...(gaveUp === undefined ? {} : { gaveUp }),
      ...(dropped === undefined ? {} : { dropped }),
      ...(lostInQueue === undefined ? {} : { lostInQueue }),
      ...(read === undefined ? {} : { read: readMatch(read) }),
      ...(processed === undefined ? {} : { processed: readMatch(processed) }),
      spans,
    },
  ]
}

function compileOrder(node: Located<(string | number)[]>, names: Names): readonly OrderExpectation[] {
  const partition = names.partition(node.keyPlace, node.name)
  const pattern = listed<string | number>(node).map((one) => {
    if (ELLIPSIS.includes(one.text)) return null
    return names.message(one) ?? one.text
  })
  return partition === undefined ? [] : [{ span: node.wholeSpan, ...partition, pattern }]
}

function compileUnavailable(
  node: Located<UnavailableInput>,
  names: Names,
  report: Report,
): readonly UnavailabilityExpectation[] {
  const subject = node.field('partition')!
  const partition = names.partition(subject.place, subject.text)
  const { operation, lasts, atEnd } = node.value
  if (lasts === undefined && atEnd === undefined) {
    report.error('KS103', node.place, 'the expectation asks for nothing', { expected: 'lasts, atEnd or both' })
  }
  const forUs = lasts === undefined ? undefined : readMatch(lasts, readDuration)
  const bounds = forUs === undefined ? undefined : matchBounds(forUs)
  if (bounds !== undefined && bounds.low > bounds.high)
    report.error('KS402', node.field('lasts')!.place, `"lasts: ${lasts}" can never hold: the range runs backwards`)
  if (partition === undefined) return []
  return [
    {
      span: node.wholeSpan,
      ...partition,
      operation,
      ...(forUs === undefined ? {} : { forUs }),
      ...(atEnd === undefined ? {} : { atEnd }),
    },
  ]
}
