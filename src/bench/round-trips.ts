/** The floor under finality: a proposal and two rounds of signed votes over loopback sockets, and nothing else. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createSigningFunction, publicKeyFromSeed, verify } from '../crypto/ed25519-sodium.ts'
import { median } from './timing.ts'

const PEERS = 3
/** With the leader's own vote a quorum of four. */
const ANSWERS = 2
const PROPOSAL_BYTES = 20_000
const VOTE_BYTES = 200
const HEIGHTS = 50

const seed = new Uint8Array(32).fill(9)
const sign = createSigningFunction(seed)
const publicKey = publicKeyFromSeed(seed)
const vote = new Uint8Array(VOTE_BYTES)
const signature = sign(vote)

/** Median milliseconds of one height. */
export async function measureRoundTrips(): Promise<number> {
  const server = createServer((socket) => answer(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets = Array.from({ length: PEERS }, () => connect(port, '127.0.0.1').setNoDelay())
  await Promise.all(sockets.map(async (socket) => once(socket, 'connect')))
  const times: number[] = []
  for (let height = 0; height < HEIGHTS; height++) {
    const started = performance.now()
    for (const message of [new Uint8Array(PROPOSAL_BYTES), vote]) await round(sockets, message)
    times.push(performance.now() - started)
  }
  for (const socket of sockets) socket.destroy()
  server.close()
  return median(times)
}

/** Sends to all, waits for all, verifies a quorum. */
async function round(sockets: readonly Socket[], message: Uint8Array): Promise<void> {
  const answers = Promise.all(sockets.map(async (socket) => once(socket, 'data')))
  sign(vote)
  for (const socket of sockets) socket.write(message)
  await answers
  for (let i = 0; i < ANSWERS; i++) verify(signature, vote, publicKey)
}

/** A validator: a whole message in, one verification, one signed vote out. */
function answer(socket: Socket): void {
  let received = 0
  let expected = PROPOSAL_BYTES
  socket.setNoDelay().on('data', (chunk) => {
    received += chunk.length
    if (received < expected) return
    received = 0
    expected = expected === PROPOSAL_BYTES ? VOTE_BYTES : PROPOSAL_BYTES
    verify(signature, vote, publicKey)
    socket.write(sign(vote))
  })
}
