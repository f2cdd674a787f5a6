/**
 * What can fail in the store and in the sign guard (docs/storage.md lists the codes).
 * These are thrown: the disk or an operator's file is at fault, never a peer.
 */
import { NodeError } from '../primitives/errors.ts'

export class StoreError extends NodeError<
  /** Another process, or another handle of this one, has the database open. */
  | { code: 'STORE_LOCKED'; path: string }
  /** Bytes on disk are not what was written: LevelDB does not check table checksums on reads. */
  | { code: 'STORE_CORRUPT'; bucket: string; key: string }
  /** Disk full, no permission, not a directory. */
  | { code: 'STORE_IO'; path: string }
  /** A database that should exist does not, or was never filled. */
  | { code: 'STORE_MISSING'; path: string }
  /** The handle was closed, or its machine crashed. */
  | { code: 'STORE_CLOSED'; path: string }
  /** Written by a newer program: it may hold what this one would misread. */
  | { code: 'STORE_VERSION_NEWER'; found: number; supported: number }
  /** Written under rules of blocks and states that this program no longer has. */
  | { code: 'STORE_VERSION_OLDER'; found: number; oldest: number }
  | { code: 'STORE_NETWORK_DIFFERS'; expected: string; found: string }
  | { code: 'STORE_CHAIN_DIFFERS'; expected: string; found: string }
> {}

/** No signing (C12): the node goes on as a follower, or ends with exit code 3 in validator mode. */
export class GuardError extends NodeError<
  /** Key file and database name different guards: one of them is a copy or a restored backup. */
  | { code: 'GUARD_ID_MISMATCH'; inKey: string; inStore: string }
  /** The key was in use before, and the record of what it signed is not here. */
  | { code: 'GUARD_MISSING'; where: 'key' | 'store' }
  /** Signing was stopped for good: a twin was seen (C22), or the guard was exported. */
  | { code: 'GUARD_HALTED'; reason: string }
  | { code: 'GUARD_KEY_FILE'; path: string }
> {}

/** Why a guard is not opened, for whoever wanted to sign, and what can be done about it (docs/storage.md). */
export function guardRefusal(
  detail: Extract<GuardError['detail'], { code: 'GUARD_ID_MISMATCH' | 'GUARD_MISSING' | 'GUARD_HALTED' }>
): GuardError {
  const remedy = 'icn keys guard import takes up a record that was exported, --sign-from-epoch does without'
  return new GuardError(detail, `${detail.code}: ${whyRefused(detail)}: ${remedy}`)
}

function whyRefused(detail: Parameters<typeof guardRefusal>[0]): string {
  if (detail.code === 'GUARD_HALTED') return `signing was stopped for good, ${detail.reason}`
  if (detail.code === 'GUARD_ID_MISMATCH')
    return 'key file and database come from different places, one of them was copied or restored'
  return detail.where === 'store'
    ? 'the key was used before, and the record of what it signed is not here'
    : 'there is a record of what the key signed, and this key file knows of none'
}
