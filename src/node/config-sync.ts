/** The operator's choices about how a node catches up. */
import { UNSET, boolean, oneOf, row } from './config-values.ts'
import type { Checkpoint } from './sync/sync-facts.ts'
import { fromHex } from '../primitives/bytes.ts'

export const SYNC_MODES = ['full', 'snapshot'] as const

export interface SyncConfig {
  /** Whether a node that is far behind executes every block, or takes the state of a certified one from others. */
  readonly sync: (typeof SYNC_MODES)[number]
  /** A final coordination block that the operator vouches for. */
  readonly checkpoint: Checkpoint | undefined
  /** Whether blocks below a snapshot are fetched afterwards. */
  readonly backfill: boolean
}

const CHECKPOINT = /^(\d{1,15}):([0-9a-f]{64})$/

function checkpoint(value: unknown): Checkpoint | typeof UNSET | undefined {
  if (value === null) return UNSET
  const match = typeof value === 'string' ? CHECKPOINT.exec(value) : null
  return match === null ? undefined : { height: Number(match[1]), hash: fromHex(match[2] ?? '') }
}

export const SYNC_KEYS = [
  row({
    key: 'sync',
    flag: 'sync',
    env: 'ICN_SYNC',
    kind: 'text',
    argument: 'mode',
    help: `how a node that is far behind catches up: ${SYNC_MODES.join(' or ')}`,
    default: 'full',
    expected: SYNC_MODES.join(' or '),
    parse: oneOf(SYNC_MODES)
  }),
  row({
    key: 'checkpoint',
    flag: 'checkpoint',
    env: 'ICN_CHECKPOINT',
    kind: 'text',
    argument: 'height:hash',
    help: 'a final coordination block that you know: a chain that contradicts it is refused',
    default: null,
    expected: 'HEIGHT:HASH with 64 hex digits',
    parse: checkpoint
  }),
  row({
    key: 'backfill',
    flag: 'backfill',
    env: 'ICN_BACKFILL',
    kind: 'switch',
    argument: '',
    help: 'after a fast start, fetch the blocks below the snapshot too',
    default: false,
    expected: 'true or false',
    parse: boolean
  })
]
