import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { ConfigProblem, ConfigProblemSource, HostResolver } from "../../config/configPorts.ts";

/** Marks what OpenSSH would refuse in the ssh_config files in use, whether they are open or not. */
export class ConfigDiagnostics implements Disposable {
  readonly #resolver: Pick<HostResolver, "hosts" | "onDidChange"> & ConfigProblemSource;
  readonly #logger: Logger;
  readonly #store = new DisposableStore();
  readonly #diagnostics: vscode.DiagnosticCollection;
  /** The number of the latest reading: an earlier one may finish after it. */
  #reading = 0;

  constructor(resolver: Pick<HostResolver, "hosts" | "onDidChange"> & ConfigProblemSource, logger: Logger) {
    this.#resolver = resolver;
    this.#logger = logger;
    this.#diagnostics = this.#store.add(vscode.languages.createDiagnosticCollection("SSH Sessions"));
    this.#store.add(resolver.onDidChange(() => void this.#read()));
    this.#store.add(resolver.onDidChangeProblems(() => void this.#read()));
    void this.#read();
  }

  dispose(): void {
    this.#reading = -1;
    this.#store.dispose();
  }

  async #read(): Promise<void> {
    if (this.#reading < 0) {
      return;
    }
    const reading = ++this.#reading;
    try {
      const { problems } = await this.#resolver.hosts();
      if (reading === this.#reading) {
        this.#show(problems);
      }
    } catch (error) {
      this.#logger.error("ssh_config can't be checked", error);
    }
  }

  #show(problems: readonly ConfigProblem[]): void {
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const problem of problems.filter(({ file }) => file !== "")) {
      byFile.set(problem.file, [...(byFile.get(problem.file) ?? []), diagnosticOf(problem)]);
    }
    this.#diagnostics.clear();
    this.#diagnostics.set([...byFile].map(([file, found]) => [vscode.Uri.file(file), found]));
  }
}

/** A column beyond the end of most lines: the editor marks the whole line. */
const wholeLine = 10_000;

function diagnosticOf({ line = 1, message }: ConfigProblem): vscode.Diagnostic {
  const range = new vscode.Range(line - 1, 0, line - 1, wholeLine);
  const diagnostic = new vscode.Diagnostic(range, printable(message, 300), vscode.DiagnosticSeverity.Error);
  diagnostic.source = "ssh_config";
  return diagnostic;
}
