/**
 * All blocks of a stopped node's chains as one file, and a directory that executes them again (`icn chain`). The file
 * holds for each chain its blocks in height order, each certified one followed by its finality certificate.
 */
import { existsSync } from 'node:fs'
import { toHex } from '../../primitives/bytes.ts'
import { COORD, chainName, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Refusal, Verdict } from '../../primitives/result.ts'
import { blockHash } from '../../codec/block.ts'
import { BlockEnvelopeType } from '../../codec/messages.ts'
import { CertificateType } from '../../codec/statement.ts'
import { decode } from '../../codec/ssz.ts'
import { networkId } from '../../params/genesis.ts'
import { ChainStore } from '../../store/chain-store.ts'
import { openLevel } from '../../store/level.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { dataPaths } from '../data-dir.ts'
import { Execution } from './execution.ts'
import {
  FRAME_BLOCK,
  FRAME_CERTIFICATE,
  FRAME_CHAIN,
  FRAME_END,
  FrameReader,
  FrameWriter
} from './snapshot-file.ts'
import { movingChain } from './transfer.ts'
import type { TransferInit, Transferred } from './transfer.ts'

const MAGIC = 'icn-chain-1\n'

export type ChainFileCode = 'no-chain' | 'history-missing' | 'not-empty' | 'file-refused'

const wrong = (detail: string): Refusal<ChainFileCode> => refuse('file-refused', detail)

/** @throws StoreError, and what the system says of the file */
export async function exportChains(init: TransferInit): Promise<Verdict<Transferred[], ChainFileCode>> {
  const { data, genesis } = init
  const network = networkId(genesis)
  const moving = await movingChain(init)
  if (moving !== undefined) return refuse('no-chain', moving)
  const opened: { chain: ChainId; store: ChainStore; database: KeyValueStore }[] = []
  try {
    for (const chain of [COORD, ...Array.from({ length: genesis.shards }, (_, index) => shardId(index))]) {
      const path = dataPaths(data).chainDatabase(chain)
      if (!existsSync(path)) continue
      const database = await openLevel(path, { isNew: false })
      opened.push({ chain, database, store: ChainStore.open(database, { network, chain }) })
    }
    const short = opened.find(({ store }) => store.earliest > 0)
    if (opened[0]?.chain !== COORD) return refuse('no-chain', `${data} holds no chain`)
    if (short !== undefined) {
      return refuse(
        'history-missing',
        `chain ${chainName(short.chain)} begins at height ${short.store.earliest} here`
      )
    }
    const writer = await FrameWriter.create(init.file, MAGIC, network)
    const written: Transferred[] = []
    for (const { store } of opened) written.push(await writeChain(writer, store, init))
    await writer.write(FRAME_END, new Uint8Array())
    await writer.close()
    return accept(written)
  } finally {
    for (const { database } of opened) await database.close()
  }
}

async function writeChain(
  writer: FrameWriter,
  store: ChainStore,
  { onProgress }: TransferInit
): Promise<Transferred> {
  const { chain, final } = store
  let bytes = 0
  let certified = await store.certificateAtOrAbove(1)
  await writer.write(FRAME_CHAIN, Uint8Array.of(chain >> 8, chain & 255))
  for (let height = 1; height <= final.height; height++) {
    const block = store.block(height)
    if (block === undefined) break
    const frame = BlockEnvelopeType.serialize({ header: block.header, body: block.bodyBytes })
    await writer.write(FRAME_BLOCK, frame)
    bytes += frame.length
    if (certified?.height === height) {
      await writer.write(FRAME_CERTIFICATE, CertificateType.serialize(certified.certificate))
      certified = await store.certificateAtOrAbove(height + 1)
    }
    onProgress(`chain ${chainName(chain)}`, height, final.height)
  }
  return {
    chain: chain === COORD ? 'coord' : chain,
    height: final.height,
    stateRoot: toHex(store.root),
    bytes
  }
}

/** Into a directory without chains: every block is linked, certified and executed, as if it came from a peer. */
export async function importChains(init: TransferInit): Promise<Verdict<Transferred[], ChainFileCode>> {
  const { data, genesis, file } = init
  const network = networkId(genesis)
  if (existsSync(dataPaths(data).chainDatabase(COORD)))
    return refuse('not-empty', `${data} holds a chain already`)
  const reader = await FrameReader.open(file, MAGIC, network)
  if (!reader.ok) return wrong(reader.detail)
  const execution = await Execution.open(init)
  try {
    return await readChains(reader.value, execution, init)
  } finally {
    await execution.close()
    await reader.value.close()
  }
}

async function readChains(
  reader: FrameReader,
  execution: Execution,
  { onProgress }: TransferInit
): Promise<Verdict<Transferred[], ChainFileCode>> {
  const done: Transferred[] = []
  for (;;) {
    const frame = await reader.next()
    if (!frame.ok) return wrong(frame.detail)
    const { kind, bytes } = frame.value
    if (kind === FRAME_CHAIN || kind === FRAME_END) {
      const ended = execution.chainEnded()
      if (!ended.ok) return wrong(ended.detail)
      if (ended.value !== undefined) done.push(ended.value)
      if (kind === FRAME_END) return accept(done)
      const begun = await execution.begin(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0))
      if (!begun.ok) return wrong(begun.detail)
      continue
    }
    const taken = await takeFrame(execution, kind, bytes)
    if (!taken.ok) return wrong(taken.detail)
    onProgress('blocks', reader.position, reader.size)
  }
}

async function takeFrame(execution: Execution, kind: number, bytes: Uint8Array): Promise<Verdict<void>> {
  if (kind === FRAME_BLOCK) {
    const envelope = decode(BlockEnvelopeType, bytes)
    if (!envelope.ok) return envelope
    const { header, body } = envelope.value
    return execution.block(header, blockHash(header), body)
  }
  if (kind !== FRAME_CERTIFICATE) return wrong(`a frame of kind ${kind}`)
  const certificate = decode(CertificateType, bytes)
  return certificate.ok ? execution.certified(certificate.value) : certificate
}
