import { t } from "../base/localize.ts";
import type { ValueSource } from "../config/hostConfig.ts";

const layers = () =>
  ({
    user: t("user setting"),
    workspace: t("workspace setting"),
    workspaceFolder: t("folder setting"),
  }) as const;

/** The source of a value as text: `workspace setting`, `~/.ssh/config line 12`. Not escaped. */
export function valueSourceText(source: ValueSource, home: string): string {
  switch (source.kind) {
    case "default":
      return t("default");
    case "setting":
      return source.folder === undefined
        ? layers()[source.layer]
        : t("{0} of {1}", layers()[source.layer], source.folder);
    case "hostSetting":
      return `sshSessions.hosts "${source.pattern}"`;
    case "sshConfig": {
      if (source.file === undefined) {
        return "ssh_config";
      }
      return filePlace(shortPath(source.file, home), source.line);
    }
    case "commandLine":
      return t("as typed");
  }
}

/** `~/.ssh/config line 12` */
export function filePlace(file: string, line: number | undefined): string {
  return line === undefined ? file : t("{0} line {1}", file, line);
}

/** The path with the home directory as `~`. */
export function shortPath(file: string, home: string): string {
  const separator = file[home.length];
  return home !== "" && file.startsWith(home) && (separator === "/" || separator === "\\")
    ? `~${file.slice(home.length)}`
    : file;
}

/** The path with a leading `~` as the home directory. */
export function expandHome(file: string, home: string): string {
  return /^~(?=$|[/\\])/.test(file) ? `${home}${file.slice(1)}` : file;
}
