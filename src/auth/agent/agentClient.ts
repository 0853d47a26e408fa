import { connect, type Socket } from "node:net";
import { type Clock, systemClock } from "../../base/clock.ts";
import { Deadline } from "../../base/deadline.ts";
import { WireReader, wireString } from "../../base/wire.ts";
import { claimedKeyType } from "../../trust/publicKeyBlob.ts";
import { AgentError } from "../authErrors.ts";
import type { AgentClient, SessionBinding, SigningKey } from "../authPorts.ts";
import { signatureName } from "../signatureAlgorithms.ts";
import {
  agentMessage,
  encodeAdd,
  encodeBinding,
  encodeIdentitiesRequest,
  encodeSignRequest,
  readIdentities,
} from "./agentMessages.ts";

/** Section 6.3 of the draft: flags of a signature request, for RSA keys. */
const rsaFlags: Readonly<Record<string, number>> = { "rsa-sha2-256": 2, "rsa-sha2-512": 4 };

/** OpenSSH's agent neither sends nor accepts longer messages (AGENT_MAX_LEN). */
const longestMessage = 256 * 1024;

/** The longest Unix socket path: a longer one would be cut and lead to another socket (unix(7), Node 20). */
const longestPath = process.platform === "linux" ? 107 : 103;

/** Milliseconds. Listing needs no user; a signature may need one (confirmation, fingerprint, touch). */
const listLimit = 5_000;
const signLimit = 120_000;

/**
 * A client of the agent. It uses one connection per request, which is closed before the promise settles. It does not
 * use ssh2's client, which can be neither cancelled nor given a deadline, and drops keys that it can't parse.
 */
export function createAgentClient(clock: Clock = systemClock): AgentClient {
  return {
    async list(path, signal, binding) {
      const reply = await ask(clock, path, encodeIdentitiesRequest(), listLimit, signal, binding);
      return readIdentities(reply).map(
        ({ publicKey, comment }): SigningKey => ({
          publicKey,
          comment,
          type: claimedKeyType(publicKey),
          sign: (data, algorithm) => signWithAgent(clock, path, publicKey, data, algorithm, signal, binding),
        }),
      );
    },
    async add(path, { key, comment }, constraints, signal) {
      const reply = await ask(clock, path, encodeAdd(key, comment, constraints), listLimit, signal);
      if (reply[0] !== agentMessage.success) {
        throw new AgentError("refused", "The agent refused to take the key");
      }
    },
  };
}

async function signWithAgent(
  clock: Clock,
  path: string,
  publicKey: Buffer,
  data: Buffer,
  algorithm: string,
  signal: AbortSignal,
  binding: SessionBinding | undefined,
): Promise<Buffer> {
  const name = signatureName(algorithm);
  const request = encodeSignRequest(publicKey, data, rsaFlags[name] ?? 0);
  const reply = await ask(clock, path, request, signLimit, signal, binding);
  if (reply[0] !== agentMessage.signResponse) {
    throw new AgentError("refused", "The agent refused to sign");
  }
  const signature = new WireReader(reply.subarray(1)).string();
  if (signature === undefined) {
    throw new AgentError("malformed-reply", "The agent's signature makes no sense");
  }
  // Agents from before RFC 8332 ignore the flags and sign with SHA-1, which servers refuse.
  if (claimedKeyType(signature) !== name) {
    throw new AgentError("refused", `The agent can't sign with ${name}`);
  }
  return signature;
}

/**
 * Sends one request and resolves to the payload of the reply. The binding goes first on the same connection, because
 * the agent applies it to that connection. An agent that does not support it continues without.
 */
async function ask(
  clock: Clock,
  path: string,
  request: Buffer,
  limit: number,
  parent: AbortSignal,
  binding?: SessionBinding,
): Promise<Buffer> {
  parent.throwIfAborted();
  if (!path.startsWith("\\\\") && Buffer.byteLength(path) > longestPath) {
    throw new AgentError("unreachable", `The agent's path is longer than ${longestPath} bytes: ${path}`);
  }
  const tooLate = (): AgentError =>
    new AgentError("timed-out", `The agent at ${path} did not answer within ${limit / 1000} s`);
  const deadline = new Deadline(clock, limit, tooLate, parent);
  const socket = connect(path);
  try {
    const requests = [...(binding === undefined ? [] : [encodeBinding(binding)]), request];
    return await exchange(socket, path, requests, deadline.signal);
  } finally {
    deadline.dispose();
    socket.destroy();
  }
}

/** Resolves to the reply to the last request. Each request gets one reply, in order. */
function exchange(
  socket: Socket,
  path: string,
  requests: readonly Buffer[],
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    let missing = requests.length;
    const fail = (cause?: unknown): void =>
      reject(new AgentError("unreachable", `No agent answers at ${path}`, { cause }));
    // The socket and its listeners are destroyed when this settles; "error" keeps a listener for late errors.
    socket.on("error", fail);
    socket.on("close", () => fail());
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4) {
        const length = received.readUInt32BE(0);
        if (length === 0 || length > longestMessage) {
          reject(new AgentError("malformed-reply", `The agent at ${path} answered with ${length} bytes`));
          return;
        }
        if (received.length < 4 + length) {
          return;
        }
        const reply = received.subarray(4, 4 + length);
        received = received.subarray(4 + length);
        missing--;
        if (missing === 0) {
          resolve(reply);
          return;
        }
      }
    });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    socket.write(Buffer.concat(requests.map((request) => wireString(request))));
  });
}
