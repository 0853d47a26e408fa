import { asError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { AddKeysToAgent } from "../../config/addKeysToAgent.ts";
import type { AgentClient, SigningKey } from "../authPorts.ts";

export interface AddToAgentRequest {
  /** AddKeysToAgent; undefined: no. */
  readonly setting: AddKeysToAgent | undefined;
  readonly agent: AgentClient;
  /** Undefined: there is no agent. */
  readonly path: string | undefined;
  /** Asks the user; undefined when prompts are not allowed. */
  readonly ask: (() => Promise<boolean>) | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Adds a key from a file to the agent before it signs (maybe_add_key_to_agent in sshconnect2.c), with the file's name
 * as comment where the key has none. The login does not depend on it.
 * @throws only the signal's reason.
 */
export async function addToAgent(file: string, key: SigningKey, request: AddToAgentRequest): Promise<void> {
  const { setting, agent, path, ask, logger, signal } = request;
  const encoded = setting === undefined || path === undefined ? undefined : key.forAgent?.();
  if (encoded === undefined || path === undefined || setting === undefined || agent.add === undefined) {
    return;
  }
  if (setting.mode === "ask" && (await ask?.()) !== true) {
    return;
  }
  try {
    await agent.add(
      path,
      { key: encoded, comment: key.comment === "" ? file : key.comment },
      {
        ...(setting.seconds !== undefined && { lifetime: setting.seconds }),
        confirm: setting.mode === "confirm",
      },
      signal,
    );
    logger.info(`${printable(file)} was added to the agent (AddKeysToAgent)`);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(`${printable(file)} could not be added to the agent: ${printable(asError(error).message)}`);
  }
}
