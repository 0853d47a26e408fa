import { asError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { AgentClient, SessionBinding, SigningKey } from "../authPorts.ts";

/** Key types with which an agent can sign, with or without a security key. */
const usableTypes =
  /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519|sk-ecdsa-sha2-nistp256)(?:-cert-v01)?(?:@openssh\.com)?$/;

const mostLeftOutLogged = 20;

/**
 * The agent's keys that can sign, without duplicates, in its order. Empty if the agent can't be asked.
 * @param path undefined: no agent.
 * @throws only the signal's reason.
 */
export async function listAgentKeys(
  agent: AgentClient,
  path: string | undefined,
  signal: AbortSignal,
  logger: Logger,
  binding?: SessionBinding,
): Promise<readonly SigningKey[]> {
  if (path === undefined) {
    return [];
  }
  let keys: readonly SigningKey[];
  try {
    keys = await agent.list(path, signal, binding);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(`No keys from the agent: ${printable(asError(error).message)}`);
    return [];
  }
  // A map: a full message has 14,000 keys.
  const byKey = new Map(keys.map((key) => [key.publicKey.toString("latin1"), key] as const).reverse());
  const unique = [...byKey.values()].reverse();
  for (const key of unique.filter(({ type }) => !usableTypes.test(type)).slice(0, mostLeftOutLogged)) {
    const what = `${printable(key.comment, 100)} (${printable(key.type, 80)})`;
    logger.warn(`The agent's key ${what} is left out: its type is unknown`);
  }
  return unique.filter(({ type }) => usableTypes.test(type));
}
