/**
 * The other half of the guard's binding (C12): the field `guardId` of the key file, next to the key itself.
 * A key file is a JSON object; its other fields belong to whoever wrote it and stay as they are.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { GuardError, guardRefusal } from './errors.ts'
import { loadGuard } from './guard-records.ts'
import type { KeyValueStore } from './ports.ts'
import { SignGuard } from './sign-guard.ts'
import type { GuardInit } from './sign-guard.ts'

/** @returns undefined for a key that no guard was bound to. @throws GuardError GUARD_KEY_FILE */
export async function readGuardBinding(keyPath: string): Promise<Hex | undefined> {
  const { guardId } = await readKeyFile(keyPath)
  if (guardId === undefined) return undefined
  if (typeof guardId === 'string' && /^[0-9a-f]{64}$/.test(guardId)) return guardId as Hex
  throw new GuardError({ code: 'GUARD_KEY_FILE', path: keyPath })
}

/** Durable once resolved; a crash leaves the old file or the new one, never half a key. */
export async function bindGuard(keyPath: string, id: Uint8Array): Promise<void> {
  const content = { ...(await readKeyFile(keyPath)), guardId: toHex(id) }
  const next = `${keyPath}.next`
  const file = await open(next, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, keyPath)
  const folder = await open(dirname(keyPath), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Opens the guard of a key file; a key that was never bound gets its guard here.
 * The database is written first: a crash in between leaves an unused guard, which binds again.
 * @throws GuardError GUARD_MISSING, GUARD_ID_MISMATCH, GUARD_HALTED, GUARD_KEY_FILE
 */
export async function openGuard(store: KeyValueStore, init: GuardInit, keyPath: string): Promise<SignGuard> {
  const bound = await readGuardBinding(keyPath)
  if (bound !== undefined) return SignGuard.open(store, init, bound)
  const record = await loadGuard(store, init.publicKey)
  const guard =
    record === undefined
      ? await SignGuard.create(store, init, randomBytes(32))
      : await SignGuard.open(store, init, record.identity.id)
  if (!guard.isUnused) throw guardRefusal({ code: 'GUARD_MISSING', where: 'key' })
  await bindGuard(keyPath, guard.id)
  return guard
}

async function readKeyFile(path: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new GuardError({ code: 'GUARD_KEY_FILE', path }, undefined, { cause })
  }
  throw new GuardError({ code: 'GUARD_KEY_FILE', path })
}
