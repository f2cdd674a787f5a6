/** The key behind the peer id. It is not the validator key (D4) and may be thrown away. */
import { open, readFile } from 'node:fs/promises'
import {
  generateKeyPair,
  generateKeyPairFromSeed,
  privateKeyFromProtobuf,
  privateKeyToProtobuf
} from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { NetError } from './errors.ts'
import type { Peer } from './types.ts'

export type PeerKey = Ed25519PrivateKey

export const createPeerKey = (): Promise<PeerKey> => generateKeyPair('Ed25519')

/** @throws NetError NET_KEY_INVALID unless the seed has 32 bytes. */
export async function peerKeyFromSeed(seed: Uint8Array): Promise<PeerKey> {
  if (seed.length !== 32) throw new NetError({ code: 'NET_KEY_INVALID', path: '(seed)' })
  return generateKeyPairFromSeed('Ed25519', seed)
}

export const peerOfKey = (key: PrivateKey): Peer => peerIdFromPrivateKey(key).toString() as Peer

/** Readable by its owner alone; never overwrites a key. */
export async function savePeerKey(path: string, key: PeerKey): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(privateKeyToProtobuf(key))
    await file.sync()
  } finally {
    await file.close()
  }
}

/** @throws NetError NET_KEY_INVALID for anything but a saved Ed25519 key; file errors as they are. */
export async function loadPeerKey(path: string): Promise<PeerKey> {
  const bytes = await readFile(path)
  let key: PrivateKey
  try {
    key = privateKeyFromProtobuf(bytes)
  } catch (error) {
    throw new NetError({ code: 'NET_KEY_INVALID', path }, undefined, { cause: error })
  }
  if (key.type !== 'Ed25519') throw new NetError({ code: 'NET_KEY_INVALID', path })
  return key
}
