import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ConfigError } from "../config/configErrors.ts";
import { failure, retry, sentence, showLog, type UserAction, type UserMessage } from "./messageParts.ts";
import { filePlace, shortPath } from "./valueSourceText.ts";

/** The message for an unusable SSH configuration of a host. */
export function configMessage(error: ConfigError, name: string, home: string): UserMessage {
  const where =
    error.file === undefined
      ? t("The SSH configuration")
      : filePlace(printable(shortPath(error.file, home)), error.line);
  const open: readonly UserAction[] =
    error.file === undefined
      ? []
      : [
          {
            kind: "openFile",
            title: t("Open Config"),
            file: error.file,
            ...(error.line === undefined ? {} : { line: error.line }),
          },
        ];
  const said = sentence(error.message);
  switch (error.reason) {
    case "invalid-host":
      return failure(
        t(
          "Can't connect to {0}. {1} Type an alias or user@host:port, or correct HostName and User in the SSH configuration.",
          name,
          said,
        ),
      );
    case "unreadable":
      return failure(
        t("Can't connect to {0}: {1} can't be read. {2}", name, where, said),
        ...open,
        retry(),
        showLog(),
      );
    case "malformed":
      return failure(
        t("Can't connect to {0}: {1} is malformed. {2}", name, where, said),
        ...open,
        retry(),
        showLog(),
      );
    case "timed-out":
      return failure(
        t(
          `Can't connect to {0}: reading the SSH configuration took too long. A "Match exec" command may hang.`,
          name,
        ),
        ...open,
        retry(),
        showLog(),
      );
    case "not-allowed":
      return failure(
        t(
          "Can't connect to {0}: its configuration requires something that is not allowed in an untrusted workspace. {1}",
          name,
          said,
        ),
        { kind: "manageTrust", title: t("Manage Workspace Trust") },
        ...open,
      );
    case "refused":
      return failure(
        t("Not connected to {0}: {1} refuses it (RefuseConnection). It says: {2}", name, where, said),
        ...open,
      );
    case "no-session":
      return failure(
        t(
          "{0} opens no terminal: {1} sets SessionType to none. Connect logs in without a session; remove the line to get a terminal.",
          name,
          where,
        ),
        ...open,
      );
    case "jump-loop":
      return failure(
        t("Can't connect to {0}: its jump hosts form a loop. Correct ProxyJump. {1}", name, said),
        ...open,
        showLog(),
      );
  }
}
