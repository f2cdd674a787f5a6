/**
 * One machine: disks that survive a crash, and at most one process, which is the product's `Chains` over simulated
 * doors. Whatever a dead process still has under way finds every door shut.
 */
import { chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import type { Signer, Verifier } from '../../crypto/ports.ts'
import type { GossipKind, Network, Peer, PeerFact } from '../../net/types.ts'
import { Chains } from '../../node/chains.ts'
import type { ChainEvents } from '../../node/ports.ts'
import { Validator } from '../../node/validator.ts'
import type { Genesis } from '../../params/genesis.ts'
import { GuardError } from '../../store/errors.ts'
import { verifyHere } from '../../node/snapshot/chunk-verifier.ts'
import { IMPORT_SUFFIX } from '../../store/staging.ts'
import type { Staging } from '../../store/switchable.ts'
import type { SyncMode } from '../../sync/state.ts'
import { MemoryDisk } from '../../store/memory.ts'
import type { MemoryDiskOptions } from '../../store/memory.ts'
import { NodeStore } from '../../store/node-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { SignGuard } from '../../store/sign-guard.ts'
import { createClock } from './clock.ts'
import type { Timeline } from './clock.ts'
import type { SimNetwork } from './network.ts'
import { Port } from './port.ts'
import type { Prng } from './prng.ts'
import { observedStore } from './observed-store.ts'

export interface NodeInit {
  readonly index: number
  readonly genesis: Genesis
  readonly networkId: Uint8Array
  readonly shards: readonly ChainId[]
  /** Undefined for a follower; the world watches what an honest one signs. */
  readonly signer: Signer | undefined
  readonly verifier: Verifier
  /** A faulty member signs beside its guard and does not mind. */
  readonly isFaulty: boolean
  /** What a faulty member puts between its process and the network. */
  readonly wrapNetwork: (port: Port) => Network
  /** The process has read its databases and does not take part yet. */
  readonly onOpened: () => void
  /** Events of the running process. */
  readonly events: ChainEvents
  readonly onEffect: (what: string) => void
  readonly onSent: (kind: GossipKind | 'frame', data: Uint8Array) => void
  readonly onReport: (peer: Peer, fact: PeerFact, why: string) => void
  readonly onGuardRefused: (reason: string) => void
}

/** An honest one stops for good when it meets statements of its key that its guard did not let pass (C22). */
class FaultyValidator extends Validator {
  override async noticeTwin(): Promise<undefined> {
    return undefined
  }
}

export interface Surroundings {
  readonly timeline: Timeline
  readonly network: SimNetwork
  readonly prng: Prng
}

/** Batches, those apart that a synced one had overtaken. */
export interface LostWrites {
  readonly lostWrites: number
  readonly lostBehind: number
}

const NODE_DISK = 'node'
/** A synced write takes 1 to this many ms. */
const SYNC_MAX_MS = 6

export class SimNode {
  readonly index: number
  readonly init: NodeInit
  /** Milliseconds the wall clock is ahead of the simulation's. */
  skewMs = 0
  /** How it catches up from its next start on. */
  syncMode: SyncMode = 'full'
  readonly #world: Surroundings
  readonly #disks = new Map<string, MemoryDisk>()
  readonly #prng: Prng
  #guardId: Hex | undefined
  #chains: Chains | undefined
  #port: Port | undefined
  #validator: Validator | undefined

  constructor(init: NodeInit, world: Surroundings) {
    this.index = init.index
    this.init = init
    this.#world = world
    this.#prng = world.prng.fork(`node ${init.index}`)
  }

  /** The running process; undefined while it is down or still opening its databases. */
  get chains(): Chains | undefined {
    return this.#port?.isAlive === true ? this.#chains : undefined
  }

  get validator(): Validator | undefined {
    return this.chains === undefined ? undefined : this.#validator
  }

  get isUp(): boolean {
    return this.#port?.isAlive === true
  }

  /** Starts a process. What it does comes with the events of the timeline. */
  start(): void {
    if (this.isUp) return
    const { network } = this.#world
    const port: Port = new Port(network, {
      index: this.index,
      status: () => {
        if (this.#chains === undefined) throw new RangeError('a node shakes hands only once it has opened')
        return this.#chains.status()
      },
      onEffect: this.init.onEffect,
      onSent: this.init.onSent,
      onReport: this.init.onReport,
      onFailed: (error) => this.init.events.failed(error)
    })
    this.#port = port
    this.#chains = undefined
    network.trace.note(this.index, 'start')
    this.#boot(port).catch((error: unknown) => {
      if (!port.isAlive) return
      if (error instanceof GuardError) this.init.onGuardRefused(error.message)
      else this.init.events.failed(error)
    })
  }

  /**
   * Power loss: synced writes stay, of the others the oldest of each disk, as many as `choose` says; of unsynced ones
   * before a synced one the newest are lost, as many as it says. By default all of the first are lost, none of those.
   */
  crash(choose: (bound: number) => number = () => 0): LostWrites {
    const lost = { lostWrites: 0, lostBehind: 0 }
    const port = this.#port
    if (port === undefined || !port.isAlive) return lost
    port.kill()
    for (const disk of this.#disks.values()) {
      const keepUnsynced = Math.min(disk.unsynced, choose(disk.unsynced))
      const loseBehind = Math.min(disk.behind, choose(disk.behind))
      lost.lostWrites += disk.unsynced - keepUnsynced
      lost.lostBehind += loseBehind
      disk.crash({ keepUnsynced, loseBehind })
    }
    this.#world.network.trace.note(this.index, 'crash')
    return lost
  }

  /** The chain databases are gone, the node database with journal and guard is not. Only while it is down. */
  loseChains(): void {
    for (const name of this.#disks.keys()) if (name !== NODE_DISK) this.#disks.delete(name)
  }

  /** The chain databases as they are on disk now. */
  copyChains(): ReadonlyMap<string, MemoryDisk> {
    const chains = [...this.#disks].filter(([name]) => name !== NODE_DISK)
    return new Map(chains.map(([name, disk]) => [name, disk.copy(this.#diskOptions(name))]))
  }

  /** An older copy takes their place, the node database with journal and guard stays. Only while it is down. */
  restoreChains(copy: ReadonlyMap<string, MemoryDisk>): void {
    this.loseChains()
    for (const [name, disk] of copy) this.#disks.set(name, disk)
  }

  /** What a copied data directory and key file take along. Only while this machine is down. */
  async copyTo(other: SimNode): Promise<void> {
    other.#guardId = this.#guardId
    for (const [name, disk] of this.#disks) {
      const copy = new MemoryDisk({ name: `${other.index}/${name}` })
      const [from, to] = [disk.open(), copy.open()]
      const rows: { type: 'put'; key: Uint8Array; value: Uint8Array }[] = []
      for await (const [key, value] of from.range(EVERYTHING)) rows.push({ type: 'put', key, value })
      await to.batch(rows, { sync: true })
      await Promise.all([from.close(), to.close()])
      other.#disks.set(name, copy)
    }
  }

  async #boot(port: Port): Promise<void> {
    const { genesis, networkId, shards, signer, verifier, events } = this.init
    const { timeline, network } = this.#world
    const isAlive = (): boolean => port.isAlive
    const nodeStore = await NodeStore.open(this.#open(NODE_DISK), networkId)
    if (signer !== undefined) {
      const guard = await this.#openGuard(nodeStore, signer.publicKey)
      this.#validator = this.init.isFaulty ? new FaultyValidator(signer, guard) : new Validator(signer, guard)
    }
    const chains = await Chains.open(
      {
        network: this.init.wrapNetwork(port),
        clock: createClock(timeline, {
          epochMs: genesis.timeMs,
          skewMs: () => this.skewMs,
          monoBaseMs: this.#prng.below(1_000_000),
          isAlive
        }),
        verifier,
        chunks: verifyHere,
        nodeStore,
        openChain: async (chain) => Promise.resolve(this.#open(chainName(chain))),
        openStaging: async (chain) => Promise.resolve(this.#openStaging(chainName(chain))),
        validator: this.#validator,
        events: whileAlive(events, isAlive),
        onDropped: () => undefined,
        randomSeed: () => this.#prng.bytes(16)
      },
      { genesis, shards, sync: { mode: this.syncMode, checkpoint: undefined } }
    )
    if (!port.isAlive) return
    this.#chains = chains
    this.init.onOpened()
    await chains.start()
    if (port.isAlive) network.attach(port)
  }

  async #openGuard(nodeStore: NodeStore, publicKey: Uint8Array): Promise<SignGuard> {
    const init = { publicKey, network: this.init.networkId }
    if (this.#guardId !== undefined) return SignGuard.open(nodeStore.database, init, this.#guardId)
    const guard = await SignGuard.create(nodeStore.database, init, this.#prng.bytes(32))
    this.#guardId = toHex(guard.id)
    return guard
  }

  #open(name: string): KeyValueStore {
    let disk = this.#disks.get(name)
    if (disk === undefined) {
      disk = new MemoryDisk(this.#diskOptions(name))
      this.#disks.set(name, disk)
    }
    return observedStore(disk.open(), (what) => this.init.onEffect(`${what} ${name}`))
  }

  /** The disk of the import takes the chain's name when it takes its place, in one step. */
  #openStaging(name: string): Staging {
    const from = name + IMPORT_SUFFIX
    return {
      database: this.#open(from),
      retire: async (replaced) => {
        await replaced.close()
        const disk = this.#disks.get(from)
        if (disk !== undefined) this.#disks.set(name, disk)
        this.#disks.delete(from)
        this.init.onEffect(`retired ${name}`)
      }
    }
  }

  #diskOptions(name: string): MemoryDiskOptions {
    return {
      name: `${this.index}/${name}`,
      schedule: (complete) => {
        this.#world.timeline.after(1 + this.#prng.below(SYNC_MAX_MS), () => {
          this.init.onEffect(`synced ${name}`)
          complete()
        })
      }
    }
  }
}

const EVERYTHING = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) }

/** Events of a process that crashed never happened. */
function whileAlive(events: ChainEvents, isAlive: () => boolean): ChainEvents {
  const gate =
    <A extends readonly unknown[]>(run: (...args: A) => void) =>
    (...args: A): void => {
      if (isAlive()) run(...args)
    }
  return {
    final: gate((event) => events.final(event)),
    entered: gate((chain, epoch, view) => events.entered(chain, epoch, view)),
    nullified: gate((chain, view) => events.nullified(chain, view)),
    evidence: gate((evidence) => events.evidence(evidence)),
    invalidBlock: gate((chain, block, reason) => events.invalidBlock(chain, block, reason)),
    halted: gate((chain, reason) => events.halted(chain, reason)),
    guardRefusal: gate((chain, reason) => events.guardRefusal(chain, reason)),
    signingStopped: gate((reason) => events.signingStopped(reason)),
    failed: gate((error) => events.failed(error))
  }
}
