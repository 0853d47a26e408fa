import { AgentError, KeyFileError } from "../../../auth/authErrors.ts";
import type { SigningKey } from "../../../auth/authPorts.ts";
import { asError, CancelledError } from "../../../base/errors.ts";
import { type Logger, printable } from "../../../base/log.ts";

/**
 * Signs for a login. A key that can't sign is skipped, as in OpenSSH: there is no signature then.
 * @throws CancelledError, which ends the login.
 */
export async function signOrPassOver(
  key: SigningKey,
  data: Buffer,
  algorithm: string,
  logger: Logger,
): Promise<Buffer | undefined> {
  try {
    return await key.sign(data, algorithm);
  } catch (error) {
    if (CancelledError.is(error)) {
      throw error;
    }
    const text = `A key could not sign: ${printable(asError(error).message)}`;
    if (KeyFileError.is(error) || AgentError.is(error)) {
      logger.debug(text);
    } else {
      logger.warn(text);
    }
    return undefined;
  }
}
