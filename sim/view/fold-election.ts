/** The part of the fold for clients of ZooKeeper: elections by recipes, single operations, resources, and measures. */
import { unreachable } from '../../src/host/index.ts'
import type { EventOf } from './any-event.ts'
import { emptyClient } from './cluster-view.ts'
import type { ViewDraft } from './fold.ts'

type ZooKeeperClientEvent = EventOf<
  | 'ElectionEntered'
  | 'ElectionWon'
  | 'ElectionWoken'
  | 'ElectionResigned'
  | 'LeadershipExpired'
  | 'ZkAsked'
  | 'ZkAnswered'
  | 'ZkNotified'
  | 'ResourceWritten'
>

export function foldZooKeeperClientEvent(view: ViewDraft, event: ZooKeeperClientEvent): void {
  switch (event.kind) {
    case 'ElectionEntered': {
      const election = electionOf(view, event.election)
      election.recipe = event.recipe
      if (!election.contenders.includes(event.contender))
        election.contenders = [...election.contenders, event.contender]
      return
    }
    case 'ElectionWon': {
      const election = electionOf(view, event.election)
      election.believers[event.contender] = { node: event.node, epoch: event.epoch }
      election.terms += 1
      return
    }
    case 'ElectionWoken':
      electionOf(view, event.election).woken += 1
      return
    case 'ElectionResigned':
    case 'LeadershipExpired':
      delete electionOf(view, event.election).believers[event.contender]
      return
    case 'ZkAsked':
      view.operations[event.operation] = {
        client: event.client,
        asked: event.asked,
        error: null,
        path: null,
        data: null,
        version: null,
        children: null,
      }
      return
    case 'ZkAnswered': {
      const { client, asked, error, path, data, version, children } = event
      view.operations[event.operation] = { client, asked, error, path, data, version, children }
      return
    }
    case 'ZkNotified': {
      const { notified } = clientOf(view, event.client)
      const what = `${event.event} ${event.path}`
      notified[what] = (notified[what] ?? 0) + 1
      return
    }
    case 'ResourceWritten': {
      const resource = clientOf(view, event.resource)
      if (!event.accepted) resource.refused += 1
      else {
        resource.accepted += 1
        if (event.epoch < event.highest) resource.stale += 1
      }
      return
    }
    default:
      unreachable(event)
  }
}

/** Its process ended: it believes nothing any more, and its sessions have no connection. */
export function forgetContender(view: ViewDraft, machine: string): void {
  for (const id of Object.keys(view.sessions)) {
    const session = view.sessions[id]!
    if (session.owner === machine) session.server = null
  }
  for (const path of Object.keys(view.elections)) delete view.elections[path]!.believers[machine]
}

export function foldMeasure(view: ViewDraft, atUs: number, event: EventOf<'MeasureBegan' | 'MeasureEnded'>): void {
  if (event.kind === 'MeasureBegan') {
    view.measures[event.name] = { fromUs: atUs, toUs: undefined, work: { ...view.work } }
    return
  }
  const measure = view.measures[event.name]
  if (measure === undefined || measure.toUs !== undefined) return
  const { writes, refused, sessions, watches } = measure.work
  measure.toUs = atUs
  measure.work = {
    writes: view.work.writes - writes,
    refused: view.work.refused - refused,
    sessions: view.work.sessions - sessions,
    watches: view.work.watches - watches,
  }
}

const electionOf = (view: ViewDraft, path: string): ViewDraft['elections'][string] =>
  (view.elections[path] ??= { recipe: 'unfair', believers: {}, contenders: [], terms: 0, woken: 0 })

export function clientOf(view: ViewDraft, name: string): ViewDraft['clients'][string] {
  return (view.clients[name] ??= { ...emptyClient, notified: {}, leaders: {} })
}
