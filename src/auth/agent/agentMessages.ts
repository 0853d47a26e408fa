import { WireReader, wireBoolean, wireString, wireUint32 } from "../../base/wire.ts";
import { AgentError } from "../authErrors.ts";
import type { SessionBinding } from "../authPorts.ts";

/** Message numbers of draft-ietf-sshm-ssh-agent, section 6.1. */
export const agentMessage = {
  success: 6,
  requestIdentities: 11,
  identitiesAnswer: 12,
  signRequest: 13,
  signResponse: 14,
  addIdentity: 17,
  addConstrained: 25,
  extension: 27,
} as const;

/** Section 3.2.7: constraints on the use of an added key. */
const constraint = { lifetime: 1, confirm: 2 } as const;

/** Constraints of a key that is added to an agent. */
export interface AddConstraints {
  /** Seconds, after which the agent forgets the key. */
  readonly lifetime?: number;
  /** The agent asks before each use. */
  readonly confirm?: boolean;
}

export function encodeIdentitiesRequest(): Buffer {
  return Buffer.of(agentMessage.requestIdentities);
}

/** @param flags section 6.3, for RSA keys. */
export function encodeSignRequest(publicKey: Buffer, data: Buffer, flags: number): Buffer {
  return Buffer.concat([
    Buffer.of(agentMessage.signRequest),
    wireString(publicKey),
    wireString(data),
    wireUint32(flags),
  ]);
}

/**
 * `session-bind@openssh.com` (OpenSSH's PROTOCOL.agent, section 1): names the server for which this connection is
 * used.
 */
export function encodeBinding({ hostKey, sessionId, signature }: SessionBinding): Buffer {
  return Buffer.concat([
    Buffer.of(agentMessage.extension),
    ...["session-bind@openssh.com", hostKey, sessionId, signature].map(wireString),
    wireBoolean(false),
  ]);
}

/** @param key the type and the private fields, as returned by `SigningKey.forAgent`. */
export function encodeAdd(key: Buffer, comment: string, { lifetime, confirm }: AddConstraints): Buffer {
  const constraints = [
    ...(lifetime === undefined ? [] : [Buffer.of(constraint.lifetime), wireUint32(lifetime)]),
    ...(confirm === true ? [Buffer.of(constraint.confirm)] : []),
  ];
  const type = constraints.length === 0 ? agentMessage.addIdentity : agentMessage.addConstrained;
  return Buffer.concat([Buffer.of(type), key, wireString(comment), ...constraints]);
}

/** @throws AgentError */
export function readIdentities(reply: Buffer): readonly { publicKey: Buffer; comment: string }[] {
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
  if (reply[0] !== agentMessage.identitiesAnswer || keys.length !== count) {
    throw new AgentError("malformed-reply", "The agent's list of keys makes no sense");
  }
  return keys;
}
