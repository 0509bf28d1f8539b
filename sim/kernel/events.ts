/** Trace events of the simulated world itself: machines, links, disks. */
export type MachineState = 'off' | 'stopped' | 'running' | 'paused'

export type WorldEvent =
  | { readonly kind: 'ProcessStarted'; readonly life: number }
  /** The process ended: `crash` (killed), `exit` (by itself, with a reason), `power` (with the machine). */
  | { readonly kind: 'ProcessEnded'; readonly how: 'crash' | 'exit' | 'power'; readonly reason: string }
  | { readonly kind: 'PowerLost'; readonly filesChanged: number; readonly bytesLost: number }
  | { readonly kind: 'Paused' | 'Resumed' }
  | { readonly kind: 'ClockSet'; readonly jumpUs: number; readonly driftPpm: number }
  /** A message left a machine (`from` is the event's machine). Only where somebody asks for messages. */
  | {
      readonly kind: 'MessageSent'
      readonly to: string
      readonly message: string
      readonly connection: number
      readonly bytes: number
    }
  | { readonly kind: 'MessageReceived'; readonly from: string; readonly message: string; readonly connection: number }
  | {
      readonly kind: 'LinkCut' | 'LinkHealed' | 'LinkStalled' | 'LinkReleased'
      readonly from: string
      readonly to: string
    }
  | { readonly kind: 'ConnectionReset'; readonly connection: number; readonly from: string; readonly to: string }
  | {
      readonly kind: 'DiskFault'
      readonly fault: string
      readonly path: string
      readonly position: number
      readonly length: number
    }
