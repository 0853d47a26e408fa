import { connect, type Socket } from "node:net";
import { type Clock, systemClock } from "../../base/clock.ts";
import { Deadline } from "../../base/deadline.ts";
import { WireReader, wireString, wireUint32 } from "../../base/wire.ts";
import { claimedKeyType } from "../../trust/publicKeyBlob.ts";
import { AgentError } from "../authErrors.ts";
import type { AgentClient, SigningKey } from "../authPorts.ts";
import { signatureName } from "../signatureAlgorithms.ts";

/** Message numbers of draft-ietf-sshm-ssh-agent, section 6.1. */
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;

/** Section 6.3 of the draft: flags of a signature request, for RSA keys. */
const rsaFlags: Readonly<Record<string, number>> = { "rsa-sha2-256": 2, "rsa-sha2-512": 4 };

/** OpenSSH's agent neither sends nor takes longer messages (AGENT_MAX_LEN). */
const longestMessage = 256 * 1024;

/** Where Unix socket paths end: a longer one would be cut and lead to another socket (unix(7), Node 20). */
const longestPath = process.platform === "linux" ? 107 : 103;

/** Milliseconds. Listing needs no person; a signature may need one (confirmation, fingerprint, touch). */
const listLimit = 5_000;
const signLimit = 120_000;

/**
 * Speaks to the agent over a connection of its own per request, which is closed before the promise settles. Written
 * out here, because ssh2's client can be neither cancelled nor given a deadline, and drops keys that it can't parse.
 */
export function createAgentClient(clock: Clock = systemClock): AgentClient {
  return {
    async list(path, signal) {
      const request = Buffer.from([requestIdentities]);
      const reply = await ask(clock, path, request, listLimit, signal);
      return readIdentities(reply).map(
        ({ publicKey, comment }): SigningKey => ({
          publicKey,
          comment,
          type: claimedKeyType(publicKey),
          sign: (data, algorithm) => signWithAgent(clock, path, publicKey, data, algorithm, signal),
        }),
      );
    },
  };
}

function readIdentities(reply: Buffer): readonly { publicKey: Buffer; comment: string }[] {
  const reader = new WireReader(reply.subarray(1));
  const count = reader.uint32();
  const keys: { publicKey: Buffer; comment: string }[] = [];
  while (keys.length < (count ?? 0)) {
    const publicKey = reader.string();
    const comment = reader.string();
    if (publicKey === undefined || comment === undefined) {
      break;
    }
    keys.push({ publicKey, comment: comment.toString("utf8") });
  }
  if (reply[0] !== identitiesAnswer || keys.length !== count) {
    throw new AgentError("malformed-reply", "The agent's list of keys makes no sense");
  }
  return keys;
}

async function signWithAgent(
  clock: Clock,
  path: string,
  publicKey: Buffer,
  data: Buffer,
  algorithm: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const name = signatureName(algorithm);
  const flags = wireUint32(rsaFlags[name] ?? 0);
  const request = Buffer.concat([Buffer.from([signRequest]), wireString(publicKey), wireString(data), flags]);
  const reply = await ask(clock, path, request, signLimit, signal);
  if (reply[0] !== signResponse) {
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

/** Sends one request and resolves to the payload of the reply. */
async function ask(
  clock: Clock,
  path: string,
  request: Buffer,
  limit: number,
  parent: AbortSignal,
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
    return await exchange(socket, path, request, deadline.signal);
  } finally {
    deadline.dispose();
    socket.destroy();
  }
}

function exchange(socket: Socket, path: string, request: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const fail = (cause?: unknown): void =>
      reject(new AgentError("unreachable", `No agent answers at ${path}`, { cause }));
    // The socket is destroyed when this settles, the listeners with it; "error" keeps a listener for late errors.
    socket.on("error", fail);
    socket.on("close", () => fail());
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 4 ? undefined : received.readUInt32BE(0);
      if (length === undefined) {
        return;
      }
      if (length === 0 || length > longestMessage) {
        reject(new AgentError("malformed-reply", `The agent at ${path} answered with ${length} bytes`));
      } else if (received.length >= 4 + length) {
        resolve(received.subarray(4, 4 + length));
      }
    });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    socket.write(wireString(request));
  });
}
