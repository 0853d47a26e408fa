import { describe, expect, it } from "vitest";
import type { ConfigWarning } from "../../../../src/config/hostConfig.ts";
import type { Keyword } from "../../../../src/config/keywordTable.ts";
import { ConfigNotices } from "../../../../src/vscode/prompts/configNotices.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";

class Memento {
  readonly values = new Map<string, unknown>();
  keys(): readonly string[] {
    return [...this.values.keys()];
  }
  get<T>(key: string, otherwise?: T): T {
    return (this.values.get(key) ?? otherwise) as T;
  }
  async update(key: string, value: unknown): Promise<void> {
    this.values.set(key, value);
  }
}

const config = (alias: string, ...keywords: readonly Keyword[]) =>
  testHostConfig({
    alias,
    warnings: keywords.map(
      (keyword): ConfigWarning => ({
        ...{ kind: "keyword", keyword, value: "x", file: "/c", line: 1, isSystemWide: false },
      }),
    ),
  });

describe("the notice about what is not honoured", () => {
  it("appears once per host and change, also in the next window, and the log has the details", () => {
    const memento = new Memento();
    const logger = new RecordingLogger();
    const notices = new ConfigNotices(memento, logger, "");
    expect(notices.take(config("a", "tunnel"))).toContain("Tunnel");
    expect(notices.take(config("a", "tunnel"))).toBeUndefined();
    expect(logger.complaints).toEqual([expect.stringContaining("a: Tunnel is not honoured (/c line 1)")]);
    const next = new ConfigNotices(memento, logger, "");
    expect(next.take(config("a", "tunnel"))).toBeUndefined();
    expect(next.take(config("b", "tunnel"))).toContain("Tunnel");
    expect(next.take(config("a", "tunnel", "ipqos"))).toContain("IPQoS");
    expect(next.take(config("a"))).toBeUndefined();
    expect(next.take(config("a", "tunnel"))).toContain("Tunnel");
  });

  it("remembers a bounded number of hosts", () => {
    const memento = new Memento();
    const notices = new ConfigNotices(memento, new RecordingLogger(), "");
    for (let i = 0; i < 1000; i++) {
      notices.take(config(`host${i}`, "tunnel"));
    }
    expect(memento.get<readonly unknown[]>("configNotices")).toHaveLength(200);
  });
});
