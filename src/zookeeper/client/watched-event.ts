/** What a client's watcher is told: that its session's connection changed, or that a watched node did. No data. */
import type { WatchEventType } from '../server/watch-table.ts'

export type WatchedEvent =
  | { readonly type: 'None'; readonly state: 'SyncConnected' | 'Disconnected' | 'Expired' }
  | { readonly type: WatchEventType; readonly path: string }
