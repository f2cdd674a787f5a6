/** C31, `vote`: which views are counted. Judged before anything is stored, so the views held are bounded. */
import { EARLY_VIEWS, LATE_VIEWS } from './instance.ts'
import type { Instance } from './instance.ts'

export type WindowVerdict = 'counted' | 'late' | 'early'

export function voteWindow(instance: Instance, view: number): WindowVerdict {
  if (view < Math.max(1, instance.final.view - LATE_VIEWS)) return 'late'
  return view > instance.view + EARLY_VIEWS ? 'early' : 'counted'
}
