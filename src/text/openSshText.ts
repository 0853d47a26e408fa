/** Reasons why the engine `openssh` can't connect. The other engine needs no program. No vscode. */
import { t } from "../base/localize.ts";
import type { OpenSshReason } from "../engine/openssh/openSshReasons.ts";
import type { EngineReasonText } from "./engineReasonTexts.ts";

const setting = "sshSessions.engine";

export const openSshText: Readonly<Record<OpenSshReason, EngineReasonText>> = {
  "openssh-missing": {
    message: (name) =>
      t(
        "Can't connect to {0} with OpenSSH: ssh is not installed. Install OpenSSH, or set {1} to ssh2 for this host.",
        name,
        setting,
      ),
    words: () => t("ssh is not installed"),
  },
  "openssh-too-old": {
    message: (name, said) =>
      t(
        "Can't connect to {0} with OpenSSH: its ssh is too old. {1} Install OpenSSH 8.5 or newer, or set {2} to ssh2 for this host.",
        name,
        said,
        setting,
      ),
    words: () => t("ssh is too old"),
  },
  "openssh-silent": {
    message: (name, said) =>
      t(
        "Can't connect to {0} with OpenSSH: ssh does not respond. {1} Check what blocks it, or set {2} to ssh2 for this host.",
        name,
        said,
        setting,
      ),
    words: () => t("ssh does not respond"),
  },
  "openssh-failed": {
    message: (name, said) => t("Can't connect to {0} with OpenSSH: ssh failed. {1}", name, said),
  },
  "askpass-ended": {
    message: (name) =>
      t("Can't connect to {0} with OpenSSH: its askpass program was killed. Try again.", name),
    words: () => t("the askpass program was killed"),
  },
};
