/**
 * A node that a devnet started: over the channel to its parent it is cut off from the network and healed again, which
 * no public surface offers, and it does not outlive its parent. Without a channel, or before the parent attached,
 * nothing here does anything.
 */
export interface ParentActions {
  readonly cut: () => void
  readonly heal: () => void
  /** The parent is gone. */
  readonly orphaned: () => void
}

/** @returns what ends the listening, so that the channel does not keep the process alive. */
export function followParent(actions: ParentActions): () => void {
  if (!process.connected) return () => undefined
  let isAttached = false
  const onMessage = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('icn' in message)) return
    if (message.icn === 'attach') isAttached = true
    if (message.icn === 'cut' && isAttached) actions.cut()
    if (message.icn === 'heal' && isAttached) actions.heal()
  }
  const onDisconnect = (): void => {
    if (isAttached) actions.orphaned()
  }
  process.on('message', onMessage)
  process.on('disconnect', onDisconnect)
  return () => {
    process.off('message', onMessage)
    process.off('disconnect', onDisconnect)
    if (process.connected) process.disconnect()
  }
}
