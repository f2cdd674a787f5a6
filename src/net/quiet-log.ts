/**
 * What libp2p says about itself, to nobody: the node has its own log. The library's logger makes four objects for each
 * stream and connection, all of which say nothing either unless a variable of the environment is set.
 */
import type { ComponentLogger, Logger } from '@libp2p/interface'

const silence: Logger = Object.assign(() => undefined, {
  enabled: false,
  error: () => undefined,
  trace: () => undefined,
  newScope: () => silence
})

export const QUIET_LOG: ComponentLogger = { forComponent: () => silence }
