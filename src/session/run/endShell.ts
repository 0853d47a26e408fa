import { asError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import type { Logger } from "../../base/log.ts";
import type { SessionService } from "../sessionServiceTypes.ts";
import { endShellWithin, type TerminalTab } from "../terminalTab.ts";
import { execute } from "./execute.ts";

/** Ends the shell that a closed tab has left on its server. Never rejects. */
export async function endShell(
  service: SessionService,
  { host, shellName }: TerminalTab,
  command: string,
  logger: Logger,
): Promise<void> {
  try {
    await execute(service, host, command, {
      title: t("end the shell of {0}", host),
      timeLimitSeconds: endShellWithin,
      purpose: "lookup",
      login: "unattended",
    });
  } catch (error) {
    logger.error(`the shell ${shellName} on ${host} may still run`, asError(error));
  }
}
