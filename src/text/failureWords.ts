/** Why something failed, in a few words for a row; userMessages.ts has the whole sentence. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ConnectError, type ConnectErrorReason } from "../engine/engineErrors.ts";
import { engineReasonTexts } from "./engineReasonTexts.ts";

/** Undefined: the error's own message is more specific, for example the output of a ProxyCommand. */
function connectFailure(reason: ConnectErrorReason): string | undefined {
  switch (reason) {
    case "name-not-found":
      return t("host name not found");
    case "refused":
      return t("connection refused");
    case "unreachable":
      return t("host unreachable");
    case "timed-out":
      return t("no response in time");
    case "reset":
      return t("connection reset");
    case "closed-during-handshake":
    case "refused-before-version":
      return t("closed by the server before the login");
    case "no-common-algorithm":
      return t("no algorithm in common");
    case "not-ssh":
      return t("not an SSH server");
    case "protocol-version":
      return t("only SSH 1");
    case "protocol":
    case "proxy-failed":
    case "jump-failed":
    case "unsupported":
    case "local":
      return undefined;
    default:
      return engineReasonTexts[reason].words?.();
  }
}

/** `connection refused`. Safe to show. */
export function failureWords(error: Error): string {
  return (ConnectError.is(error) ? connectFailure(error.reason) : undefined) ?? printable(error.message, 80);
}
