/** ZooKeeper told: servers, sessions, clients, elections by recipes, resources that leaders write to. See `narrate.ts`. */
import { unreachable } from '../../src/host/index.ts'
import { formatZxid, type RoleEnd, type ZnodeChange } from '../../src/zookeeper/index.ts'
import type { EventOf } from './any-event.ts'
import type { ClusterView } from './cluster-view.ts'
import { answerWords, workWords } from './explain.ts'
import { formatDuration } from './names.ts'
import type { NarrationMemory, Telling } from './narrate.ts'

export type ToldZooKeeperEvent = EventOf<
  | 'ZkServerState'
  | 'ZkRoleEnded'
  | 'ZkSnapshotDamaged'
  | 'ZkDiskFailed'
  | 'ZkClientAhead'
  | 'ZkLeaderServing'
  | 'ZkProposed'
  | 'ZkAcknowledged'
  | 'ZkCommitted'
  | 'ZkApplied'
  | 'ZkSynced'
  | 'ZkSessionClosed'
  | 'ZkClientState'
  | 'ZkAsked'
  | 'ZkAnswered'
  | 'ZkNotified'
  | 'ElectionEntered'
  | 'ElectionWon'
  | 'ElectionLost'
  | 'ElectionWoken'
  | 'ElectionResigned'
  | 'LeadershipExpired'
  | 'ResourceWritten'
  | 'MeasureEnded'
  | 'AdminAsked'
>

/** With more elections than this, or more contenders in one, single ones are counted, not told. */
const ELECTIONS_TOLD = 4
const CONTENDERS_TOLD = 5
/** With more clients than this, their first connections are no news. */
const CONNECTIONS_TOLD = 6
/** Stands for what is only counted. */
const COUNTED = ['one of many elections']

export function narrateZooKeeper(
  who: string,
  event: ToldZooKeeperEvent,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  switch (event.kind) {
    case 'ZkServerState':
      return serverState(who, event, view, memory)
    case 'ZkRoleEnded':
      // What a follower does then is told by its looking for a leader.
      return event.role === 'LEADING'
        ? { who, text: `leads no more: ${roleEnds[event.reason]}`, tone: 'warn' }
        : undefined
    case 'ZkSnapshotDamaged':
      return { who, text: `finds its snapshot ${formatZxid(event.zxid)} damaged and does without it`, tone: 'warn' }
    case 'ZkDiskFailed':
      return { who, text: `is failed by its disk (${event.failure}): ${event.detail}`, tone: 'bad' }
    case 'ZkClientAhead':
      return { who, text: `refuses ${event.client}, which has seen more than this server holds`, tone: 'plain' }
    case 'ZkLeaderServing':
      return { who, text: `leads ZooKeeper now (epoch ${event.epoch})`, tone: 'good' }
    case 'ZkSynced': {
      const first = memory.times(`synced ${event.to}`) === 1
      if (first && event.mode !== 'TRUNC') return undefined
      return event.mode === 'TRUNC'
        ? { who, text: `has ${event.to} cut off what it had logged alone: no quorum ever had it (TRUNC)`, tone: 'warn' }
        : { who, text: `brings ${event.to} up to date (${event.mode})`, tone: 'plain' }
    }
    case 'ZkProposed':
    case 'ZkAcknowledged':
    case 'ZkCommitted':
    case 'ZkApplied':
      return broadcast(who, event, view, memory)
    case 'ZkSessionClosed': {
      const session = view.sessions[event.session]
      const owner = session?.owner ?? event.session
      if (!event.expired && view.machines[owner]?.kind !== 'client') return undefined
      const gone = memory.told(`ephemerals ${event.session}`)
      const nodes =
        gone === undefined || view.machines[owner]?.kind !== 'client'
          ? ''
          : `; ${gone} ${/, | and /.test(gone) ? 'go' : 'goes'} with it`
      const why = event.expired ? ": it heard nothing from it for the session's timeout" : ', which closed it'
      return { who: 'ZooKeeper', text: `ends the session of ${owner}${why}${nodes}`, tone: 'warn' }
    }
    case 'ZkClientState':
      return view.machines[who]?.kind === 'client' ? connection(who, event, view, memory) : undefined
    case 'ZkAsked':
      return { who, text: `asks: ${event.asked}`, tone: 'quiet' }
    case 'ZkAnswered':
      return answered(who, event)
    case 'ZkNotified':
      return { who, text: `is notified: ${event.event} ${event.path}`, tone: 'mark' }
    case 'ElectionEntered':
    case 'ElectionWon':
    case 'ElectionLost':
    case 'ElectionWoken':
    case 'ElectionResigned':
    case 'LeadershipExpired':
      return election(who, event, view)
    case 'ResourceWritten':
      return written(who, event, memory)
    case 'MeasureEnded': {
      const measure = view.measures[event.name]
      if (measure?.toUs === undefined) return undefined
      const lasted = formatDuration(measure.toUs - measure.fromUs)
      return {
        who: 'counted',
        text: `${event.name}: ZooKeeper had ${workWords(measure.work)} in ${lasted}`,
        tone: 'mark',
      }
    }
    case 'AdminAsked':
      return event.error === 'OK'
        ? { who: 'operator', text: `asks: ${event.request}`, tone: 'mark' }
        : { who: 'operator', text: `is refused (${event.error}): ${event.request}`, tone: 'warn' }
    default:
      return unreachable(event)
  }
}

const roleEnds: Readonly<Record<RoleEnd, string>> = {
  'no-quorum': 'it hears from fewer than a majority',
  'too-few-joined': 'fewer than a majority joined it',
  'follower-ahead': 'a follower has a longer history',
  'follower-in-later-epoch': 'a follower has promised a later epoch',
  'leader-unreachable': 'the leader cannot be reached',
  'leader-gone': 'the leader is gone',
  'leader-silent': 'the leader is silent',
  'leader-in-older-epoch': "the leader's epoch is older than one promised",
  'histories-differ': 'what the leader sent does not fit its log',
}

/** The first search for a leader, at the start, is no news; later ones mean that clients are not served. */
function serverState(
  who: string,
  event: EventOf<'ZkServerState'>,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  const isNew = memory.changed(`zookeeper state ${who}`, `${event.state} ${event.leader}`)
  if (event.state === 'LOOKING') {
    if (memory.times(`looking ${who}`) === 1) return undefined
    const again = (view.machines[who]?.life ?? 0) > 1 && memory.told(`life ${who}`) !== String(view.machines[who]!.life)
    memory.changed(`life ${who}`, String(view.machines[who]?.life))
    return again || !isNew ? undefined : { who, text: 'looks for a leader and serves nobody meanwhile', tone: 'warn' }
  }
  if (event.state === 'FOLLOWING' && isNew && memory.times(`following ${who}`) > 1) {
    return { who, text: `follows ${event.leader ?? 'nobody'}`, tone: 'plain' }
  }
  return undefined
}

function broadcast(
  who: string,
  event: EventOf<'ZkProposed' | 'ZkAcknowledged' | 'ZkCommitted' | 'ZkApplied'>,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  if (event.kind === 'ZkCommitted' && event.txn === 'closeSession') {
    const gone = event.changes.map(({ path }) => path)
    if (gone.length > 0) memory.changed(`ephemerals ${event.session}`, several(gone))
  }
  if (!memory.tells('broadcast')) return undefined
  const id = formatZxid(event.zxid)
  switch (event.kind) {
    case 'ZkProposed':
      if (/Session$/.test(event.txn)) return undefined
      memory.changed('broadcast', id)
      memory.changed(`proposed ${id}`, 'once')
      return { who, text: `proposes ${id} (${event.txn}) to its followers and logs it`, tone: 'plain' }
    case 'ZkAcknowledged': {
      if (memory.told('broadcast') !== id) return undefined
      const leads = view.zookeeper[who]?.state === 'LEADING'
      return { who, text: `has ${id} on its disk${leads ? '' : ' and acknowledges it'}`, tone: 'quiet' }
    }
    case 'ZkCommitted': {
      if (/Session$/.test(event.txn)) return undefined
      const servers = Object.keys(view.zookeeper)
      const have = servers.filter((name) => view.zookeeper[name]!.acknowledged >= event.zxid)
      const text = `commits ${id}, ${changesWords(event.changes)}: on disk at ${have.join(' and ')}, a majority of ${servers.length}`
      return { who, text, tone: 'good' }
    }
    case 'ZkApplied': {
      // A server that comes back applies its log again: no news.
      const isNew = memory.changed(`applied ${who} ${id}`, 'once')
      if (!isNew || memory.told(`proposed ${id}`) === undefined) return undefined
      if (view.zookeeper[who]?.state === 'LEADING') return undefined
      return { who, text: `hears the commit and applies ${id}: its clients can read it now`, tone: 'quiet' }
    }
    default:
      return unreachable(event)
  }
}

const changesWords = (changes: readonly ZnodeChange[]): string =>
  changes.length === 0 ? 'which was refused' : several(changes.map(({ op, path }) => `${op} ${path}`))

/** `a, b, c and 4 more` */
const several = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

function connection(
  who: string,
  event: EventOf<'ZkClientState'>,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  switch (event.state) {
    case 'connected': {
      // A process that was started again knows nothing of the session before.
      const life = `session ${who} ${view.machines[who]?.life}`
      const first = memory.told(life) === undefined
      const isNew = memory.changed(life, event.session)
      const which = first
        ? 'in a new session'
        : isNew
          ? 'in another session: the old one is over'
          : 'in the same session'
      memory.changed(`server ${who}`, event.server ?? '')
      if (first && Object.keys(view.clients).length > CONNECTIONS_TOLD) return undefined
      return { who, text: `is connected to ${event.server ?? 'nobody'}, ${which}`, tone: isNew ? 'plain' : 'good' }
    }
    case 'disconnected':
      return {
        who,
        text: `loses its connection to ${memory.told(`server ${who}`) ?? 'ZooKeeper'}; its session may live on`,
        tone: 'warn',
      }
    case 'expired':
      return { who, text: 'is told that its session has expired', tone: 'bad' }
    default:
      return unreachable(event.state)
  }
}

function answered(who: string, event: EventOf<'ZkAnswered'>): Telling {
  if (event.error === 'ConnectionLoss') {
    const doubt = /^(getData|exists|getChildren|sync) /.test(event.asked) ? '' : ': it may have happened, or not'
    return { who, text: `${event.asked} → ConnectionLoss${doubt}`, tone: 'bad' }
  }
  return { who, text: `${event.asked} → ${answerWords(event)}`, tone: event.error === 'OK' ? 'good' : 'warn' }
}

function election(
  who: string,
  event: EventOf<
    'ElectionEntered' | 'ElectionWon' | 'ElectionLost' | 'ElectionWoken' | 'ElectionResigned' | 'LeadershipExpired'
  >,
  view: ClusterView,
): Telling | undefined {
  // Winners are always told, unless there are too many elections; losers only where they are few.
  const many = Object.keys(view.elections).length > ELECTIONS_TOLD
  const crowd = (view.elections[event.election]?.contenders.length ?? 0) > CONTENDERS_TOLD
  const always = event.kind === 'ElectionWon' || event.kind === 'ElectionResigned' || event.kind === 'LeadershipExpired'
  const counted = many || (crowd && !always) ? { messages: COUNTED } : {}
  const path = event.election
  const place = (node: string): string => node.slice(node.lastIndexOf('/') + 1)
  switch (event.kind) {
    case 'ElectionEntered':
      return event.recipe === 'fair'
        ? { who, text: `stands in the queue of ${path} as ${place(event.node)}`, tone: 'plain', ...counted }
        : { who, text: `races for ${event.node}`, tone: 'plain', ...counted }
    case 'ElectionWon':
      return { who, text: `leads ${path} now (epoch ${formatZxid(event.epoch)})`, tone: 'good', ...counted }
    case 'ElectionLost':
      return { who, text: `does not lead ${path}: it watches ${place(event.watches)}`, tone: 'quiet', ...counted }
    case 'ElectionWoken':
      return { who, text: `wakes up: ${event.watched} is gone`, tone: 'mark', ...counted }
    case 'ElectionResigned':
      return {
        who,
        text: event.led ? `resigns: it deletes ${event.node}` : `leaves the election ${path}`,
        tone: 'warn',
        ...counted,
      }
    case 'LeadershipExpired':
      return {
        who,
        text: `learns that it leads ${path} no more; until now it believed that it did`,
        tone: 'bad',
        ...counted,
      }
    default:
      return unreachable(event)
  }
}

/** Only what changes: whose writes a resource takes, and of which leadership. */
function written(who: string, event: EventOf<'ResourceWritten'>, memory: NarrationMemory): Telling | undefined {
  const { by, epoch, highest, accepted } = event
  const stale = epoch < highest
  if (!memory.changed(`written ${who} ${by} ${epoch}`, `${accepted} ${stale}`)) return undefined
  const older = `epoch ${formatZxid(epoch)}, older than ${formatZxid(highest)}`
  if (!accepted) return { who, text: `refuses what ${by} writes (${older}): it is fenced off`, tone: 'good' }
  if (stale) return { who, text: `takes what ${by} writes (${older}): a leader that is none any more`, tone: 'bad' }
  return { who, text: `takes what ${by} writes (epoch ${formatZxid(epoch)})`, tone: 'plain' }
}
