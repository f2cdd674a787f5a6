/**
 * `D/admin.token`: who can read it may call `admin_*` (RPC-18). Made once, 32 random bytes in hex, for its owner alone; an
 * operator may put a token of his own there.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { StoreError } from '../store/errors.ts'

const TOKEN_BYTES = 32
const TOKEN_CHARACTERS_MIN = 32

/** @returns whether an `Authorization` header carries the token. @throws StoreError STORE_IO */
export async function openAdminToken(path: string): Promise<(authorization: string | undefined) => boolean> {
  const token = await readOrMake(path)
  const expected = digest(`Bearer ${token}`)
  // Digests have one length: how much of a guess is right cannot be timed.
  return (authorization) => authorization !== undefined && timingSafeEqual(digest(authorization), expected)
}

async function readOrMake(path: string): Promise<string> {
  try {
    // An empty one was being made when the power went.
    const known = (await readFile(path, 'utf8').catch(unlessMissing)).trim()
    if (known.length >= TOKEN_CHARACTERS_MIN) return known
    if (known.length > 0) throw new RangeError('the token is too short')
    const token = randomBytes(TOKEN_BYTES).toString('hex')
    const next = `${path}.next`
    await writeFile(next, `${token}\n`, { mode: 0o600, flush: true })
    await rename(next, path)
    return token
  } catch (error) {
    throw failed(path, error)
  }
}

function unlessMissing(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
  throw error
}

const failed = (path: string, cause: unknown): StoreError =>
  new StoreError({ code: 'STORE_IO', path }, `${path}: the admin token cannot be made or read`, { cause })

const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest()
