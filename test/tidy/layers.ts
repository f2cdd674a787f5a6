/**
 * The layer table (ARCHITECTURE.md): which folder of src may import which, and which packages lie behind it. Type
 * imports count: a layer that names another one's types depends on it. Whatever is not named here is refused.
 */
export interface Layer {
  readonly layers: readonly string[]
  readonly packages: readonly string[]
  /** Single files of other layers. */
  readonly files?: readonly string[]
}

/** Neither I/O nor clock, randomness or process below this line; what is a package here runs in browsers, too. */
const PURE = [
  'primitives',
  'crypto',
  'codec',
  'params',
  'state',
  'cooperation',
  'sharding',
  'chain',
  'consensus',
  'mempool',
  'sync'
]
const SHELL = ['store', 'net', 'node', 'metrics', 'rpc', 'client']

export const LAYERS: Readonly<Record<string, Layer>> = {
  primitives: { layers: [], packages: ['@noble/hashes'] },
  crypto: {
    layers: ['primitives'],
    packages: [
      '#ed25519',
      '#sha256',
      '@noble/curves',
      '@noble/hashes',
      '@scure/base',
      'sodium-native',
      'node:crypto',
      'node:worker_threads'
    ]
  },
  codec: {
    layers: ['primitives', 'crypto'],
    packages: ['@chainsafe/ssz', '@chainsafe/persistent-merkle-tree']
  },
  params: { layers: ['primitives', 'crypto', 'codec'], packages: [] },
  state: { layers: ['primitives', 'crypto', 'codec', 'params'], packages: [] },
  cooperation: { layers: ['primitives', 'crypto', 'codec', 'params', 'state'], packages: [] },
  sharding: { layers: ['primitives', 'crypto', 'codec', 'params', 'state', 'cooperation'], packages: [] },
  chain: {
    layers: ['primitives', 'crypto', 'codec', 'params', 'state', 'cooperation', 'sharding'],
    packages: []
  },
  consensus: {
    layers: ['primitives', 'crypto', 'codec', 'params', 'sharding'],
    packages: ['@chainsafe/ssz']
  },
  mempool: { layers: ['primitives', 'crypto', 'codec', 'params', 'state'], packages: [] },
  sync: { layers: ['primitives', 'crypto', 'codec'], packages: [] },

  store: {
    layers: ['primitives', 'crypto', 'codec', 'params', 'state'],
    packages: ['classic-level', 'node:crypto', 'node:fs/promises', 'node:path']
  },
  net: {
    layers: ['primitives', 'crypto', 'codec', 'params'],
    packages: [
      '@libp2p/autonat',
      '@libp2p/circuit-relay-v2',
      '@libp2p/autonat',
      '@libp2p/circuit-relay-v2',
      '@libp2p/crypto',
      '@libp2p/gossipsub',
      '@libp2p/identify',
      '@libp2p/interface',
      '@libp2p/kad-dht',
      '@libp2p/mdns',
      '@libp2p/memory',
      '@libp2p/noise',
      '@libp2p/peer-id',
      '@libp2p/ping',
      '@libp2p/tcp',
      '@libp2p/upnp-nat',
      '@libp2p/yamux',
      '@multiformats/multiaddr',
      '@scure/base',
      'datastore-core',
      'libp2p',
      'uint8arraylist',
      'node:crypto',
      'node:fs/promises',
      'node:net',
      'node:timers/promises'
    ]
  },
  node: {
    layers: [...PURE, 'store', 'net'],
    packages: [
      '@libp2p/crypto',
      '@libp2p/peer-id',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:worker_threads'
    ]
  },
  metrics: { layers: ['net'], packages: ['prom-client', 'node:perf_hooks'] },
  /** Browsers load it: what it may import has no Node built-in (test/unit/client/imports.spec.ts). */
  client: {
    layers: [
      'primitives',
      'crypto',
      'codec',
      'params',
      'state',
      'cooperation',
      'sharding',
      'chain',
      'consensus'
    ],
    packages: []
  },
  rpc: {
    layers: ['primitives', 'crypto', 'codec', 'sharding', 'net', 'client'],
    packages: ['@fastify/websocket', 'fastify']
  },
  /** The composition root. */
  app: {
    layers: [...PURE, ...SHELL],
    packages: [
      'node:timers/promises',
      '@libp2p/crypto',
      'pino',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:path'
    ]
  },
  /** Shares the rules with the node, and none of its stores, caches and drivers. */
  check: {
    layers: PURE.filter((layer) => layer !== 'mempool'),
    packages: ['classic-level', 'node:fs', 'node:fs/promises', 'node:os', 'node:path', '@chainsafe/ssz'],
    files: ['src/node/data-dir.ts']
  },
  /** Simulator and swarms: whole nodes on fake doors. */
  testing: {
    layers: [...PURE, ...SHELL, 'app'],
    packages: [
      '@chainsafe/ssz',
      '@libp2p/crypto',
      'pino',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:util',
      'node:worker_threads'
    ]
  },
  /** Drives real processes from outside: by files, command lines and the client. */
  devnet: {
    layers: ['primitives', 'crypto', 'codec', 'params', 'sharding', 'node', 'client', 'check'],
    packages: [
      'node:child_process',
      'node:events',
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:os',
      'node:path',
      'node:readline',
      'node:timers/promises',
      'node:url'
    ]
  },
  /** Times parts of the node by themselves, and whole networks as a user starts them. */
  bench: {
    layers: [...PURE, 'store', 'net', 'node', 'client', 'testing'],
    packages: [
      '@libp2p/interface',
      'classic-level',
      'node:child_process',
      'node:events',
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:os',
      'node:path',
      'node:stream/consumers',
      'node:url',
      'node:util',
      'uint8arraylist'
    ]
  },
  cli: {
    layers: [
      'primitives',
      'crypto',
      'codec',
      'params',
      'sharding',
      'store',
      'node',
      'client',
      'app',
      'check',
      'testing',
      'devnet',
      'bench'
    ],
    packages: [
      '@libp2p/peer-id',
      'commander',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:stream/consumers',
      'node:timers/promises',
      'node:util'
    ]
  },
  /** src/index.ts: what `import … from 'icn'` gives. */
  '.': { layers: ['primitives', 'params', 'node', 'client', 'rpc', 'app'], packages: [] }
}

/** The layer of a file below src. */
export function layerOf(path: string): string {
  const [, first = '', second] = path.split('/')
  return second === undefined ? '.' : first
}
