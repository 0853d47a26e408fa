import type * as vscode from "vscode";
import { HostAnswers } from "./hostAnswers.ts";

/**
 * The user's answer to the question whether OpenSSH connects a host, after a failure. Another machine may lack its
 * `ssh`.
 */
export class EngineMemory extends HostAnswers {
  constructor(memento: Pick<vscode.Memento, "get" | "update">) {
    super(memento, { yes: "openSshHosts", no: "noOpenSshHosts" });
  }

  /** @param alias as `HostConfig` has it. */
  usesOpenSsh(alias: string): boolean {
    return this.choiceFor(alias) === true;
  }
}
