/** C13: the current view is one above the highest for which any certificate is held. It never falls. */
import type { Instance } from './instance.ts'
import { enterTimers } from './timers.ts'

/** @returns whether a new view was entered. */
export function enterView(instance: Instance, monoMs: number): boolean {
  let view = Math.max(instance.view, instance.final.view + 1)
  for (const record of instance.views.values()) {
    const certified = record.notarisation ?? record.nullification ?? record.finalisation
    if (certified !== undefined) view = Math.max(view, record.view + 1)
  }
  if (view === instance.view) return false
  instance.view = view
  enterTimers(instance.timers, monoMs)
  return true
}
