/** Why something failed, in a few words for a row; userMessages.ts has the whole sentence. No vscode. */
import { AuthError, type AuthErrorReason } from "../auth/authErrors.ts";
import { CancelledError } from "../base/errors.ts";
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ConnectError, type ConnectErrorReason } from "../engine/engineErrors.ts";
import { EarlierFailure } from "../session/earlierFailure.ts";
import { HostKeyError, type HostKeyErrorReason } from "../trust/hostKeyErrors.ts";
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
    case "closed-while-asking":
      return t("ended by the server before the answer");
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

function hostKeyFailure(reason: HostKeyErrorReason): string {
  switch (reason) {
    case "declined":
      return t("host key not accepted");
    case "changed":
      return t("host key has changed");
    case "revoked":
      return t("host key is revoked");
    case "unknown":
      return t("host key not known");
    case "short":
      return t("host key too short");
    case "malformed":
      return t("host key malformed");
    case "unreadable":
    case "revocation-unknown":
    case "command-failed":
      return t("host key can't be checked");
    case "unrecordable":
      return t("host key can't be saved");
  }
}

function loginFailure(reason: AuthErrorReason): string {
  switch (reason) {
    case "refused":
      return t("login refused");
    case "too-many-failures":
      return t("too many failed logins");
    case "password-expired":
      return t("password expired");
    case "nothing-to-try":
      return t("no key or password to offer");
    case "needs-person":
      return t("requires you to log in");
  }
}

function words(error: Error): string | undefined {
  if (ConnectError.is(error)) {
    return connectFailure(error.reason);
  }
  if (HostKeyError.is(error)) {
    return hostKeyFailure(error.reason);
  }
  if (AuthError.is(error)) {
    return loginFailure(error.reason);
  }
  if (EarlierFailure.is(error)) {
    return error.words;
  }
  return CancelledError.is(error) ? t("cancelled") : undefined;
}

/** `connection refused`. Safe to show. */
export function failureWords(error: Error): string {
  return words(error) ?? printable(error.message, 80);
}
