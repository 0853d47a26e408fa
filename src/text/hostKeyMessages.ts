import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { isCertificateType } from "../trust/certificate.ts";
import type { HostKeyError } from "../trust/hostKeyErrors.ts";
import { certificateProblemText } from "./certificateText.ts";
import { failure, retry, showLog, type UserAction, type UserMessage } from "./messageParts.ts";
import { filePlace, shortPath } from "./valueSourceText.ts";

/** The message for a host key that is not accepted. */
export function hostKeyMessage(error: HostKeyError, name: string, home: string): UserMessage {
  const message = judged(error, name, home);
  return error.certificateProblem === undefined
    ? message
    : { ...message, text: `${message.text} ${certificateProblemText(error.certificateProblem)}` };
}

function judged(error: HostKeyError, name: string, home: string): UserMessage {
  const at =
    error.file === undefined ? "known_hosts" : filePlace(printable(shortPath(error.file, home)), error.line);
  const key = `${printable(error.keyType)} ${printable(error.fingerprint)}`;
  const open: readonly UserAction[] =
    error.file === undefined
      ? []
      : [
          {
            kind: "openFile",
            title: error.reason === "revocation-unknown" ? t("Open File") : t("Open known_hosts"),
            file: error.file,
            ...(error.line === undefined ? {} : { line: error.line }),
          },
        ];
  switch (error.reason) {
    case "changed":
      return failure(
        t(
          "Refused to connect to {0}: its host key has CHANGED. It shows {1}, but {2} has another key. Someone could be eavesdropping, or the server was reinstalled. Ask its owner; if the new key is correct, remove that line or use “Forget Host Keys…”. Nothing was sent.",
          name,
          key,
          at,
        ),
        ...open,
        showLog(),
      );
    case "revoked":
      return failure(
        t(
          "Refused to connect to {0}: its host key {1} is REVOKED by {2}. Ask the server's owner. Nothing was sent.",
          name,
          key,
          at,
        ),
        ...open,
        showLog(),
      );
    case "unknown":
      return failure(
        t(
          "Refused to connect to {0}: its host key {1} is not known, and StrictHostKeyChecking forbids asking. Add the key to known_hosts first.",
          name,
          key,
        ),
        showLog(),
      );
    case "declined":
      return {
        severity: "warning",
        text: t("Not connected to {0}: you did not accept its host key.", name),
        actions: [retry()],
      };
    case "unreadable":
      return failure(
        t("Can't connect to {0}: {1} can't be read, so its host key can't be checked.", name, at),
        ...open,
        retry(),
        showLog(),
      );
    case "short":
      return failure(
        t(
          "Refused to connect to {0}: its host key {1} is an RSA key that is too short to be secure. Ask the server's owner for a longer or an Ed25519 key. RequiredRSASize can allow 1024 bits and more. Nothing was sent.",
          name,
          key,
        ),
        showLog(),
      );
    case "malformed":
      return failure(
        isCertificateType(error.keyType)
          ? t(
              "Refused to connect to {0}: its host certificate is damaged, or its authority has not signed it. Nothing was sent.",
              name,
            )
          : t(
              "Refused to connect to {0}: its host key is malformed or of an unknown type. Nothing was sent.",
              name,
            ),
        showLog(),
      );
    case "revocation-unknown":
      return failure(
        t(
          "Refused to connect to {0}: {1}, set by RevokedHostKeys, is missing or damaged, so its host key can't be checked. Restore the file, or correct RevokedHostKeys.",
          name,
          at,
        ),
        ...open,
        retry(),
        showLog(),
      );
    case "command-failed":
      return failure(
        t(
          "Can't connect to {0}: KnownHostsCommand failed, so its host key can't be checked. The log has the command's output.",
          name,
        ),
        retry(),
        showLog(),
      );
    case "unrecordable":
      return failure(
        t(
          "Can't connect to {0}: its host key can't be recorded, because known_hosts can't hold its name. Set another HostKeyAlias.",
          name,
        ),
        showLog(),
      );
  }
}
