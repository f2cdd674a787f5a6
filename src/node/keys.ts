/**
 * Key files: one key each, JSON, readable by their owner alone, never overwritten.
 * `guardId` is added by the sign guard (store/guard-binding.ts); the other fields are written once.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { addressOfKey, encodeAddress } from '../crypto/address.ts'
import { createSigningFunction, publicKeyFromSeed } from '../crypto/ed25519.ts'
import type { Signer } from '../crypto/ports.ts'
import { equal, fromHex, toHex } from '../primitives/bytes.ts'
import { KeyFileError } from './node-errors.ts'

export const KEY_TYPES = ['account', 'validator', 'node'] as const
export type KeyType = (typeof KEY_TYPES)[number]
export const isKeyType = (text: string): text is KeyType => KEY_TYPES.some((type) => type === text)

export interface Key {
  readonly type: KeyType
  readonly publicKey: Uint8Array
  /** Ed25519 seed, 32 bytes. */
  readonly seed: Uint8Array
}

export const keyFromSeed = (type: KeyType, seed: Uint8Array): Key => ({
  type,
  publicKey: publicKeyFromSeed(seed),
  seed
})

export const newKey = (type: KeyType): Key => keyFromSeed(type, new Uint8Array(randomBytes(32)))

/** Names whose keys everyone can compute (GEN-11). */
export const isDevnetName = (name: string): boolean => /^(user|load|validator|node)\d{1,3}$/.test(name)

export const signerOfKey = ({ publicKey, seed }: Key): Signer => ({
  publicKey,
  sign: createSigningFunction(seed)
})

/** What a key is called where it is used: an address, or a peer id; nothing for a validator beyond its public key. */
export async function publicFacts(key: Key): Promise<Readonly<Record<string, string>>> {
  const facts = { type: key.type, publicKey: toHex(key.publicKey) }
  // A validator's key has an account too: it claims what it earned, and speaks to the registry.
  if (key.type !== 'node') return { ...facts, address: encodeAddress(addressOfKey(key.publicKey)) }
  return {
    ...facts,
    peer: peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key.seed)).toString()
  }
}

/** Durable once it returns. @throws KeyFileError KEY_FILE_EXISTS, KEY_FILE_UNWRITABLE */
export async function writeKeyFile(path: string, key: Key): Promise<void> {
  const content = { ...(await publicFacts(key)), secret: toHex(key.seed) }
  let file: number | undefined
  try {
    mkdirSync(dirname(path), { recursive: true })
    file = openSync(path, 'wx', 0o600)
    writeSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
    fsyncSync(file)
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === 'EEXIST') {
      const message = `${path} exists; keys are never overwritten`
      throw new KeyFileError({ code: 'KEY_FILE_EXISTS', path }, message, { cause: error })
    }
    const message = `cannot write ${path}: ${reason}`
    throw new KeyFileError({ code: 'KEY_FILE_UNWRITABLE', path, reason }, message, { cause: error })
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** @param expected refuses a key of another type. @throws KeyFileError */
export function readKeyFile(path: string, expected?: KeyType): Key {
  const fields = readFields(path)
  const { type, publicKey, secret } = fields
  if (typeof type !== 'string' || !isKeyType(type))
    throw malformed(path, 'type is account, validator or node')
  if (expected !== undefined && type !== expected) {
    const message = `${path} holds a key of type ${type}, not ${expected}`
    throw new KeyFileError({ code: 'KEY_FILE_TYPE', path, found: type, expected }, message)
  }
  const key = keyFromSeed(type, hexField(path, 'secret', secret))
  // A file edited by hand: the public half decides what others see, so a mismatch is never resolved silently.
  if (!equal(hexField(path, 'publicKey', publicKey), key.publicKey)) {
    throw malformed(path, 'publicKey does not belong to secret')
  }
  return key
}

function readFields(path: string): Readonly<Record<string, unknown>> {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = reasonOf(error)
    const message = reason === 'ENOENT' ? `no key file ${path}` : `cannot read ${path}: ${reason}`
    throw new KeyFileError({ code: 'KEY_FILE_UNREADABLE', path, reason }, message, { cause: error })
  }
  try {
    const parsed: unknown = JSON.parse(content)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw malformed(path, 'not a JSON object')
}

function hexField(path: string, name: string, value: unknown): Uint8Array {
  try {
    return fromHex(typeof value === 'string' ? value : '-', 32)
  } catch (error) {
    if (error instanceof RangeError) throw malformed(path, `${name} is 32 bytes of hex`)
    throw error
  }
}

const malformed = (path: string, reason: string): KeyFileError =>
  new KeyFileError({ code: 'KEY_FILE_MALFORMED', path, reason }, `${path} is no key file: ${reason}`)

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
