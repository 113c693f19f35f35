import { limits } from '../../kernel/limits.js';

/** Every number of the front in one place, with its reason. Units are in the names. */
export const frontLimits = {
  /** More headers than this are an attack or a mistake; Node would silently drop the excess. */
  requestHeaders: 200,
  /** A client has this long to send its headers; more is a slow-loris. */
  headersTimeoutMs: 30_000,
  connectionsCheckingIntervalMs: 5_000,
  /** Longer than the idle limit of common load balancers (60 s), so that they close first. */
  clientKeepAliveMs: 65_000,
  /** A client that neither sends what it announced nor reads what it asked for. */
  clientIdleMs: 120_000,
  /** What a client may send before its WebSocket handshake is answered. */
  earlyBytes: 64 * 1024,
  backlog: 4096,
  /** Loopback either answers at once or its accept queue is full. */
  connectTimeoutMs: 2_000,
  /** Of an answer, all its headers together. What is larger is refused with a text that says so. */
  answerHeaderBytes: 64 * 1024,
  /** Answers like 103 ahead of the real one; what comes after these is not passed. */
  interimAnswers: 20,
  /** Whoever sends `Expect: 100-continue` and hears nothing need not wait for ever (RFC 9110, 10.1.1). */
  continueWaitMs: 1_000,
  /**
   * A client that has ended its side may still read, or may be gone: only writing to it would tell.
   * When nothing has moved for so long it counts as gone.
   */
  halfClosedMs: 5_000,
  /** Who half-closes does it right behind its request. Whoever does later than this has left. */
  halfCloseMs: 250,
  /** Requests on one connection that wait for an answer before theirs. */
  pipelinedWaiting: 100,
  /** Well below the idle limit of common HTTP servers (5 s), so that the front closes first. */
  upstreamIdleMs: 1_000,
  neverSentRetries: 2,
  retryAfterSeconds: 1,
  controlBodyBytes: 4 * 1024 * 1024,
  routes: 200,
  targetsPerRoute: 16,
  /** The cluster's and the agent's own. */
  trustedProxies: 2 * limits.trustedProxies,
  drainMs: 600_000,
  /** sun_path is 108 bytes with the final zero on Linux. macOS has 104. */
  socketPathBytes: 103,
  /** Requests in flight at SIGTERM; the process manager kills after its own grace anyway. */
  stopGraceMs: 10_000,
  /** A retired front waits for its last WebSockets and streams, but not for ever. */
  retireMs: 60 * 60 * 1000,
  /** From spawn to the first answer of the control socket; a start takes about 0.5 s under load. */
  startMs: 20_000,
  logBytes: 10 * 1024 * 1024,
} as const;
